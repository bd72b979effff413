// SPDX-License-Identifier: GPL-2.0

//! How a TD accepts registers of a device by TDX Connect. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_connect_mmio))]
mod tests {
    use tsm_proto::{
        tdisp::{
            ranges::{
                Range,
                RangeIndex, //
            },
            report::Attributes,
            FunctionId, //
        },
        tdx::{
            call::{
                Arguments,
                Call,
                Results, //
            },
            connect::{
                Acceptance,
                Error,
                Level,
                MmioAccept,
                Page,
                Progress,
                Subrange, //
            },
            OperandId,
            Status, //
        },
        Gpa, //
    };

    const FUNCTION: FunctionId = FunctionId::in_segment(0x1a2b, 7);

    /// The third range of a report: these many pages from 0x3000 in BAR 4.
    const fn range(pages: u64) -> Range {
        Range {
            index: RangeIndex::new(2),
            bar: 4,
            offset: 0x3000,
            length: pages * 0x1000,
            attributes: Attributes::new(0),
        }
    }

    const BAR: Gpa = Gpa::new(0x8_0010_0000);

    fn page(gpa: u64, level: Level) -> Result<u64, Error> {
        Page::new(Gpa::new(gpa), level).map(Page::raw)
    }

    #[test]
    fn puts_the_level_below_the_address() {
        assert_eq!(page(0x8000_0000, Level::Page4K), Ok(0x8000_0000));
        assert_eq!(page(0x8000_0000, Level::Page2M), Ok(0x8000_0001));
        assert_eq!(page(0x8000_0000, Level::Page1G), Ok(0x8000_0002));
        let last = Page::new(Gpa::new((1 << 52) - 0x20_0000), Level::Page2M);
        assert!(last.is_ok_and(|last| {
            last.raw() == 0x000f_ffff_ffe0_0001
                && last.gpa() == Gpa::new(0x000f_ffff_ffe0_0000)
                && last.level() == Level::Page2M
        }));
    }

    #[test]
    fn refuses_an_address_that_is_not_aligned_to_its_level() {
        for (level, size) in [
            (Level::Page4K, 0x1000),
            (Level::Page2M, 0x20_0000),
            (Level::Page1G, 0x4000_0000),
        ] {
            assert_eq!(level.size(), size);
            assert!(page(size, level).is_ok());
            assert!(page((1 << 52) - size, level).is_ok());
            for gpa in [1, size / 2, size - 1, size + 1, size + size / 2] {
                assert_eq!(page(gpa, level), Err(Error::Page));
            }
            for gpa in [1 << 52, 1 << 63, u64::MAX - (size - 1)] {
                assert_eq!(page(gpa, level), Err(Error::Page));
            }
        }
    }

    #[test]
    fn puts_the_offset_above_the_count() {
        let raw = |offset, pages| Subrange::new(offset, pages).map(Subrange::raw);
        assert_eq!(raw(3, 1), Ok(0x0000_0003_0000_0001));
        assert_eq!(raw(0, u32::MAX), Ok(0x0000_0000_ffff_ffff));
        assert_eq!(raw(u32::MAX - 1, 1), Ok(0xffff_fffe_0000_0001));
        assert_eq!(raw(0x8000_0000, 0x7fff_ffff), Ok(0x8000_0000_7fff_ffff));
        let subrange = Subrange::new(5, 7);
        assert!(subrange.is_ok_and(|subrange| {
            (subrange.offset(), subrange.pages(), subrange.end()) == (5, 7, 12)
        }));
    }

    #[test]
    fn refuses_pages_that_no_range_has() {
        for (offset, pages) in [
            (0, 0),
            (1, 0),
            (u32::MAX, 0),
            (u32::MAX, 1),
            (1, u32::MAX),
            (u32::MAX, u32::MAX),
            (0x8000_0000, 0x8000_0000),
        ] {
            assert_eq!(Subrange::new(offset, pages), Err(Error::Pages));
        }
    }

    /// Starts with pages of a range of ten pages.
    fn start(offset: u32, pages: u32) -> Result<Acceptance, Error> {
        Acceptance::new(FUNCTION, &range(10), BAR, Subrange::new(offset, pages)?)
    }

    /// Returns the operands of the call that is to be made.
    fn operands(acceptance: &Acceptance) -> (u64, u64) {
        let arguments = acceptance.call().arguments();
        let expected = Arguments {
            rcx: arguments.rcx,
            rdx: 2,
            r8: 0x0107_1a2b,
            r9: arguments.r9,
            ..Arguments::default()
        };
        assert_eq!(arguments, expected);
        (arguments.rcx, arguments.r9)
    }

