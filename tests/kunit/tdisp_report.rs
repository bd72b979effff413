// SPDX-License-Identifier: GPL-2.0

//! The report of an interface, as a device may make it up. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdisp_report))]
mod tests {
    use tsm_proto::tdisp::{
        lock::Flags,
        ranges::{
            Bars,
            Range, //
        },
        report::{
            Attributes,
            Info,
            RawRange,
            Report, //
        },
        Error,
    };

    /// A range: its first page, how many pages, its attributes, its number.
    type Row = (u64, u32, u16, u16);

    /// A report with these ranges, at most four, and three bytes of the vendor's.
    struct Bytes {
        bytes: [u8; 88],
        len: usize,
    }

    impl Bytes {
        fn new(rows: &[Row]) -> Self {
            let mut report = Self {
                bytes: [0; 88],
                len: 0,
            };

            report.add(&[3, 0, 0xff, 0xff, 5, 0, 6, 0, 7, 0, 0, 0]);
            let [count, ..] = rows.len().to_le_bytes();
            report.add(&[count, 0, 0, 0]);
            for (page, pages, attributes, id) in rows {
                report.add(&page.to_le_bytes());
                report.add(&pages.to_le_bytes());
                report.add(&attributes.to_le_bytes());
                report.add(&id.to_le_bytes());
            }
            report.add(&[3, 0, 0, 0, 0xa, 0xb, 0xc]);
            report
        }

        fn add(&mut self, bytes: &[u8]) {
            let to = self.bytes.iter_mut().skip(self.len);

            to.zip(bytes).for_each(|(to, from)| *to = *from);
            self.len += bytes.len();
        }

        fn as_bytes(&self) -> &[u8] {
            self.bytes.get(..self.len).unwrap_or_default()
        }

        /// Reads a file of `tests/vectors/tdisp`: hexadecimal digits, and lines of comments.
        fn of(file: &str) -> Self {
            let lines = file.lines().filter(|line| !line.starts_with('#'));
            let digits = lines
                .flat_map(str::chars)
                .filter_map(|digit| u8::try_from(digit.to_digit(16)?).ok());
            let mut report = Self {
                bytes: [0; 88],
                len: 0,
            };

            for (place, digit) in digits.enumerate() {
                report.len = place / 2 + 1;
                if let Some(byte) = report.bytes.get_mut(place / 2) {
                    *byte = (*byte << 4) | digit;
                }
            }
            report
        }

        /// Overwrites bytes.
        fn put(mut self, offset: usize, bytes: &[u8]) -> Self {
            let to = self.bytes.iter_mut().skip(offset);

            to.zip(bytes).for_each(|(to, from)| *to = *from);
            self
        }
    }

    /// 16 KiB, none, 1 MiB, none, 256 bytes, none.
    const BARS: Bars = Bars([0x4000, 0, 0x10_0000, 0, 0x100, 0]);

    /// Places the ranges of a report: how many there are, and the last one.
    fn place(bytes: &Bytes) -> Result<(usize, Option<Range>), Error> {
        let report = Report::parse(bytes.as_bytes())?;
        let ranges = BARS.ranges(&report)?;

        Ok(ranges.fold((0, None), |(count, _), range| (count + 1, Some(range))))
    }

    #[test]
    fn reads_all_fields() {
        let bytes = Bytes::new(&[(0x12, 3, 0xff01, 2)]);
        let Ok(report) = Report::parse(bytes.as_bytes()) else {
            assert!(Report::parse(bytes.as_bytes()).is_ok());
            return;
        };
        assert!(report.info.has(Info::NO_FW_UPDATE) && report.info.has(Info::DMA_WITHOUT_PASID));
        assert!(!report.info.has(Info::ATS));
        assert_eq!(
            (report.msix_control, report.lnr_control, report.tph_control),
            (5, 6, 7)
        );
        assert_eq!(report.device_specific, [0xa, 0xb, 0xc]);
        // Reserved bits are kept.
        let is_range = |range: RawRange| {
            let attributes = range.attributes;
            (range.first_page, range.pages, range.id) == (0x12, 3, 2)
                && attributes.raw() == 0xff01
                && attributes.has(Attributes::MSIX_TABLE)
                && !attributes.has(Attributes::NON_TEE)
        };
        assert_eq!(report.ranges().count(), 1);
        assert!(report.ranges().all(is_range));
    }

    #[test]
    fn may_have_no_ranges_and_nothing_of_the_vendor() {
        let bytes = [0; 20];
        let report = Report::parse(&bytes);
        assert!(report.is_ok_and(|report| {
            report.ranges().count() == 0 && report.device_specific.is_empty()
        }));
        assert_eq!(place(&Bytes::new(&[])), Ok((0, None)));
    }

