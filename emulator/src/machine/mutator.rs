// SPDX-License-Identifier: GPL-2.0

//! Answers that are changed at random: what a fuzzer does, inside the VMM.
//!
//! The n-th answer of a seed is changed in the same way each time.

use std::{
    sync::atomic::{
        AtomicU64,
        Ordering, //
    },
    time::Duration,
};

use rand_chacha::{
    rand_core::{
        RngCore as _,
        SeedableRng as _, //
    },
    ChaCha8Rng, //
};

/// Values of 64 bits that a guest may treat in ways of their own.
const SPECIAL: [u64; 7] = [
    0,
    1,
    2,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0001,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// What a VMM answers that is asked to convert pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MapAnswer {
    /// It has converted them.
    Right,
    /// It says that it has converted them, and has not.
    Lie,
    /// It has converted so many, less than all, and wants to be asked again about the others.
    Part(u64),
    /// It has converted nothing, and wants to be asked again about an address of no meaning.
    Elsewhere(u64),
    /// It has converted nothing, and says this.
    Refused(u64),
}

/// How answers are changed.
#[derive(Debug)]
pub(crate) struct Mutator {
    /// The generator of the seed. Each answer has a stream of it.
    seeded: ChaCha8Rng,
    /// How many answers may be changed; those after them are right.
    count: u64,
    /// One of so many answers is changed.
    every: usize,
    done: AtomicU64,
}

impl Mutator {
    /// Makes a mutator.
    pub(crate) fn new(seed: u64, count: u64) -> Self {
        Self {
            seeded: ChaCha8Rng::seed_from_u64(seed),
            count,
            every: 1,
            done: AtomicU64::new(0),
        }
    }

    /// Changes only one of so many answers, at random.
    pub(crate) fn one_in(self, every: usize) -> Self {
        Self { every, ..self }
    }

    /// Returns what decides about the next answer.
    pub(crate) fn next(&self) -> Option<Random> {
        let number = self.done.fetch_add(1, Ordering::Relaxed);

        if number >= self.count {
            return None;
        }
        let mut random = Random(self.seeded.clone());
        random.0.set_stream(number);
        (self.every == 1 || random.one_in(self.every)).then_some(random)
    }
}

/// Random numbers that decide about one answer.
#[derive(Debug, Clone)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// Returns the next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns a number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // CAST: Widens; then it is below a `usize`.
        (self.next() % end.max(1) as u64) as usize
    }

    /// Changes up to seven bytes of an answer. Every other one is in the header, where a guest has
    /// more to do with it; one answer in four has a field there with a special value.
    pub(crate) fn mutate(&mut self, header: &mut [u8], data: &mut [u8]) {
        for _ in 0..self.below(8) {
            let value = self.next().to_le_bytes()[0];
            let part = match self.below(2) {
                0 => &mut *header,
                _ => &mut *data,
            };
            let offset = self.below(part.len());
            if let Some(byte) = part.get_mut(offset) {
                *byte = value;
            }
        }
        if self.one_in(4) {
            let field = self.below(header.len() / 8);
            let value = self.special().to_le_bytes();
            for (to, from) in header.iter_mut().skip(8 * field).zip(value) {
                *to = from;
            }
        }
    }

    /// Returns another status for the call itself, for one call in eight.
    pub(crate) fn call_status(&mut self) -> Option<u64> {
        self.one_in(8).then(|| self.special())
    }

    /// Says yes once in so many times.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of these, if there are any.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).copied()
    }

    /// Returns how late an answer is, less than `most`.
    pub(crate) fn delay(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.below(1 << 20) as f64 / (1 << 20) as f64)
    }

    /// Returns the answer to a request to convert `count` pages: half of the time, the right one.
    pub(crate) fn map_answer(&mut self, count: u64) -> MapAnswer {
        match self.below(6) {
            0 => MapAnswer::Part(self.next() % count.max(1)),
            1 => MapAnswer::Elsewhere(self.special()),
            2 => match self.special() {
                // That would say that it was done.
                0 => MapAnswer::Right,
                status => MapAnswer::Refused(status),
            },
            _ => MapAnswer::Right,
        }
    }

    /// Returns a special value, or any.
    fn special(&mut self) -> u64 {
        let any = self.next();
        let index = self.below(SPECIAL.len() + 1);

        SPECIAL.get(index).copied().unwrap_or(any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header, and what follows it.
    type Answer = ([u8; 24], [u8; 64]);

    /// An answer of zeros.
    const BLANK: Answer = ([0; 24], [0; 64]);

    /// Makes the first answers of a seed.
    fn answers(seed: u64, count: usize) -> Vec<Answer> {
        let mutator = Mutator::new(seed, u64::MAX);
        (0..count)
            .map(|_| {
                let (mut header, mut data) = BLANK;
                mutator.next().unwrap().mutate(&mut header, &mut data);
                (header, data)
            })
            .collect()
    }

    #[test]
    fn does_the_same_for_the_same_seed() {
        assert_eq!(answers(1, 50), answers(1, 50));
        assert!(answers(1, 50) != answers(2, 50));
    }

    #[test]
    fn changes_every_byte_some_time_and_not_each_answer() {
        let answers = answers(3, 2000);
        for offset in 0..24 {
            assert!(answers.iter().any(|answer| answer.0[offset] != 0));
        }
        for offset in 0..64 {
            assert!(answers.iter().any(|answer| answer.1[offset] != 0));
        }
        assert!(answers.contains(&BLANK));
    }

    #[test]
    fn refuses_some_calls() {
        let mutator = Mutator::new(4, u64::MAX);
        let calls: Vec<_> = (0..100)
            .map(|_| mutator.next().unwrap().call_status())
            .collect();
        assert!(calls.iter().any(Option::is_some));
        assert!(calls.iter().any(Option::is_none));
    }

    #[test]
    fn answers_conversions_in_all_ways() {
        let mutator = Mutator::new(6, u64::MAX);
        let answers: Vec<_> = (0..200)
            .map(|_| mutator.next().unwrap().map_answer(33))
            .collect();
        let count = |kind: fn(&MapAnswer) -> bool| answers.iter().filter(|one| kind(one)).count();
        assert!(count(|answer| *answer == MapAnswer::Right) > 50);
        assert!(count(|answer| matches!(answer, MapAnswer::Part(0..=32))) > 10);
        assert!(count(|answer| matches!(answer, MapAnswer::Elsewhere(_))) > 10);
        assert!(count(|answer| matches!(answer, MapAnswer::Refused(1..))) > 10);
        assert_eq!(count(|answer| matches!(answer, MapAnswer::Part(33..))), 0);
        assert_eq!(count(|answer| *answer == MapAnswer::Refused(0)), 0);
    }

    #[test]
    fn ends_after_its_count() {
        let mutator = Mutator::new(5, 2);
        let changed = (0..4).map(|_| mutator.next().is_some());
        assert_eq!(changed.collect::<Vec<_>>(), [true, true, false, false]);
    }

    #[test]
    fn changes_one_answer_in_so_many() {
        let mutator = Mutator::new(8, 1000).one_in(10);
        let changed = (0..2000).filter(|_| mutator.next().is_some()).count();
        assert!((50..200).contains(&changed));
    }

    #[test]
    fn takes_an_answer_without_data() {
        let mut header = [0; 24];
        for seed in 0..100 {
            Random(ChaCha8Rng::seed_from_u64(seed)).mutate(&mut header, &mut []);
        }
        assert_ne!(header, [0; 24]);
    }
}
