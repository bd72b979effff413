// SPDX-License-Identifier: GPL-2.0

//! What work costs: instructions of the vCPU where the emulator counts them, or else time.

use std::{
    arch::asm,
    io,
    ops::Range,
    time::Instant, //
};

use nix::sys::resource::{
    getrusage,
    UsageWho, //
};

/// The unit of what a [`Meter`] measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Instructions, of the kernel and of this program.
    Instructions,
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes, which no meter measures.
    Bytes,
    /// Exchanges of a mailbox, likewise.
    Exchanges,
    /// Accesses of configuration space, likewise.
    Accesses,
    /// Thousandths: of one time, to another one.
    Thousandths,
    /// How often tasks have slept, which the kernel counts.
    WakeUps,
}

/// Measures work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    unit: Unit,
    start: Instant,
    /// What no work at all costs.
    overhead: u64,
}

impl Meter {
    /// Finds out what can be measured.
    pub(crate) fn new() -> Self {
        let mut meter = Self {
            unit: match instructions() {
                Some(_) => Unit::Instructions,
                None => Unit::Nanoseconds,
            },
            start: Instant::now(),
            overhead: 0,
        };
        let nothing = || meter.measure(|| Ok(())).unwrap_or(0);

        meter.overhead = (0..1000).map(|_| nothing()).min().unwrap_or(0);
        meter
    }

    /// Returns the unit.
    pub(crate) fn unit(&self) -> Unit {
        self.unit
    }

    /// Does `work` and returns what it cost.
    pub(crate) fn measure(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<u64> {
        let before = self.read();
        let result = work();
        let after = self.read();

        result.map(|()| (after - before).saturating_sub(self.overhead))
    }

    fn read(&self) -> u64 {
        match self.unit {
            Unit::Instructions => instructions().unwrap_or(0),
            _ => u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

/// Returns how many instructions this vCPU has executed, if the emulator counts.
#[expect(unsafe_code, reason = "an instruction that has no other name")]
pub(crate) fn instructions() -> Option<u64> {
    let mut count = u64::MAX;

    // SAFETY: A CPU takes this for `nopl 0x216d7374(%rax)`, which accesses nothing. The emulator
    // writes RAX.
    unsafe {
        asm!(
            r#".byte 0x0f, 0x1f, 0x80; .ascii "tsm!""#,
            inout("rax") count,
            options(nostack, preserves_flags),
        )
    };
    (count != u64::MAX).then_some(count)
}

/// Returns how many instructions this vCPU has executed in a part of the kernel, rounded to what the emulator has
/// counts of (pages or blocks), if it counts.
#[expect(unsafe_code, reason = "an instruction that has no other name")]
pub(crate) fn instructions_in(range: &Range<u64>) -> Option<u64> {
    let mut count = range.start;

    instructions()?;
    // SAFETY: A CPU takes this for `nopl 0x406d7374(%rax)`, which accesses nothing. The emulator
    // reads RDX and writes RAX.
    unsafe {
        asm!(
            r#".byte 0x0f, 0x1f, 0x80; .ascii "tsm@""#,
            inout("rax") count,
            in("rdx") range.end,
            options(nostack, preserves_flags),
        )
    };
    Some(count)
}

/// Returns how often this task has slept.
pub(crate) fn sleeps() -> io::Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;

    u64::try_from(usage.voluntary_context_switches()).map_err(io::Error::other)
}
