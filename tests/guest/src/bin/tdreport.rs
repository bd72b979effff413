// SPDX-License-Identifier: GPL-2.0

//! `tdreport FILE`: has the TDX module make a report that binds the 64 bytes in FILE, and writes it to
//! stdout.

use std::{
    env,
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Write as _, //
    }, //
};

use tsm_guest_tests::tdreport::{
    Request,
    DEVICE, //
};

fn main() -> io::Result<()> {
    let path = env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: tdreport FILE"))?;
    let data = fs::read(path)?
        .try_into()
        .map_err(|_| io::Error::other("a report binds 64 bytes"))?;
    let mut request = Request::new(data);

    request.send(&File::open(DEVICE)?)?;
    io::stdout().write_all(&request.tdreport)
}
