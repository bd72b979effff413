// SPDX-License-Identifier: GPL-2.0

//! The buffer of GetQuote, in both directions.

use tsm_proto::tdx::quote::{
    self,
    Error,
    Header,
    Status, //
};
use zerocopy::IntoBytes as _;

use super::report;
use crate::bytes::{
    u32_at,
    u64_at, //
};

/// The header, and what follows it.
const HEADER: usize = 24;

/// Sizes of buffers that a header may be said to be in.
const SIZES: [usize; 7] = [0, 23, 24, 25, 4096, 128 << 10, usize::MAX];

/// Says what the tables say of a header.
fn header(bytes: &[u8]) -> Result<(), Error> {
    match u64_at(bytes, 0) {
        _ if bytes.len() < HEADER => Err(Error::Truncated),
        Some(1) => Ok(()),
        _ => Err(Error::UnknownVersion),
    }
}

/// Says where the tables have the report in a request.
fn request(bytes: &[u8]) -> Result<&[u8], Error> {
    header(bytes)?;
    let len = u32_at(bytes, 16).map(|len| len as usize);
    let report = len.and_then(|len| bytes[HEADER..].get(..len));

    let report = report.ok_or(Error::Truncated)?;
    report::verdict(report)?;
    Ok(report)
}

/// Says how long the tables say that a quote is, in a buffer of `size` bytes with this header.
fn length(bytes: &[u8], size: usize) -> Result<usize, Error> {
    header(bytes)?;
    let (status, len) = (u64_at(bytes, 8), u32_at(bytes, 20));
    let (Some(status), Some(len)) = (status, len) else {
        return Err(Error::Truncated);
    };

    match (status, len as usize) {
        (u64::MAX, _) => Err(Error::InFlight),
        (1.., _) => Err(Error::Failed(Status::new(status))),
        (0, 0) => Err(Error::Empty),
        (0, len) if len.checked_add(HEADER).is_some_and(|end| end <= size) => Ok(len),
        (0, _) => Err(Error::TooLarge),
    }
}

/// A request is accepted if the tables say so, and is what would be built for its report.
pub(crate) fn quote_request(data: &[u8]) -> bool {
    let parsed = quote::parse_request(data);
    assert_eq!(parsed.map(|report| report.as_bytes()), request(data));
    let Ok(report) = parsed else { return false };

    let built = [Header::request().as_bytes(), report.as_bytes()].concat();
    // The status and the length of the quote are the VMM's.
    assert_eq!(built[..8], data[..8]);
    assert_eq!(built[8..16], [0; 8]);
    assert_eq!(built[16..20], data[16..20]);
    assert_eq!(built[20..24], [0; 4]);
    assert_eq!(built[24..], data[24..built.len()]);
    true
}

/// An answer has a quote if the tables say so, which is all within the buffer; and a header alone
/// says the same as the whole buffer.
pub(crate) fn quote_answer(data: &[u8]) -> bool {
    let quote = quote::parse_answer(data);
    let len = length(data, data.len());
    assert_eq!(quote, len.map(|len| &data[HEADER..][..len]));

    let parsed = Header::parse(data);
    assert_eq!(parsed.map(|_| ()), header(data));
    let status = u64_at(data, 8).filter(|_| data.len() >= HEADER);
    assert_eq!(
        Header::peek_status(data),
        status.map(Status::new).ok_or(Error::Truncated)
    );

    if let Ok(header) = parsed {
        check_header(header, data);
    }
    quote.is_ok()
}

/// Asserts that a header says what is in `bytes`, which it begins.
fn check_header(header: Header, bytes: &[u8]) {
    assert_eq!(header.as_bytes(), &bytes[..HEADER]);
    assert_eq!(Some(header.status().raw()), u64_at(bytes, 8));
    assert_eq!(Some(header.in_len()), u32_at(bytes, 16));
    for size in SIZES {
        let len = header.quote_len(size);
        assert_eq!(len, length(bytes, size));
        assert!(len.is_err() || len.is_ok_and(|len| len > 0 && len <= size - HEADER));
    }

    let answer = header.answer(Status::ERROR, 7);
    assert_eq!(Header::parse(answer.as_bytes()), Ok(answer));
    assert_eq!(answer.status(), Status::ERROR);
    assert_eq!(answer.in_len(), header.in_len());
    assert_eq!(
        answer.answer(header.status(), 7).quote_len(HEADER + 7),
        match header.status() {
            Status::SUCCESS => Ok(7),
            Status::IN_FLIGHT => Err(Error::InFlight),
            status => Err(Error::Failed(status)),
        }
    );
}
