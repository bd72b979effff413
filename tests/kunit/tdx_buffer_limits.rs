// SPDX-License-Identifier: GPL-2.0

//! How many buffers of quote requests there may be. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_buffer_limits))]
mod tests {
    use tsm_proto::tdx::BufferLimits;

    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;

    /// Sizes around those at which a limit changes, and extremes.
    const SIZES: [usize; 12] = [
        1,
        4 * KIB,
        128 * KIB,
        132 * KIB,
        256 * KIB,
        260 * KIB,
        2 * MIB,
        2 * MIB + 4 * KIB,
        4 * MIB,
        8 * MIB,
        16 * MIB + 4 * KIB,
        usize::MAX,
    ];

    /// Returns slots and idle buffers for a size.
    fn limits(size: usize) -> (usize, usize) {
        let limits = BufferLimits::of(size);

        (limits.slots(), limits.idle())
    }

    #[test]
    fn keeps_a_usual_buffer_for_each_slot() {
        assert_eq!(limits(128 * KIB), (16, 16));
        // With a header more than a quote of the usual size.
        assert_eq!(limits(132 * KIB), (16, 16));
        assert_eq!(limits(256 * KIB), (16, 16));
    }

    #[test]
    fn keeps_fewer_large_buffers() {
        assert_eq!(limits(260 * KIB), (16, 15));
        assert_eq!(limits(MIB), (16, 4));
        assert_eq!(limits(2 * MIB), (16, 2));
        assert_eq!(limits(2 * MIB + 4 * KIB), (15, 1));
        assert_eq!(limits(16 * MIB + 4 * KIB), (4, 1));
    }

    #[test]
    fn has_a_few_slots_for_buffers_of_any_size() {
        assert_eq!(limits(usize::MAX), (4, 1));
        assert_eq!(limits(0), (16, 16));
    }

    #[test]
    fn bounds_memory_by_bytes_or_by_the_least_number() {
        for size in SIZES {
            let (slots, idle) = limits(size);

            assert!(slots == BufferLimits::LEAST_SLOTS || slots * size <= BufferLimits::MAX_BYTES);
            assert!(idle == 1 || idle * size <= BufferLimits::MAX_IDLE_BYTES);
        }
    }

    #[test]
    fn keeps_no_more_buffers_than_there_are_slots() {
        for size in SIZES {
            let (slots, idle) = limits(size);

            assert!((BufferLimits::LEAST_SLOTS..=BufferLimits::MOST_SLOTS).contains(&slots));
            assert!((1..=slots).contains(&idle));
        }
    }
}
