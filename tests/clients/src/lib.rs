// SPDX-License-Identifier: GPL-2.0

//! Runs the clients that `build` has made.

pub mod systemd;

use std::{
    io::Write as _,
    process::{
        Command,
        Output,
        Stdio, //
    },
};

/// Runs a client with `input`, and returns how it ended and what it wrote.
///
/// # Panics
///
/// If it is not in the guest.
pub fn run(client: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(format!("/add/clients/{client}"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client is in the guest");

    // One that does not read it ends with an error of its own, or needs none of it.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the client ends")
}

/// Runs a client that has to succeed, and returns what it wrote.
///
/// # Panics
///
/// If it fails.
pub fn stdout(client: &str, arguments: &[&str]) -> Vec<u8> {
    let output = run(client, arguments, b"");
    let error = String::from_utf8_lossy(&output.stderr);

    assert!(output.status.success(), "{client}: {error}");
    output.stdout
}

/// Runs a Python program, which finds the clients that are packages of Python, and returns what it
/// prints.
///
/// # Panics
///
/// If it fails.
pub fn python(program: &str) -> String {
    let output = stdout("bin/python3", &["-c", program]);

    String::from_utf8(output).expect("it prints text")
}

/// Returns `bytes` as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| {
        digits + &format!("{byte:02x}")
    })
}
