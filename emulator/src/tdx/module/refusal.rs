// SPDX-License-Identifier: GPL-2.0

//! Calls that the TDX module refuses because the user wants it to.

use std::sync::atomic::{
    AtomicU32,
    Ordering, //
};

use tsm_proto::tdx::{
    OperandId,
    Status, //
};

use super::context::Result;
use crate::tdx::config::Busy;

/// Refuses a leaf.
#[derive(Debug)]
pub(super) struct Refusal {
    /// How many calls are done before any is refused.
    spared: AtomicU32,
    /// How often each call is refused before it is done, and how.
    busy: u32,
    status: Status,
    left: AtomicU32,
    /// How many calls are still refused for good.
    invalid: AtomicU32,
}

impl Refusal {
    /// After `spared` calls, refuses the next `invalid` ones for good, and the others `busy` times before
    /// each success, with that status.
    pub(super) fn new(spared: u32, busy: u32, status: Busy, invalid: u32) -> Self {
        Self {
            spared: AtomicU32::new(spared),
            busy,
            status: match status {
                Busy::Operand => Status::OPERAND_BUSY.of(OperandId::RTMR),
                Busy::HostPriority => Status::OPERAND_BUSY_HOST_PRIORITY.of(OperandId::RTMR),
                Busy::System => Status::SYS_BUSY,
            },
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
            return Err(Status::OPERAND_INVALID.of(OperandId::RCX).into());
        }
        let next = |left: u32| Some(left.checked_sub(1).unwrap_or(self.busy));
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);

        match left {
            Ok(0) => Ok(()),
            _ => Err(self.status.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tdx::module::context::Failure;

    fn refusal(spared: u32, busy: u32, invalid: u32) -> Refusal {
        Refusal::new(spared, busy, Busy::default(), invalid)
    }

    #[test]
    fn says_what_is_busy() {
        for (busy, status) in [
            (Busy::Operand, 0x8000_0200_0000_0000),
            (Busy::HostPriority, 0x8000_0204_0000_0000),
            (Busy::System, 0x8000_0202_0000_0000u64),
        ] {
            let refused = Refusal::new(0, 1, busy, 0).check();
            assert!(
                matches!(refused, Err(Failure::Status(said)) if said.raw() & !0xffff_ffff == status)
            );
        }
    }

    #[test]
    fn refuses_nothing_without_an_option() {
        let refusal = refusal(0, 0, 0);
        assert!((0..5).all(|_| refusal.check().is_ok()));
    }

    #[test]
    fn is_busy_so_many_times_before_each_success() {
        let refusal = refusal(0, 2, 0);
        let calls = (0..6).map(|_| refusal.check().is_ok());
        assert_eq!(
            calls.collect::<Vec<_>>(),
            [false, false, true, false, false, true]
        );
    }

    #[test]
    fn refuses_so_many_calls_for_good() {
        let refusal = refusal(0, 0, 2);
        let calls = [(); 4].map(|()| refusal.check().is_ok());
        assert_eq!(calls, [false, false, true, true]);
    }

    #[test]
    fn spares_the_first_calls() {
        for refusal in [refusal(2, 1, 0), refusal(2, 0, 1)] {
            let calls = [(); 3].map(|()| refusal.check().is_ok());
            assert_eq!(calls, [true, true, false]);
        }
    }
}
