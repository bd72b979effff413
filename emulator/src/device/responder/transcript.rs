// SPDX-License-Identifier: GPL-2.0

//! What the signatures of a connection are about: M1 and L1 of DSP0274.
//!
//! An exchange of keys has a transcript of its own, in `session.rs`.

use super::super::version::Version;

/// The messages so far, without padding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transcript {
    /// VCA: version, capabilities, algorithms. `A` of M1.
    vca: Vec<u8>,
    /// `B` of M1: digests and certificates since the last CHALLENGE.
    certificates: Vec<u8>,
    /// Requests and responses about measurements since the last signature.
    measurements: Vec<u8>,
}

impl Transcript {
    /// Adds a request for version, capabilities or algorithms, and its response.
    pub(crate) fn negotiated(&mut self, request: &[u8], response: &[u8]) {
        self.vca.extend_from_slice(request);
        self.vca.extend_from_slice(response);
    }

    /// Adds a request for digests or certificates, and its response.
    pub(crate) fn identified(&mut self, request: &[u8], response: &[u8]) {
        self.certificates.extend_from_slice(request);
        self.certificates.extend_from_slice(response);
    }

    /// Adds a request for measurements, and its response without the signature.
    pub(crate) fn measured(&mut self, request: &[u8], response: &[u8]) {
        self.measurements.extend_from_slice(request);
        self.measurements.extend_from_slice(response);
    }

    /// Notes that a request has come: what was not signed is forgotten by all but the requests that
    /// belong to it.
    pub(crate) fn begin(&mut self, code: u8) {
        if !matches!(code, 0x81..=0x83) {
            self.certificates.clear();
        }
        if code != 0xe0 {
            self.measurements.clear();
        }
    }

    /// Forgets measurements: a request for them has failed, or they have been signed.
    pub(crate) fn forget_measurements(&mut self) {
        self.measurements.clear();
    }

    /// Returns VCA.
    pub(crate) fn vca(&self) -> &[u8] {
        &self.vca
    }

    /// Takes M1 for CHALLENGE and its response without the signature: `A`, `B` and `C`.
    pub(crate) fn m1(&mut self, request: &[u8], response: &[u8]) -> Vec<u8> {
        let m1 = [&self.vca, &self.certificates[..], request, response].concat();

        self.certificates.clear();
        m1
    }

    /// Takes L1. It has VCA in front since version 1.2.
    pub(crate) fn l1(&mut self, version: Version) -> Vec<u8> {
        let vca = match version >= Version::V1_2 {
            true => &self.vca[..],
            false => &[],
        };
        let l1 = [vca, &self.measurements].concat();

        self.measurements.clear();
        l1
    }

    /// Makes the transcript that measurements have inside a new session.
    pub(crate) fn for_session(&self) -> Self {
        Self {
            vca: self.vca.clone(),
            ..Self::default()
        }
    }
}
