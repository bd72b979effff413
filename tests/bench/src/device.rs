// SPDX-License-Identifier: GPL-2.0

//! Connects with a PCI device, and binds its interface, which only our drivers do.

mod steps;
mod traffic;

use std::{
    fs,
    io,
    ops::Range, //
};

use tsm_guest_tests::{
    function::Function as _,
    modules,
    spdm::{
        Device,
        MODULE, //
    }, //
};

use crate::{
    drivers::Drivers,
    meter::{
        instructions_in,
        Meter,
        Unit, //
    },
    results::Results,
    trace::Trace, //
};
use steps::Machine;
use traffic::Traffic;

/// How often each step is taken for each measurement.
const TIMES: usize = 10;

/// What goes over the bus: the kernel's mailbox.
const BUS: &[&str] = &["pci_doe"];

/// What our drivers have the kernel compute, by the names of 7.2 and of 7.3.
const CRYPTO: &[&str] = &[
    "__sha256_update",
    "__sha512_update",
    "sha256_init",
    "sha256_final",
    "sha384_init",
    "sha384_final",
    "hmac_sha256_usingrawkey",
    "hmac_sha384_usingrawkey",
    "aes_gcm_preparekey",
    "aes_gcm_encrypt",
    "aes_gcm_decrypt",
    "aesgcm_expandkey",
    "aesgcm_encrypt",
    "aesgcm_decrypt",
    "ecc_gen_privkey",
    "ecc_make_pub_key",
    "crypto_ecdh_shared_secret",
    "key_instantiate_and_link",
    "verify_signature",
    "get_random_bytes",
];

/// Evidence that a connect leaves in memory.
const EVIDENCE: [&str; 6] = [
    "certificates/slot0",
    "measurements/record",
    "transcript/session",
    "transcript/session.sig",
    "transcript/measurements",
    "transcript/measurements.sig",
];

/// Returns where the code of our module is: sections, each with its size.
fn code(sections: impl Iterator<Item = String>) -> io::Result<Range<u64>> {
    let mut all: Option<Range<u64>> = None;

    for section in sections {
        let other = || io::Error::other(format!("`{section}` is not SECTION=SIZE"));
        let (name, size) = section.split_once('=').ok_or_else(other)?;
        let size: u64 = size.parse().map_err(|_| other())?;
        let text = fs::read_to_string(format!("/sys/module/{MODULE}/sections/{name}"))?;
        let start = text.trim().trim_start_matches("0x");
        let start = u64::from_str_radix(start, 16).map_err(io::Error::other)?;
        let end = start + size;

        all = Some(all.map_or(start..end, |all| all.start.min(start)..all.end.max(end)));
    }
    all.filter(|all| all.start != 0)
        .ok_or_else(|| io::Error::other("the code of the module is nowhere"))
}

/// Returns the bytes of evidence. Each transcript begins with the negotiation, which is there once.
fn evidence(device: &Device) -> io::Result<u64> {
    let files = EVIDENCE
        .iter()
        .map(|file| device.read(file))
        .collect::<io::Result<Vec<_>>>()?;
    let [_, _, session, _, measurements, _] = &files[..] else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let pairs = session.iter().zip(measurements);
    let common = pairs.take_while(|(one, other)| one == other).count();
    let sum = files.iter().map(Vec::len).sum::<usize>() - common;

    u64::try_from(sum).map_err(io::Error::other)
}

/// Takes what was measured: of what, in which unit, and how much it is.
type Add<'a> = &'a mut dyn FnMut(&str, Unit, u64);

/// Measures them.
pub(crate) fn measure(
    results: &mut Results,
    sections: impl Iterator<Item = String>,
) -> io::Result<()> {
    modules::load("tsm")?;
    // No link has another end with keys.
    modules::load_with(MODULE, "ide_unpaired=1")?;
    let (machine, meter) = (Machine::new()?, Meter::new());
    let add: Add<'_> = &mut |name, unit, value| results.add(name, Drivers::Ours, unit, [value]);

    // Code that the emulator has not seen before takes it milliseconds to translate.
    machine.each(|_, _, work| work())?;
    for _ in 0..TIMES {
        traffic(&machine, add)?;
    }
    match meter.unit() {
        Unit::Instructions => {
            let code = code(sections)?;

            for _ in 0..TIMES {
                own_instructions(&machine, &code, add)?;
            }
        }
        _ => {
            let trace = Trace::new()?;

            for _ in 0..TIMES {
                memory(machine.device(), &trace, add)?;
                time(&machine, &trace, &meter, add)?;
            }
        }
    }
    Ok(())
}

/// Measures what goes through the mailboxes.
fn traffic(machine: &Machine, add: Add<'_>) -> io::Result<()> {
    machine.each(|step, device, work| {
        let traffic = Traffic::during(device, work)?;
        let (name, least) = (step.name(), traffic.least_accesses());

        add(name, Unit::Exchanges, traffic.exchanges.into());
        add(name, Unit::Accesses, traffic.accesses.into());
        add(&format!("{name}, least"), Unit::Accesses, least.into());
        Ok(())
    })
}

/// Measures the code of our module.
fn own_instructions(machine: &Machine, code: &Range<u64>, add: Add<'_>) -> io::Result<()> {
    let count = || instructions_in(code).ok_or(io::ErrorKind::Unsupported);

    machine.each(|step, _, work| {
        let before = count()?;
        work()?;
        let own = count()? - before;

        match own {
            0 => Err(io::Error::other("the emulator has not seen our code")),
            _ => {
                add(step.name(), Unit::Instructions, own);
                Ok(())
            }
        }
    })
}

/// Measures the memory that a connect takes.
fn memory(device: &Device, trace: &Trace, add: Add<'_>) -> io::Result<()> {
    let heap = trace.allocated(|| Ok(device.connect(0)?))?;

    add("heap", Unit::Bytes, heap);
    add("evidence", Unit::Bytes, evidence(device)?);
    Ok(device.disconnect()?)
}

/// Measures how long it takes, and how long of that bus and cryptography do.
fn time(machine: &Machine, trace: &Trace, meter: &Meter, add: Add<'_>) -> io::Result<()> {
    machine.each(|step, _, work| {
        add(step.name(), Unit::Nanoseconds, meter.measure(work)?);
        Ok(())
    })?;
    machine.each(|step, _, work| {
        let (name, mut traced) = (step.name(), 0);
        let times = trace.time_in([BUS, CRYPTO], || {
            traced = meter.measure(work)?;
            Ok(())
        })?;
        let Some([bus, crypto]) = times else {
            return Ok(());
        };

        if bus + crypto > traced {
            let longer = format!("parts of this take longer than all of it: {name}");
            return Err(io::Error::other(longer));
        }
        add(&format!("{name}, traced"), Unit::Nanoseconds, traced);
        add(&format!("{name}, bus"), Unit::Nanoseconds, bus);
        add(&format!("{name}, crypto"), Unit::Nanoseconds, crypto);
        let ratio = 1000 * traced / (bus + crypto);
        add(name, Unit::Thousandths, ratio);
        Ok(())
    })
}
