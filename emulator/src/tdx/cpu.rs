// SPDX-License-Identifier: GPL-2.0

//! What the CPU does for the TDX module: it vouches for reports.
//!
//! A real CPU keeps the key of the MAC to itself. This one is public, so that any program can
//! check; a report of the emulator proves nothing.

use hmac::{
    Hmac,
    Mac as _, //
};
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use tsm_proto::{
    tdx::{
        ReportMac,
        TdReport, //
    },
    Digest384, //
};
use zerocopy::IntoBytes as _;

/// An emulated CPU.
#[derive(Debug)]
pub(crate) struct Cpu {
    key: [u8; 32],
}

impl Default for Cpu {
    fn default() -> Self {
        Self {
            key: Sha256::digest(b"tsm-emulator CPU report key").into(),
        }
    }
}

/// Returns the SHA-384 digest of `parts`, one after the other.
pub(super) fn sha384(parts: &[&[u8]]) -> Digest384 {
    let hash = parts
        .iter()
        .fold(Sha384::new(), |hash, part| hash.chain_update(part));

    Digest384::new(hash.finalize().into())
}

impl Cpu {
    /// Security version number, as reports have it. These bytes are of a processor of 2023; their meaning is not
    /// public.
    pub(crate) const REPORTED_SVN: [u8; 16] = [4, 4, 13, 15, 3, 255, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];

    /// The same as the certificate of the platform has it: by components, which levels of the TCB are
    /// compared with.
    pub(crate) const SVN: [u8; 16] = [3, 3, 2, 2, 2, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];

    /// Makes a CPU with another key.
    #[cfg(test)]
    pub(crate) fn with_key(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Fills in the hashes and the MAC: `SEAMREPORT`.
    pub(crate) fn seal(&self, report: &mut TdReport) {
        report.mac.cpu_svn = Self::REPORTED_SVN;
        report.mac.tee_tcb_info_hash = sha384(&[report.tee_tcb_info.as_bytes()]);
        report.mac.tee_info_hash = sha384(&[report.info.as_bytes()]);
        report.mac.mac = self.mac(&report.mac).finalize().into_bytes().into();
    }

    /// Checks the MAC and the hashes: what the quoting enclave has done by `EVERIFYREPORT2`.
    pub(crate) fn verify(&self, report: &TdReport) -> bool {
        self.verify_header(&report.mac)
            && report.mac.tee_tcb_info_hash == sha384(&[report.tee_tcb_info.as_bytes()])
            && report.mac.tee_info_hash == sha384(&[report.info.as_bytes()])
    }

    /// Checks the MAC: `SEAMVERIFYREPORT`.
    pub(super) fn verify_header(&self, header: &ReportMac) -> bool {
        self.mac(header).verify_slice(&header.mac).is_ok()
    }

    /// Returns the MAC of a header before it is finished.
    fn mac(&self, header: &ReportMac) -> Hmac<Sha256> {
        let covered = header.as_bytes().split_at(ReportMac::COVERED).0;
        let mac = Hmac::<Sha256>::new_from_slice(&self.key);

        // PANIC: HMAC takes keys of any length.
        mac.expect("HMAC key").chain_update(covered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromBytes as _;

    /// A report that a script made, with this key.
    const SAMPLE: &[u8; 1024] = include_bytes!("../../../tests/vectors/tdx/report.bin");

    const WITH_SERVICE_TDS: &[u8; 1024] =
        include_bytes!("../../../tests/vectors/tdx/report_servtd.bin");
    const OF_A_DEBUG_TD: &[u8; 1024] =
        include_bytes!("../../../tests/vectors/tdx/report_debug.bin");

    /// The CPU of the sample.
    fn cpu() -> Cpu {
        Cpu::with_key(std::array::from_fn(|i| i as u8))
    }

    #[test]
    fn verifies_a_report_that_it_did_not_make() {
        for sample in [SAMPLE, WITH_SERVICE_TDS, OF_A_DEBUG_TD] {
            assert!(cpu().verify(TdReport::parse(sample).unwrap()));
        }
    }

    #[test]
    fn seals_like_the_script() {
        let mut report = TdReport::read_from_bytes(SAMPLE).unwrap();
        report.mac.tee_tcb_info_hash = Digest384::ZERO;
        report.mac.tee_info_hash = Digest384::ZERO;
        cpu().seal(&mut report);
        let sample = TdReport::parse(SAMPLE).unwrap();
        assert_eq!(report.mac.tee_tcb_info_hash, sample.mac.tee_tcb_info_hash);
        assert_eq!(report.mac.tee_info_hash, sample.mac.tee_info_hash);
        assert!(cpu().verify(&report));
    }

    #[test]
    fn does_not_verify_a_report_of_another_cpu() {
        assert!(!Cpu::default().verify(TdReport::parse(SAMPLE).unwrap()));
    }

    #[test]
    fn does_not_verify_a_report_that_was_changed_anywhere() {
        for offset in (0..SAMPLE.len()).filter(|offset| !(495..512).contains(offset)) {
            let mut raw = *SAMPLE;
            raw[offset] ^= 1;
            assert!(!cpu().verify(&TdReport::read_from_bytes(&raw).unwrap()));
        }
    }
}
