// SPDX-License-Identifier: GPL-2.0

//! Pages that become private or shared.

use super::*;
use crate::{
    machine::gpa::PAGE_SIZE,
    tdx::config::{
        MapFrom,
        MapService, //
    }, //
};

#[test]
fn maps_to_shared_and_loses_what_was_there() {
    let bench = bench();
    bench.memory.write(0x1000, &[0xff; 12288]).unwrap();
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x1000, 0x2000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.pages.uniform(1..3), Some(PageState::Shared));
    // Nor is it cleared.
    let lost = bench.memory.bytes(0x1000, 8192);
    assert!(lost
        .chunks(64)
        .all(|some| some != [0xff; 64] && some != [0; 64]));
    assert_eq!(bench.memory.bytes(0x3000, 4096), [0xff; 4096]);
}

#[test]
fn keeps_what_was_shared_already() {
    let bench = bench();
    bench.pages.share(1..2);
    bench.memory.write(0x1000, &[0xff; 8192]).unwrap();
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x1000, 0x2000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.memory.bytes(0x1000, 4096), [0xff; 4096]);
    assert_ne!(bench.memory.bytes(0x2000, 4096), [0xff; 4096]);
}

#[test]
fn keeps_what_is_in_devices_and_roms() {
    let bench = bench();
    bench.pages.launch(vec![0x2000..0x3000, 0x8_0000..0xa_0000]);
    bench.memory.write(0x1000, &[0xff; 12288]).unwrap();
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x1000, 0x3000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.pages.uniform(1..4), Some(PageState::Shared));
    assert_eq!(bench.memory.bytes(0x1000, 4096), [0xff; 4096]);
    assert_ne!(bench.memory.bytes(0x2000, 4096), [0xff; 4096]);
    assert_eq!(bench.memory.bytes(0x3000, 4096), [0xff; 4096]);
}

#[test]
fn maps_where_no_memory_is() {
    let bench = bench();
    bench.pages.launch(vec![0..0xa_0000, 0x10_0000..0x20_0000]);
    for address in [0xfec0_0000 | SHARED, 0xfec0_0000] {
        assert_eq!(bench.leaf(leaf::MAP_GPA, &[address, 0x1000]).0, SUCCESS);
    }
    assert_eq!(bench.pages.state(0xf_ec00), PageState::Pending);
}

#[test]
fn maps_to_private_but_does_not_accept() {
    let bench = bench();
    bench.pages.share(1..3);
    assert_eq!(bench.leaf(leaf::MAP_GPA, &[0x1000, 0x2000]).0, SUCCESS);
    assert_eq!(bench.pages.uniform(1..3), Some(PageState::Pending));
}

#[test]
fn refuses_to_map_unaligned_ranges() {
    let bench = bench();
    for operands in [[0x1008, 0x1000], [0x1000, 0x800], [0x1000, 0x1001]] {
        let (status, regs) = bench.leaf(leaf::MAP_GPA, &operands);
        assert_eq!((status, regs[Reg::R11]), (UNALIGNED, operands[0]));
    }
}

#[test]
fn refuses_to_map_what_is_no_range() {
    let bench = bench();
    for operands in [
        [0x1000, 0],
        [1 << 53, 0x1000],
        [SHARED | (SHARED - 0x1000), 0x2000],
        // From private to shared.
        [SHARED - 0x1000, 0x2000],
        [!0xfff, 0x2000],
        [0x1000, u64::MAX],
    ] {
        let (status, regs) = bench.leaf(leaf::MAP_GPA, &operands);
        assert_eq!((status, regs[Reg::R11]), (INVALID, operands[0]));
    }
    assert_eq!(bench.pages.uniform(0..1 << 40), Some(PageState::Accepted));
}

