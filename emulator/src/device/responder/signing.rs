// SPDX-License-Identifier: GPL-2.0

//! What is signed of a transcript: DSP0274 1.2.

use super::{
    super::{
        suite::Hash,
        version::Version, //
    }, //
};

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// CHALLENGE_AUTH.
    Challenge,
    /// MEASUREMENTS.
    Measurements,
    /// KEY_EXCHANGE_RSP.
    KeyExchange,
    /// FINISH: a signature that only a requester makes.
    Requester,
}

impl Purpose {
    /// Returns `spdm_context`.
    fn context(self) -> &'static str {
        match self {
            Self::Challenge => "responder-challenge_auth signing",
            Self::Measurements => "responder-measurements signing",
            Self::KeyExchange => "responder-key_exchange_rsp signing",
            Self::Requester => "requester-finish signing",
        }
    }

    /// Makes `combined_spdm_prefix`, 100 bytes: the version four times, zero bytes, the context.
    pub(crate) fn prefix(self, version: Version) -> Vec<u8> {
        let version = format!("dmtf-spdm-v{}.*", version.text()).repeat(4);

        format!("{version}{:\0>36}", self.context()).into_bytes()
    }

    /// Makes the digest that is signed. Before version 1.2 it is that of the transcript.
    pub(crate) fn digest(self, version: Version, hash: Hash, transcript: &[u8]) -> Vec<u8> {
        let digest = hash.digest(transcript);

        match version >= Version::V1_2 {
            true => hash.digest(&[self.prefix(version), digest].concat()),
            false => digest,
        }
    }
}
