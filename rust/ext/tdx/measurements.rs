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
    /// For reading the registers.
    draft: KBox<Draft>,
}

/// Memory for a report of one's own, which can be looked at when the measurements are locked no more.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::tdx::{
///     Draft,
///     Measurements, //
/// };
/// use tsm_proto::ReportData;
///
/// /// Makes a report that binds `data`.
/// fn report(measurements: &mut Measurements, data: ReportData) -> Result<KBox<Draft>> {
///     let mut draft = Draft::new()?;
///
///     *draft.data = data;
///     measurements.complete(&mut draft)?;
///     Ok(draft)
/// }
/// ```
pub struct Draft {
    /// What the report is to bind.
    pub data: Operand<ReportData>,
    report: Operand<TdReport>,
}

impl Draft {
    /// Allocates the memory.
    #[inline]
    pub fn new() -> Result<KBox<Self>> {
        let draft = Self {
            data: Operand::new()?,
            report: Operand::new()?,
        };

        Ok(KBox::new(draft, GFP_KERNEL)?)
    }

    /// Makes the report that this is for.
    #[inline]
    fn complete(&mut self, guest: Guest) -> Result<&TdReport, Error> {
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
            draft: Draft::new()?,
        })
    }

    /// Makes the report that `draft` is for.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`].
    #[inline]
    pub fn complete<'a>(&mut self, draft: &'a mut Draft) -> Result<&'a TdReport, Error> {
        draft.complete(self.guest)
    }

    /// Reads the registers.
    ///
    /// # Errors
    ///
    /// Those of [`Guest::report`].
    #[inline]
    pub fn read(&mut self) -> Result<&TdInfo, Error> {
        // The rest of the report is not used, so it may bind anything.
        Ok(&self.draft.complete(self.guest)?.info)
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
