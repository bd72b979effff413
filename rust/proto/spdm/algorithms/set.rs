// SPDX-License-Identifier: GPL-2.0

//! Sets of algorithms, a bit each. Selected is one bit of a set. Unknown bits are kept.

/// Signatures. DSP0274 1.4, table "NEGOTIATE_ALGORITHMS request message format", BaseAsymAlgo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseAsym(u32);

impl BaseAsym {
    /// RSASSA-PKCS1-v1.5, 2048 bits.
    pub const RSASSA_2048: Self = Self(1 << 0);
    /// RSASSA-PSS, 2048 bits.
    pub const RSAPSS_2048: Self = Self(1 << 1);
    /// RSASSA-PKCS1-v1.5, 3072 bits.
    pub const RSASSA_3072: Self = Self(1 << 2);
    /// RSASSA-PSS, 3072 bits.
    pub const RSAPSS_3072: Self = Self(1 << 3);
    /// ECDSA on P-256.
    pub const ECDSA_P256: Self = Self(1 << 4);
    /// RSASSA-PKCS1-v1.5, 4096 bits.
    pub const RSASSA_4096: Self = Self(1 << 5);
    /// RSASSA-PSS, 4096 bits.
    pub const RSAPSS_4096: Self = Self(1 << 6);
    /// ECDSA on P-384.
    pub const ECDSA_P384: Self = Self(1 << 7);
    /// ECDSA on P-521.
    pub const ECDSA_P521: Self = Self(1 << 8);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// Returns the algorithms of both.
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a signature, if this is one known algorithm.
    #[inline]
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

/// Hashes. The same table, BaseHashAlgo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseHash(u32);

impl BaseHash {
    /// SHA-256.
    pub const SHA_256: Self = Self(1 << 0);
    /// SHA-384.
    pub const SHA_384: Self = Self(1 << 1);
    /// SHA-512.
    pub const SHA_512: Self = Self(1 << 2);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// Returns the algorithms of both.
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a digest, if this is one known algorithm.
    #[inline]
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::SHA_256 => Some(32),
            Self::SHA_384 => Some(48),
            Self::SHA_512 => Some(64),
            _ => None,
        }
    }
}

/// Hashes of measurements. DSP0274 1.4, table "Successful ALGORITHMS response message format",
/// MeasurementHashAlgo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasurementHash(u32);

impl MeasurementHash {
    /// The measurements themselves.
    pub const RAW: Self = Self(1 << 0);
    /// SHA-256.
    pub const SHA_256: Self = Self(1 << 1);
    /// SHA-384.
    pub const SHA_384: Self = Self(1 << 2);
    /// SHA-512.
    pub const SHA_512: Self = Self(1 << 3);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// Returns the algorithms of both.
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a digest, if this is one known algorithm.
    #[inline]
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::SHA_256 => Some(32),
            Self::SHA_384 => Some(48),
            Self::SHA_512 => Some(64),
            _ => None,
        }
    }

    /// Tells whether no more than one bit is set.
    #[inline]
    pub(super) const fn is_at_most_one(self) -> bool {
        self.0.count_ones() <= 1
    }
}

/// Key exchanges. DSP0274 1.4, table "DHE structure".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dhe(u16);

impl Dhe {
    /// The group ffdhe2048.
    pub const FFDHE_2048: Self = Self(1 << 0);
    /// The group ffdhe3072.
    pub const FFDHE_3072: Self = Self(1 << 1);
    /// The group ffdhe4096.
    pub const FFDHE_4096: Self = Self(1 << 2);
    /// ECDH on P-256.
    pub const SECP_256_R1: Self = Self(1 << 3);
    /// ECDH on P-384.
    pub const SECP_384_R1: Self = Self(1 << 4);
    /// ECDH on P-521.
    pub const SECP_521_R1: Self = Self(1 << 5);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Returns the algorithms of both.
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a public key, if this is one known algorithm.
    #[inline]
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

/// Authenticated encryption. DSP0274 1.4, table "AEAD structure".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aead(u16);

impl Aead {
    /// AES-128-GCM.
    pub const AES_128_GCM: Self = Self(1 << 0);
    /// AES-256-GCM.
    pub const AES_256_GCM: Self = Self(1 << 1);
    /// ChaCha20-Poly1305.
    pub const CHACHA20_POLY1305: Self = Self(1 << 2);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Returns the algorithms of both.
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bytes of a key, if this is one known algorithm.
    #[inline]
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::AES_128_GCM => Some(16),
            Self::AES_256_GCM | Self::CHACHA20_POLY1305 => Some(32),
            _ => None,
        }
    }
}

/// Key schedules. DSP0274 1.4, table "Key schedule structure".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySchedule(u16);

impl KeySchedule {
    /// That of the specification.
    pub const SPDM: Self = Self(1 << 0);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Returns the algorithms of both.
    #[inline]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Tells whether `selected` is exactly one bit, and one of `offered`.
#[inline]
pub(super) const fn is_one_of(selected: u32, offered: u32) -> bool {
    selected.count_ones() == 1 && selected & offered == selected
}
