// SPDX-License-Identifier: GPL-2.0

//! Calls of TDX Connect, and evidence. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_connect))]
mod tests {
    use tsm_proto::{
        tdisp::{
            state::State,
            FunctionId, //
        },
        tdx::{
            call::{
                Arguments,
                Call,
                Field,
                Results, //
            },
            connect::{
                BindSessionId,
                ConfigFlags,
                DmarAccept,
                DmarTarget,
                Error,
                GetDeviceInfo,
                GetReport,
                HashLength,
                HashPage,
                Kind,
                ReadBindSession,
                ReadHash,
                ReadState,
                Request,
                Start,
                TdcmError,
                TdiField, //
            },
            Status, //
        },
        Answer,
        Digest384,
        Gpa,
        PlatformStatus, //
    };

    const FUNCTION: FunctionId = FunctionId::new(0x1a2b);
    const OTHER: FunctionId = FunctionId::in_segment(0x1a2b, 7);

    /// Returns what a call leaves in `RCX`.
    fn rcx(rcx: u64) -> Results {
        Results {
            rcx,
            rdx: 0xdd,
            r8: 0x88,
            r9: 0x99,
            r10: 0x1010,
        }
    }

    #[test]
    fn calls_functions_by_their_numbers() {
        assert_eq!(ReadState::LEAF.raw(), 67);
        assert_eq!(ReadBindSession::LEAF.raw(), 67);
        assert_eq!(ReadHash::LEAF.raw(), 67);
        assert_eq!(Start::LEAF.raw(), 68);
        assert_eq!(DmarAccept::LEAF.raw(), 70);
        assert_eq!(ReadState::LEAF.name(), Some("TDG.TDI.RD"));
        assert_eq!(Start::LEAF.name(), Some("TDG.TDI.START"));
        assert_eq!(DmarAccept::LEAF.name(), Some("TDG.DMAR.ACCEPT"));
    }

    #[test]
    fn knows_the_statuses_of_these_functions() {
        for (status, code, name) in [
            (
                Status::DMAR_INVALID_MAPPING_STATE,
                0xF07,
                "DMAR_INVALID_MAPPING_STATE",
            ),
            (Status::TDI_INVALID_STATE, 0xF11, "TDI_INVALID_STATE"),
            (
                Status::IDE_STREAM_INVALID_STATE,
                0xF24,
                "IDE_STREAM_INVALID_STATE",
            ),
            (
                Status::MMIO_TDI_OWNER_MISMATCH,
                0xF27,
                "MMIO_TDI_OWNER_MISMATCH",
            ),
            (Status::TDI_NOT_PRESENT, 0xF40, "TDI_NOT_PRESENT"),
            (Status::TDI_INVALID_METADATA, 0xF41, "TDI_INVALID_METADATA"),
            (
                Status::MMIO_PAGE_NOT_IN_ASSOC_RANGE,
                0xF4C,
                "MMIO_PAGE_NOT_IN_ASSOC_RANGE",
            ),
            (
                Status::MMIO_INVALID_HPA_OFFSET,
                0xF4D,
                "MMIO_INVALID_HPA_OFFSET",
            ),
        ] {
            assert_eq!(status.raw(), (0xC000_0000 | code) << 32);
            assert_eq!(status.name(), Some(name));
            assert!(status.is_error() && !status.is_busy());
        }
    }

    #[test]
    fn tells_whether_a_td_may_have_devices() {
        assert_eq!(Field::CONFIG_FLAGS.raw(), 0x1110_0003_0000_0016);
        for bit in 0..64 {
            let flags = ConfigFlags::new(1 << bit);
            assert_eq!(flags.has(ConfigFlags::TDX_CONNECT), bit == 5);
        }
        assert!(ConfigFlags::new(u64::MAX).has(ConfigFlags::TDX_CONNECT));
    }

