// SPDX-License-Identifier: GPL-2.0

//! Clients of TDX.

use std::{
    array,
    fs,
    path::Path, //
};

use tsm_client_tests::{
    hex,
    python,
    run,
    stdout,
    systemd, //
};
use tsm_guest_tests::{
    registers::{
        self,
        RTMRS,
        SIZE, //
    },
    reports::{
        self,
        REPORTS, //
    },
};

/// The root that quotes of the emulator go back to.
const ROOT: &str = include_str!("../../vectors/tdx/test_root.pem");

/// Has `check` of go-tdx-guest judge `quote`: signatures up to our root, the report data, MRTD and
/// all RTMRs. Returns its status: 0, 2 if a signature is wrong, 4 if something else is not as
/// expected.
fn check(quote: &[u8], data: &[u8; 64]) -> Option<i32> {
    let rtmrs: Vec<String> = RTMRS.map(|name| hex(&registers::value(name))).to_vec();

    fs::write("/tmp/root.pem", ROOT).unwrap();
    let output = run(
        "go-tdx-guest-check",
        &[
            "-trusted_roots=/tmp/root.pem",
            &format!("-report_data={}", hex(data)),
            &format!("-mr_td={}", hex(&registers::value("mrtd"))),
            &format!("-rtmrs={}", rtmrs.join(",")),
        ],
        quote,
    );

    print!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.code()
}

/// Gets a quote with `attest` of go-tdx-guest.
fn attest(data: &[u8; 64]) -> Vec<u8> {
    let data = format!("-in={}", hex(data));

    stdout(
        "go-tdx-guest-attest",
        &["-inform=hex", &data, "-out=/tmp/quote"],
    );
    fs::read("/tmp/quote").unwrap()
}

#[test]
fn go_tdx_guest_gets_a_quote_and_verifies_it() {
    let data = std::array::from_fn(|index| index as u8 ^ 0x3c);
    let quote = attest(&data);

    assert_eq!(check(&quote, &data), Some(0));
    // It cleans up.
    assert_eq!(fs::read_dir(REPORTS).unwrap().count(), 0);
}

#[test]
fn go_tdx_guest_sees_what_was_measured() {
    let data = [7; 64];

    for name in RTMRS {
        let before = attest(&data);

        registers::write_at(name, &[0x5a; SIZE], 0).unwrap();
        assert_eq!(check(&before, &data), Some(4), "{name}");
        assert_eq!(check(&attest(&data), &data), Some(0), "{name}");
    }
}

#[test]
fn go_tdx_guest_does_not_believe_what_was_changed() {
    let data = [9; 64];
    let mut quote = attest(&data);

    assert_eq!(check(&quote, &[8; 64]), Some(4));
    // A bit of the last RTMR, which is signed.
    quote[48 + 328 + 3 * SIZE] ^= 1;
    assert_eq!(check(&quote, &data), Some(2));
}

#[test]
fn go_configfs_tsm_extends_where_no_kernel_has_registers() {
    let before = registers::value("rtmr3");
    let output = run("go-configfs-tsm-rtmr", &[], b"");
    let error = String::from_utf8_lossy(&output.stderr);

    assert!(!output.status.success());
    assert!(error.contains("/sys/kernel/config/tsm/rtmrs"), "{error}");
    assert_eq!(registers::value("rtmr3"), before);
}

#[test]
fn configfs_tsm_gets_a_quote_of_zeros_and_counts_it() {
    // A client that leaves its report behind, and uses it again.
    for generation in 1..=3 {
        let output = String::from_utf8(stdout("bin/configfs-tsm", &["left-behind"])).unwrap();
        let (quote, rest) = output
            .strip_prefix("Quote: [")
            .and_then(|output| output.split_once("]\n"))
            .unwrap();
        let quote: Vec<u8> = quote
            .split(", ")
            .map(|byte| byte.parse().unwrap())
            .collect();

        assert_eq!(rest, format!("Generation: {generation}\n"));
        assert_eq!(reports::report_data(&quote), [0; 64]);
        assert_eq!(check(&quote, &[0; 64]), Some(0));
    }
    fs::remove_dir(format!("{REPORTS}/left-behind")).unwrap();
}

#[test]
fn systemd_report_signs_a_report_of_the_machine() {
    let Some(signed) = systemd::report() else {
        return;
    };

    assert_eq!(signed.provider, "tdx_guest");
    assert_eq!(check(&signed.blob, &signed.data), Some(0));
    // It cleans up.
    assert_eq!(fs::read_dir(REPORTS).unwrap().count(), 0);
}

#[test]
fn pytdxattest_gets_a_report_with_the_registers() {
    let data: [u8; 64] = array::from_fn(|index| index as u8);
    let output = python(
        "
from pytdxattest.tdreport import TdReport
report = TdReport.get_td_report(bytes(range(64)))
info = report.td_info
print(report.report_mac_struct.report_data.hex())
for register in info.mrtd, info.rtmr_0, info.rtmr_1, info.rtmr_2, info.rtmr_3:
    print(register.hex())
",
    );
    let registers = ["mrtd"].into_iter().chain(RTMRS).map(registers::value);
    let expected: Vec<_> = [hex(&data)]
        .into_iter()
        .chain(registers.map(|value| hex(&value)))
        .collect();

    assert_eq!(output.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn pytdxattest_has_no_call_for_a_quote_and_one_to_extend_that_was_not_merged() {
    let program = "from pytdxattest.tdquote import TdQuote; TdQuote.get_quote()";
    let quote = run("bin/python3", &["-c", program], b"");
    let error = String::from_utf8_lossy(&quote.stderr);
    assert!(!quote.status.success());
    assert!(error.ends_with("KeyError: 'get tdquote'\n"), "{error}");

    let before = registers::value("rtmr2");
    let extended =
        python("from pytdxattest.rtmr import RTMR; print(RTMR.extend_rtmr(None, 'a', None, 2))");
    assert_eq!(extended, "RTMR_EXTEND_FAILURE\n");
    assert_eq!(registers::value("rtmr2"), before);
}

#[test]
fn cctrusted_vm_gets_a_quote_if_there_is_an_event_log() {
    let program = "
from base64 import b64encode
from hashlib import sha512
from cctrusted_vm import CCTrustedVmSdk
sdk = CCTrustedVmSdk.inst()
algorithm = sdk.get_default_algorithms().alg_id
for number in range(sdk.get_measurement_count()):
    print(sdk.get_cc_measurement((number, None)).digest(algorithm).hash.hex())
open('/tmp/quote', 'wb').write(sdk.get_cc_report(b64encode(b'nonce'), b64encode(b'data')).data)
open('/tmp/data', 'wb').write(sha512(b'nonce' + b'data').digest())
assert sdk.get_cc_eventlog()
";

    // Only the firmware for TDs makes a log.
    if !Path::new("/sys/firmware/acpi/tables/data/CCEL").exists() {
        let output = run("bin/python3", &["-c", program], b"");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(error.contains("Failed to find TDX CCEL table"), "{error}");
        return;
    }

    let registers = python(program);
    let expected = RTMRS.map(|name| hex(&registers::value(name)));
    assert_eq!(registers.lines().collect::<Vec<_>>(), expected);
    let data = fs::read("/tmp/data").unwrap().try_into().unwrap();
    assert_eq!(check(&fs::read("/tmp/quote").unwrap(), &data), Some(0));
    assert_eq!(fs::read_dir(REPORTS).unwrap().count(), 0);
}