    #[test]
    fn refuses_counts_and_lengths_of_another_report() {
        let right = || Bytes::new(&[(1, 1, 0, 0), (0, 1, 0, 2)]);
        let parse =
            |bytes: Bytes| Report::parse(bytes.as_bytes()).map(|report| report.ranges().count());
        assert_eq!(parse(right()), Ok(2));

        // The number of ranges.
        for count in [0_u32, 1, 3, 0x1000_0000, 0x1000_0002, u32::MAX] {
            assert_eq!(
                parse(right().put(12, &count.to_le_bytes())),
                Err(Error::Report)
            );
        }
        // The length of what is the vendor's.
        for length in [0_u32, 2, 4, u32::MAX] {
            assert_eq!(
                parse(right().put(48, &length.to_le_bytes())),
                Err(Error::Report)
            );
        }
        let bytes = right();
        for len in 0..bytes.len {
            let short = bytes.as_bytes().get(..len).unwrap_or_default();
            assert_eq!(Report::parse(short), Err(Error::Report));
        }
    }

    #[test]
    fn says_whether_it_agrees_with_the_lock() {
        let agrees = |raw: u8, flags| {
            let bytes = Bytes::new(&[]).put(0, &[raw]);
            Report::parse(bytes.as_bytes()).map(|report| report.info.agrees(flags))
        };
        // The bit says that there are no updates.
        assert_eq!(agrees(1, Flags::NO_FW_UPDATE), Ok(true));
        assert_eq!(agrees(0, Flags::NO_FW_UPDATE), Ok(false));
        assert_eq!(agrees(0, Flags::LOCK_MSIX), Ok(true));
    }

    #[test]
    fn places_ranges_modulo_the_size_of_their_bar() {
        // At the start of BAR 0, and at the end of BAR 2, wherever the host has them.
        for base in [0, 0x100, 0xf_ffff_ff00] {
            let rows = [(base, 1, 0, 0), (base + 3, 1, 4, 0), (base + 0xff, 1, 0, 2)];
            let found = place(&Bytes::new(&rows));
            assert!(found.is_ok_and(|(count, last)| {
                count == 3
                    && last.is_some_and(|last| {
                        (last.bar, last.offset, last.length) == (2, 0xf_f000, 0x1000)
                    })
            }));
        }
    }

    /// Reports with ranges that can not be.
    const REFUSED: [&str; 17] = [
        include_str!("../vectors/tdisp/no-pages.txt"),
        include_str!("../vectors/tdisp/past-the-end.txt"),
        include_str!("../vectors/tdisp/longer-than-bar.txt"),
        include_str!("../vectors/tdisp/pages-4gib.txt"),
        include_str!("../vectors/tdisp/pages-4gib-4kib.txt"),
        include_str!("../vectors/tdisp/pages-max.txt"),
        include_str!("../vectors/tdisp/page-too-high.txt"),
        include_str!("../vectors/tdisp/page-max.txt"),
        include_str!("../vectors/tdisp/no-bar.txt"),
        include_str!("../vectors/tdisp/bar-without-page.txt"),
        include_str!("../vectors/tdisp/bar-order.txt"),
        include_str!("../vectors/tdisp/order.txt"),
        include_str!("../vectors/tdisp/twice.txt"),
        include_str!("../vectors/tdisp/twice-apart.txt"),
        include_str!("../vectors/tdisp/overlap-end.txt"),
        include_str!("../vectors/tdisp/overlap-start.txt"),
        include_str!("../vectors/tdisp/two-addresses.txt"),
    ];

    #[test]
    fn counts_each_range_of_the_report() {
        // Those as well that are in no BAR.
        let rows = [(0, 1, 0, 0), (0, 0, 0, 6), (7, 1, 0, 0xffff), (0, 1, 0, 2)];
        assert!(place(&Bytes::new(&rows)).is_ok_and(|(count, last)| {
            count == 2 && last.is_some_and(|last| last.index.raw() == 3)
        }));
    }

    #[test]
    fn refuses_ranges_that_can_not_be() {
        for file in REFUSED {
            assert_eq!(place(&Bytes::of(file)), Err(Error::Range));
        }
        let file = include_str!("../vectors/tdisp/count-4gib.txt");
        assert_eq!(place(&Bytes::of(file)), Err(Error::Report));
    }

