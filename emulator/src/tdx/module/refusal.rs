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

use super::context::Result;

/// Refuses a leaf.
#[derive(Debug)]
pub(super) struct Refusal {
    /// How many calls are done before any is refused.
    spared: AtomicU32,
    /// How often each call is refused before it is done.
    busy: u32,
    left: AtomicU32,
    /// How many calls are still refused for good.
    invalid: AtomicU32,
}

impl Refusal {
    /// After `spared` calls, refuses the next `invalid` ones for good, and the others `busy` times before
    /// each success.
    pub(super) fn new(spared: u32, busy: u32, invalid: u32) -> Self {
        Self {
            spared: AtomicU32::new(spared),
            busy,
            left: AtomicU32::new(busy),
            invalid: AtomicU32::new(invalid),
        }
    }

    /// Tells whether a call may go on.
    pub(super) fn check(&self) -> Result {
        let one_less = |left: u32| left.checked_sub(1);
        let takes_one_of = |count: &AtomicU32| {
            count
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                .is_ok()
        };

        if takes_one_of(&self.spared) {
            return Ok(());
        }
        if takes_one_of(&self.invalid) {
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
        let refusal = Refusal::new(0, 0, 0);
        assert!((0..5).all(|_| refusal.check().is_ok()));
    }

    #[test]
    fn is_busy_so_many_times_before_each_success() {
        let refusal = Refusal::new(0, 2, 0);
        let calls = (0..6).map(|_| refusal.check().is_ok());
        assert_eq!(
            calls.collect::<Vec<_>>(),
            [false, false, true, false, false, true]
        );
    }

    #[test]
    fn refuses_so_many_calls_for_good() {
        let refusal = Refusal::new(0, 0, 2);
        let calls = [(); 4].map(|()| refusal.check().is_ok());
        assert_eq!(calls, [false, false, true, true]);
    }

    #[test]
    fn spares_the_first_calls() {
        for refusal in [Refusal::new(2, 1, 0), Refusal::new(2, 0, 1)] {
            let calls = [(); 3].map(|()| refusal.check().is_ok());
            assert_eq!(calls, [true, true, false]);
        }
    }
}
