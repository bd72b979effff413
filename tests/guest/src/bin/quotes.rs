// SPDX-License-Identifier: GPL-2.0

//! `quotes COUNT`: asks for so many quotes, one after the other, and prints how often each answer
//! was given: `quote`, or the name of an errno. This takes much less time than a shell would.

use std::{
    env,
    io, //
};

use tsm_guest_tests::{
    reports::Report,
    tally::{
        self,
        Tally, //
    }, //
};

fn main() -> io::Result<()> {
    let count: u64 = env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .ok_or_else(|| io::Error::other("usage: quotes COUNT"))?;
    let mut answers = Tally::default();

    for number in 0..count {
        // A new one each time: a report whose request was late waits for that, instead of asking again.
        let report = Report::bare("quotes")?;
        let mut inblob = [0; 64];
        inblob[..8].copy_from_slice(&number.to_le_bytes());
        report.set_inblob(&inblob)?;

        answers.add(match report.outblob() {
            Ok(quote) if quote.is_empty() => "nothing".to_owned(),
            Ok(_) => "quote".to_owned(),
            Err(err) => tally::name(&err),
        });
        report.remove()?;
    }
    print!("{answers}");
    Ok(())
}
