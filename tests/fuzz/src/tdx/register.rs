// SPDX-License-Identifier: GPL-2.0

//! Registers, by their number, and what goes into them: eight bytes of a number, then a digest.

use tsm_proto::{
    tdx::{
        Error,
        Rtmr, //
    },
    Digest384,
    LengthError,
    ReportData, //
};

use crate::bytes::u64_at;

/// There are registers 0 to 3, and a digest has 48 bytes, which are what is printed. Report data
/// has 64.
pub(crate) fn register(data: &[u8]) -> bool {
    let Some(number) = u64_at(data, 0) else {
        return false;
    };
    let rtmr = Rtmr::try_from(number).map(|rtmr| u64::from(rtmr.index()));
    let expected = (number <= 3).then_some(number);
    assert_eq!(rtmr, expected.ok_or(Error::NoSuchRegister));

    let bytes = &data[8..];
    let exactly = |len| match bytes.len() {
        short if short < len => Err(LengthError::Truncated),
        long if long > len => Err(LengthError::Trailing),
        _ => Ok(bytes.to_vec()),
    };
    let report_data = ReportData::parse(bytes);
    assert_eq!(report_data.map(|data| data.bytes().to_vec()), exactly(64));
    let digest = Digest384::parse(bytes);
    assert_eq!(digest.map(|digest| digest.bytes().to_vec()), exactly(48));

    if let Ok(digest) = digest {
        let text = digest.to_string();
        let printed = text.as_bytes().chunks(2).map(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        assert!(printed.eq(bytes.iter().copied().map(Some)));
        assert_eq!(format!("{digest:?}"), format!("Digest384({text})"));
    }
    rtmr.is_ok() && digest.is_ok()
}
