// SPDX-License-Identifier: GPL-2.0

//! How many buffers of quote requests a guest may have.

/// The limits for buffers of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferLimits {
    slots: usize,
    idle: usize,
}

impl BufferLimits {
    /// Maximum size of all buffers together, unless [`Self::LEAST_SLOTS`] need more.
    pub const MAX_BYTES: usize = 32 << 20;

    /// The least number of slots. With fewer, a few abandoned requests would take all of them.
    pub const LEAST_SLOTS: usize = 4;

    /// The largest number of slots.
    pub const MOST_SLOTS: usize = 16;

    /// Maximum size of all idle buffers together, unless one buffer has more. Buffers of up to 256 KiB
    /// are kept for all slots.
    pub const MAX_IDLE_BYTES: usize = 4 << 20;

    /// Returns the limits for buffers of `size` bytes.
    pub fn of(size: usize) -> Self {
        // Nothing is divided by zero: that would add a panic, which objtool warns of.
        let fit = |bytes: usize| bytes.checked_div(size).unwrap_or(usize::MAX);
        let slots = fit(Self::MAX_BYTES).clamp(Self::LEAST_SLOTS, Self::MOST_SLOTS);

        Self {
            slots,
            idle: fit(Self::MAX_IDLE_BYTES).clamp(1, slots),
        }
    }

    /// Returns how many requests may have a buffer at the same time.
    pub const fn slots(self) -> usize {
        self.slots
    }

    /// Returns how many buffers that no request uses are kept. At most [`Self::slots`], at least one.
    pub const fn idle(self) -> usize {
        self.idle
    }
}
