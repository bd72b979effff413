// SPDX-License-Identifier: GPL-2.0

//! What becomes of an instruction that is taken over, and of its vCPU.

/// What becomes of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The CPU has to execute it.
    Native,
    /// It is to be begun again, with the registers as they are now.
    Again,
    /// It was done.
    Done(Effect),
    /// It was done, and the carry flag is to be set or cleared.
    Carry(bool),
}

/// What the vCPU does after an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Goes on.
    Resume,
    /// Goes on after a while: an interrupt may be waited for.
    Idle,
    /// Stops, with the whole machine.
    Stop(String),
}
