// SPDX-License-Identifier: GPL-2.0

//! Clients of TDX.

use std::fs;

use tsm_client_tests::{
    hex,
    run,
    stdout, //
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
