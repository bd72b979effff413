// SPDX-License-Identifier: GPL-2.0

//! The measurement registers of a guest.

use core::mem;

use kernel::{
    pr_warn_once,
    prelude::*, //
};
use tsm_proto::tdx::{
    Digest384,
    ReportData,
    Rtmr,
    TdInfo,
    TdReport, //
};

use super::{
    Error,
    Guest,
    Operand, //
};

/// The measurement registers, with the memory that it takes to use them.
pub struct Measurements {
    guest: Guest,
    data: Operand<ReportData>,
    digest: Operand<Digest384>,
    report: Operand<TdReport>,
    /// Memory for the next report, where the last one was taken out.
    spare: Option<Operand<TdReport>>,
}

impl Measurements {
    /// Allocates the memory.
    #[inline]
    pub fn new(guest: Guest) -> Result<Self> {
        Ok(Self {
            guest,
            data: Operand::new()?,
            digest: Operand::new()?,
            report: Operand::new()?,
            spare: None,
        })
    }

    /// Makes a report that binds `data`.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`].
    #[inline]
    pub fn report(&mut self, data: &ReportData) -> Result<&TdReport, Error> {
        *self.data = *data;
        self.remake()
    }

    /// Makes a report that binds `data` and takes it out, for who can't look at it with a lock held. Then
    /// it is to be [put back](Self::put_back), which spares the next one an allocation.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`], and [`ENOMEM`].
    #[inline]
    pub fn take_report(&mut self, data: &ReportData) -> Result<Operand<TdReport>> {
        self.report(data)?;

        let spare = match self.spare.take() {
            Some(spare) => spare,
            None => Operand::new()?,
        };
        Ok(mem::replace(&mut self.report, spare))
    }

    /// Takes the memory of a report back.
    #[inline]
    pub fn put_back(&mut self, report: Operand<TdReport>) {
        self.spare = Some(report);
    }

    /// Reads the registers.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`].
    #[inline]
    pub fn read(&mut self) -> Result<&TdInfo, Error> {
        // Nobody gets to see what else the report says, so it may bind anything.
        Ok(&self.remake()?.info)
    }

    #[inline]
    fn remake(&mut self) -> Result<&TdReport, Error> {
        told(self.guest.report(&self.data, &mut self.report))?;
        Ok(&self.report)
    }

    /// Extends a register with `digest`.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::extend`].
    #[inline]
    pub fn extend(&mut self, rtmr: Rtmr, digest: &Digest384) -> Result<(), Error> {
        *self.digest = *digest;
        told(self.guest.extend(rtmr, &self.digest))
    }
}

/// Tells the log of a refusal, as user space gets no more than an errno. Once: anybody who may read a
/// register may be able to have this happen as often as he likes.
#[inline]
fn told(result: Result<(), Error>) -> Result<(), Error> {
    if let Err(Error::Status(status)) = result {
        pr_warn_once!(
            "the TDX module refused the measurement registers: {} ({:#x})\n",
            status.name().unwrap_or("?"),
            status.raw(),
        );
    }
    result
}
