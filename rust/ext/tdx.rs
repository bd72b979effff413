// SPDX-License-Identifier: GPL-2.0

//! What the TDX module does for a guest.
//!
//! C header: [`arch/x86/include/asm/tdx.h`](srctree/arch/x86/include/asm/tdx.h)
//!
//! Specification: "Intel TDX Module v1.5 ABI Specification" (348551-005US), sections
//! "TDG.MR.REPORT" and "TDG.MR.RTMR.EXTEND"; "GHCI for Intel TDX 1.5" (348552-004US), section
//! "TDG.VP.VMCALL<GetQuote>".

use kernel::{
    error::to_result,
    prelude::*, //
};
use tsm_proto::tdx::{
    Digest384,
    ReportData,
    Rtmr,
    TdReport,
    VmcallStatus, //
};

use crate::shared::SharedBuffer;

/// The proof that the kernel runs as a TDX guest. Elsewhere, what is done here would be fatal.
///
/// # Invariants
///
/// The kernel runs as a TDX guest.
#[derive(Clone, Copy)]
pub struct Guest(());

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
        // INVARIANT: Just asked.
        Ok(Self(()))
    }
}

/// Private memory for the operands of the TDX module, which wants them aligned.
///
/// It comes from `kmalloc()`, so its physical address is known.
#[derive(Zeroable)]
#[repr(C, align(1024))]
struct Operands {
    report: [u8; TdReport::SIZE],
    input: [u8; ReportData::SIZE],
}

/// The measurement registers of the guest, with the memory that it takes to use them.
pub struct Measurements {
    operands: KBox<Operands>,
    _guest: Guest,
}

impl Measurements {
    /// Allocates the memory.
    #[inline]
    pub fn new(guest: Guest) -> Result<Self> {
        Ok(Self {
            operands: KBox::init(pin_init::init_zeroed(), GFP_KERNEL)?,
            _guest: guest,
        })
    }

    /// Makes a report that binds `data`, `TDG.MR.REPORT`.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] while another CPU uses the registers, [`ENXIO`] if the TDX module takes an operand
    /// for invalid, [`EIO`] for any other refusal.
    #[inline]
    pub fn report(&mut self, data: &ReportData) -> Result<&TdReport> {
        self.operands.input = *data.bytes();

        // SAFETY: This is a TDX guest. Both buffers have the size and alignment that the TDX module demands, and nobody
        // else refers to them. They are private memory in the kernel's direct map.
        to_result(unsafe {
            tsm_bindings::tdx_mcall_get_report0(
                self.operands.input.as_mut_ptr(),
                self.operands.report.as_mut_ptr(),
            )
        })?;
        Ok(TdReport::from_module(&self.operands.report))
    }

    /// Extends a register with `digest`, `TDG.MR.RTMR.EXTEND`.
    ///
    /// # Errors
    ///
    /// As for [`Measurements::report`].
    #[inline]
    pub fn extend(&mut self, rtmr: Rtmr, digest: &Digest384) -> Result {
        for (to, from) in self.operands.input.iter_mut().zip(digest.bytes()) {
            *to = *from;
        }

        // SAFETY: This is a TDX guest. The buffer has at least 48 bytes and the alignment that the TDX module demands.
        // It is private memory in the kernel's direct map.
        to_result(unsafe {
            tsm_bindings::tdx_mcall_extend_rtmr(rtmr.index(), self.operands.input.as_mut_ptr())
        })
    }
}

/// Asks the VMM for a quote about the report in `buffer`, `TDG.VP.VMCALL<GetQuote>`. The VMM may
/// write to the buffer until the status in it says that it is done.
#[inline]
pub fn get_quote(_guest: Guest, buffer: &mut SharedBuffer) -> VmcallStatus {
    let size = buffer.size();

    // SAFETY: This is a TDX guest. The buffer has `size` bytes of shared memory, in which the host may do as it likes.
    VmcallStatus::new(unsafe { tsm_bindings::tdx_hcall_get_quote(buffer.as_mut_ptr(), size) })
}
