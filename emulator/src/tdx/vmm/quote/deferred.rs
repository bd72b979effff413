// SPDX-License-Identifier: GPL-2.0

//! Quote requests that stay in flight until an event in the guest, at whatever time that is.

use std::{
    mem,
    sync::{
        atomic::{
            AtomicBool,
            Ordering, //
        },
        Mutex, //
    }, //
};

use crate::{
    machine::lock::lock,
    tdx::config::QuoteUntil, //
};

/// The deferred requests. Those that are released leave the list.
#[derive(Debug)]
pub(super) struct Deferred<T> {
    until: Option<QuoteUntil>,
    /// The vCPUs look here at each load of a header's place in any page, so it is read without the lock.
    any: AtomicBool,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    list: Vec<T>,
    /// How often the guest has looked at one of them.
    reads: u32,
}

impl<T> Deferred<T> {
    /// Makes an empty list.
    pub(super) fn new(until: Option<QuoteUntil>) -> Self {
        Self {
            until,
            any: AtomicBool::new(false),
            state: Mutex::new(State {
                list: Vec::new(),
                reads: 0,
            }),
        }
    }

    /// Tells whether requests are deferred at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.until.is_some()
    }

    /// Tells whether loads may ever matter.
    pub(super) fn watches(&self) -> bool {
        matches!(self.until, Some(QuoteUntil::Reads(_)))
    }

    /// Tells whether loads matter now.
    pub(super) fn awaits(&self) -> bool {
        self.watches() && self.any.load(Ordering::Relaxed)
    }

    /// Adds a request. Returns those that this releases.
    pub(super) fn add(&self, item: T) -> Vec<T> {
        let mut state = lock(&self.state);

        state.list.push(item);
        self.any.store(true, Ordering::Relaxed);
        match self.until {
            Some(QuoteUntil::Requests(count)) if state.list.len() as u64 >= count.into() => {
                self.release(&mut state)
            }
            _ => Vec::new(),
        }
    }

    /// Notes that a register was extended. Returns the requests that this releases.
    pub(super) fn extended(&self) -> Vec<T> {
        match self.until {
            Some(QuoteUntil::Extend) => self.release(&mut lock(&self.state)),
            _ => Vec::new(),
        }
    }

    /// Notes that the guest has looked at a request, if it is one of these. Returns the requests that this
    /// releases.
    pub(super) fn read(&self, is_of: impl Fn(&T) -> bool) -> Vec<T> {
        let mut state = lock(&self.state);

        match self.until {
            Some(QuoteUntil::Reads(count)) if state.list.iter().any(is_of) => {
                state.reads += 1;
                match state.reads >= count {
                    true => self.release(&mut state),
                    false => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// Takes all requests.
    fn release(&self, state: &mut State<T>) -> Vec<T> {
        state.reads = 0;
        self.any.store(false, Ordering::Relaxed);
        mem::take(&mut state.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [u8; 0] = [];

    #[test]
    fn holds_until_there_are_as_many() {
        let deferred = Deferred::new(Some(QuoteUntil::Requests(3)));
        for _ in 0..2 {
            assert_eq!(deferred.add(1), NONE);
            assert_eq!(
                (deferred.extended(), deferred.read(|_| true)),
                (vec![], vec![])
            );
            assert_eq!(deferred.add(2), NONE);
            assert_eq!(deferred.add(3), [1, 2, 3]);
        }
    }

    #[test]
    fn holds_until_a_register_is_extended() {
        let deferred = Deferred::new(Some(QuoteUntil::Extend));
        assert_eq!((deferred.add(1), deferred.add(2)), (vec![], vec![]));
        assert_eq!(deferred.read(|_| true), NONE);
        assert_eq!(deferred.extended(), [1, 2]);
        assert_eq!(deferred.extended(), NONE);
    }

    #[test]
    fn holds_until_one_was_looked_at_as_often() {
        let deferred = Deferred::new(Some(QuoteUntil::Reads(2)));
        for _ in 0..2 {
            assert!(!deferred.awaits());
            assert_eq!(deferred.add(1), NONE);
            assert!(deferred.awaits());
            assert_eq!(deferred.read(|item| *item == 1), NONE);
            assert_eq!(deferred.read(|item| *item == 2), NONE);
            assert_eq!(deferred.extended(), NONE);
            assert_eq!(deferred.read(|item| *item == 1), [1]);
        }
    }

    #[test]
    fn watches_only_what_is_counted() {
        for until in [
            None,
            Some(QuoteUntil::Extend),
            Some(QuoteUntil::Requests(2)),
        ] {
            let deferred = Deferred::new(until);
            assert_eq!(deferred.is_enabled(), until.is_some());
            assert_eq!(deferred.add(1), NONE);
            assert!(!deferred.watches() && !deferred.awaits());
        }
        assert!(Deferred::<u8>::new(Some(QuoteUntil::Reads(1))).watches());
    }
}
