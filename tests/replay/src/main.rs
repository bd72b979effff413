// SPDX-License-Identifier: GPL-2.0

//! Replays the event log of a TD, and compares it with what should agree. The help below is the
//! interface.

use std::{
    ffi::OsString,
    fs,
    path::{
        Path,
        PathBuf, //
    },
    process::ExitCode, //
};

use dcap_qvl::quote::Quote;
use lexopt::{
    Arg,
    Parser,
    ValueExt as _, //
};
use tsm_proto::{
    tdx::TdReport,
    Digest384, //
};
use tsm_replay::{
    event_log::EventLog,
    image,
    later,
    quote::Trust,
    registers::{
        self,
        Registers, //
    },
    table::{
        self,
        Digits, //
    }, //
};

const HELP: &str = "\
usage: replay [--log FILE] [OPTION...]

Replays the event log of a TD: shows each event with the value that its register has after it, and compares
that with the registers from each source that is named.

  --log FILE           the log (default /sys/firmware/acpi/tables/data/CCEL)
  --rtmr3 FILE         what RTMR3 was extended with later, as sha384sum prints it: a digest on each line,
                       and what it is of
  --image FILE         the firmware, from which MRTD is computed
  --sysfs FOLDER       registers in sysfs: /sys/kernel/tsm/tdx, or
                       /sys/devices/virtual/misc/tdx_guest/measurements
  --tdreport FILE      registers in a TDREPORT
  --quote FILE         registers in a quote, which is verified
  --collateral FILE    what the verifier has to know of the platform, as JSON of dcap-qvl
  --root FILE          the certificate to trust, as PEM (default: Intel's)
  --time SECONDS       the time to verify for, since 1970 (default: now)
  --report-data FILE   the 64 bytes that TDREPORT and quote have to bind
  --full               shows all digits of each digest

Exits with 0 if all that was named agrees and the quote is that of a platform that is up to date, 1 if it is
not so, 2 if something cannot be read.";

/// What is compared.
#[derive(Default)]
struct Options {
    log: Option<PathBuf>,
    rtmr3: Option<PathBuf>,
    image: Option<PathBuf>,
    sysfs: Option<PathBuf>,
    tdreport: Option<PathBuf>,
    quote: Option<PathBuf>,
    collateral: Option<PathBuf>,
    root: Option<PathBuf>,
    time: Option<u64>,
    report_data: Option<PathBuf>,
    full: bool,
}

/// Reads the options. There are none when help is wanted.
fn options(mut parser: Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();

    while let Some(argument) = parser.next()? {
        let file = match argument {
            Arg::Long("log") => &mut options.log,
            Arg::Long("rtmr3") => &mut options.rtmr3,
            Arg::Long("image") => &mut options.image,
            Arg::Long("sysfs") => &mut options.sysfs,
            Arg::Long("tdreport") => &mut options.tdreport,
            Arg::Long("quote") => &mut options.quote,
            Arg::Long("collateral") => &mut options.collateral,
            Arg::Long("root") => &mut options.root,
            Arg::Long("report-data") => &mut options.report_data,
            Arg::Long("time") => {
                options.time = Some(parser.value()?.parse()?);
                continue;
            }
            Arg::Long("full") => {
                options.full = true;
                continue;
            }
            Arg::Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        };
        let value: OsString = parser.value()?;
        *file = Some(value.into());
    }
    if options.quote.is_some() != options.collateral.is_some() {
        return Err("--quote and --collateral go together".into());
    }
    if options.report_data.is_some() && options.quote.is_none() && options.tdreport.is_none() {
        return Err("--report-data needs --quote or --tdreport".into());
    }
    Ok(Some(options))
}

/// Reads a file.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Reads a text.
fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Registers, and the report data beside them.
struct Source {
    name: &'static str,
    registers: Registers,
    data: Option<[u8; 64]>,
}

/// Reads all registers that were named.
fn sources(options: &Options) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    if let Some(folder) = &options.sysfs {
        sources.push(Source {
            name: "sysfs",
            registers: Registers::from_sysfs(folder).map_err(|error| error.to_string())?,
            data: None,
        });
    }
    if let Some(path) = &options.tdreport {
        let bytes = read(path)?;
        let report = TdReport::parse(&bytes)
            .map_err(|_| format!("{}: this is no TDREPORT", path.display()))?;
        sources.push(Source {
            name: "TDREPORT",
            registers: Registers::from_report(report),
            data: Some(*report.mac.report_data.bytes()),
        });
    }
    if let Some(path) = &options.quote {
        let quote = Quote::parse(&read(path)?).ok();
        let source = quote.and_then(|quote| {
            Some(Source {
                name: "quote",
                registers: Registers::from_quote(&quote)?,
                data: Some(registers::td(&quote)?.report_data),
            })
        });
        sources.push(source.ok_or(format!("{}: this is no quote of a TD", path.display()))?);
    }
    Ok(sources)
}