    #[test]
    fn names_the_range_by_its_position() {
        assert_eq!(MmioAccept::LEAF.raw(), 71);
        assert_eq!(MmioAccept::LEAF.name(), Some("TDG.TDI.MMIO.ACCEPT"));
        let whole = Acceptance::whole(FUNCTION, &range(10), BAR);
        assert_eq!(whole, start(0, 10));
        let found = whole.map(|whole| (operands(&whole), whole.pages()));
        assert_eq!(found, Ok(((0x8_0010_3000, 10), 10)));
        let found = start(3, 7).map(|part| (operands(&part), part.pages()));
        assert_eq!(found, Ok(((0x8_0010_6000, 0x0000_0003_0000_0007), 7)));
    }

    #[test]
    fn refuses_pages_beyond_the_end_of_the_range() {
        assert!(start(9, 1).is_ok());
        for (offset, pages) in [(0, 11), (1, 10), (9, 2), (10, 1), (11, 1), (0, u32::MAX)] {
            assert_eq!(start(offset, pages), Err(Error::Pages));
        }
        assert_eq!(start(0, 0), Err(Error::Pages));
    }

    #[test]
    fn refuses_a_range_without_pages_and_one_with_too_many() {
        let whole = |pages| Acceptance::whole(FUNCTION, &range(pages), BAR).err();
        assert_eq!(whole(0), Some(Error::Pages));
        assert_eq!(whole(1 << 32), Some(Error::Pages));
        assert_eq!(whole((1 << 32) + 1), Some(Error::Pages));
    }

    #[test]
    fn accepts_as_many_pages_as_a_range_can_have() {
        let pages = u32::MAX;
        let range = range(pages.into());
        let whole = Acceptance::whole(FUNCTION, &range, BAR);
        assert_eq!(whole.map(|whole| whole.pages()), Ok(pages));
        let last = Subrange::new(pages - 1, 1)
            .and_then(|last| Acceptance::new(FUNCTION, &range, BAR, last));
        let expected = (0x1008_0010_1000, 0xffff_fffe_0000_0001);
        assert_eq!(last.map(|last| operands(&last)), Ok(expected));
    }

    #[test]
    fn refuses_pages_where_there_is_no_address() {
        let whole = |bar| Acceptance::whole(FUNCTION, &range(10), Gpa::new(bar)).err();
        // The last page is the last one of all.
        let last = (1 << 52) - 0xd000;
        assert_eq!(whole(last), None);
        for bar in [
            last + 0x1000,
            (1 << 52) - 0x3000,
            1 << 52,
            u64::MAX - 0xfff,
            u64::MAX - 0x2fff,
            u64::MAX - 0xcfff,
        ] {
            assert_eq!(whole(bar), Some(Error::Pages));
        }
        for bar in [1, 0x800, 0xfff, 0x8_0010_0001] {
            assert_eq!(whole(bar), Some(Error::Page));
        }
    }

    /// Returns what is in the registers when pages are left.
    fn left(gpa: u64, offset: u64, pages: u64) -> Results {
        Results {
            rcx: gpa,
            r9: (offset << 32) | pages,
            ..Results::default()
        }
    }

    /// Takes what the call returned when pages 2 to 6 of ten were asked for, from 0x8_0010_5000 on.
    fn advance(status: Status, results: &Results) -> Result<Progress, Error> {
        start(2, 5)?.advance(status, results)
    }

    const RESUMABLE: Status = Status::INTERRUPTED_RESUMABLE;

    #[test]
    fn is_done_when_nothing_is_left() {
        // As it was, which is how software that does not look at it takes a success; or none.
        let as_before = left(0x8_0010_5000, 2, 5);
        let none = left(0x8_0010_a000, 7, 0);
        for results in [as_before, none] {
            let done = Ok(Progress::Done);
            assert_eq!(advance(Status::SUCCESS, &results), done);
            let detailed = Status::SUCCESS.with_detail(9);
            assert_eq!(advance(detailed, &results), done);
        }
    }

    #[test]
    fn goes_on_with_what_is_left() {
        for status in [RESUMABLE, RESUMABLE.of(OperandId::R9), Status::SUCCESS] {
            for done in 1..5 {
                let results = left(0x8_0010_5000 + done * 0x1000, 2 + done, 5 - done);
                let found = advance(status, &results).map(|progress| match progress {
                    Progress::Left(rest) => Some((operands(&rest), rest.pages().into())),
                    Progress::Done => None,
                });
                let expected = Some(((results.rcx, results.r9), 5 - done));
                assert_eq!(found, Ok(expected));
            }
        }
    }

