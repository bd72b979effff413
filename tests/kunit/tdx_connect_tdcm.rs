// SPDX-License-Identifier: GPL-2.0

//! What a TD asks the VMM about a device, and what that may answer. One source, three runners: KUnit, `cargo test`,
//! Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_connect_tdcm))]
mod tests {
    use tsm_proto::{
        tdx::{
            call::{
                Arguments,
                Call,
                GpaWidth,
                Results, //
            },
            connect::{
                Bind,
                CheckTeeIo,
                DeviceId,
                Error,
                GetDeviceInfo,
                GetReport,
                Kind,
                Operation,
                Request,
                StartTdi,
                Tdcm,
                TdcmError,
                TdcmStatus,
                Unbind, //
            },
            VmcallStatus, //
        },
        Gpa, //
    };

    #[test]
    fn shows_the_vmm_what_it_needs_and_no_more() {
        let expected = Arguments {
            rcx: 0xFC00,
            r11: 0x10007,
            r12: 0x1a2b,
            r13: (1 << 47) | 0x5000,
            r14: 0x11000,
            r15: 0xfe,
            ..Arguments::default()
        };
        let pages = GpaWidth::new(48).and_then(|width| width.share(Gpa::new(0x5000)));
        let arguments = pages.map(|pages| {
            let call = Tdcm {
                device: DeviceId::new(0x1a2b),
                pages,
                size: 0x11000,
                vector: 0xfe,
            };
            call.arguments()
        });
        assert_eq!(arguments, Some(expected));
        assert_eq!(Tdcm::LEAF.raw(), 0);
        let results = Results {
            r10: 0x8000_0000_0000_0003,
            ..Results::default()
        };
        assert_eq!(Tdcm::reply(&results), VmcallStatus::SUBFUNC_UNSUPPORTED);
    }

    /// Asserts that a request has this operation and nothing else, and is refused where it has no room.
    fn writes<R: Request>(request: &R, operation: u8) {
        let mut pages = [0xcc; 24];
        assert_eq!(request.encode(&mut pages), Ok(20));
        let expected = [
            operation, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xcc, 0xcc, 0xcc,
            0xcc,
        ];
        assert_eq!(pages, expected);

        for len in 0..20 {
            let short = pages.get_mut(..len).unwrap_or_default();
            assert_eq!(request.encode(short), Err(Error::TooLarge));
        }
    }

    #[test]
    fn asks_for_each_operation() {
        writes(&CheckTeeIo, 1);
        writes(&Bind, 2);
        writes(&GetDeviceInfo, 3);
        writes(&GetReport, 4);
        writes(&StartTdi, 5);
        writes(&Unbind, 7);
        assert_eq!(Operation::GET_TDI_STATE.raw(), 6);
        assert_eq!(Tdcm::STATUS, 8);
    }

    /// An answer with this status, error and length, and five bytes of data. Its operation and reserved fields differ
    /// from those of a request.
    const fn answer(status: u8, error: u8, length: u32) -> [u8; 25] {
        let [a, b, c, d] = length.to_le_bytes();

        [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, status, error, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, a, b, c, d, 1, 2, 3, 4, 5,
        ]
    }

    /// Returns why an answer is refused.
    fn refusal<R: Request>(request: &R, copy: &[u8]) -> Option<Error> {
        request.parse(copy).err()
    }

    #[test]
    fn takes_evidence_of_each_length_there_is_room_for() {
        for length in 1..=5 {
            assert_eq!(refusal(&GetReport, &answer(1, 0, length)), None);
            assert_eq!(refusal(&GetDeviceInfo, &answer(1, 0, length)), None);
        }
        let copy = answer(1, 0, 0);
        let empty = Some(Error::Empty(Kind::Report));
        assert_eq!(refusal(&GetReport, &copy), empty);
        let empty = Some(Error::Empty(Kind::DeviceInfo));
        assert_eq!(refusal(&GetDeviceInfo, &copy), empty);
    }

    #[test]
    fn refuses_data_that_are_not_there() {
        for length in [6, 25, 26, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            let copy = answer(1, 0, length);
            assert_eq!(refusal(&GetReport, &copy), Some(Error::Truncated));
            assert_eq!(refusal(&Bind, &copy), Some(Error::Truncated));
            assert_eq!(refusal(&CheckTeeIo, &copy), Some(Error::Truncated));
        }
        let copy = answer(1, 0, 5);
        for len in 0..copy.len() {
            let short = copy.get(..len).unwrap_or_default();
            assert_eq!(refusal(&GetReport, short), Some(Error::Truncated));
        }
    }

    #[test]
    fn refuses_data_where_there_are_none() {
        assert_eq!(Bind.parse(&answer(1, 0, 0)), Ok(()));
        assert_eq!(StartTdi.parse(&answer(1, 0, 0)), Ok(()));
        assert_eq!(Unbind.parse(&answer(1, 0, 0)), Ok(()));
        for length in 1..=5 {
            let copy = answer(1, 0, length);
            assert_eq!(Bind.parse(&copy), Err(Error::Trailing));
            assert_eq!(StartTdi.parse(&copy), Err(Error::Trailing));
            assert_eq!(Unbind.parse(&copy), Err(Error::Trailing));
        }
    }

    #[test]
    fn tells_whether_the_device_has_tee_io() {
        let with = |value| {
            let mut copy = answer(1, 0, 1);
            copy[20] = value;
            CheckTeeIo.parse(&copy)
        };
        assert_eq!(with(0), Ok(false));
        for value in [1, 2, 0x80, 0xff] {
            assert_eq!(with(value), Ok(true));
        }
        assert_eq!(CheckTeeIo.parse(&answer(1, 0, 0)), Err(Error::Truncated));
        assert_eq!(CheckTeeIo.parse(&answer(1, 0, 2)), Err(Error::Trailing));
    }

    #[test]
    fn waits_for_an_answer() {
        assert_eq!(TdcmStatus::WAIT.raw(), 0);
        // Whatever else is there.
        for (error, length) in [(0, 0), (11, 5), (0, u32::MAX)] {
            let copy = answer(0, error, length);
            assert_eq!(refusal(&GetReport, &copy), Some(Error::Pending));
        }
        // A request is no answer.
        let mut pages = [0; 20];
        assert_eq!(Bind.encode(&mut pages), Ok(20));
        assert_eq!(Bind.parse(&pages), Err(Error::Pending));
    }

    #[test]
    fn tells_what_the_vmm_did_not_do() {
        assert_eq!(TdcmStatus::ERROR.raw(), 2);
        for (number, error) in [
            (10, TdcmError::TDX_MODULE),
            (11, TdcmError::DEVICE),
            (12, TdcmError::SPDM_MESSAGE),
            (13, TdcmError::IDE_KM_MESSAGE),
            (14, TdcmError::TDISP_MESSAGE),
            (15, TdcmError::INVALID_STATE),
            (0, TdcmError::new(0)),
            (255, TdcmError::new(255)),
        ] {
            for length in [0, 5, u32::MAX] {
                let copy = answer(2, number, length);
                let refused = Some(Error::Refused(error));
                assert_eq!(refusal(&GetReport, &copy), refused);
            }
        }
        for status in [3, 4, 0x81, 255] {
            let copy = answer(status, 0, 5);
            let unknown = Error::UnknownStatus(TdcmStatus::new(status));
            assert_eq!(refusal(&GetReport, &copy), Some(unknown));
        }
    }
}
