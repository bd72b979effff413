// SPDX-License-Identifier: GPL-2.0

//! What the firmware and the device agreed on. RFC 2025 and AMD 2: a byte for each algorithm.

use crate::open_enum::open_enum;

open_enum! {
    /// The group of the key exchange.
    pub struct Dhe(u8) {
        /// NIST P-256.
        SECP_256_R1 = 0,
        /// NIST P-384.
        SECP_384_R1 = 1,
    }
}

open_enum! {
    /// The cipher of the session.
    pub struct Aead(u8) {
        /// AES-128-GCM.
        AES_128_GCM = 0,
        /// AES-256-GCM.
        AES_256_GCM = 1,
    }
}

open_enum! {
    /// The scheme of signatures of the device.
    pub struct Signature(u8) {
        /// RSASSA with a key of 3072 bits.
        RSASSA_3072 = 0,
        /// ECDSA on NIST P-256.
        ECDSA_P256 = 1,
        /// ECDSA on NIST P-384.
        ECDSA_P384 = 2,
    }
}

open_enum! {
    /// The hash of SPDM. The digests of blobs are SHA-384 whatever this is.
    pub struct Hash(u8) {
        /// SHA-256.
        SHA_256 = 0,
        /// SHA-384.
        SHA_384 = 1,
    }
}

open_enum! {
    /// How keys are derived.
    pub struct KeySchedule(u8) {
        /// That of SPDM.
        SPDM = 0,
    }
}

/// The algorithms of the session between the firmware and the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithms {
    /// The group of the key exchange.
    pub dhe: Dhe,
    /// The cipher.
    pub aead: Aead,
    /// The scheme of signatures.
    pub signature: Signature,
    /// The hash.
    pub hash: Hash,
    /// How keys are derived.
    pub key_schedule: KeySchedule,
}

impl Algorithms {
    /// Takes the value as it is in a message. The upper three bytes are ignored.
    pub const fn new(raw: u64) -> Self {
        let [dhe, aead, signature, hash, key_schedule, ..] = raw.to_le_bytes();

        Self {
            dhe: Dhe::new(dhe),
            aead: Aead::new(aead),
            signature: Signature::new(signature),
            hash: Hash::new(hash),
            key_schedule: KeySchedule::new(key_schedule),
        }
    }
}
