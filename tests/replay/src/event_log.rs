// SPDX-License-Identifier: GPL-2.0

//! The events of a log.
//!
//! "TCG PC Client Platform Firmware Profile", revision 1.06, "Event Logging": the first event,
//! `TCG_PCClientPCREvent`, has the older format, and lists the algorithms of the others, which are each
//! a `TCG_PCR_EVENT2`. A TD has the log in the memory that the ACPI table CCEL names (UEFI, "Virtual
//! Platform CC Event Log"). What follows the last event there is all ones or all zeros.

use std::fmt;

use tsm_proto::{
    tdx::Rtmr,
    Digest384, //
};

use crate::{
    event_type::EventType,
    reader::Reader, //
};

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// This is the ACPI table that names the log.
    AcpiTable,
    /// There is no event.
    Empty,
    /// The log ends within the event.
    CutOff,
    /// The first event does not say what the others are.
    NoHeader,
    /// Its events have one SHA-1 each.
    OldFormat,
    /// The list of algorithms has this one more than once, or an event has two digests of it.
    Twice(u16),
    /// The list of algorithms has no SHA-384.
    NotListed,
    /// A SHA-384 has another size, it says.
    Size(u16),
    /// An event has a digest of an algorithm that is not in the list.
    UnknownAlgorithm(u16),
    /// An event has no SHA-384.
    NoSha384,
    /// There is no register of this index.
    Index(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AcpiTable => f.write_str(
                "this is the ACPI table CCEL; the log is in /sys/firmware/acpi/tables/data/CCEL",
            ),
            Self::Empty => f.write_str("there is no event"),
            Self::CutOff => f.write_str("the log ends within the event"),
            Self::NoHeader => f.write_str("the first event does not say what the others are"),
            Self::OldFormat => f.write_str("the events have one SHA-1 each, and a TD has none"),
            Self::Twice(number) => write!(f, "algorithm {number:#x} is there twice"),
            Self::NotListed => f.write_str("the algorithms of the log have no SHA-384"),
            Self::Size(size) => write!(f, "a SHA-384 has {size} bytes, the log says"),
            Self::UnknownAlgorithm(number) => {
                write!(
                    f,
                    "the event has a digest of algorithm {number:#x}, which the log does not list"
                )
            }
            Self::NoSha384 => f.write_str("the event has no SHA-384"),
            Self::Index(index) => write!(
                f,
                "the event has index {index:#x}, and registers are 0 to 4"
            ),
        }
    }
}

/// A log that cannot be read: the event that is wrong, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogError {
    /// The number of the event. The first one is 0.
    pub number: usize,
    /// The offset of its first byte.
    pub at: usize,
    /// What is wrong.
    pub error: Error,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "event {}, at {:#x}: {}",
            self.number, self.at, self.error
        )
    }
}

impl std::error::Error for LogError {}

/// A measurement register as events name it: `CC_MR_INDEX`. An event of index 1 is one of RTMR0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// MRTD, which is extended only before the TD runs.
    Mrtd,
    /// An RTMR.
    Rtmr(Rtmr),
}

impl TryFrom<u32> for Index {
    type Error = Error;

    fn try_from(index: u32) -> Result<Self, Error> {
        match u64::from(index).checked_sub(1) {
            None => Ok(Self::Mrtd),
            Some(rtmr) => rtmr
                .try_into()
                .map(Self::Rtmr)
                .map_err(|_| Error::Index(index)),
        }
    }
}

/// What an event was extended with, and into which register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The register.
    pub index: Index,
    /// The digest.
    pub digest: Digest384,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The offset of its first byte in the log.
    pub at: usize,
    /// Its type.
    pub kind: EventType,
    /// What was measured. [`EventType::NO_ACTION`] measures nothing.
    pub measured: Option<Measured>,
    /// What the log says of it. No register proves that; see [`crate::content`].
    pub data: &'a [u8],
}

/// A log.
#[derive(Debug, PartialEq, Eq)]
pub struct EventLog<'a> {
    /// Its events. The first one is the one that lists the algorithms.
    pub events: Vec<Event<'a>>,
    /// The offset behind the last one.
    pub end: usize,
}

/// `TPM_ALG_ID` and size of each digest.
type Algorithms = Vec<(u16, u16)>;

/// `TPM_ALG_SHA384`.
const SHA384: u16 = 0xc;

impl<'a> EventLog<'a> {
    /// Reads a log.
    ///
    /// # Errors
    ///
    /// What is wrong with the first event that cannot be read.
    pub fn parse(log: &'a [u8]) -> Result<Self, LogError> {
        let mut reader = Reader::new(log);
        let mut events = Vec::new();
        let wrong = |number, at, error| LogError { number, at, error };

        let (first, algorithms) = header(&mut reader).map_err(|error| wrong(0, 0, error))?;
        events.push(first);
        while !is_padding(reader.rest()) {
            let at = reader.at();
            let event = event(&mut reader, &algorithms);
            events.push(event.map_err(|error| wrong(events.len(), at, error))?);
        }
        Ok(Self {
            events,
            end: reader.at(),
        })
    }
}