    #[test]
    fn asks_for_a_field() {
        for (field, number) in [
            (TdiField::TDISP_VERSION, 1),
            (TdiField::TDISP_STATE, 2),
            (TdiField::TDISP_REPORT_HASH, 3),
            (TdiField::DEVICE_ATTESTATION_INFO_HASH, 4),
            (TdiField::BIND_SESSION_ID, 5),
        ] {
            assert_eq!(field.raw(), number);
        }
        let expected = |rcx, rdx| Arguments {
            rcx,
            rdx,
            ..Arguments::default()
        };
        let state = ReadState { function: FUNCTION };
        assert_eq!(state.arguments(), expected(0x1a2b, 2));
        let session = ReadBindSession { function: OTHER };
        assert_eq!(session.arguments(), expected(0x0107_1a2b, 5));
    }

    #[test]
    fn reads_the_state() {
        for (number, state) in [
            (0, State::Unlocked),
            (1, State::Locked),
            (2, State::Run),
            (3, State::Error),
        ] {
            assert_eq!(ReadState::reply(&rcx(number)), Ok(state));
        }
        // Also where the low bits are those of a state.
        for number in [4, 255, 0x102, 1 << 32, (1 << 63) | 2, u64::MAX] {
            let refused = Err(Error::State(number));
            assert_eq!(ReadState::reply(&rcx(number)), refused);
        }
    }

    #[test]
    fn starts_a_tdi_in_the_session_that_was_read() {
        let session = ReadBindSession::reply(&rcx(0xfeed_0000_0000_0001));
        assert_eq!(session, BindSessionId::new(0xfeed_0000_0000_0001));
        assert_eq!(session.raw(), 0xfeed_0000_0000_0001);
        let start = Start {
            function: OTHER,
            session,
        };
        let expected = Arguments {
            rcx: 0x0107_1a2b,
            rdx: 0xfeed_0000_0000_0001,
            ..Arguments::default()
        };
        assert_eq!(start.arguments(), expected);
    }

    /// Returns what says for which VM DMA is accepted.
    fn target(target: DmarTarget) -> (u64, u64) {
        let accept = DmarAccept {
            function: FUNCTION,
            target,
        };
        let arguments = accept.arguments();
        let expected = Arguments {
            rcx: arguments.rcx,
            rdx: arguments.rdx,
            ..Arguments::default()
        };
        assert_eq!(arguments, expected);
        (arguments.rcx, arguments.rdx)
    }

    #[test]
    fn accepts_dma_for_the_td_or_a_vm_in_it() {
        assert_eq!(target(DmarTarget::TD), (0x1a2b, 0));
        for vm in 1..=3 {
            let nested = DmarTarget::nested(vm).map(target);
            assert_eq!(nested, Some((0x1a2b, vm.into())));
        }
        for vm in [0, 4, 5, 255] {
            assert_eq!(DmarTarget::nested(vm), None);
        }
    }

    /// Makes a request for a hash.
    fn read(function: FunctionId, kind: Kind) -> Option<ReadHash> {
        let page = HashPage::new(Gpa::new(0x4000)).ok()?;

        Some(ReadHash {
            function,
            kind,
            page,
        })
    }

    #[test]
    fn asks_for_a_hash() {
        for (kind, rdx) in [(Kind::Report, 3), (Kind::DeviceInfo, 4)] {
            let expected = Arguments {
                rcx: 0x0107_1a2b,
                rdx,
                r8: 0x4000,
                ..Arguments::default()
            };
            let arguments = read(OTHER, kind).map(|read| read.arguments());
            assert_eq!(arguments, Some(expected));
        }
    }

    #[test]
    fn refuses_an_address_of_no_page() {
        let page = |gpa| HashPage::new(Gpa::new(gpa)).err();
        assert_eq!(page(0), None);
        assert_eq!(page((1 << 52) - 0x1000), None);
        for gpa in [1, 0xfff, 0x1001, 0x4800, 1 << 52, u64::MAX - 0xfff] {
            assert_eq!(page(gpa), Some(Error::Page));
        }
    }

    /// A page that begins with this digest.
    fn page(digest: u8) -> [u8; 64] {
        let mut page = [0xcc; 64];

        page.iter_mut().take(48).for_each(|byte| *byte = digest);
        page
    }

