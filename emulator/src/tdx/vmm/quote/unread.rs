// SPDX-License-Identifier: GPL-2.0

//! What the VMM changes as soon as the guest has read it.

use std::{
    ops::Range,
    sync::{
        atomic::{
            AtomicBool,
            Ordering, //
        },
        Mutex, //
    }, //
};

use crate::machine::lock::lock;

/// A field that the guest has not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Where it is in guest memory.
    pub(super) place: Range<u64>,
    /// What it is to be once it was read.
    pub(super) then: &'static [u8],
}

impl Field {
    /// Tells whether a load is the one that ends a read. A copy may read byte by byte, and must get
    /// all of the field.
    fn ends_with(&self, load: &Range<u64>) -> bool {
        let last = self.place.end.wrapping_sub(1);

        load.contains(&last)
    }
}

/// All such fields.
///
/// The vCPUs look here at each load of a header's place in any page, so there is a flag that may be
/// read without the lock.
#[derive(Debug, Default)]
pub(super) struct Unread {
    any: AtomicBool,
    list: Mutex<Vec<Field>>,
}

impl Unread {
    /// Adds a field.
    pub(super) fn add(&self, field: Field) {
        let mut list = lock(&self.list);

        list.push(field);
        self.any.store(true, Ordering::Relaxed);
    }

    /// Tells whether there may be any.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Takes those that have been read with a load.
    pub(super) fn take_read(&self, load: &Range<u64>) -> Vec<Field> {
        self.take(|field| field.ends_with(load))
    }

    /// Drops those in a range.
    pub(super) fn forget(&self, range: &Range<u64>) {
        self.take(|field| range.contains(&field.place.start));
    }

    /// Takes those that are wanted.
    fn take(&self, wanted: impl Fn(&Field) -> bool) -> Vec<Field> {
        let mut list = lock(&self.list);
        let (taken, rest) = list.drain(..).partition(wanted);

        *list = rest;
        self.any.store(!list.is_empty(), Ordering::Relaxed);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of 8 bytes at an address.
    fn field(start: u64) -> Field {
        Field {
            place: start..start + 8,
            then: &[0xff; 8],
        }
    }

    #[test]
    fn takes_a_field_when_its_last_byte_is_read_and_once() {
        for load in [15..16, 8..16, 0..16, 12..20] {
            let unread = Unread::default();
            unread.add(field(8));
            assert!(unread.any());
            for other in [0..8, 8..15, 16..24] {
                assert!(unread.take_read(&other).is_empty());
            }
            assert_eq!(unread.take_read(&load), [field(8)]);
            assert!(unread.take_read(&load).is_empty());
            assert!(!unread.any());
        }
    }

    #[test]
    fn forgets_the_fields_of_a_buffer() {
        let unread = Unread::default();
        unread.add(field(0x1008));
        unread.add(field(0x2008));
        unread.forget(&(0x1000..0x2000));
        assert!(unread.take_read(&(0x1008..0x1010)).is_empty());
        assert_eq!(unread.take_read(&(0x2008..0x2010)), [field(0x2008)]);
    }
}