#[test]
fn misbehaves_from_the_first_quote_on_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        mutate_map: Some(1),
        ..TdxConfig::default()
    });
    // 16 pages, all of them private before.
    let map = || {
        bench.pages.unshare(64..80);
        bench.leaf(leaf::MAP_GPA, &[SHARED | 0x40000, 0x10000])
    };
    assert!((0..100).all(|_| map().0 == SUCCESS));

    bench.request();
    bench.get_quote();
    let mut answers = Vec::new();
    for _ in 0..100 {
        let (status, regs) = map();
        let asked_again = regs[Reg::R11].checked_sub(SHARED | 0x40000);
        let done = match (status, asked_again) {
            (SUCCESS, _) => 16,
            (1, Some(offset @ 0..0x10000)) => offset / PAGE_SIZE,
            _ => 0,
        };
        let shared = (64..80).filter(|page| bench.pages.state(*page) == PageState::Shared);
        assert_eq!(shared.count() as u64, done);
        answers.push((status, done));
    }
    assert!(answers.contains(&(SUCCESS, 16)));
    assert!(answers.iter().any(|(_, done)| (1..16).contains(done)));
    assert!(answers
        .iter()
        .any(|(status, done)| *status > 1 && *done == 0));
}

#[test]
fn refuses_from_the_first_report_on_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        map: MapService::Refuse,
        map_from: MapFrom::Report,
        ..TdxConfig::default()
    });
    let map = || bench.leaf(leaf::MAP_GPA, &[SHARED | 0x40000, 0x10000]).0;
    assert_eq!(map(), SUCCESS);
    bench.vmm.reported();
    assert_eq!(map(), INVALID);
    // By default that is the first request for a quote.
    let bench = Bench::with(&TdxConfig {
        map: MapService::Refuse,
        ..TdxConfig::default()
    });
    bench.vmm.reported();
    assert_eq!(
        bench.leaf(leaf::MAP_GPA, &[SHARED | 0x40000, 0x10000]).0,
        SUCCESS
    );
}

#[test]
fn refuses_any_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        map: MapService::Refuse,
        map_from: MapFrom::Start,
        ..TdxConfig::default()
    });
    let status = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x40000, 0x10000]).0;
    assert_eq!(status, INVALID);
}

/// Makes a VMM that does this with conversions, from now on.
fn liar(map: MapService) -> Bench {
    let bench = Bench::with(&TdxConfig {
        map,
        ..TdxConfig::default()
    });
    bench.request();
    bench.get_quote();
    bench
}

#[test]
fn says_that_pages_are_private_and_keeps_them_if_an_option_says_so() {
    let bench = liar(MapService::KeepShared);
    assert_eq!(bench.leaf(leaf::MAP_GPA, &[0x10000, 0x2000]).0, SUCCESS);
    assert_eq!(bench.pages.uniform(16..18), Some(PageState::Shared));
    // The other way round it does what it says.
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x20000, 0x2000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.pages.uniform(32..34), Some(PageState::Shared));
}

#[test]
fn says_that_pages_are_shared_and_does_not_if_an_option_says_so() {
    let bench = liar(MapService::KeepPrivate);
    bench.memory.write(0x20000, &[7; 0x2000]).unwrap();
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x20000, 0x2000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.pages.uniform(32..34), Some(PageState::Accepted));
    assert_eq!(bench.memory.bytes(0x20000, 0x2000), [7; 0x2000]);
    // The other way round it does what it says.
    assert_eq!(bench.leaf(leaf::MAP_GPA, &[0x10000, 0x2000]).0, SUCCESS);
    assert_eq!(bench.pages.uniform(16..18), Some(PageState::Pending));
}

#[test]
fn refuses_to_share_pages_if_an_option_says_so() {
    let bench = liar(MapService::Refuse);
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x20000, 0x2000]);
    assert_eq!(status, INVALID);
    assert_eq!(bench.pages.uniform(32..34), Some(PageState::Accepted));
    // The other way round it does what it says.
    assert_eq!(bench.leaf(leaf::MAP_GPA, &[0x10000, 0x2000]).0, SUCCESS);
    assert_eq!(bench.pages.uniform(16..18), Some(PageState::Pending));
}

#[test]
fn says_the_truth_about_conversions_until_the_first_quote() {
    for map in [
        MapService::KeepShared,
        MapService::KeepPrivate,
        MapService::Refuse,
    ] {
        let bench = Bench::with(&TdxConfig {
            map,
            ..TdxConfig::default()
        });
        let convert = |gpa| bench.leaf(leaf::MAP_GPA, &[gpa, 0x2000]).0;
        assert_eq!(convert(SHARED | 0x20000), SUCCESS);
        assert_eq!(bench.pages.uniform(32..34), Some(PageState::Shared));
        assert_eq!(convert(0x20000), SUCCESS);
        assert_eq!(bench.pages.uniform(32..34), Some(PageState::Pending));
    }
}
