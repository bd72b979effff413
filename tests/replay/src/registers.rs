// SPDX-License-Identifier: GPL-2.0

//! The measurement registers of a TD: replayed, in sysfs, in a TDREPORT, in a quote.

use std::{
    fs,
    io,
    path::Path, //
};

use dcap_qvl::quote::{
    Quote,
    Report,
    TDReport10, //
};
use sha2::{
    Digest as _,
    Sha384, //
};
use tsm_proto::{
    tdx::{
        Rtmr,
        TdReport, //
    },
    Digest384, //
};

use crate::event_log::{
    EventLog,
    Index,
    Measured, //
};

/// The names of the registers, in the order of the indices of a log.
pub const NAMES: [&str; 5] = ["MRTD", "RTMR0", "RTMR1", "RTMR2", "RTMR3"];

/// The registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers {
    /// MRTD.
    pub mrtd: Digest384,
    /// The RTMRs.
    pub rtmrs: [Digest384; 4],
}

/// Extends a register: TDX module ABI, `TDG.MR.RTMR.EXTEND`.
pub fn extend(register: &mut Digest384, digest: &Digest384) {
    let mut hash = Sha384::new();
    hash.update(register.bytes());
    hash.update(digest.bytes());
    *register = Digest384::new(hash.finalize().into());
}

/// Extends the RTMRs by all events of a log, from zero on. After each event, calls `after` with its number
/// and the new value of its RTMR, if it has one.
pub fn replay(
    log: &EventLog<'_>,
    mut after: impl FnMut(usize, Option<&Digest384>),
) -> [Digest384; 4] {
    let mut rtmrs = [Digest384::ZERO; 4];
    for (number, event) in log.events.iter().enumerate() {
        let extended = match event.measured {
            Some(Measured {
                index: Index::Rtmr(rtmr),
                digest,
            }) => rtmrs.get_mut(usize::from(rtmr.index())).map(|rtmr| {
                extend(rtmr, &digest);
                &*rtmr
            }),
            _ => None,
        };
        after(number, extended);
    }
    rtmrs
}

impl Registers {
    /// Returns each register with its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Digest384)> {
        NAMES
            .into_iter()
            .zip([&self.mrtd].into_iter().chain(&self.rtmrs))
    }

    /// Reads them from sysfs: from where `tsm.ko` has them, or the kernel's own driver.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or is no SHA-384.
    pub fn from_sysfs(folder: &Path) -> io::Result<Self> {
        let read = |name: &str| {
            let ours = folder.join(format!("{name}/sha384/digest"));
            let theirs = folder.join(format!("{name}:sha384"));
            let path = if theirs.exists() { theirs } else { ours };
            let value = fs::read(&path)
                .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
            Digest384::parse(&value)
                .copied()
                .map_err(|_| io::Error::other(format!("{}: this is no SHA-384", path.display())))
        };
        Ok(Self {
            mrtd: read("mrtd")?,
            rtmrs: [
                read("rtmr0")?,
                read("rtmr1")?,
                read("rtmr2")?,
                read("rtmr3")?,
            ],
        })
    }

    /// Takes them from a TDREPORT. This does not verify it: only the CPU that has made it can.
    pub fn from_report(report: &TdReport) -> Self {
        let info = &report.info;
        Self {
            mrtd: info.mrtd,
            rtmrs: Rtmr::ALL.map(|rtmr| *info.rtmr(rtmr)),
        }
    }

    /// Takes them from a quote, if that is one of a TD.
    pub fn from_quote(quote: &Quote) -> Option<Self> {
        let report = td(quote)?;
        Some(Self {
            mrtd: Digest384::new(report.mr_td),
            rtmrs: [
                Digest384::new(report.rt_mr0),
                Digest384::new(report.rt_mr1),
                Digest384::new(report.rt_mr2),
                Digest384::new(report.rt_mr3),
            ],
        })
    }
}

/// Returns what a quote says of a TD.
pub fn td(quote: &Quote) -> Option<&TDReport10> {
    match &quote.report {
        Report::TD10(report) => Some(report),
        Report::TD15(report) => Some(&report.base),
        Report::SgxEnclave(_) => None,
    }
}