    #[test]
    fn reads_a_hash() {
        let length = ReadHash::reply(&rcx(48));
        assert_eq!(length, HashLength::new(48));
        for kind in [Kind::Report, Kind::DeviceInfo] {
            let hash = read(OTHER, kind).map(|read| read.parse(length, &page(7)));
            assert!(hash.is_some_and(|hash| {
                hash.is_ok_and(|hash| {
                    hash.digest() == &Digest384::new([7; 48])
                        && hash.kind() == kind
                        && hash.function() == OTHER
                })
            }));
        }
    }

    #[test]
    fn refuses_a_hash_of_another_length() {
        let parse = |length, page: &[u8]| {
            let read = read(FUNCTION, Kind::Report)?;

            read.parse(HashLength::new(length), page).err()
        };
        assert_eq!(parse(48, &page(7)), None);
        for length in [0, 32, 47, 49, 64, 4096, 48 << 32, (1 << 32) + 48, u64::MAX] {
            let refused = Some(Error::HashLength(length));
            assert_eq!(parse(length, &page(7)), refused);
        }
        let page = page(7);
        for len in 0..48 {
            let short = page.get(..len).unwrap_or_default();
            assert_eq!(parse(48, short), Some(Error::Truncated));
        }
    }

    /// What the tests take for a hash: the first byte, 48 times.
    fn sha384(bytes: &[u8]) -> Digest384 {
        Digest384::new([bytes.first().copied().unwrap_or_default(); 48])
    }

    /// An answer of the VMM with these two bytes.
    const fn answer(bytes: [u8; 2]) -> [u8; 23] {
        let [first, second] = bytes;

        [
            4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, first, second, 0xee,
        ]
    }

    /// Returns the evidence in the answer to a request for `asked`, if the module has `digest` of `kind`.
    fn check(asked: Kind, bytes: [u8; 2], kind: Kind, digest: u8) -> Result<Option<u8>, Error> {
        let answer = answer(bytes);
        let evidence = match asked {
            Kind::Report => GetReport.parse(&answer)?,
            Kind::DeviceInfo => GetDeviceInfo.parse(&answer)?,
        };
        assert_eq!(evidence.kind(), asked);
        let Some(read) = read(OTHER, kind) else {
            assert!(read(OTHER, kind).is_some());
            return Ok(None);
        };
        let hash = read.parse(HashLength::new(48), &page(digest))?;
        let checked = evidence.check(&hash, sha384)?;

        assert_eq!(checked.function(), OTHER);
        assert_eq!(checked.kind(), asked);
        assert_eq!(checked.as_bytes().len(), 2);
        Ok(checked.as_bytes().last().copied())
    }

    #[test]
    fn hands_out_evidence_that_the_module_knows() {
        for kind in [Kind::Report, Kind::DeviceInfo] {
            assert_eq!(check(kind, [7, 8], kind, 7), Ok(Some(8)));
        }
    }

    #[test]
    fn keeps_evidence_that_the_module_does_not_know() {
        for kind in [Kind::Report, Kind::DeviceInfo] {
            let refused = Err(Error::Digest(kind));
            assert_eq!(check(kind, [6, 8], kind, 7), refused);
            assert_eq!(check(kind, [0, 8], kind, 7), refused);
        }
    }

    #[test]
    fn keeps_evidence_of_another_kind() {
        let (report, info) = (Kind::Report, Kind::DeviceInfo);
        assert_eq!(check(report, [7, 8], info, 7), Err(Error::Digest(report)));
        assert_eq!(check(info, [7, 8], report, 7), Err(Error::Digest(info)));
    }

    #[test]
    fn tells_what_the_platform_says() {
        let status = Status::TDI_NOT_PRESENT.with_detail(5);
        let answer = Error::Status(status).answer();
        assert_eq!(answer, status.answer());
        assert!(answer.is_some());
        let refused = Error::Refused(TdcmError::DEVICE).answer();
        let expected = Answer {
            source: c"tdcm",
            status: 11,
        };
        assert_eq!(refused, Some(expected));
        assert_eq!(Error::Digest(Kind::Report).answer(), None);
        assert_eq!(Error::State(4).answer(), None);
    }
}
