// SPDX-License-Identifier: GPL-2.0

//! Sets of algorithms, a bit each. Selected is one bit of a set. Unknown bits are kept.

use crate::open_enum::open_enum;

open_enum! {
    /// Signatures. DSP0274 1.4, table "NEGOTIATE_ALGORITHMS request message format", BaseAsymAlgo.
    pub struct BaseAsym(u32) {
        /// RSASSA-PKCS1-v1.5, 2048 bits.
        RSASSA_2048 = 1 << 0,
        /// RSASSA-PSS, 2048 bits.
        RSAPSS_2048 = 1 << 1,
        /// RSASSA-PKCS1-v1.5, 3072 bits.
        RSASSA_3072 = 1 << 2,
        /// RSASSA-PSS, 3072 bits.
        RSAPSS_3072 = 1 << 3,
        /// ECDSA on P-256.
        ECDSA_P256 = 1 << 4,
        /// RSASSA-PKCS1-v1.5, 4096 bits.
        RSASSA_4096 = 1 << 5,
        /// RSASSA-PSS, 4096 bits.
        RSAPSS_4096 = 1 << 6,
        /// ECDSA on P-384.
        ECDSA_P384 = 1 << 7,
        /// ECDSA on P-521.
        ECDSA_P521 = 1 << 8,
    }
}

impl BaseAsym {
    /// Returns the algorithms of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a signature, if this is one known algorithm.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::RSASSA_2048 | Self::RSAPSS_2048 => Some(256),
            Self::RSASSA_3072 | Self::RSAPSS_3072 => Some(384),
            Self::ECDSA_P256 => Some(64),
            Self::RSASSA_4096 | Self::RSAPSS_4096 => Some(512),
            Self::ECDSA_P384 => Some(96),
            Self::ECDSA_P521 => Some(132),
            _ => None,
        }
    }
}

open_enum! {
    /// Hashes. The same table, BaseHashAlgo.
    pub struct BaseHash(u32) {
        /// SHA-256.
        SHA_256 = 1 << 0,
        /// SHA-384.
        SHA_384 = 1 << 1,
        /// SHA-512.
        SHA_512 = 1 << 2,
    }
}

impl BaseHash {
    /// Returns the algorithms of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a digest, if this is one known algorithm.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::SHA_256 => Some(32),
            Self::SHA_384 => Some(48),
            Self::SHA_512 => Some(64),
            _ => None,
        }
    }
}

open_enum! {
    /// Hashes of measurements. DSP0274 1.4, table "Successful ALGORITHMS response message format",
    /// MeasurementHashAlgo.
    pub struct MeasurementHash(u32) {
        /// The measurements themselves.
        RAW = 1 << 0,
        /// SHA-256.
        SHA_256 = 1 << 1,
        /// SHA-384.
        SHA_384 = 1 << 2,
        /// SHA-512.
        SHA_512 = 1 << 3,
    }
}

impl MeasurementHash {
    /// Returns the algorithms of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a digest, if this is one known algorithm.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::SHA_256 => Some(32),
            Self::SHA_384 => Some(48),
            Self::SHA_512 => Some(64),
            _ => None,
        }
    }

    /// Tells whether no more than one bit is set.
    pub(super) const fn is_at_most_one(self) -> bool {
        self.0.count_ones() <= 1
    }
}

open_enum! {
    /// Key exchanges. DSP0274 1.4, table "DHE structure".
    pub struct Dhe(u16) {
        /// The group ffdhe2048.
        FFDHE_2048 = 1 << 0,
        /// The group ffdhe3072.
        FFDHE_3072 = 1 << 1,
        /// The group ffdhe4096.
        FFDHE_4096 = 1 << 2,
        /// ECDH on P-256.
        SECP_256_R1 = 1 << 3,
        /// ECDH on P-384.
        SECP_384_R1 = 1 << 4,
        /// ECDH on P-521.
        SECP_521_R1 = 1 << 5,
    }
}

impl Dhe {
    /// Returns the algorithms of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a public key, if this is one known algorithm.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::FFDHE_2048 => Some(256),
            Self::FFDHE_3072 => Some(384),
            Self::FFDHE_4096 => Some(512),
            Self::SECP_256_R1 => Some(64),
            Self::SECP_384_R1 => Some(96),
            Self::SECP_521_R1 => Some(132),
            _ => None,
        }
    }
}

open_enum! {
    /// Authenticated encryption. DSP0274 1.4, table "AEAD structure".
    pub struct Aead(u16) {
        /// AES-128-GCM.
        AES_128_GCM = 1 << 0,
        /// AES-256-GCM.
        AES_256_GCM = 1 << 1,
        /// ChaCha20-Poly1305.
        CHACHA20_POLY1305 = 1 << 2,
    }
}

impl Aead {
    /// Returns the algorithms of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a key, if this is one known algorithm.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::AES_128_GCM => Some(16),
            Self::AES_256_GCM | Self::CHACHA20_POLY1305 => Some(32),
            _ => None,
        }
    }
}

open_enum! {
    /// Key schedules. DSP0274 1.4, table "Key schedule structure".
    pub struct KeySchedule(u16) {
        /// That of the specification.
        SPDM = 1 << 0,
    }
}

impl KeySchedule {
    /// Returns the algorithms of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Tells whether `selected` is exactly one bit, and one of `offered`.
pub(super) const fn is_one_of(selected: u32, offered: u32) -> bool {
    selected.count_ones() == 1 && selected & offered == selected
}
