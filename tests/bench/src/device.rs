// SPDX-License-Identifier: GPL-2.0

//! Connects with a PCI device, which only our drivers do.

use std::{
    fs,
    io,
    ops::Range, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    modules,
    spdm::{
        Device,
        ACCESSES,
        EXCHANGES,
        MODULE,
        REQUEST_DWORDS,
        RESPONSE_DWORDS, //
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

/// How often the device is connected for each measurement.
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

/// What an emulated device has counted.
#[derive(Debug, Clone, Copy)]
struct Traffic {
    exchanges: u32,
    request_dwords: u32,
    response_dwords: u32,
    accesses: u32,
}

impl Traffic {
    /// Asks the device, by a few accesses.
    fn of(device: &Device) -> Self {
        Self {
            exchanges: device.register(EXCHANGES),
            request_dwords: device.register(REQUEST_DWORDS),
            response_dwords: device.register(RESPONSE_DWORDS),
            accesses: ACCESSES
                .map(|offset| device.register(offset))
                .into_iter()
                .fold(0, u32::wrapping_add),
        }
    }

    /// Returns what was counted during `work`.
    fn during(device: &Device, work: impl FnOnce() -> io::Result<()>) -> io::Result<Self> {
        let before = Self::of(device);
        work()?;
        let after = Self::of(device);

        Ok(Self {
            exchanges: after.exchanges.wrapping_sub(before.exchanges),
            request_dwords: after.request_dwords.wrapping_sub(before.request_dwords),
            response_dwords: after.response_dwords.wrapping_sub(before.response_dwords),
            accesses: after.accesses.wrapping_sub(before.accesses),
        })
    }

    /// Returns how many accesses this takes the kernel at least: ten for an exchange, one for each DWORD
    /// that is written and two for each that is read. Both counts have two DWORDs of a header for each
    /// exchange, which are among the ten.
    fn least_accesses(self) -> u32 {
        4 * self.exchanges + self.request_dwords + 2 * self.response_dwords
    }
}

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

/// Connects, has that measured, and disconnects.
fn connect<T>(
    device: &Device,
    measure: impl FnOnce(&dyn Fn() -> io::Result<()>) -> io::Result<T>,
) -> io::Result<T> {
    let measured = measure(&|| device.connect(0).map_err(failed))?;

    device.disconnect().map_err(failed)?;
    Ok(measured)
}

fn failed(errno: Errno) -> io::Error {
    errno.into()
}

/// Measures them.
pub(crate) fn measure(
    results: &mut Results,
    sections: impl Iterator<Item = String>,
) -> io::Result<()> {
    modules::load("tsm")?;
    modules::load(MODULE)?;
    let (device, meter) = (Device::with_sessions(), Meter::new());
    let mut add = |operation, unit, value| results.add(operation, Drivers::Ours, unit, [value]);

    // Code that the emulator has not seen before takes it milliseconds to translate.
    connect(&device, |work| work())?;
    let asked = Traffic::during(&device, || Ok(()))?.accesses;
    for _ in 0..TIMES {
        let traffic = connect(&device, |work| Traffic::during(&device, work))?;
        let accesses = traffic.accesses - asked;

        add("exchanges", Unit::Exchanges, traffic.exchanges.into());
        add("config accesses", Unit::Accesses, accesses.into());
        let least = traffic.least_accesses();
        add("least config accesses", Unit::Accesses, least.into());
    }
    match meter.unit() {
        Unit::Instructions => own_instructions(&device, &code(sections)?, add),
        _ => memory_and_time(&device, &meter, add),
    }
}

/// Measures the code of our module.
fn own_instructions(
    device: &Device,
    code: &Range<u64>,
    mut add: impl FnMut(&'static str, Unit, u64),
) -> io::Result<()> {
    let count = || instructions_in(code).ok_or(io::ErrorKind::Unsupported);

    for _ in 0..TIMES {
        let own = connect(device, |work| {
            let before = count()?;
            work()?;
            Ok(count()? - before)
        })?;
        if own == 0 {
            return Err(io::Error::other("the emulator has not seen our code"));
        }
        add("own code", Unit::Instructions, own);
    }
    Ok(())
}

/// Measures what else there is, where nothing is counted.
fn memory_and_time(
    device: &Device,
    meter: &Meter,
    mut add: impl FnMut(&'static str, Unit, u64),
) -> io::Result<()> {
    let trace = Trace::new()?;

    for _ in 0..TIMES {
        let (heap, bytes) = connect(device, |work| {
            Ok((trace.allocated(work)?, evidence(device)?))
        })?;
        add("heap", Unit::Bytes, heap);
        add("evidence", Unit::Bytes, bytes);

        let time = connect(device, |work| meter.measure(work))?;
        add("connect", Unit::Nanoseconds, time);

        let mut traced = 0;
        let times = connect(device, |work| {
            trace.time_in([BUS, CRYPTO], || {
                traced = meter.measure(work)?;
                Ok(())
            })
        })?;
        if let Some([bus, crypto]) = times {
            if bus + crypto > traced {
                return Err(io::Error::other(
                    "parts of a connect take longer than all of it",
                ));
            }
            add("connect, traced", Unit::Nanoseconds, traced);
            add("bus, traced", Unit::Nanoseconds, bus);
            add("crypto, traced", Unit::Nanoseconds, crypto);
            let ratio = 1000 * traced / (bus + crypto);
            add("connect to bus and crypto", Unit::Thousandths, ratio);
        }
    }
    Ok(())
}
