// SPDX-License-Identifier: GPL-2.0

//! TDREPORT and its registers. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_report))]
mod tests {
    use tsm_proto::{
        tdx::{
            Error,
            ReportType,
            Rtmr,
            TdReport,
            TeeTcbInfo, //
        },
        Digest384,
        LengthError,
        ReportData, //
    };
    use zerocopy::{
        FromBytes as _,
        IntoBytes as _, //
    };

    const SAMPLE: &[u8; 1024] = include_bytes!("../vectors/tdx/report.bin");
    const WITH_SERVICE_TDS: &[u8; 1024] = include_bytes!("../vectors/tdx/report_servtd.bin");
    const OF_A_DEBUG_TD: &[u8; 1024] = include_bytes!("../vectors/tdx/report_debug.bin");

    /// Parses the sample with the byte at `offset` set to `value`.
    fn parse_with(offset: usize, value: u8) -> Result<(), Error> {
        let mut raw = *SAMPLE;
        if let Some(byte) = raw.get_mut(offset) {
            *byte = value;
        }
        TdReport::parse(&raw).map(|_| ())
    }

    /// Reads the digest at `offset` of the sample.
    fn digest_at(offset: usize) -> Result<Digest384, Error> {
        let bytes = SAMPLE.get(offset..).and_then(|tail| tail.get(..48));
        Ok(*Digest384::parse(bytes.unwrap_or_default())?)
    }

    #[test]
    fn parses_the_sample() {
        let report = TdReport::parse(SAMPLE);
        assert!(report.is_ok());
    }

    #[test]
    fn parses_one_with_service_tds() {
        let hash = TdReport::parse(WITH_SERVICE_TDS).map(|report| report.info.servtd_hash);
        assert!(hash.is_ok_and(|hash| hash != Digest384::ZERO));
        assert_eq!(
            TdReport::parse(SAMPLE).map(|report| report.info.servtd_hash),
            Ok(Digest384::ZERO)
        );
    }

    #[test]
    fn parses_one_of_a_debug_td() {
        let attributes = TdReport::parse(OF_A_DEBUG_TD).map(|report| report.info.attributes.get());
        assert_eq!(attributes, Ok((1 << 28) | 1));
    }

    #[test]
    fn builds_what_it_parsed() {
        let bytes = TdReport::parse(SAMPLE).map(|report| report.as_bytes() == SAMPLE);
        assert_eq!(bytes, Ok(true));
    }

    #[test]
    fn finds_each_register() {
        let report = TdReport::parse(SAMPLE);
        assert_eq!(report.map(|r| r.info.mrtd), digest_at(528));
        assert_eq!(report.map(|r| r.info.mrconfigid), digest_at(576));
        assert_eq!(report.map(|r| r.info.mrowner), digest_at(624));
        assert_eq!(report.map(|r| r.info.mrownerconfig), digest_at(672));
        for (rtmr, offset) in Rtmr::ALL.into_iter().zip([720, 768, 816, 864]) {
            assert_eq!(report.map(|r| *r.info.rtmr(rtmr)), digest_at(offset));
        }
        assert_eq!(report.map(|r| r.info.servtd_hash), digest_at(912));
    }

    #[test]
    fn finds_report_data_and_attributes() {
        let report = TdReport::parse(SAMPLE);
        let data = SAMPLE.get(128..192).unwrap_or_default();
        assert_eq!(
            report.map(|r| r.mac.report_data),
            ReportData::parse(data).copied().map_err(Error::from)
        );
        assert_eq!(report.map(|r| r.info.attributes.get()), Ok(1 << 28));
        assert_eq!(
            report.map(|r| r.tee_tcb_info.valid.get()),
            Ok(TeeTcbInfo::VALID)
        );
    }

    #[test]
    fn sets_one_register_and_no_other() {
        for rtmr in Rtmr::ALL {
            let Ok(mut report) = TdReport::read_from_bytes(SAMPLE) else {
                continue;
            };
            report.info.set_rtmr(rtmr, Digest384::new([0x5a; 48]));
            let changed = report
                .as_bytes()
                .iter()
                .zip(SAMPLE)
                .filter(|(new, old)| new != old)
                .count();
            assert_eq!(*report.info.rtmr(rtmr), Digest384::new([0x5a; 48]));
            assert!(changed <= 48);
        }
    }

    #[test]
    fn accepts_a_report_with_service_tds() {
        assert_eq!(parse_with(2, ReportType::WITH_SERVICE_TD), Ok(()));
    }

    #[test]
    fn accepts_fields_of_later_modules() {
        assert_eq!(parse_with(256 + 144, 1), Ok(()));
        assert_eq!(parse_with(512 + 448, 1), Ok(()));
    }

    #[test]
    fn refuses_a_short_buffer() {
        for len in [0, 1, 255, 512, 1023] {
            let raw = SAMPLE.get(..len).unwrap_or_default();
            assert_eq!(TdReport::parse(raw), Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_bytes_after_the_report() {
        let mut raw = [0; 1025];
        for (to, from) in raw.iter_mut().zip(SAMPLE) {
            *to = *from;
        }
        assert_eq!(TdReport::parse(&raw), Err(Error::Trailing));
    }

    #[test]
    fn refuses_a_report_of_another_tee() {
        assert_eq!(parse_with(0, 0), Err(Error::UnknownType));
        assert_eq!(parse_with(0, 0x80), Err(Error::UnknownType));
    }

    #[test]
    fn refuses_another_subtype() {
        assert_eq!(parse_with(1, 1), Err(Error::UnknownSubtype));
    }

    #[test]
    fn refuses_a_later_version() {
        assert_eq!(parse_with(2, 2), Err(Error::UnknownVersion));
    }

    #[test]
    fn refuses_reserved_bytes_that_are_not_zero() {
        for offset in [3, 4, 15, 192, 223, 495, 511] {
            assert_eq!(parse_with(offset, 1), Err(Error::ReservedSet));
        }
    }

    #[test]
    fn numbers_four_registers() {
        for index in 0..4 {
            assert_eq!(
                Rtmr::try_from(index).map(|r| u64::from(r.index())),
                Ok(index)
            );
        }
    }

    #[test]
    fn has_the_registers_in_one_piece() {
        let registers = TdReport::parse(SAMPLE).map(|report| report.info.registers());

        assert_eq!(registers, Ok(SAMPLE.get(528..912).unwrap_or_default()));
    }

    #[test]
    fn refuses_a_fifth_register() {
        assert_eq!(Rtmr::try_from(4), Err(Error::NoSuchRegister));
        assert_eq!(Rtmr::try_from(u64::MAX), Err(Error::NoSuchRegister));
    }

    #[test]
    fn refuses_a_digest_of_another_length() {
        assert_eq!(
            Digest384::parse([0; 47].as_slice()).copied(),
            Err(LengthError::Truncated)
        );
        assert_eq!(
            Digest384::parse([0; 49].as_slice()).copied(),
            Err(LengthError::Trailing)
        );
        assert_eq!(
            Digest384::parse([0; 48].as_slice()).copied(),
            Ok(Digest384::ZERO)
        );
    }

    #[test]
    fn refuses_report_data_of_another_length() {
        assert_eq!(
            ReportData::parse([0; 63].as_slice()).copied(),
            Err(LengthError::Truncated)
        );
        assert_eq!(
            ReportData::parse([0; 65].as_slice()).copied(),
            Err(LengthError::Trailing)
        );
    }
}
