// SPDX-License-Identifier: GPL-2.0

//! The number of writes to a report.

#![allow(missing_docs)]

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_generation))]
mod tests {
    use tsm_proto::{
        Exhausted,
        Generation, //
    };

    #[test]
    fn starts_at_zero_and_counts_by_one() {
        let first = Generation::default();

        assert_eq!(first.number(), 0);
        assert_eq!(first.next().map(Generation::number), Ok(1));
    }

    #[test]
    fn refuses_to_start_again() {
        let last = Generation::new(u64::MAX);

        assert_eq!(last.next(), Err(Exhausted));
        assert_eq!(Generation::new(u64::MAX - 1).next(), Ok(last));
    }
}
