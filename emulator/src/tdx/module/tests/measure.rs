// SPDX-License-Identifier: GPL-2.0

//! Reports and registers.

use super::*;

#[test]
fn extends_a_register() {
    let bench = Bench::new();
    bench.poke(0x40, &[0xab; 48]);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 2]).0, 0);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 2]).0, 0);

    let first = Sha384::digest([[0; 48], [0xab; 48]].concat());
    let second = Sha384::new().chain_update(first).chain_update([0xab; 48]);
    assert_eq!(bench.rtmr(2).as_slice(), second.finalize().as_slice());
}

#[test]
fn extends_no_other_register() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 1]).0, 0);
    for index in [0, 2, 3] {
        assert_eq!(bench.rtmr(index), [0; 48]);
    }
    assert!(bench.rtmr(1) != [0; 48]);
}

#[test]
fn refuses_to_extend_a_register_that_is_not_there() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 4]).0, BAD_RDX);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, u64::MAX]).0, BAD_RDX);
}

#[test]
fn refuses_to_extend_from_an_unaligned_address() {
    let bench = Bench::new();
    for address in [1, 8, 32, 0x1030] {
        assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[address, 0]).0, BAD_RCX);
    }
}

#[test]
fn refuses_to_extend_from_what_is_no_private_address() {
    let bench = Bench::new();
    bench.pages.share(16..17);
    for address in [SHARED | 0x10000, 1 << 53, 1 << 63] {
        assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[address, 0]).0, BAD_RCX);
    }
    assert_eq!(bench.rtmr(0), [0; 48]);
}

#[test]
fn does_not_survive_extending_from_a_shared_page() {
    let bench = Bench::new();
    bench.pages.share(1..2);
    let why = bench.fatal(leaf::RTMR_EXTEND, &[0x1000, 0]);
    assert!(why.contains("MR.RTMR.EXTEND") && why.contains("Shared"));
}

#[test]
fn does_not_survive_extending_from_a_pending_page() {
    let bench = Bench::new();
    bench.pages.share(1..2);
    bench.pages.unshare(1..2);
    assert!(bench
        .fatal(leaf::RTMR_EXTEND, &[0x1000, 0])
        .contains("Pending"));
}

#[test]
fn does_not_survive_extending_from_no_memory() {
    let bench = Bench::new();
    assert!(bench
        .fatal(leaf::RTMR_EXTEND, &[8 << 20, 0])
        .contains("no memory"));
}

#[test]
fn reports() {
    let bench = Bench::new();
    bench.poke(0x2000, &[0x11; 64]);
    let raw = bench.report();
    let report = TdReport::parse(&raw).unwrap();
    assert!(bench.cpu.verify(report));
    assert_eq!(report.mac.report_data.bytes(), &[0x11; 64]);
    assert_eq!(report.mac.report_type.version, ReportType::PLAIN);
    assert_eq!(report.info.attributes.get(), 1 << 28);
    assert_eq!(report.info.mrowner, Digest384::new([7; 48]));
    let mrtd = include_bytes!("../../../../../tests/vectors/tdx/mrtd.bin");
    assert_eq!(report.info.mrtd.bytes(), mrtd);
}

#[test]
fn reports_the_same_twice() {
    let bench = Bench::new();
    assert_eq!(bench.report(), bench.report());
}

#[test]
fn reports_from_and_to_shared_memory_as_later_modules_do() {
    let bench = Bench::new();
    bench.pages.share(1..3);
    let operands = [SHARED | 0x1000, SHARED | 0x2000];
    assert_eq!(bench.leaf(leaf::REPORT, &operands).0, 0);
    assert!(TdReport::parse(&bench.memory.bytes(0x1000, 1024)).is_ok());
}

#[test]
fn refuses_unaligned_reports() {
    let bench = Bench::new();
    for address in [64, 512, 0x1200] {
        assert_eq!(bench.leaf(leaf::REPORT, &[address, 0x2000]).0, BAD_RCX);
    }
}

#[test]
fn refuses_unaligned_report_data() {
    let bench = Bench::new();
    for address in [1, 32, 0x2020] {
        assert_eq!(bench.leaf(leaf::REPORT, &[0x1000, address]).0, BAD_RDX);
    }
}

#[test]
fn refuses_subtypes() {
    let bench = Bench::new();
    for subtype in [1, 0x100, 1 << 63] {
        let (status, _) = bench.leaf(leaf::REPORT, &[0x1000, 0x2000, subtype]);
        assert_eq!(status, BAD_R8);
    }
}

#[test]
fn refuses_report_addresses_that_are_none() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::REPORT, &[1 << 53, 0x2000]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::REPORT, &[0x1000, 1 << 53]).0, BAD_RDX);
}

