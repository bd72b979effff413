// SPDX-License-Identifier: GPL-2.0

//! The instruction `TDCALL`. Nothing else executes it.

use core::arch::asm;

use kernel::{
    processor::cpu_relax,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_proto::tdx::{
    call::{
        Call,
        Results, //
    },
    Status, //
};

use super::Error;
use crate::time::sleep_killable;

/// Makes a call to the TDX module.
///
/// # Safety
///
/// - The kernel runs as a TDX guest; elsewhere the instruction is an invalid one.
/// - Memory that the call has the module or the VMM write to is such that nobody refers to it, or
///   expects it to stay as it is, for as long as they may write to it.
#[inline]
unsafe fn tdcall<C: Call>(call: &C) -> Result<C::Reply, Status> {
    let arguments = call.arguments();
    let status: u64;
    let mut results = Results::default();

    // SAFETY: By the safety requirements, the instruction exists, and writes to no memory that matters
    // to anybody else. Of the registers, the module changes no others than the functions of `Call`
    // name as results, and passes those to the VMM that `RCX` says, which are among the ones below.
    // Neither touches RSP, RBP or RBX, and vector registers are not passed.
    //
    // What the VMM may have left in the registers that are no results is cleared, as it is not to
    // decide what is executed speculatively.
    unsafe {
        asm!(
            // tdcall, which not every assembler knows.
            ".byte 0x66, 0x0f, 0x01, 0xcc",
            "xorl %r11d, %r11d",
            "xorl %r12d, %r12d",
            "xorl %r13d, %r13d",
            inout("rax") u64::from(C::LEAF.raw()) => status,
            inout("rcx") arguments.rcx => results.rcx,
            inout("rdx") arguments.rdx => results.rdx,
            inout("r8") arguments.r8 => results.r8,
            inout("r9") arguments.r9 => results.r9,
            inout("r10") arguments.r10 => results.r10,
            inout("r11") arguments.r11 => _,
            inout("r12") arguments.r12 => _,
            inout("r13") arguments.r13 => _,
            options(att_syntax, nostack),
        )
    };
    match Status::new(status) {
        status if status.is_error() => Err(status),
        _ => Ok(C::reply(&results)),
    }
}

/// Makes a call, and makes it again as long as something is in use that it needs: at once at first,
/// as it is most often another vCPU that is about to be done. May sleep.
///
/// # Errors
///
/// [`Error::Status`] with what the module says, a busy one when that did not change for
/// [`PATIENCE`], and [`Error::Killed`].
///
/// # Safety
///
/// As for [`tdcall`].
#[inline]
pub(super) unsafe fn tdcall_patiently<C: Call>(call: &C) -> Result<C::Reply, Error> {
    const PATIENCE: Delta = Delta::from_secs(1);
    const SPINS: usize = 100;
    const LONGEST: Delta = Delta::from_millis(10);

    for _ in 0..SPINS {
        // SAFETY: By the safety requirements.
        match unsafe { tdcall(call) } {
            Err(status) if status.is_busy() => cpu_relax(),
            done => return done.map_err(Error::Status),
        }
    }
    let start = Instant::<Monotonic>::now();
    let mut pause = Delta::from_micros(50);

    loop {
        sleep_killable(pause).map_err(|_| Error::Killed)?;
        // SAFETY: By the safety requirements.
        match unsafe { tdcall(call) } {
            Err(status) if status.is_busy() && start.elapsed() < PATIENCE => {}
            done => return done.map_err(Error::Status),
        }
        pause = Delta::from_nanos(pause.as_nanos() * 2).clamp(pause, LONGEST);
    }
}
