// SPDX-License-Identifier: GPL-2.0

//! What the firmware answers.

use tsm_proto::snp::{
    message::{
        KeyAnswer,
        ReportAnswer, //
    },
    Error,
    FirmwareStatus, //
};

use crate::bytes::u32_at;

/// Says what the first field says of an answer of `size` bytes at least.
fn status(bytes: &[u8], size: usize) -> Result<(), Error> {
    match u32_at(bytes, 0) {
        Some(status) if bytes.len() >= size => match status {
            0 => Ok(()),
            _ => Err(Error::Refused(FirmwareStatus::new(status))),
        },
        _ => Err(Error::Truncated),
    }
}

/// An answer has a report if the table says so, which is all within the answer.
pub(crate) fn report_answer(data: &[u8]) -> bool {
    let expected = status(data, 32).and_then(|()| {
        let len = u32_at(data, 4).map(|len| len as usize);
        len.filter(|len| *len >= 1184)
            .and_then(|len| data[32..].get(..len))
            .ok_or(Error::Truncated)
    });

    let report = ReportAnswer::parse(data);
    assert_eq!(report, expected);
    report.is_ok()
}

/// An answer has a key if the table says so.
pub(crate) fn key_answer(data: &[u8]) -> bool {
    let expected = match data.len() {
        65.. => Err(Error::Trailing),
        _ => status(data, 64).map(|()| &data[32..]),
    };

    let key = KeyAnswer::parse(data);
    assert_eq!(key.map(<[u8; 32]>::as_slice), expected);
    key.is_ok()
}
