// SPDX-License-Identifier: GPL-2.0

//! What a shell can't do with a device: prints how requests to `/dev/sev-guest` end.
//!
//! - `sev_guest report`, `sev_guest key`: makes the request.
//! - `sev_guest version NUMBER`: makes the request for a report with this version of the message.
//! - `sev_guest extended PAGES`: with so many pages for certificates.
//! - `sev_guest certificates COUNT`: has so many reports made, by the device and in configfs, checks
//!   the certificates that come with those in configfs, and prints how often each answer was given.
//! - `sev_guest payloads COUNT`: has so many reports made in configfs, and at the device reports and keys,
//!   and prints how often each answer was given.
//! - `sev_guest leftovers`: has tsm_leftovers.ko look for what a request and an answer have in memory that is
//!   given back, and prints in how many allocations it was.
//! - `sev_guest services COUNT`: has an SVSM make so many, of all services and of its vTPM, and prints
//!   how often each answer was given.

use std::{
    env,
    fs,
    io, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    reports::Report,
    snp::{
        self,
        device::{
            self,
            KeyRequest,
            ReportRequest, //
        },
        PAGE, //
    },
    tally::{
        self,
        Tally, //
    }, //
};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let usage = || {
        let text = "usage: sev_guest report|key|version NUMBER|extended PAGES|\
                    certificates COUNT|payloads COUNT|leftovers|services COUNT";
        io::Error::other(text)
    };
    let number = |text: &str| text.parse().map_err(|_| usage());

    match arguments[..] {
        ["report"] => {
            let (answer, info) = device::get_report(&device::open(), 1, ReportRequest::new(1));
            println!("{}", ending(answer.map(|answer| answer.status()), info));
        }
        ["version", version] => {
            let version = u8::try_from(number(version)?).map_err(|_| usage())?;
            let request = ReportRequest::new(1);
            let (answer, info) = device::get_report(&device::open(), version, request);
            println!("{}", ending(answer.map(|answer| answer.status()), info));
        }
        ["key"] => {
            let (answer, info) = device::get_derived_key(&device::open(), KeyRequest::own());
            println!("{}", ending(answer.map(|answer| answer.status()), info));
        }
        ["extended", pages] => {
            let mut room = vec![0; number(pages)? * PAGE];
            let (answer, info, len) =
                device::get_ext_report(&device::open(), ReportRequest::new(1), &mut room);
            let ending = ending(answer.map(|answer| answer.status()), info);

            match len == room.len() {
                true => println!("{ending}"),
                false => println!("{ending}, {} pages are needed", len / PAGE),
            }
        }
        ["certificates", count] => certificates(number(count)?)?,
        ["payloads", count] => payloads(number(count)?)?,
        ["leftovers"] => leftovers()?,
        ["services", count] => services(number(count)?)?,
        _ => return Err(usage()),
    }
    Ok(())
}

/// The parameters of tsm_leftovers.ko: what it looks for, and what it has found.
const LEFTOVERS: &str = "/sys/module/tsm_leftovers/parameters";

fn leftovers() -> io::Result<()> {
    let device = device::open();
    let find = |marker: &[u8], call: &dyn Fn()| -> io::Result<String> {
        let hex = marker.iter().map(|byte| format!("{byte:02x}"));
        let hex = hex.collect::<Vec<_>>().concat();

        fs::write(format!("{LEFTOVERS}/marker"), hex)?;
        call();
        assert!(fs::read_to_string(format!("{LEFTOVERS}/looked"))? != "0\n");
        fs::read_to_string(format!("{LEFTOVERS}/found"))
    };
    // The report data are in the request, and in the report.
    let report = || {
        let request = ReportRequest::new(0xc7);
        assert!(device::get_report(&device, 1, request).0.is_ok());
    };
    let key = || {
        let answer = device::get_derived_key(&device, KeyRequest::own()).0;
        answer.expect("a key").key()
    };

    print!("report {}", find(&[0xc7; 32], &report)?);
    print!("key {}", find(&key(), &|| assert!(key() != [0; 32]))?);
    Ok(())
}

