// SPDX-License-Identifier: GPL-2.0

//! Data races in Rust, for tests of the kernel that looks for them.
//!
//! While it is loaded, two tasks access the same memory. The parameter `race` says which fault they have.

use core::{
    borrow::Borrow,
    cell::UnsafeCell,
    hint::black_box, //
};

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Completion, //
    },
    workqueue, //
};

module! {
    type: TsmDataRace,
    name: "tsm_data_race",
    authors: ["The tsm-rs authors"],
    description: "Data races for tests",
    license: "GPL",
    params: {
        race: u32 {
            default: 0,
            description: "0 for none, 1 for plain writes of two tasks, 2 for a release that is missing",
        },
    },
}

/// How often the task that loads the module accesses the memory.
const ROUNDS: u64 = 10_000;

/// The round after the last one.
const END: u64 = u64::MAX;

/// The module.
struct TsmDataRace;

impl kernel::Module for TsmDataRace {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        match param(module_parameters::race.value()) {
            0 => {
                both(Shared::add_atomically, Shared::add_atomically)?;
                both(Shared::hand_over, Shared::take)?;
            }
            1 => both(Shared::add, Shared::add)?,
            2 => both(Shared::hand_over_too_early, Shared::take)?,
            _ => return Err(EINVAL),
        }
        Ok(Self)
    }
}

/// Has `first` called in each round, while another task calls `second` again and again.
fn both(first: fn(&Shared, u64), second: fn(&Shared, u64)) -> Result {
    let shared = Arc::pin_init(Shared::new(), GFP_KERNEL)?;
    let other = shared.clone();

    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        other.begun.complete_all();
        loop {
            match other.round.load(Acquire) {
                END => break,
                round => second(&other, round),
            }
        }
        other.ended.complete_all();
    })?;
    shared.begun.wait_for_completion();
    for round in 1..=ROUNDS {
        first(&shared, round);
    }
    shared.round.store(END, Release);
    shared.ended.wait_for_completion();
    Ok(())
}

/// What both tasks access.
#[pin_data]
struct Shared {
    /// By plain loads and stores.
    number: UnsafeCell<u64>,
    /// By atomic operations.
    sum: Atomic<u64>,
    /// The round whose number can be taken, or [`END`].
    round: Atomic<u64>,
    /// The round whose number was taken.
    taken: Atomic<u64>,
    #[pin]
    begun: Completion,
    #[pin]
    ended: Completion,
}

// SAFETY: Nothing in it belongs to a thread.
unsafe impl Send for Shared {}

// SAFETY: For `number` this does not hold when the module is to have a data race.
unsafe impl Sync for Shared {}

impl Shared {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            number: UnsafeCell::new(0),
            sum: Atomic::new(0),
            round: Atomic::new(0),
            taken: Atomic::new(0),
            begun <- Completion::new(),
            ended <- Completion::new(),
        })
    }

    /// Adds to the number, although the other task may do so at the same time.
    #[inline(never)]
    fn add(&self, _round: u64) {
        // SAFETY: The pointer is valid. This is the data race.
        unsafe { *self.number.get() += 1 };
    }

    /// Does the same correctly.
    #[inline(never)]
    fn add_atomically(&self, _round: u64) {
        self.sum.add(1, Relaxed);
    }

    /// Writes the number, and lets the other task take it.
    #[inline(never)]
    fn hand_over(&self, round: u64) {
        // SAFETY: The pointer is valid. The other task has taken the last number, and does not read this one
        // before `round` says so.
        unsafe { *self.number.get() = round };
        self.round.store(round, Release);
        while self.taken.load(Acquire) != round {}
    }

    /// Does the same, but the CPU may change the round before the number.
    #[inline(never)]
    fn hand_over_too_early(&self, round: u64) {
        // SAFETY: The pointer is valid. By the missing release, the other task may read meanwhile: this is
        // the data race.
        unsafe { *self.number.get() = round };
        self.round.store(round, Relaxed);
        while self.taken.load(Acquire) != round {}
    }

    /// Takes the number of this round, if it was not taken before.
    #[inline(never)]
    fn take(&self, round: u64) {
        if round == self.taken.load(Relaxed) {
            return;
        }
        // SAFETY: The pointer is valid. The task that wrote the number waits until it is taken.
        black_box(unsafe { *self.number.get() });
        self.taken.store(round, Release);
    }
}

/// Returns the value of a parameter. Linux 7.2 gives a reference to it.
fn param<T: Copy>(value: impl Borrow<T>) -> T {
    *value.borrow()
}
