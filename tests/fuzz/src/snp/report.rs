// SPDX-License-Identifier: GPL-2.0

//! `ATTESTATION_REPORT`.

use tsm_proto::snp::{
    Error,
    Report, //
};
use zerocopy::IntoBytes as _;

use crate::bytes::u32_at;

/// Says what the table says of a report.
fn verdict(bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() < 1184 {
        Err(Error::Truncated)
    } else if bytes.len() > 1184 {
        Err(Error::Trailing)
    } else if u32_at(bytes, 0) < Some(2) {
        Err(Error::UnknownVersion)
    } else {
        Ok(())
    }
}

/// A report is accepted if the table says so, and has its fields where they are there.
pub(crate) fn report(data: &[u8]) -> bool {
    let parsed = Report::parse(data);
    assert_eq!(parsed.map(|_| ()), verdict(data));
    let Ok(report) = parsed else { return false };

    assert_eq!(report.as_bytes(), data);
    assert_eq!(Some(report.vmpl.get()), u32_at(data, 0x30));
    assert_eq!(report.report_data.bytes(), &data[0x50..0x90]);
    assert_eq!(report.measurement.bytes(), &data[0x90..0xc0]);
    assert_eq!(report.report_id, data[0x140..0x160]);
    assert_eq!(report.reported_tcb, data[0x180..0x188]);
    assert_eq!(report.chip_id, data[0x1a0..0x1e0]);
    assert_eq!(report.committed.major, data[0x1ee]);
    assert_eq!(report.signature, data[0x2a0..]);
    true
}