/// Says how a request ended.
fn ending(result: Result<u32, Errno>, info: u64) -> String {
    match result {
        Ok(0) => "done".to_owned(),
        Ok(status) => format!("status {status:#x}"),
        Err(err) => format!("{err:?} {info:#x}"),
    }
}

fn certificates(count: usize) -> io::Result<()> {
    let device = device::open();
    let report = Report::bare("certificates")?;
    let mut room = vec![0; 4 * PAGE];
    let mut answers = Tally::default();

    for number in 0..count {
        answers.add(if number % 4 == 0 {
            let request = ReportRequest::new(number as u8);
            let (answer, info, _) = device::get_ext_report(&device, request, &mut room);
            let right = answer
                .as_ref()
                .is_ok_and(|answer| answer.report()[snp::REPORT_DATA] == request.user_data);

            match answer {
                Ok(_) if right => "report".to_owned(),
                Ok(_) => "wrong".to_owned(),
                Err(err) => format!("{err:?}-{info:#x}"),
            }
        } else {
            let mut inblob = [0; 64];
            inblob[..8].copy_from_slice(&number.to_le_bytes());
            report.set_inblob(&inblob)?;

            match report.read("auxblob") {
                // `certificates()` checks where each certificate is.
                Ok(auxblob) => match auxblob.is_empty() {
                    true => "empty".to_owned(),
                    false => format!("{}", snp::certificates(&auxblob).count()),
                },
                Err(err) => tally::name(&err),
            }
        });
    }
    print!("{answers}");
    report.remove()
}

fn payloads(count: usize) -> io::Result<()> {
    let device = device::open();
    let report = Report::bare("payloads")?;
    let mut answers = Tally::default();
    let name = |right, err: Option<Errno>| match err {
        None if right => "answer".to_owned(),
        None => "wrong".to_owned(),
        Some(err) => format!("device-{err:?}"),
    };

    for number in 0..count {
        answers.add(match number % 8 {
            0 => {
                let (answer, info) = device::get_report(&device, 1, ReportRequest::new(1));
                let end = 32 + snp::REPORT_SIZE;
                let right = answer
                    .as_ref()
                    .is_ok_and(|answer| answer.0[end..].iter().all(|byte| *byte == 0));

                name(right && info == device::success(), answer.err())
            }
            1 => {
                let (answer, info) = device::get_derived_key(&device, KeyRequest::own());

                name(info == device::success(), answer.err())
            }
            _ => {
                let mut inblob = [0; 64];
                inblob[..8].copy_from_slice(&number.to_le_bytes());
                report.set_inblob(&inblob)?;

                match report.outblob() {
                    Ok(blob) => match blob.len() {
                        snp::REPORT_SIZE => "report".to_owned(),
                        size => format!("report-of-{size}"),
                    },
                    Err(err) => tally::name(&err),
                }
            }
        });
    }
    print!("{answers}");
    report.remove()
}

fn services(count: usize) -> io::Result<()> {
    let (all, vtpm) = (Report::bare("all")?, Report::bare("vtpm")?);
    let mut answers = Tally::default();

    for report in [&all, &vtpm] {
        report.store("service_provider", "svsm")?;
    }
    vtpm.store("service_guid", snp::VTPM)?;
    for number in 0..count {
        let (report, manifest_size) = match number % 2 {
            0 => (&all, 170),
            _ => (&vtpm, 122),
        };
        let mut inblob = [0; 64];
        inblob[..8].copy_from_slice(&number.to_le_bytes());
        report.set_inblob(&inblob)?;

        answers.add(match report.outblob() {
            Ok(outblob) => {
                let manifest = report.read("manifestblob")?;
                let is_empty =
                    |bytes: &[u8], start| bytes.iter().skip(start).all(|byte| *byte == 0);

                // Behind both there are only zeros, however long the SVSM says that they are.
                let right = outblob.len() >= snp::REPORT_SIZE
                    && is_empty(&outblob, snp::REPORT_SIZE)
                    && is_empty(&manifest, manifest_size);

                match right {
                    true => "report".to_owned(),
                    false => "wrong".to_owned(),
                }
            }
            Err(err) => tally::name(&err),
        });
    }
    print!("{answers}");
    all.remove()?;
    vtpm.remove()
}
