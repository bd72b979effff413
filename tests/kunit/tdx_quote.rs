// SPDX-License-Identifier: GPL-2.0

//! The GetQuote buffer. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_quote))]
mod tests {
    use tsm_proto::tdx::{
        quote::{
            self,
            Error,
            Header,
            Status, //
        },
        Error as ReportError,
        TdReport, //
    };
    use zerocopy::IntoBytes as _;

    const REPORT: &[u8; 1024] = include_bytes!("../vectors/tdx/report.bin");
    const REQUEST: &[u8; 1048] = include_bytes!("../vectors/tdx/quote_request.bin");
    const ANSWER: &[u8; 64] = include_bytes!("../vectors/tdx/quote_answer.bin");

    /// Answers with whole quotes: how many bytes of a quote are signed, and how many are behind its signature.
    const QUOTES: [(&[u8], usize, usize); 6] = [
        (include_bytes!("../vectors/tdx/answer_v4.bin"), 632, 70),
        (include_bytes!("../vectors/tdx/answer_v4_bare.bin"), 632, 0),
        (
            include_bytes!("../vectors/tdx/answer_v4_8000.bin"),
            632,
            V4_8000,
        ),
        (include_bytes!("../vectors/tdx/answer_v5.bin"), 702, 0),
        (include_bytes!("../vectors/tdx/answer_v5_td10.bin"), 638, 0),
        (
            include_bytes!("../vectors/tdx/answer_v5_td15ex.bin"),
            939,
            0,
        ),
    ];

    /// What makes 8000 bytes of a quote.
    const V4_8000: usize =
        8000 + Header::SIZE - include_bytes!("../vectors/tdx/answer_v4_bare.bin").len();

    /// Makes an answer with room for 16 bytes of quote.
    fn answer(status: Status, out_len: u32) -> [u8; 40] {
        let mut buffer = [0; 40];
        let header = Header::request().answer(status, out_len);
        for (to, from) in buffer.iter_mut().zip(header.as_bytes()) {
            *to = *from;
        }
        buffer
    }

    /// Parses the request with the byte at `offset` set to `value`.
    fn request_with(offset: usize, value: u8) -> Result<(), Error> {
        let mut raw = *REQUEST;
        if let Some(byte) = raw.get_mut(offset) {
            *byte = value;
        }
        quote::parse_request(&raw).map(|_| ())
    }

    #[test]
    fn makes_the_header_of_the_request() {
        let (header, report) = REQUEST.split_at(Header::SIZE);

        assert!(Header::request().as_bytes() == header);
        assert!(report == REPORT);
    }

    #[test]
    fn tells_the_status_of_a_header_that_is_wrong_otherwise() {
        let mut header = [0xaa; Header::SIZE];

        for (to, from) in header
            .iter_mut()
            .skip(8)
            .zip(Status::IN_FLIGHT.raw().to_le_bytes())
        {
            *to = from;
        }
        assert_eq!(Header::peek_status(&header), Ok(Status::IN_FLIGHT));
        assert_eq!(Header::parse(&header), Err(Error::UnknownVersion));
        assert_eq!(Header::peek_status(&header[..23]), Err(Error::Truncated));
    }

    #[test]
    fn parses_the_request() {
        let report = quote::parse_request(REQUEST);
        assert!(report == TdReport::parse(REPORT).map_err(Error::from));
    }