#[test]
fn checks_report_operands_in_the_order_of_the_module() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::REPORT, &[1, 1, 1]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::REPORT, &[1 << 53, 1, 1]).0, BAD_RDX);
    assert_eq!(bench.leaf(leaf::REPORT, &[1 << 53, 0, 1]).0, BAD_R8);
}

#[test]
fn does_not_survive_reporting_where_it_has_no_memory() {
    let bench = Bench::new();
    bench.pages.share(1..3);
    assert!(bench.fatal(leaf::REPORT, &[0, 0x2000]).contains("Shared"));
    assert!(bench.fatal(leaf::REPORT, &[0x1000, 0]).contains("Shared"));
    assert!(bench.fatal(leaf::REPORT, &[SHARED, 0]).contains("Accepted"));
    assert!(bench
        .fatal(leaf::REPORT, &[8 << 20, 0])
        .contains("no memory"));
}

#[test]
fn verifies_its_own_report() {
    let bench = Bench::new();
    bench.report();
    assert_eq!(bench.leaf(leaf::VERIFYREPORT, &[0x1000]).0, 0);
}

#[test]
fn does_not_verify_a_forged_report() {
    let bench = Bench::new();
    let report = bench.report();
    // Reserved, report data, the MAC, each hash.
    for offset in [3, 130, 255, 33, 81] {
        bench.poke(0x1000, &report);
        bench.poke(0x1000 + offset, &[!report[offset as usize]]);
        let (status, _) = bench.leaf(leaf::VERIFYREPORT, &[0x1000]);
        assert_eq!(status, 0xC000_1001_0000_0000);
    }
}

#[test]
fn refuses_to_verify_what_is_no_address_of_a_report() {
    let bench = Bench::new();
    for address in [64, 0x1080, 1 << 53] {
        assert_eq!(bench.leaf(leaf::VERIFYREPORT, &[address]).0, BAD_RCX);
    }
}

#[test]
fn reports_the_measurements_of_its_options() {
    let bench = Bench::with(&TdxConfig {
        xfam: 3,
        mrtd: Some(Digest384::new([1; 48])),
        mrseam: Some(Digest384::new([2; 48])),
        mrsignerseam: Digest384::new([3; 48]),
        ..TdxConfig::default()
    });
    let raw = bench.report();
    let report = TdReport::parse(&raw).unwrap();
    assert!(bench.cpu.verify(report));
    assert_eq!(report.info.xfam.get(), 3);
    assert_eq!(report.info.mrtd.bytes(), &[1; 48]);
    assert_eq!(report.tee_tcb_info.mrseam.bytes(), &[2; 48]);
    assert_eq!(report.tee_tcb_info.mrsignerseam.bytes(), &[3; 48]);
}

#[test]
fn reports_service_tds_in_a_structure_of_version_1() {
    let bench = Bench::with(&TdxConfig {
        servtd_hash: Digest384::new([4; 48]),
        ..TdxConfig::default()
    });
    let raw = bench.report();
    let report = TdReport::parse(&raw).unwrap();
    assert!(bench.cpu.verify(report));
    assert_eq!(report.mac.report_type.version, ReportType::WITH_SERVICE_TD);
    assert_eq!(report.info.servtd_hash.bytes(), &[4; 48]);
}

#[test]
fn is_busy_as_often_as_an_option_says() {
    let bench = Bench::with(&TdxConfig {
        busy: 2,
        ..TdxConfig::default()
    });
    for (leaf, operands) in [
        (leaf::REPORT, [0x1000, 0x2000]),
        (leaf::RTMR_EXTEND, [0x40, 0]),
    ] {
        let calls = [(); 4].map(|()| bench.leaf(leaf, &operands).0);
        let busy = 0x8000_0200_0000_00a8;
        assert_eq!(calls, [busy, busy, 0, busy]);
    }
}

#[test]
fn refuses_operands_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        mr_report: ReportService::Invalid,
        extend_invalid: true,
        ..TdxConfig::default()
    });
    assert_eq!(bench.leaf(leaf::REPORT, &[0x1000, 0x2000]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 0]).0, BAD_RCX);
}

#[test]
fn refuses_operands_for_a_while_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        mr_report: ReportService::Invalid,
        refuse_count: 2,
        ..TdxConfig::default()
    });
    let statuses = [(); 3].map(|()| bench.leaf(leaf::REPORT, &[0x1000, 0x2000]).0);
    assert_eq!(statuses, [BAD_RCX, BAD_RCX, 0]);
}

#[test]
fn sets_what_is_reserved_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        mr_report: ReportService::Reserved,
        ..TdxConfig::default()
    });
    let raw = bench.report();
    assert_eq!(
        TdReport::parse(&raw),
        Err(tsm_proto::tdx::Error::ReservedSet)
    );
    let report = TdReport::from_module(raw.as_slice().try_into().unwrap());
    // The module signs what it wrote.
    assert!(bench.cpu.verify(report));
    assert_eq!(report.info.attributes.get(), 1 << 28);
}
