// SPDX-License-Identifier: GPL-2.0

//! Sets of algorithms, a bit each. Selected is one bit of a set. Unknown bits are kept.

use crate::open_enum::open_enum;

/// Declares a set of algorithms: the bit of each, and its size.
macro_rules! algorithms {
    ($(#[$doc:meta])* pub struct $name:ident($int:ty), bytes of $what:literal {
        $($(#[$value_doc:meta])* $value:ident = bit $bit:literal $(, $size:literal bytes)?;)*
    }) => {
        open_enum! {
            $(#[$doc])*
            pub struct $name($int) {
                $($(#[$value_doc])* $value = 1 << $bit,)*
            }
        }

        impl $name {
            /// Returns the algorithms of both.
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            #[doc = concat!("Returns the bytes of ", $what, ", if this is one known algorithm.")]
            pub const fn size(self) -> Option<usize> {
                match self {
                    $($(Self::$value => Some($size),)?)*
                    _ => None,
                }
            }
        }
    };
}

algorithms! {
    /// Signatures. DSP0274 1.4, table "NEGOTIATE_ALGORITHMS request message format", BaseAsymAlgo.
    pub struct BaseAsym(u32), bytes of "a signature" {
        /// RSASSA-PKCS1-v1.5, 2048 bits.
        RSASSA_2048 = bit 0, 256 bytes;
        /// RSASSA-PSS, 2048 bits.
        RSAPSS_2048 = bit 1, 256 bytes;
        /// RSASSA-PKCS1-v1.5, 3072 bits.
        RSASSA_3072 = bit 2, 384 bytes;
        /// RSASSA-PSS, 3072 bits.
        RSAPSS_3072 = bit 3, 384 bytes;
        /// ECDSA on P-256.
        ECDSA_P256 = bit 4, 64 bytes;
        /// RSASSA-PKCS1-v1.5, 4096 bits.
        RSASSA_4096 = bit 5, 512 bytes;
        /// RSASSA-PSS, 4096 bits.
        RSAPSS_4096 = bit 6, 512 bytes;
        /// ECDSA on P-384.
        ECDSA_P384 = bit 7, 96 bytes;
        /// ECDSA on P-521.
        ECDSA_P521 = bit 8, 132 bytes;
    }
}

algorithms! {
    /// Hashes. The same table, BaseHashAlgo.
    pub struct BaseHash(u32), bytes of "a digest" {
        /// SHA-256.
        SHA_256 = bit 0, 32 bytes;
        /// SHA-384.
        SHA_384 = bit 1, 48 bytes;
        /// SHA-512.
        SHA_512 = bit 2, 64 bytes;
    }
}

algorithms! {
    /// Hashes of measurements. DSP0274 1.4, table "Successful ALGORITHMS response message format",
    /// MeasurementHashAlgo.
    pub struct MeasurementHash(u32), bytes of "a digest" {
        /// The measurements themselves.
        RAW = bit 0;
        /// SHA-256.
        SHA_256 = bit 1, 32 bytes;
        /// SHA-384.
        SHA_384 = bit 2, 48 bytes;
        /// SHA-512.
        SHA_512 = bit 3, 64 bytes;
    }
}

impl MeasurementHash {
    /// Tells whether no more than one bit is set.
    pub(super) const fn is_at_most_one(self) -> bool {
        self.0.count_ones() <= 1
    }
}

algorithms! {
    /// Key exchanges. DSP0274 1.4, table "DHE structure".
    pub struct Dhe(u16), bytes of "a public key" {
        /// The group ffdhe2048.
        FFDHE_2048 = bit 0, 256 bytes;
        /// The group ffdhe3072.
        FFDHE_3072 = bit 1, 384 bytes;
        /// The group ffdhe4096.
        FFDHE_4096 = bit 2, 512 bytes;
        /// ECDH on P-256.
        SECP_256_R1 = bit 3, 64 bytes;
        /// ECDH on P-384.
        SECP_384_R1 = bit 4, 96 bytes;
        /// ECDH on P-521.
        SECP_521_R1 = bit 5, 132 bytes;
    }
}

algorithms! {
    /// Authenticated encryption. DSP0274 1.4, table "AEAD structure".
    pub struct Aead(u16), bytes of "a key" {
        /// AES-128-GCM.
        AES_128_GCM = bit 0, 16 bytes;
        /// AES-256-GCM.
        AES_256_GCM = bit 1, 32 bytes;
        /// ChaCha20-Poly1305.
        CHACHA20_POLY1305 = bit 2, 32 bytes;
    }
}

open_enum! {
    /// Key schedules. DSP0274 1.4, table "Key schedule structure".
    pub struct KeySchedule(u16) {
        /// That of the specification.
        SPDM = 1 << 0,
    }
}

/// Tells whether `selected` is exactly one bit, and one of `offered`.
pub(super) const fn is_one_of(selected: u32, offered: u32) -> bool {
    selected.count_ones() == 1 && selected & offered == selected
}
