// SPDX-License-Identifier: GPL-2.0

//! Versions of SPDM, and all that depends on them. DMTF DSP0274 1.0 to 1.4.
//!
//! No other file compares versions.

use super::{
    Error,
    Result, //
};

/// A version of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0, which has no sessions.
    V1_0,
    /// 1.1.
    V1_1,
    /// 1.2.
    V1_2,
    /// 1.3.
    V1_3,
    /// 1.4.
    V1_4,
}

impl Version {
    /// Takes the version of a message header: the major version in bits 7 to 4, the minor below.
    pub const fn new(raw: u8) -> Option<Self> {
        match raw {
            0x10 => Some(Self::V1_0),
            0x11 => Some(Self::V1_1),
            0x12 => Some(Self::V1_2),
            0x13 => Some(Self::V1_3),
            0x14 => Some(Self::V1_4),
            _ => None,
        }
    }

    /// Returns the version as it is in a message header.
    pub const fn raw(self) -> u8 {
        match self {
            Self::V1_0 => 0x10,
            Self::V1_1 => 0x11,
            Self::V1_2 => 0x12,
            Self::V1_3 => 0x13,
            Self::V1_4 => 0x14,
        }
    }

    /// Returns the version in the labels of the key schedule, with the space that ends it.
    pub const fn label(self) -> &'static [u8; 8] {
        match self {
            Self::V1_0 => b"spdm1.0 ",
            Self::V1_1 => b"spdm1.1 ",
            Self::V1_2 => b"spdm1.2 ",
            Self::V1_3 => b"spdm1.3 ",
            Self::V1_4 => b"spdm1.4 ",
        }
    }

    /// Returns what is hashed before the hash of a transcript that is signed. Empty before 1.2, where the
    /// signature is over the transcript alone.
    ///
    /// 1.2, section "Signature generation": four times the version, zeros, the context at the end.
    pub fn signing_prefix(self, context: SigningContext) -> SigningPrefix {
        let version = match self {
            Self::V1_0 | Self::V1_1 => return SigningPrefix(None),
            Self::V1_2 => b"dmtf-spdm-v1.2.*",
            Self::V1_3 => b"dmtf-spdm-v1.3.*",
            Self::V1_4 => b"dmtf-spdm-v1.4.*",
        };
        let mut prefix = [0; SigningPrefix::SIZE];
        let text = context.text().as_bytes();
        let parts = version.iter().cycle().take(4 * version.len());
        let tail = text.iter().rev();

        for (to, from) in prefix.iter_mut().zip(parts) {
            *to = *from;
        }
        for (to, from) in prefix.iter_mut().rev().zip(tail) {
            *to = *from;
        }
        SigningPrefix(Some(prefix))
    }

    /// Tells whether there are sessions and algorithm tables.
    pub fn has_sessions(self) -> bool {
        self >= Self::V1_1
    }

    /// Tells whether a signed GET_MEASUREMENTS names a slot. Without it, the key is that of slot 0.
    pub fn has_measurement_slot(self) -> bool {
        self >= Self::V1_1
    }

    /// Tells whether GET_CAPABILITIES has more than a header.
    pub fn has_requester_capabilities(self) -> bool {
        self >= Self::V1_1
    }

    /// Tells whether CAPABILITIES has DataTransferSize and MaxSPDMmsgSize.
    pub fn has_transfer_sizes(self) -> bool {
        self >= Self::V1_2
    }

    /// Tells whether opaque data has the format that OpaqueDataFmt1 stands for.
    pub fn has_opaque_format(self) -> bool {
        self >= Self::V1_2
    }

    /// Tells whether KEY_EXCHANGE has a session policy.
    pub fn has_session_policy(self) -> bool {
        self >= Self::V1_2
    }

    /// Tells whether the transcript of measurements begins with the negotiation.
    pub fn measures_negotiation(self) -> bool {
        self >= Self::V1_2
    }

    /// Tells whether CHALLENGE and GET_MEASUREMENTS have a requester context.
    pub fn has_requester_context(self) -> bool {
        self >= Self::V1_3
    }

    /// Tells whether algorithms have MELspecification, in a byte that was reserved before.
    pub fn has_measurement_log(self) -> bool {
        self >= Self::V1_3
    }

    /// Tells whether algorithms have post-quantum signatures, in bytes that were reserved before.
    pub fn has_post_quantum(self) -> bool {
        self >= Self::V1_4
    }

    /// Tells whether CERTIFICATE can have lengths of 32 bits.
    pub fn has_large_certificates(self) -> bool {
        self >= Self::V1_4
    }

    /// Tells whether FINISH and its response have opaque data.
    pub fn has_finish_opaque(self) -> bool {
        self >= Self::V1_4
    }

    /// Checks that the version of a message header is this one.
    ///
    /// # Errors
    ///
    /// [`Error::MessageVersion`] when it is another one.
    pub fn check(self, raw: u8) -> Result {
        match raw == self.raw() {
            true => Ok(()),
            false => Err(Error::MessageVersion(raw)),
        }
    }
}

/// What a signature of the responder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningContext {
    /// CHALLENGE_AUTH.
    Challenge,
    /// MEASUREMENTS.
    Measurements,
    /// KEY_EXCHANGE_RSP.
    KeyExchange,
}

impl SigningContext {
    /// Returns the text of the specification.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Challenge => "responder-challenge_auth signing",
            Self::Measurements => "responder-measurements signing",
            Self::KeyExchange => "responder-key_exchange_rsp signing",
        }
    }
}

/// The bytes that are hashed before the hash of a transcript, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningPrefix(Option<[u8; Self::SIZE]>);

impl SigningPrefix {
    /// Size in bytes, where there are any.
    pub const SIZE: usize = 100;

    /// Returns the bytes; none before 1.2.
    pub fn bytes(&self) -> Option<&[u8; Self::SIZE]> {
        self.0.as_ref()
    }
}
