// SPDX-License-Identifier: GPL-2.0

//! The SPDM responder of the emulated device by itself, behind a socket on the loopback interface.

use std::{
    net::{
        Ipv4Addr,
        TcpListener, //
    },
    process::ExitCode, //
};

use lexopt::{
    Arg,
    Parser,
    ValueExt as _, //
};
use tsm_emulator::device::{
    serve,
    Mailbox,
    Next,
    Settings,
    Wrong, //
};

/// What `--help` prints.
const HELP: &str = "\
usage: spdm-responder [--port N] [--spdm 1.0..1.4] [--hash sha256|sha384]
                      [--signature p256|p384|rsapss|rsassa] [--slots MASK]
                      [--chain BYTES] [--seed N] [--no-sessions] [--wrong NAME]

Responds to DOE data objects on a port of 127.0.0.1: 2323, or any free one for 0.";

/// What the program was asked to do.
struct Options {
    port: u16,
    settings: Settings,
}

/// Reads the options. There are none when help is wanted.
fn options(mut parser: Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut port = 2323;
    let mut settings = Settings::default();

    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("port") => port = parser.value()?.parse()?,
            Arg::Long("spdm") => settings.spdm = parser.value()?.parse()?,
            Arg::Long("hash") => settings.hash = parser.value()?.parse()?,
            Arg::Long("signature") => settings.signature = parser.value()?.parse()?,
            Arg::Long("slots") => settings.slots = parser.value()?.parse()?,
            Arg::Long("chain") => settings.chain = parser.value()?.parse()?,
            Arg::Long("seed") => settings.seed = parser.value()?.parse()?,
            Arg::Long("wrong") => settings.wrong = Some(parser.value()?.parse()?),
            Arg::Long("no-sessions") => settings.sessions = false,
            Arg::Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if settings.chain > Settings::MAX_CHAIN {
        return Err("the chain would not fit in 16 bits".into());
    }
    Ok(Some(Options { port, settings }))
}

/// Serves connections one after the other, all with the same device.
fn run(options: Options) -> std::io::Result<()> {
    let mut mailbox = Mailbox::new(options.settings);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;

    println!("listening on {}", listener.local_addr()?);
    loop {
        let (mut stream, _) = listener.accept()?;

        stream.set_nodelay(true)?;
        match serve(&mut stream, &mut mailbox) {
            Ok(Next::Continue) => {}
            Ok(Next::Shutdown) => return Ok(()),
            Err(error) => eprintln!("spdm-responder: connection: {error}"),
        }
    }
}

fn main() -> ExitCode {
    let result = match options(Parser::from_env()) {
        Ok(Some(options)) => run(options).map_err(|error| error.to_string()),
        Ok(None) => {
            let names: Vec<_> = Wrong::ALL.iter().map(|(_, name)| *name).collect();
            println!("{HELP}\n\nNames of what can be wrong: {}", names.join(", "));
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    };

    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("spdm-responder: {error}");
            ExitCode::FAILURE
        }
    }
}
