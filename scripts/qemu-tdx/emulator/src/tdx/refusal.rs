// SPDX-License-Identifier: GPL-2.0

//! Calls that the TDX module refuses because the user wants it to.

use std::sync::atomic::{
    AtomicU32,
    Ordering, //
};

use tsm_proto::tdx::{
    Operand,
    Status, //
};

use super::Result;

/// Refuses a leaf.
#[derive(Debug)]
pub(super) struct Refusal {
    /// How often each call is refused before it is done.
    busy: u32,
    left: AtomicU32,
    /// Whether it is never done.
    invalid: bool,
}

impl Refusal {
    /// Refuses `busy` times before each success, or always.
    pub(super) fn new(busy: u32, invalid: bool) -> Self {
        Self {
            busy,
            left: AtomicU32::new(busy),
            invalid,
        }
    }

    /// Tells whether a call may go on.
    pub(super) fn check(&self) -> Result {
        if self.invalid {
            return Err(Status::OPERAND_INVALID.of(Operand::RCX).into());
        }
        let next = |left: u32| Some(left.checked_sub(1).unwrap_or(self.busy));
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);

        match left {
            Ok(0) => Ok(()),
            _ => Err(Status::OPERAND_BUSY.of(Operand::RTMR).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_nothing_if_not_told_to() {
        let refusal = Refusal::new(0, false);
        assert!((0..5).all(|_| refusal.check().is_ok()));
    }

    #[test]
    fn is_busy_so_many_times_before_each_success() {
        let refusal = Refusal::new(2, false);
        let calls = (0..6).map(|_| refusal.check().is_ok());
        assert_eq!(
            calls.collect::<Vec<_>>(),
            [false, false, true, false, false, true]
        );
    }

    #[test]
    fn is_never_done() {
        let refusal = Refusal::new(0, true);
        assert!((0..5).all(|_| refusal.check().is_err()));
    }
}