/// A quote, and what it takes to verify it.
struct Evidence {
    quote: Vec<u8>,
    trust: Trust,
}

/// Reads a quote that is to be verified.
fn evidence(options: &Options) -> Result<Option<Evidence>, String> {
    let (Some(quote), Some(collateral)) = (&options.quote, &options.collateral) else {
        return Ok(None);
    };
    let root = options.root.as_deref().map(text).transpose()?;
    Ok(Some(Evidence {
        quote: read(quote)?,
        trust: Trust::read(&text(collateral)?, root.as_deref(), options.time)?,
    }))
}

/// Says whether a quote is to be trusted.
fn verify(evidence: &Evidence) -> bool {
    match evidence.trust.verify(&evidence.quote) {
        Ok(status) => {
            println!("quote: verified, and its platform is {status}");
            status == "UpToDate"
        }
        Err(error) => {
            println!("quote: NOT VERIFIED: {error}");
            false
        }
    }
}

/// Compares everything, and says whether it agrees.
fn run(options: &Options) -> Result<bool, String> {
    let log = "/sys/firmware/acpi/tables/data/CCEL".as_ref();
    let log = options.log.as_deref().unwrap_or(log);
    let bytes = read(log)?;
    let events = EventLog::parse(&bytes).map_err(|error| format!("{}: {error}", log.display()))?;
    let later = match &options.rtmr3 {
        None => Vec::new(),
        Some(path) => {
            later::parse(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    let mrtd: Option<Digest384> = match &options.image {
        None => None,
        Some(path) => Some(
            image::mrtd(&read(path)?)
                .ok_or(format!("{}: this is no firmware for TDs", path.display()))?,
        ),
    };
    let sources = sources(options)?;
    let evidence = evidence(options)?;

    let mut out = String::new();
    let digits = if options.full {
        Digits::All
    } else {
        Digits::Few
    };
    let failed = |_| "cannot format".to_owned();
    let replayed = table::events(&mut out, &events, &later, digits).map_err(failed)?;
    out.push('\n');
    let registers: Vec<_> = sources
        .iter()
        .map(|source| (source.name, source.registers))
        .collect();
    let different =
        table::comparison(&mut out, mrtd, &replayed.rtmrs, &registers).map_err(failed)?;
    println!("{out}");

    let mut agrees = different == 0;
    if different > 0 {
        println!("values that differ: {different}");
    }
    for number in &replayed.false_events {
        agrees = false;
        println!("event {number} says what no register proves");
    }
    if let Some(path) = &options.report_data {
        let wanted = read(path)?;
        for source in &sources {
            let Some(data) = source.data else { continue };
            let is_bound = data[..] == wanted[..];
            agrees &= is_bound;
            let verdict = if is_bound { "match" } else { "DIFFERS" };
            println!("report data {} {verdict}", source.name);
        }
    }
    Ok(agrees & evidence.as_ref().is_none_or(verify))
}

fn main() -> ExitCode {
    let result = match options(Parser::from_env()) {
        Ok(Some(options)) => run(&options),
        Ok(None) => {
            println!("{HELP}");
            Ok(true)
        }
        Err(error) => Err(error.to_string()),
    };

    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("replay: {error}");
            ExitCode::from(2)
        }
    }
}
