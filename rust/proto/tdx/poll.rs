// SPDX-License-Identifier: GPL-2.0

//! When to look whether the VMM has made a quote.
//!
//! No interrupt tells that a quote is there, so the guest polls the status in the buffer. It does so
//! around the time that the last quotes took:
//!
//! | the quote is  | pause before the next poll                               |
//! |---------------|----------------------------------------------------------|
//! | not due yet   | the time so far, and not beyond the time when it is due  |
//! | due           | a sixteenth of the time for which it is due              |
//! | overdue       | a sixteenth of the time so far                           |
//!
//! If it is not known how long a quote takes, because none was made yet or they differ by much, it counts as
//! overdue.
//!
//! So a quote that takes as long as the last ones is seen soon, and one that is there much earlier is seen
//! after no more than twice its time.

/// A span of time in microseconds, 71 minutes at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(u32);

impl Micros {
    /// Takes a number of microseconds.
    pub const fn new(micros: u32) -> Self {
        Self(micros)
    }

    /// Takes a number of nanoseconds, and the maximum if they are more than that.
    pub fn from_nanos(nanos: u64) -> Self {
        Self(u32::try_from(nanos / 1000).unwrap_or(u32::MAX))
    }

    /// Returns the number of microseconds.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns the time in the middle between `self` and a later one.
    pub const fn middle(self, later: Self) -> Self {
        Self(self.0.saturating_add(later.0.saturating_sub(self.0) / 2))
    }
}

/// Minimum pause between two polls.
const SHORTEST: u32 = 50;

/// Maximum pause between two polls of a buffer.
const LONGEST: Micros = Micros(100_000);

/// Returns the pause before the next poll after a wait of `elapsed`, if it is not known how long the wait
/// will be.
///
/// It is a sixteenth of `elapsed`. With the slack of the timer, an event that takes some time is seen later
/// by less than a tenth of that time.
pub fn pause_after(elapsed: Micros, longest: Micros) -> Micros {
    Micros((elapsed.0 / 16).min(longest.0).max(SHORTEST))
}

/// How long the last quotes took.
///
/// The mean and the mean deviation of all, in which each further one counts for a quarter. No quote yet is
/// the same as quotes that took no time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    mean: u32,
    deviation: u32,
}

impl Latency {
    /// Takes what [`Self::bits`] returned.
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            // CAST: The upper half.
            mean: (bits >> 32) as u32,
            // CAST: The lower half.
            deviation: bits as u32,
        }
    }

    /// Returns both numbers in one, which can be stored at once.
    pub const fn bits(self) -> u64 {
        // CAST: Both widen.
        ((self.mean as u64) << 32) | self.deviation as u64
    }

    /// Returns what it is after a further quote, which took `took`.
    #[must_use]
    pub fn with(self, took: Micros) -> Self {
        if self == Self::default() {
            // One quote does not tell by how much they differ.
            return Self {
                mean: took.0,
                deviation: took.0 / 2,
            };
        }
        Self {
            mean: moved(self.mean, took.0),
            deviation: moved(self.deviation, self.mean.abs_diff(took.0)),
        }
    }

    /// Returns the pause before the next poll, `elapsed` after the request.
    ///
    /// A timer with a slack of a quarter does not make it end after the time when the quote is due.
    pub fn pause(self, elapsed: Micros) -> Micros {
        let usual = pause_after(elapsed, LONGEST);
        let spread = self.deviation.saturating_mul(2).saturating_add(SHORTEST);

        // What differs by much is as good as not known.
        if spread > self.mean / 2 {
            return usual;
        }
        let early = self.mean.saturating_sub(spread).saturating_sub(elapsed.0);
        let early = early - early / 5;

        if early >= SHORTEST {
            return Micros(elapsed.0.clamp(SHORTEST, LONGEST.0).min(early));
        }
        if elapsed.0 < self.mean.saturating_add(spread) {
            return Micros((spread / 8).min(usual.0).max(SHORTEST));
        }
        usual
    }
}

/// Returns a mean after one more number, which counts for a quarter.
const fn moved(mean: u32, number: u32) -> u32 {
    (mean - mean / 4).saturating_add(number / 4)
}