    #[test]
    fn places_ranges_that_can_be() {
        // How many there are, and the BAR, the offset and the length of the last one.
        for (file, count, last) in [
            (
                include_str!("../vectors/tdisp/last-page.txt"),
                1,
                (0, 0x3000, 0x1000),
            ),
            (
                include_str!("../vectors/tdisp/adjacent.txt"),
                3,
                (0, 0x2000, 0x2000),
            ),
            (
                include_str!("../vectors/tdisp/whole-bars.txt"),
                2,
                (2, 0, 0x10_0000),
            ),
            (
                include_str!("../vectors/tdisp/msix-absent.txt"),
                2,
                (2, 0x2000, 0xf_e000),
            ),
        ] {
            let placed = place(&Bytes::of(file)).map(|(count, range)| {
                let last = range.map(|range| (range.bar, range.offset, range.length));
                (count, last)
            });
            assert_eq!(placed, Ok((count, Some(last))));
        }
        // What is in no BAR is nowhere.
        let file = include_str!("../vectors/tdisp/bars-6-7.txt");
        assert_eq!(place(&Bytes::of(file)), Ok((0, None)));
    }

    /// The BARs that are memory of the TEE as a whole, by their bits, if the ranges can be.
    fn within_tee(rows: &[Row]) -> Option<usize> {
        let sizes = Bars([0x4000, 0, 0x1000, 0, 0x2000, 0]);
        let bytes = Bytes::new(rows);
        let report = Report::parse(bytes.as_bytes()).ok()?;
        let mut ranges = sizes.ranges(&report).ok()?;
        // At most four.
        let first = ranges.next();
        let ranges = [first, ranges.next(), ranges.next(), ranges.next()];
        let mut found = [first?; 4];
        let count = ranges
            .iter()
            .flatten()
            .zip(&mut found)
            .fold(0, |count, (range, to)| {
                *to = *range;
                count + 1
            });

        let set = sizes.within_tee(found.get(..count)?);
        Some(set.iter().fold(0, |bits, bar| bits | (1 << bar)))
    }

    #[test]
    fn finds_the_bars_that_are_memory_of_the_tee_as_a_whole() {
        // In one range, in two, and with another one beside it.
        assert_eq!(within_tee(&[(0, 4, 0, 0)]), Some(1 << 0));
        assert_eq!(within_tee(&[(0, 1, 0, 0), (1, 3, 8, 0)]), Some(1 << 0));
        assert_eq!(
            within_tee(&[(0, 3, 0, 0), (0, 1, 0, 2), (0, 2, 0, 4)]),
            Some((1 << 2) | (1 << 4))
        );
        // With a hole at its start, in between and at its end.
        assert_eq!(within_tee(&[(1, 3, 0, 0)]), Some(0));
        assert_eq!(within_tee(&[(0, 1, 0, 0), (2, 2, 0, 0)]), Some(0));
        assert_eq!(within_tee(&[(0, 3, 0, 0)]), Some(0));
        // With the table of MSI-X, its pending bits, and what is not for the guest alone.
        for attribute in [1, 2, 4] {
            assert_eq!(within_tee(&[(0, 1, attribute, 0), (1, 3, 0, 0)]), Some(0));
            assert_eq!(within_tee(&[(0, 4, attribute, 0)]), Some(0));
        }
        // What is in no BAR.
        assert_eq!(within_tee(&[(0, 4, 0, 0), (0, 4, 0, 6)]), Some(1 << 0));
        assert!(Bars([0x1000; 6]).within_tee(&[]).is_empty());
    }

    #[test]
    fn has_the_bits_of_the_specification() {
        let of = |raw: u16| {
            let bytes = Bytes::new(&[(0, 1, raw, 0)]);
            let report = Report::parse(bytes.as_bytes());
            report.is_ok_and(|report| {
                let names = [
                    Attributes::MSIX_TABLE,
                    Attributes::MSIX_PBA,
                    Attributes::NON_TEE,
                    Attributes::UPDATABLE,
                ];
                let has = |range: RawRange| names.map(|name| range.attributes.has(name));
                report
                    .ranges()
                    .all(|range| has(range) == [1, 2, 4, 8].map(|bit| raw & bit != 0))
            })
        };
        assert!((0..16).all(of));
        for (info, number) in [
            (Info::NO_FW_UPDATE, 1),
            (Info::DMA_WITHOUT_PASID, 2),
            (Info::DMA_WITH_PASID, 4),
            (Info::ATS, 8),
            (Info::PRS, 16),
        ] {
            assert_eq!(info.raw(), number);
        }
    }

    #[test]
    fn refuses_a_report_that_has_no_offsets() {
        // All but 20 bytes are the vendor's. It is too long for a stack.
        static LONG: [u8; 0x1_0000] = {
            let mut bytes = [0; 0x1_0000];
            [bytes[16], bytes[17]] = (0xffff_u16 - 20).to_le_bytes();
            bytes
        };
        static LONGER: [u8; 0x1_0000] = {
            let mut bytes = LONG;
            bytes[16] += 1;
            bytes
        };
        let whole = LONG.get(..0xffff).unwrap_or_default();
        assert!(Report::parse(whole).is_ok());
        assert_eq!(Report::parse(&LONGER), Err(Error::Report));
    }
}