    #[test]
    fn refuses_a_request_without_its_report() {
        for len in [Header::SIZE, REQUEST.len() - 1] {
            let short = REQUEST.get(..len).unwrap_or_default();
            assert!(quote::parse_request(short) == Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_a_request_with_another_report_length() {
        // in_len is 0x400.
        assert_eq!(request_with(16, 0xff), Err(Error::Truncated));
        assert_eq!(
            request_with(17, 0x03),
            Err(Error::Report(ReportError::Truncated))
        );
        assert_eq!(request_with(19, 0xff), Err(Error::Truncated));
    }

    #[test]
    fn refuses_a_request_of_another_version() {
        assert_eq!(request_with(0, 2), Err(Error::UnknownVersion));
        assert_eq!(request_with(7, 1), Err(Error::UnknownVersion));
    }

    #[test]
    fn refuses_a_request_with_no_report_of_a_td() {
        assert_eq!(
            request_with(24, 0),
            Err(Error::Report(ReportError::UnknownType))
        );
    }

    #[test]
    fn parses_the_answer() {
        assert_eq!(quote::parse_answer(ANSWER), Ok(b"quote".as_slice()));
    }

    #[test]
    fn parses_quotes_of_each_version_with_what_is_behind_them() {
        for (raw, signed, behind) in QUOTES {
            let quote = quote::parse_answer(raw);
            assert_eq!(quote.ok(), raw.get(Header::SIZE..));

            let quote = quote.unwrap_or_default();
            let size = quote.get(signed..).and_then(<[u8]>::first_chunk);
            // CAST: Widens.
            let end = size.map(|size| signed + 4 + u32::from_le_bytes(*size) as usize);
            let rest = end.and_then(|end| quote.get(end..));
            assert_eq!(rest.map(<[u8]>::len), Some(behind));
            assert!(rest.unwrap_or_default().iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn refuses_quotes_of_each_version_whose_last_byte_is_missing() {
        for (raw, _, _) in QUOTES {
            let short = raw.get(..raw.len() - 1).unwrap_or_default();
            assert_eq!(quote::parse_answer(short), Err(Error::TooLarge));
        }
    }

    #[test]
    fn parses_an_answer_that_fills_the_buffer() {
        let raw = answer(Status::SUCCESS, 16);
        assert_eq!(quote::parse_answer(&raw).map(<[u8]>::len), Ok(16));
    }

    #[test]
    fn refuses_a_quote_larger_than_the_buffer() {
        for out_len in [17, 40, 0x8000_0000, u32::MAX] {
            let raw = answer(Status::SUCCESS, out_len);
            assert_eq!(quote::parse_answer(&raw), Err(Error::TooLarge));
        }
    }

    #[test]
    fn refuses_an_empty_quote() {
        let raw = answer(Status::SUCCESS, 0);
        assert_eq!(quote::parse_answer(&raw), Err(Error::Empty));
    }

    #[test]
    fn refuses_a_quote_in_flight() {
        let raw = answer(Status::IN_FLIGHT, 5);
        assert_eq!(quote::parse_answer(&raw), Err(Error::InFlight));
    }

    #[test]
    fn refuses_a_failed_quote_and_keeps_the_status() {
        let unknown = Status::new(0x1234);
        for status in [Status::ERROR, Status::SERVICE_UNAVAILABLE, unknown] {
            let raw = answer(status, 5);
            assert_eq!(quote::parse_answer(&raw), Err(Error::Failed(status)));
        }
    }

    #[test]
    fn refuses_a_buffer_without_a_header() {
        for len in [0, 23] {
            let short = ANSWER.get(..len).unwrap_or_default();
            assert_eq!(quote::parse_answer(short), Err(Error::Truncated));
            assert_eq!(Header::parse(short), Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_an_answer_of_another_version() {
        let mut raw = *ANSWER;
        raw[0] = 0;
        assert_eq!(quote::parse_answer(&raw), Err(Error::UnknownVersion));
    }

    #[test]
    fn measures_a_quote_by_the_header_alone() {
        let header = Header::parse(ANSWER);
        assert_eq!(header.and_then(|h| h.quote_len(ANSWER.len())), Ok(5));
        assert_eq!(
            header.and_then(|h| h.quote_len(Header::SIZE + 4)),
            Err(Error::TooLarge)
        );
        assert_eq!(header.and_then(|h| h.quote_len(0)), Err(Error::TooLarge));
    }
}
