// SPDX-License-Identifier: GPL-2.0

//! The measurement registers of a guest.

use kernel::{
    pr_warn_once,
    prelude::*, //
};
use tsm_proto::{
    tdx::{
        Rtmr,
        TdInfo,
        TdReport, //
    },
    Digest384,
    ReportData, //
};

use super::{
    Error,
    Guest,
    Operand, //
};

/// The measurement registers, with the memory that it takes to use them.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::tdx::{
///     Guest,
///     Measurements, //
/// };
/// use tsm_proto::{
///     tdx::Rtmr,
///     Digest384, //
/// };
///
/// /// Extends a register, and returns its value.
/// fn extend(rtmr: Rtmr, digest: &Digest384) -> Result<Digest384> {
///     let mut measurements = Measurements::new(Guest::new()?)?;
///
///     measurements.extend(rtmr, digest)?;
///     Ok(*measurements.read()?.rtmr(rtmr))
/// }
/// ```
pub struct Measurements {
    guest: Guest,
    digest: Operand<Digest384>,
    /// The scratch buffer for reading the registers.
    scratch: KBox<ReportBuffer>,
}

/// A buffer for a report, which can be read after the lock of the measurements was released.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::tdx::{
///     Measurements,
///     ReportBuffer, //
/// };
/// use tsm_proto::ReportData;
///
/// /// Makes a report that binds `data`.
/// fn report(measurements: &mut Measurements, data: ReportData) -> Result<KBox<ReportBuffer>> {
///     let mut buffer = ReportBuffer::new()?;
///
///     *buffer.data = data;
///     measurements.report(&mut buffer)?;
///     Ok(buffer)
/// }
/// ```
pub struct ReportBuffer {
    /// What the report is to bind.
    pub data: Operand<ReportData>,
    report: Operand<TdReport>,
}

impl ReportBuffer {
    /// Allocates the memory.
    #[inline]
    pub fn new() -> Result<KBox<Self>> {
        let buffer = Self {
            data: Operand::new()?,
            report: Operand::new()?,
        };

        Ok(KBox::new(buffer, GFP_KERNEL)?)
    }

    /// Fills the buffer with a report that binds `data`.
    #[inline]
    fn fill(&mut self, guest: Guest) -> Result<&TdReport, Error> {
        log_refusal(guest.report(&self.data, &mut self.report))?;
        Ok(&self.report)
    }
}

impl Measurements {
    /// Allocates the memory.
    #[inline]
    pub fn new(guest: Guest) -> Result<Self> {
        Ok(Self {
            guest,
            digest: Operand::new()?,
            scratch: ReportBuffer::new()?,
        })
    }

    /// Fills `buffer` with a report that binds its data, and returns the report.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`].
    #[inline]
    pub fn report<'a>(&mut self, buffer: &'a mut ReportBuffer) -> Result<&'a TdReport, Error> {
        buffer.fill(self.guest)
    }

    /// Reads the registers.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`].
    #[inline]
    pub fn read(&mut self) -> Result<&TdInfo, Error> {
        // The rest of the report is not used, so it may bind anything.
        Ok(&self.scratch.fill(self.guest)?.info)
    }

    /// Extends a register with `digest`.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::extend`].
    #[inline]
    pub fn extend(&mut self, rtmr: Rtmr, digest: &Digest384) -> Result<(), Error> {
        *self.digest = *digest;
        log_refusal(self.guest.extend(rtmr, &self.digest))
    }
}

/// Logs a refusal, as user space gets no more than an errno. Once: a task that may read
/// a register may be able to cause a refusal as often as it reads.
#[inline]
fn log_refusal(result: Result<(), Error>) -> Result<(), Error> {
    if let Err(Error::Status(status)) = result {
        pr_warn_once!(
            "the TDX module refused the measurement registers: {} ({:#x})\n",
            status.name().unwrap_or("?"),
            status.raw(),
        );
    }
    result
}
