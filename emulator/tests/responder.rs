// SPDX-License-Identifier: GPL-2.0

//! `spdm-responder` as a process.

use std::{
    io::{
        BufRead as _,
        BufReader,
        Read as _,
        Write as _, //
    },
    net::TcpStream,
    process::{
        Command,
        Stdio, //
    },
};

/// The program.
const RESPONDER: &str = env!("CARGO_BIN_EXE_spdm-responder");

/// Makes a frame: command, transport type 2, size, payload.
fn frame(command: u32, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).unwrap();
    let words = [command, 2, size].map(u32::to_be_bytes).concat();

    [&words, payload].concat()
}

/// Sends a frame, and wants one in response.
fn exchange(stream: &mut TcpStream, sent: &[u8], wanted: &[u8]) {
    let mut got = vec![0; wanted.len()];

    stream.write_all(sent).unwrap();
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, wanted);
}

#[test]
fn serves_two_connections_on_loopback() {
    let mut responder = Command::new(RESPONDER)
        .args(["--port", "0", "--spdm", "1.1", "--signature", "p256"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(responder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    assert!(address.starts_with("127.0.0.1:"));

    for end in [0xfffd, 0xfffe] {
        let mut stream = TcpStream::connect(address).unwrap();
        let request = [1, 0, 1, 0, 3, 0, 0, 0, 0x10, 0x84, 0, 0];
        let version = [0x10, 4, 0, 0, 0, 2, 0, 0x10, 0, 0x11, 0, 0];
        let response = [&[1, 0, 1, 0, 5, 0, 0, 0][..], &version].concat();

        exchange(&mut stream, &frame(1, &request), &frame(1, &response));
        exchange(&mut stream, &frame(end, &[]), &frame(end, &[]));
    }
    assert!(responder.wait().unwrap().success());
}

#[test]
fn refuses_options_that_it_does_not_have() {
    for arguments in [
        &["--colour"][..],
        &["--spdm", "2.0"],
        &["--hash", "md5"],
        &["--slots", "256"],
        &["--chain", "65535"],
        &["--seed"],
    ] {
        let output = Command::new(RESPONDER).args(arguments).output().unwrap();
        assert!(!output.status.success());
        assert!(output.stderr.starts_with(b"spdm-responder: "));
    }
}
