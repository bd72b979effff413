// SPDX-License-Identifier: GPL-2.0

//! `quotes COUNT`: asks for so many quotes, one after the other, and prints how often each answer
//! was given: `quote`, or the name of an errno. This takes much less time than a shell would.

use std::{
    collections::BTreeMap,
    env,
    io, //
};

use nix::errno::Errno;
use tsm_guest_tests::reports::Report;

fn main() -> io::Result<()> {
    let count: u64 = env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .ok_or_else(|| io::Error::other("usage: quotes COUNT"))?;
    let report = Report::new("quotes")?;
    let mut answers = BTreeMap::<String, u64>::new();

    for number in 0..count {
        let mut inblob = [0; 64];
        inblob[..8].copy_from_slice(&number.to_le_bytes());
        report.set_inblob(&inblob)?;

        let answer = match report.outblob() {
            Ok(quote) if quote.is_empty() => "nothing".into(),
            Ok(_) => "quote".into(),
            Err(err) => match err.raw_os_error() {
                Some(code) => format!("{:?}", Errno::from_raw(code)),
                None => err.to_string(),
            },
        };
        *answers.entry(answer).or_default() += 1;
    }
    for (answer, count) in answers {
        println!("{answer} {count}");
    }
    report.remove()
}
