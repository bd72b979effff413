// SPDX-License-Identifier: GPL-2.0

//! What the TDX module does for a guest.
//!
//! C header: [`arch/x86/include/asm/tdx.h`](srctree/arch/x86/include/asm/tdx.h)
//!
//! Specification: "Intel TDX Module v1.5 ABI Specification" (348551-005US), chapter "Guest-Side
//! (TDCALL) Interface Functions"; "GHCI for Intel TDX 1.5" (348552-004US), section
//! `TDG.VP.VMCALL<GetQuote>`.
//!
//! All of it may sleep, because a call is made again while the module is busy.

mod measurements;
mod operand;
mod tdcall;

pub use measurements::{
    Measurements,
    ReportBuffer, //
};
pub use operand::Operand;

use kernel::prelude::*;
use tsm_proto::{
    tdx::{
        call::{
            Field,
            GetQuote,
            GpaWidth,
            Info,
            MrReport,
            MrRtmrExtend,
            MrVerifyReport,
            SysRd,
            VmRd,
            VpInfo, //
        },
        ReportMac,
        Rtmr,
        Status,
        TdReport,
        VmcallStatus, //
    },
    Answer,
    Digest384,
    PlatformStatus,
    ReportData, //
};

use crate::shared::SharedBuffer;
use tdcall::tdcall_retry;

/// Why a call was not done.
///
/// # Examples
///
/// ```
/// use tsm_ext::tdx::{
///     Error,
///     Guest, //
/// };
/// use tsm_proto::tdx::{
///     call::Field,
///     Status, //
/// };
///
/// /// Says whether the TDX module has the field.
/// fn has(guest: Guest, field: Field) -> bool {
///     !matches!(guest.read_td(field), Err(Error::Status(status)) if status.is_error())
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The TDX module refused it.
    Status(Status),
    /// The task was killed before the TDX module had time.
    Killed,
}

impl From<Error> for kernel::error::Error {
    fn from(err: Error) -> Self {
        match err {
            Error::Status(status) => status.into(),
            Error::Killed => EINTR,
        }
    }
}

impl PlatformStatus for Error {
    #[inline]
    fn answer(&self) -> Option<Answer> {
        match self {
            Error::Status(status) => status.answer(),
            Error::Killed => None,
        }
    }
}

/// The proof that the kernel runs as a TDX guest. Elsewhere, what is done here would be fatal.
///
/// # Invariants
///
/// The kernel runs as a TDX guest, whose addresses have this width.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::tdx::{
///     Guest,
///     Operand, //
/// };
/// use tsm_proto::ReportData;
///
/// // `ENODEV` where the kernel is no TDX guest.
/// let guest = Guest::new()?;
/// let mut data = Operand::<ReportData>::new()?;
/// let mut report = Operand::new()?;
///
/// *data = ReportData::new([7; ReportData::SIZE]);
/// guest.report(&data, &mut report)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Guest(GpaWidth);

impl Guest {
    /// Returns the proof.
    ///
    /// # Errors
    ///
    /// [`ENODEV`] if there is none.
    #[inline]
    pub fn new() -> Result<Self> {
        // SAFETY: This reads a feature bit that does not change after boot.
        if !unsafe { tsm_bindings::tsm_helper_is_tdx_guest() } {
            return Err(ENODEV);
        }
        // SAFETY: The helper has said that the kernel runs as a TDX guest. The leaf does not write
        // to guest memory.
        let info = unsafe { tdcall_retry(&VpInfo) }?;

        // INVARIANT: The kernel runs as a TDX guest, and the TDX module has said how wide its
        // addresses are.
        Ok(Self(info.gpa_width.ok_or(EIO)?))
    }

    /// Asks what kind of machine this is, `TDG.VP.INFO`.
    #[inline]
    pub fn info(self) -> Result<Info, Error> {
        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The leaf does not write to
        // guest memory.
        unsafe { tdcall_retry(&VpInfo) }
    }

    /// Reads a metadata field of this TD, `TDG.VM.RD`.
    #[inline]
    pub fn read_td(self, field: Field) -> Result<u64, Error> {
        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The leaf does not write to
        // guest memory.
        unsafe { tdcall_retry(&VmRd { field }) }
    }

    /// Reads a metadata field of the TDX module, `TDG.SYS.RD`, if [`Info::sys_rd`] says that it can be.
    #[inline]
    pub fn read_system(self, field: Field) -> Result<u64, Error> {
        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The leaf does not write to
        // guest memory.
        unsafe { tdcall_retry(&SysRd { field }) }
    }

    /// Makes a report that binds `data`, `TDG.MR.REPORT`.
    #[inline]
    pub fn report(
        self,
        data: &Operand<ReportData>,
        report: &mut Operand<TdReport>,
    ) -> Result<(), Error> {
        let call = MrReport {
            report: report.gpa(),
            data: data.gpa(),
        };

        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The module writes 1024
        // bytes to `report`, to which there is no other reference, and is done when this returns.
        unsafe { tdcall_retry(&call) }
    }

    /// Extends a register with `digest`, `TDG.MR.RTMR.EXTEND`.
    #[inline]
    pub fn extend(self, rtmr: Rtmr, digest: &Operand<Digest384>) -> Result<(), Error> {
        let call = MrRtmrExtend {
            digest: digest.gpa(),
            rtmr,
        };

        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The leaf does not write to
        // guest memory.
        unsafe { tdcall_retry(&call) }
    }

    /// Checks that the report with this header was made on this CPU, `TDG.MR.VERIFYREPORT`.
    ///
    /// # Errors
    ///
    /// [`Status::INVALID_REPORTMACSTRUCT`] if it was not.
    #[inline]
    pub fn verify(self, header: &Operand<ReportMac>) -> Result<(), Error> {
        let call = MrVerifyReport { mac: header.gpa() };

        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The leaf does not write to
        // guest memory.
        unsafe { tdcall_retry(&call) }
    }

    /// Asks the VMM for a quote about the report in `buffer`, of which it may use the first `size`
    /// bytes, `TDG.VP.VMCALL<GetQuote>`. It may write to them until the status there says that it is
    /// done.
    ///
    /// # Errors
    ///
    /// [`Status::OPERAND_INVALID`] of the TDX module, if it does not let the VMM see the call.
    #[inline]
    pub fn get_quote(self, buffer: &mut SharedBuffer, size: usize) -> Result<VmcallStatus, Error> {
        let out_of_range = Error::Status(Status::OPERAND_ADDR_RANGE_ERROR);
        let call = GetQuote {
            buffer: self.0.share(buffer.gpa()).ok_or(out_of_range)?,
            // CAST: Widens.
            size: size.min(buffer.size()) as u64,
        };

        // SAFETY: By the type invariant, the kernel runs as a TDX guest. The VMM writes to the
        // buffer only, which is shared memory, to which there are no references, for as long as
        // there is the buffer.
        unsafe { tdcall_retry(&call) }
    }
}
