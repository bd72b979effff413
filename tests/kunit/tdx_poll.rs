// SPDX-License-Identifier: GPL-2.0

//! When to look for a quote. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdx_poll))]
mod tests {
    use tsm_proto::tdx::poll::{
        pause_after,
        Latency,
        Micros, //
    };

    /// Minimum pause.
    const SHORTEST: u32 = 50;

    /// Maximum pause.
    const LONGEST: u32 = 100_000;

    /// Times that a quote may take, in microseconds.
    const TIMES: [u32; 13] = [
        0, 10, 49, 51, 200, 790, 810, 1_500, 3_000, 7_777, 50_000, 200_000, 2_000_000,
    ];

    /// What a wait came to.
    struct Wait {
        /// How often the status was read after a pause.
        polls: u32,
        /// When the last poll was, and the one before.
        end: u32,
        before: u32,
    }

    /// By how much a timer is late: not at all, and by its slack, a quarter of the pause.
    const SLACK: [fn(u32) -> u32; 2] = [|_| 0, |pause| pause / 4];

    /// Waits for a quote that takes `time`.
    fn wait(time: u32, slack: fn(u32) -> u32, pause: impl Fn(Micros) -> Micros) -> Wait {
        let mut wait = Wait {
            polls: 0,
            end: 0,
            before: 0,
        };

        while wait.end < time {
            let pause = pause(Micros::new(wait.end)).get();

            wait.before = wait.end;
            wait.end += pause + slack(pause);
            wait.polls += 1;
        }
        wait
    }

    /// Waits as often for a quote that takes `time`, and returns how long that seems to be.
    fn after(mut latency: Latency, times: u32, time: u32, slack: fn(u32) -> u32) -> Latency {
        for _ in 0..times {
            let wait = wait(time, slack, |elapsed| latency.pause(elapsed));

            latency = latency.with(Micros::new(wait.before).middle(Micros::new(wait.end)));
        }
        latency
    }

    /// Returns by how much the last one is seen late of quotes that all take `time`.
    fn lateness(times: u32, time: u32, slack: fn(u32) -> u32) -> u32 {
        let latency = after(Latency::default(), times, time, slack);

        wait(time, slack, |elapsed| latency.pause(elapsed)).end - time
    }

    #[test]
    fn pauses_for_a_sixteenth_of_a_wait_of_unknown_length() {
        let pause = |elapsed, longest| {
            let pause = pause_after(Micros::new(elapsed), Micros::new(longest));

            pause.get()
        };

        assert_eq!(pause(0, LONGEST), SHORTEST);
        assert_eq!(pause(815, LONGEST), SHORTEST);
        assert_eq!(pause(816, LONGEST), 51);
        assert_eq!(pause(160_000, 5_000), 5_000);
        assert_eq!(pause(u32::MAX, LONGEST), LONGEST);
    }

    #[test]
    fn does_so_before_the_first_quote_and_for_the_first_that_takes_time() {
        let unknown = after(Latency::default(), 100, 0, SLACK[0]);
        let once = Latency::default().with(Micros::new(20_000_000));

        assert_eq!(unknown, Latency::default());
        for elapsed in TIMES.map(Micros::new) {
            let usual = pause_after(elapsed, Micros::new(LONGEST));

            assert_eq!(unknown.pause(elapsed), usual);
            assert_eq!(once.pause(elapsed), usual);
        }
    }

    #[test]
    fn sees_soon_what_takes_as_long_as_the_last_ones() {
        for slack in SLACK {
            assert!(lateness(20, 3_000, slack) <= 100);
            assert!(lateness(10, 50_000, slack) <= 1_000);
            assert!(lateness(40, 50_000, slack) <= 100);
            assert!(lateness(60, 30_000_000, slack) <= 1_000);
        }
    }

    #[test]
    fn polls_a_few_times_for_what_takes_as_long_as_the_last_ones() {
        for slack in SLACK {
            for (time, most) in [(3_000, 14), (50_000, 20)] {
                let latency = after(Latency::default(), 40, time, slack);

                assert!(wait(time, slack, |elapsed| latency.pause(elapsed)).polls <= most);
            }
        }
    }

    #[test]
    fn never_polls_more_often_than_without_knowing() {
        for slack in SLACK {
            for last in TIMES {
                for count in [1, 2, 7] {
                    let steady = after(Latency::default(), count, last, slack);
                    let changed = after(steady, count, 3_000, slack);

                    for time in TIMES {
                        let usual = wait(time, slack, |elapsed| {
                            pause_after(elapsed, Micros::new(LONGEST))
                        });

                        for latency in [steady, changed] {
                            let wait = wait(time, slack, |elapsed| latency.pause(elapsed));

                            assert!(wait.polls <= usual.polls);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn sees_what_comes_early_after_little_more_than_twice_its_time() {
        let latency = after(Latency::default(), 60, 30_000_000, SLACK[1]);

        for time in TIMES {
            let wait = wait(time, SLACK[1], |elapsed| latency.pause(elapsed));

            assert!(wait.end - time <= time + time / 4 + 2 * SHORTEST);
            assert!(wait.end - time <= LONGEST + LONGEST / 4);
        }
    }

    #[test]
    fn sees_what_comes_late_as_if_nothing_was_known() {
        let latency = after(Latency::default(), 40, 3_000, SLACK[1]);

        for time in [4_000, 50_000, 1_000_000, 30_000_000] {
            let wait = wait(time, SLACK[1], |elapsed| latency.pause(elapsed));

            assert!(wait.end - time <= time / 10);
        }
    }

    #[test]
    fn learns_of_a_change_in_a_few_quotes() {
        let slow = after(Latency::default(), 40, 50_000, SLACK[1]);
        let fast = after(slow, 30, 3_000, SLACK[1]);
        let wait = wait(3_000, SLACK[1], |elapsed| fast.pause(elapsed));

        assert!(wait.end - 3_000 <= 100);
    }

    #[test]
    fn keeps_its_pauses_within_the_limits() {
        for mean in [0, 1, 3_000, u32::MAX / 2, u32::MAX] {
            for deviation in [0, 1, 3_000, u32::MAX / 2, u32::MAX] {
                let latency = Latency::from_bits((u64::from(mean) << 32) | u64::from(deviation));

                for elapsed in TIMES.into_iter().chain([u32::MAX]) {
                    let pause = latency.pause(Micros::new(elapsed)).get();

                    assert!((SHORTEST..=LONGEST).contains(&pause));
                }
            }
        }
    }

    #[test]
    fn takes_the_longest_times_and_is_stored_as_it_is() {
        let mut latency = Latency::default();

        for nanos in [u64::MAX, 0, u64::MAX, u64::MAX, 3_000_999] {
            latency = latency.with(Micros::from_nanos(nanos));
            assert_eq!(Latency::from_bits(latency.bits()), latency);
        }
        assert_eq!(Micros::from_nanos(3_000_999), Micros::new(3_000));
        assert_eq!(Micros::from_nanos(u64::MAX), Micros::new(u32::MAX));
    }

    #[test]
    fn finds_the_middle_between_two_polls() {
        let middle = |one, other| Micros::new(one).middle(Micros::new(other)).get();

        assert_eq!(middle(100, 150), 125);
        assert_eq!(middle(0, u32::MAX), u32::MAX / 2);
        assert_eq!(middle(150, 100), 150);
    }
}