    #[test]
    fn goes_on_until_all_pages_are_accepted() {
        let mut rest = start(0, 10);
        let mut calls = 0;

        // Page by page; the loop would end at ten.
        for done in 1..=20 {
            let Ok(acceptance) = rest else { break };
            let (gpa, _) = operands(&acceptance);
            calls += 1;
            let results = left(gpa + 0x1000, done, 10_u64.saturating_sub(done));
            let status = match done {
                10 => Status::SUCCESS,
                _ => RESUMABLE,
            };
            match acceptance.advance(status, &results) {
                Ok(Progress::Left(left)) => rest = Ok(left),
                found => {
                    assert_eq!(found, Ok(Progress::Done));
                    break;
                }
            }
        }
        assert_eq!(calls, 10);
    }

    #[test]
    fn refuses_what_is_no_progress() {
        for results in [
            // More pages than before, or as many elsewhere.
            left(0x8_0010_5000, 2, 6),
            left(0x8_0010_4000, 1, 6),
            left(0x8_0010_4000, 1, 5),
            left(0x8_0010_6000, 3, 5),
            // Fewer, of which some are not accepted.
            left(0x8_0010_6000, 3, 3),
            left(0x8_0010_5000, 2, 4),
            left(0x8_0010_5000, 3, 4),
            // Another address, or level.
            left(0x8_0010_7000, 3, 4),
            left(0x8_0010_6001, 3, 4),
            left(0x8_0010_6800, 3, 4),
            left((1 << 52) | 0x8_0010_6000, 3, 4),
            left(0, 3, 4),
            // Beyond the end.
            left(0x8_0010_a000, 7, 1),
            left(0x8_0010_b000, 8, 1),
            // More than there can be.
            left(0x8_0010_6000, 3, u32::MAX.into()),
            left(0x8_0010_6000, u32::MAX.into(), 8),
            left(0x8_0010_6000, u32::MAX.into(), u32::MAX.into()),
        ] {
            for status in [RESUMABLE, Status::SUCCESS] {
                assert_eq!(advance(status, &results), Err(Error::Resumption));
            }
        }
        // An interruption with nothing left is none.
        let none = left(0x8_0010_a000, 7, 0);
        assert_eq!(advance(RESUMABLE, &none), Err(Error::Resumption));
    }

    #[test]
    fn refuses_any_other_status() {
        let results = left(0x8_0010_a000, 7, 0);
        for status in [
            Status::PAGE_ALREADY_ACCEPTED,
            Status::PAGE_SIZE_MISMATCH.with_detail(1),
            Status::OPERAND_BUSY.of(OperandId::RCX),
            Status::OPERAND_INVALID.of(OperandId::R9),
            Status::TDI_NOT_PRESENT,
            Status::MMIO_PAGE_NOT_IN_ASSOC_RANGE,
            Status::new(u64::MAX),
            Status::new(1 << 32),
        ] {
            assert_eq!(advance(status, &results), Err(Error::Status(status)));
        }
    }

    /// Interrupts it until it fails, and returns how often it went on.
    fn interrupt(mut rest: Acceptance, status: Status) -> (usize, Option<Error>) {
        for count in 0..1000 {
            let (gpa, subrange) = operands(&rest);
            let results = left(gpa, subrange >> 32, subrange & 0xffff_ffff);

            match rest.advance(status, &results) {
                Ok(Progress::Left(left)) => rest = left,
                Ok(Progress::Done) => return (count, None),
                Err(err) => return (count, Some(err)),
            }
        }
        (1000, None)
    }

    #[test]
    fn gives_up_when_it_is_interrupted_again_and_again() {
        let stalled = (usize::from(Acceptance::INTERRUPTIONS), Some(Error::Stalled));
        for status in [RESUMABLE, Status::INTERRUPTED_RESTARTABLE] {
            let found = start(2, 5).map(|rest| interrupt(rest, status));
            assert_eq!(found, Ok(stalled));
        }
        // A page in between counts.
        let found = start(2, 5).and_then(|rest| {
            let results = left(0x8_0010_5000, 2, 5);
            let Progress::Left(rest) = rest.advance(RESUMABLE, &results)? else {
                return Ok((0, None));
            };
            let results = left(0x8_0010_6000, 3, 4);
            let Progress::Left(rest) = rest.advance(RESUMABLE, &results)? else {
                return Ok((0, None));
            };

            Ok(interrupt(rest, RESUMABLE))
        });
        assert_eq!(found, Ok(stalled));
    }

    #[test]
    fn ignores_the_registers_when_nothing_was_done() {
        let results = left(u64::MAX, 3, 4);
        let found = advance(Status::INTERRUPTED_RESTARTABLE, &results);
        assert!(found.is_ok_and(|found| match found {
            Progress::Left(rest) => operands(&rest) == (0x8_0010_5000, 0x0000_0002_0000_0005),
            Progress::Done => false,
        }));
    }
}
