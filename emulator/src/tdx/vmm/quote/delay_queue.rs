// SPDX-License-Identifier: GPL-2.0

//! A queue of work that is due later, by the clock of the machine that runs QEMU.

use std::{
    sync::{
        atomic::{
            AtomicBool,
            Ordering, //
        },
        Mutex, //
    },
    time::{
        Duration,
        Instant, //
    }, //
};

use crate::machine::lock::lock;

/// An item of work, and when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Work<T> {
    /// The time.
    pub(super) due: Instant,
    /// What.
    pub(super) item: T,
}

/// The work that is not done yet.
///
/// The vCPUs check this very often, and nearly always nothing is due. So there is a flag, which may be
/// read without the lock.
#[derive(Debug)]
pub(super) struct DelayQueue<T> {
    any: AtomicBool,
    list: Mutex<Vec<Work<T>>>,
}

impl<T> Default for DelayQueue<T> {
    fn default() -> Self {
        Self {
            any: AtomicBool::new(false),
            list: Mutex::default(),
        }
    }
}

impl<T> DelayQueue<T> {
    /// Adds something.
    pub(super) fn add(&self, due: Instant, item: T) {
        let mut list = lock(&self.list);

        list.push(Work { due, item });
        self.any.store(true, Ordering::Relaxed);
    }

    /// Tells whether there may be anything.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Takes what is due, the oldest first.
    pub(super) fn take_due(&self, now: Instant) -> Vec<Work<T>> {
        let mut list = lock(&self.list);
        let (mut due, rest): (Vec<_>, Vec<_>) = list.drain(..).partition(|work| work.due <= now);

        *list = rest;
        self.any.store(!list.is_empty(), Ordering::Relaxed);
        drop(list);
        due.sort_by_key(|work| work.due);
        due
    }

    /// Drops what is not to be done any more.
    pub(super) fn forget(&self, unwanted: impl Fn(&T) -> bool) {
        if self.any() {
            lock(&self.list).retain(|work| !unwanted(&work.item));
        }
    }

    /// Returns how long nothing will be due, `most` at most.
    pub(super) fn idle(&self, now: Instant, most: Duration) -> Duration {
        if !self.any() {
            return most;
        }
        let next = lock(&self.list).iter().map(|work| work.due).min();

        next.map_or(most, |due| due.saturating_duration_since(now).min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Takes what is due, without the time.
    fn due(queue: &DelayQueue<u8>, now: Instant) -> Vec<u8> {
        let work = queue.take_due(now);
        work.into_iter().map(|work| work.item).collect()
    }

    #[test]
    fn has_nothing_to_do_at_first() {
        let queue = DelayQueue::<u8>::default();
        assert!(!queue.any());
        assert_eq!(queue.idle(Instant::now(), SECOND), SECOND);
    }

    #[test]
    fn does_the_oldest_first_and_each_once() {
        let (queue, start) = (DelayQueue::default(), Instant::now());
        queue.add(start + 3 * SECOND, 3);
        queue.add(start + 2 * SECOND, 2);
        queue.add(start + SECOND, 1);
        assert!(due(&queue, start).is_empty());
        assert!(queue.any());
        assert_eq!(due(&queue, start + 2 * SECOND), [1, 2]);
        assert_eq!(due(&queue, start + 4 * SECOND), [3]);
        assert!(!queue.any());
    }

    #[test]
    fn forgets_what_is_not_wanted() {
        let (queue, start) = (DelayQueue::default(), Instant::now());
        queue.add(start, 1);
        queue.add(start, 2);
        queue.forget(|item| *item == 1);
        assert_eq!(due(&queue, start), [2]);
    }

    #[test]
    fn idles_until_the_next() {
        let (queue, start) = (DelayQueue::default(), Instant::now());
        queue.add(start + 2 * SECOND, 0);
        assert_eq!(queue.idle(start, SECOND), SECOND);
        assert_eq!(queue.idle(start, 3 * SECOND), 2 * SECOND);
        assert_eq!(queue.idle(start + 3 * SECOND, SECOND), Duration::ZERO);
    }
}
