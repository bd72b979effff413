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
        Arguments,
        Call,
        Leaf,
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
/// - No reference to memory that the call has the module or the VMM write to is used, and nothing
///   expects it to stay as it is, for as long as they may write to it.
#[inline]
unsafe fn tdcall(leaf: Leaf, arguments: &Arguments) -> (Status, Results) {
    let status: u64;
    let mut results = Results::default();

    // SAFETY: By the safety requirements, the instruction exists, and writes to no memory that other
    // code uses. Of the registers, the module changes no others than the functions of `Call`
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
            "xorl %r14d, %r14d",
            "xorl %r15d, %r15d",
            inout("rax") u64::from(leaf.raw()) => status,
            inout("rcx") arguments.rcx => results.rcx,
            inout("rdx") arguments.rdx => results.rdx,
            inout("r8") arguments.r8 => results.r8,
            inout("r9") arguments.r9 => results.r9,
            inout("r10") arguments.r10 => results.r10,
            inout("r11") arguments.r11 => _,
            inout("r12") arguments.r12 => _,
            inout("r13") arguments.r13 => _,
            inout("r14") arguments.r14 => _,
            inout("r15") arguments.r15 => _,
            options(att_syntax, nostack),
        )
    };
    (Status::new(status), results)
}

/// Makes a call, and retries it while something that it needs is busy. May sleep.
///
/// # Errors
///
/// [`Error::Status`] with what the module says, a busy one if that did not change for
/// [`BUSY_TIMEOUT`], and [`Error::Killed`].
///
/// # Safety
///
/// As for [`tdcall`].
#[inline]
pub(super) unsafe fn tdcall_retry<C: Call>(call: &C) -> Result<C::Reply, Error> {
    // SAFETY: By the safety requirements, the kernel runs as a TDX guest, and no reference to
    // memory that the module or the VMM writes to is used.
    let mut outcome = unsafe { tdcall(C::LEAF, &call.arguments()) };

    if outcome.0.is_error() && outcome.0.is_busy() {
        // SAFETY: By the safety requirements, the kernel runs as a TDX guest, and no reference to
        // memory that the module or the VMM writes to is used.
        outcome = unsafe { retry_while_busy(C::LEAF, &call.arguments()) }?;
    }
    match outcome {
        (status, _) if status.is_error() => Err(Error::Status(status)),
        (_, results) => Ok(C::reply(&results)),
    }
}

/// How long something may be busy.
const BUSY_TIMEOUT: Delta = Delta::from_secs(1);

/// Retries a call until its outcome is not busy or the timeout is over. At once at first, as it is most
/// often another vCPU that is about to be done.
///
/// # Errors
///
/// [`Error::Killed`].
///
/// # Safety
///
/// As for [`tdcall`].
#[cold]
#[inline]
unsafe fn retry_while_busy(leaf: Leaf, arguments: &Arguments) -> Result<(Status, Results), Error> {
    const SPINS: usize = 100;
    const LONGEST: Delta = Delta::from_millis(10);

    for _ in 0..SPINS {
        cpu_relax();
        // SAFETY: By the safety requirements, the kernel runs as a TDX guest, and no reference to
        // memory that the module or the VMM writes to is used.
        let outcome = unsafe { tdcall(leaf, arguments) };
        if !outcome.0.is_busy() {
            return Ok(outcome);
        }
    }
    let start = Instant::<Monotonic>::now();
    let mut pause = Delta::from_micros(50);

    loop {
        sleep_killable(pause).map_err(|_| Error::Killed)?;
        // SAFETY: By the safety requirements, the kernel runs as a TDX guest, and no reference to
        // memory that the module or the VMM writes to is used.
        let outcome = unsafe { tdcall(leaf, arguments) };
        if !outcome.0.is_busy() || start.elapsed() >= BUSY_TIMEOUT {
            return Ok(outcome);
        }
        pause = Delta::from_nanos(pause.as_nanos() * 2).clamp(pause, LONGEST);
    }
}