/// Says whether only padding follows: all ones or all zeros.
fn is_padding(rest: &[u8]) -> bool {
    let all = |value| rest.iter().all(|byte| *byte == value);
    all(0xff) || all(0)
}

/// Reads `TCG_PCClientPCREvent`.
fn header<'a>(reader: &mut Reader<'a>) -> Result<(Event<'a>, Algorithms), Error> {
    if is_padding(reader.rest()) {
        return Err(Error::Empty);
    }
    if reader.rest().starts_with(b"CCEL") {
        return Err(Error::AcpiTable);
    }
    let (kind, data) = old_event(reader).ok_or(Error::CutOff)?;
    if kind != EventType::NO_ACTION {
        return Err(Error::NoHeader);
    }
    let event = Event {
        at: 0,
        kind,
        measured: None,
        data,
    };
    Ok((event, algorithms(data)?))
}

/// Reads what an event of the older format has, but for its digest.
fn old_event<'a>(reader: &mut Reader<'a>) -> Option<(EventType, &'a [u8])> {
    let _index = reader.u32()?;
    let kind = EventType(reader.u32()?);
    let _sha1 = reader.take(20)?;
    Some((kind, reader.counted()?))
}

/// Reads the data of the first event, `TCG_EfiSpecIDEvent`.
fn algorithms(data: &[u8]) -> Result<Algorithms, Error> {
    let mut reader = Reader::new(data);
    match reader.take(16) {
        Some(b"Spec ID Event03\0") => (),
        Some(b"Spec ID Event02\0" | b"Spec ID Event00\0") => return Err(Error::OldFormat),
        _ => return Err(Error::NoHeader),
    }
    let listed = listed(&mut reader).ok_or(Error::CutOff)?;
    for (place, (number, _)) in listed.iter().enumerate() {
        if listed
            .iter()
            .skip(place + 1)
            .any(|(other, _)| other == number)
        {
            return Err(Error::Twice(*number));
        }
    }
    match listed.iter().find(|(number, _)| *number == SHA384) {
        None => Err(Error::NotListed),
        Some((_, 48)) => Ok(listed),
        Some((_, size)) => Err(Error::Size(*size)),
    }
}

/// Reads what follows the signature in `TCG_EfiSpecIDEvent`.
fn listed(reader: &mut Reader<'_>) -> Option<Algorithms> {
    let _class_and_versions = reader.take(8)?;
    let count = reader.u32()?;
    let listed = (0..count)
        .map(|_| Some((reader.u16()?, reader.u16()?)))
        .collect::<Option<_>>()?;
    let vendor = reader.u8()?;
    reader.take(vendor.into())?;
    Some(listed)
}

/// Reads `TCG_PCR_EVENT2`.
fn event<'a>(reader: &mut Reader<'a>, algorithms: &Algorithms) -> Result<Event<'a>, Error> {
    let at = reader.at();
    let index = reader.u32().ok_or(Error::CutOff)?;
    let kind = EventType(reader.u32().ok_or(Error::CutOff)?);
    let digest = digests(reader, algorithms)?;
    let data = reader.counted().ok_or(Error::CutOff)?;
    // `EV_NO_ACTION` can have any index, and need not have a digest.
    let measured = if kind == EventType::NO_ACTION {
        None
    } else {
        Some(Measured {
            index: index.try_into()?,
            digest: digest.ok_or(Error::NoSha384)?,
        })
    };
    Ok(Event {
        at,
        kind,
        measured,
        data,
    })
}

/// Reads `TPML_DIGEST_VALUES`, and returns the SHA-384.
fn digests(reader: &mut Reader<'_>, algorithms: &Algorithms) -> Result<Option<Digest384>, Error> {
    let count = reader.u32().ok_or(Error::CutOff)?;
    let mut found = Vec::new();
    let mut sha384 = None;
    for _ in 0..count {
        let number = reader.u16().ok_or(Error::CutOff)?;
        let Some((_, size)) = algorithms.iter().find(|(listed, _)| *listed == number) else {
            return Err(Error::UnknownAlgorithm(number));
        };
        if found.contains(&number) {
            return Err(Error::Twice(number));
        }
        found.push(number);
        let digest = reader.take((*size).into()).ok_or(Error::CutOff)?;
        if number == SHA384 {
            sha384 = Digest384::parse(digest).ok().copied();
        }
    }
    Ok(sha384)
}
