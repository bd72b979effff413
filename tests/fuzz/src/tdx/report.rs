// SPDX-License-Identifier: GPL-2.0

//! `TDREPORT_STRUCT`.

use tsm_proto::{
    tdx::{
        quote::{
            self,
            Header, //
        },
        Error,
        Rtmr,
        TdReport, //
    },
    Digest384, //
};
use zerocopy::IntoBytes as _;

/// Where the first run-time measurement register is.
const RTMR0: usize = 720;

/// Says what the tables say of a report.
pub(super) fn verdict(bytes: &[u8]) -> Result<(), Error> {
    let zero = |range: std::ops::Range<usize>| bytes[range].iter().all(|byte| *byte == 0);

    if bytes.len() < 1024 {
        Err(Error::Truncated)
    } else if bytes.len() > 1024 {
        Err(Error::Trailing)
    } else if bytes[0] != 0x81 {
        Err(Error::UnknownType)
    } else if bytes[1] != 0 {
        Err(Error::UnknownSubtype)
    } else if bytes[2] > 1 {
        Err(Error::UnknownVersion)
    } else if !(zero(3..16) && zero(192..224) && zero(495..512)) {
        Err(Error::ReservedSet)
    } else {
        Ok(())
    }
}

/// A report is accepted if the tables say so, has its fields where they are there, and survives the
/// way to the VMM.
pub(crate) fn report(data: &[u8]) -> bool {
    if let Ok(bytes) = data.try_into() {
        // Of the module's own report nothing is checked.
        check_fields(TdReport::from_module(bytes), data);
    }

    let parsed = TdReport::parse(data);
    assert_eq!(parsed.map(|_| ()), verdict(data));
    let Ok(report) = parsed else { return false };
    check_fields(report, data);

    let request = [Header::request().as_bytes(), data].concat();
    assert_eq!(quote::parse_request(&request), Ok(report));
    true
}

/// Asserts that `report` is `bytes`, field for field.
fn check_fields(report: &TdReport, bytes: &[u8]) {
    assert_eq!(report.as_bytes(), bytes);
    assert_eq!(report.mac.cpu_svn, bytes[16..32]);
    assert_eq!(report.mac.tee_tcb_info_hash.bytes(), &bytes[32..80]);
    assert_eq!(report.mac.tee_info_hash.bytes(), &bytes[80..128]);
    assert_eq!(report.mac.report_data.bytes(), &bytes[128..192]);
    assert_eq!(report.mac.mac, bytes[224..256]);
    assert_eq!(report.tee_tcb_info.as_bytes(), &bytes[256..495]);
    assert_eq!(report.info.mrtd.bytes(), &bytes[528..576]);
    assert_eq!(report.info.servtd_hash.bytes(), &bytes[912..960]);

    for (rtmr, offset) in Rtmr::ALL.into_iter().zip((RTMR0..).step_by(48)) {
        assert_eq!(report.info.rtmr(rtmr).bytes(), &bytes[offset..][..48]);

        let mut other = *report;
        other.info.set_rtmr(rtmr, Digest384::new([0xa5; 48]));
        assert_eq!(other.as_bytes()[..offset], bytes[..offset]);
        assert_eq!(other.as_bytes()[offset..][..48], [0xa5; 48]);
        assert_eq!(other.as_bytes()[offset + 48..], bytes[offset + 48..]);
    }
}
