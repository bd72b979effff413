// SPDX-License-Identifier: GPL-2.0

//! Guest messages, statuses and privilege levels. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_message))]
mod tests {
    use tsm_proto::{
        snp::{
            message::{
                KeyAnswer,
                KeyRequest,
                MessageType,
                ReportAnswer,
                ReportRequest,
                Request, //
            },
            Error,
            ExitInfo2,
            FirmwareStatus,
            Report,
            VmmStatus,
            Vmpck,
            Vmpl, //
        },
        ReportData, //
    };
    use zerocopy::IntoBytes as _;

    /// Makes the payload of a report answer, with room for `room` bytes of report.
    fn answer<const LEN: usize>(status: u32, size: u32) -> [u8; LEN] {
        let mut payload = [0xa5; LEN];
        let header = ReportAnswer::new(FirmwareStatus::new(status), size);

        for (to, from) in payload.iter_mut().zip(header.as_bytes()) {
            *to = *from;
        }
        payload
    }

    /// Parses such a payload, and returns the size of the report.
    fn parse<const LEN: usize>(status: u32, size: u32) -> Result<usize, Error> {
        ReportAnswer::parse(&answer::<LEN>(status, size)).map(<[u8]>::len)
    }

    #[test]
    fn asks_for_a_report() {
        for vmpl in Vmpl::ALL {
            let request = ReportRequest::new(ReportData::new([7; 64]), vmpl);
            let bytes = request.as_bytes();
            assert_eq!(bytes.get(..64), Some([7; 64].as_slice()));
            assert_eq!(bytes.get(64).copied(), Some(vmpl.number()));
            assert!(bytes.iter().skip(65).all(|byte| *byte == 0));
        }
    }

    #[test]
    fn asks_for_a_key() {
        let request = KeyRequest {
            root_key_select: 1.into(),
            reserved: 0.into(),
            guest_field_select: 0x3f.into(),
            vmpl: 2.into(),
            guest_svn: 3.into(),
            tcb_version: 4.into(),
        };
        let mut expected = [0; KeyRequest::SIZE];
        for (offset, value) in [(0, 1), (8, 0x3f), (16, 2), (20, 3), (24, 4)] {
            if let Some(byte) = expected.get_mut(offset) {
                *byte = value;
            }
        }
        assert_eq!(request.as_bytes(), expected);
    }

    #[test]
    fn numbers_messages_as_the_firmware_does() {
        assert_eq!(ReportRequest::TYPE.raw(), 5);
        assert_eq!(KeyRequest::TYPE.raw(), 3);
        assert_eq!(MessageType::TSC_INFO_REQUEST.raw(), 17);
    }

    #[test]
    fn answers_with_the_next_number() {
        let answer = ReportRequest::TYPE.answer();
        assert_eq!(answer, Some(MessageType::new(6)));
        assert_eq!(MessageType::new(u8::MAX).answer(), None);
    }

    #[test]
    fn finds_the_report() {
        assert_eq!(parse::<4000>(0, 1184), Ok(Report::SIZE));
        assert_eq!(parse::<1216>(0, 1184), Ok(Report::SIZE));
    }

    #[test]
    fn accepts_a_longer_report() {
        assert_eq!(parse::<4000>(0, 2000), Ok(2000));
        assert_eq!(parse::<4000>(0, 3968), Ok(3968));
    }

    #[test]
    fn refuses_a_report_that_is_none() {
        assert_eq!(parse::<4000>(0, 0), Err(Error::Truncated));
        assert_eq!(parse::<4000>(0, 1183), Err(Error::Truncated));
    }

    #[test]
    fn refuses_a_report_that_is_not_all_there() {
        assert_eq!(parse::<1215>(0, 1184), Err(Error::Truncated));
        assert_eq!(parse::<4000>(0, 3969), Err(Error::Truncated));
        assert_eq!(parse::<4000>(0, u32::MAX), Err(Error::Truncated));
        assert_eq!(parse::<31>(0, 0), Err(Error::Truncated));
    }

    #[test]
    fn tells_why_there_is_no_report() {
        let refused = |status| Err(Error::Refused(FirmwareStatus::new(status)));
        assert_eq!(parse::<4000>(0x16, 0), refused(0x16));
        assert_eq!(parse::<4000>(0x27, 1184), refused(0x27));
        assert_eq!(parse::<4000>(u32::MAX, 1184), refused(u32::MAX));
    }

    #[test]
    fn finds_the_key() {
        let answer = KeyAnswer::new(FirmwareStatus::SUCCESS, [9; 32]);
        assert_eq!(KeyAnswer::parse(answer.as_bytes()), Ok(&[9; 32]));
    }

    #[test]
    fn refuses_an_answer_without_key() {
        let answer = KeyAnswer::new(FirmwareStatus::INVALID_PARAM, [9; 32]);
        let refused = Error::Refused(FirmwareStatus::INVALID_PARAM);
        assert_eq!(KeyAnswer::parse(answer.as_bytes()), Err(refused));
    }

    #[test]
    fn refuses_a_key_of_another_length() {
        assert_eq!(KeyAnswer::parse(&[0; 63]), Err(Error::Truncated));
        assert_eq!(KeyAnswer::parse(&[0; 65]), Err(Error::Trailing));
    }

    #[test]
    fn splits_the_exit_information() {
        let info = ExitInfo2::new(0x0000_0001_0000_0016);
        assert_eq!(info.vmm(), VmmStatus::INVALID_LEN);
        assert_eq!(info.firmware(), FirmwareStatus::INVALID_PARAM);
        assert_eq!(ExitInfo2::of(info.vmm(), info.firmware()), info);
        assert_eq!(ExitInfo2::INVALID_LEN.raw(), 1 << 32);
        assert_eq!(ExitInfo2::BUSY.raw(), 2 << 32);
        assert_eq!(ExitInfo2::new(u64::MAX).vmm().raw(), u32::MAX);
    }

    #[test]
    fn has_a_key_for_each_level() {
        for vmpl in Vmpl::ALL {
            let number = u32::from(vmpl.number());
            assert_eq!(Vmpl::try_from(number), Ok(vmpl));
            assert_eq!(Vmpck::try_from(number), Ok(vmpl.key()));
            assert_eq!(vmpl.key().floor(), vmpl);
        }
    }

    #[test]
    fn refuses_a_fifth_level() {
        assert_eq!(Vmpl::try_from(4), Err(Error::NoSuchLevel));
        assert_eq!(Vmpck::try_from(4), Err(Error::NoSuchLevel));
        assert_eq!(Vmpck::try_from(u32::MAX), Err(Error::NoSuchLevel));
    }
}
