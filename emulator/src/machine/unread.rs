// SPDX-License-Identifier: GPL-2.0

//! What the VMM changes as soon as the guest has read it.
//!
//! A driver that reads something of the VMM's twice, to check it and then to use it, gets two different
//! things. Each byte is inverted when a vCPU has loaded it, so a copy that is made byte by byte gets all
//! of what was written.

use std::{
    ops::Range,
    sync::{
        atomic::{
            AtomicBool,
            AtomicU64,
            Ordering, //
        },
        Mutex, //
    }, //
};

use super::{
    gpa::PAGE_SIZE,
    lock::lock,
    memory::{
        GuestMemory,
        NoMemory, //
    }, //
};

/// The places that the guest has not read yet.
///
/// The vCPUs check this at each load, so there is a flag that may be read without the lock.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    any: AtomicBool,
    places: Mutex<Vec<Range<u64>>>,
    changed: AtomicU64,
}

impl Unread {
    /// Adds a place in guest memory.
    pub(crate) fn add(&self, place: Range<u64>) {
        let mut places = lock(&self.places);

        places.push(place);
        self.any.store(true, Ordering::Relaxed);
    }

    /// Tells whether there may be any.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Returns how many bytes were changed.
    pub(crate) fn changed(&self) -> u64 {
        self.changed.load(Ordering::Relaxed)
    }

    /// Forgets what is in a range.
    pub(crate) fn forget(&self, range: &Range<u64>) {
        self.take(range);
    }

    /// Notes that the guest has loaded bytes, and changes those that it has loaded for the first time.
    /// Pages that are private again are left alone.
    pub(crate) fn loaded(
        &self,
        memory: &dyn GuestMemory,
        is_shared: impl Fn(Range<u64>) -> bool,
        load: &Range<u64>,
    ) {
        for place in self.take(load) {
            let pages = place.start / PAGE_SIZE..place.end.div_ceil(PAGE_SIZE);

            if is_shared(pages) && invert(memory, &place).is_ok() {
                let len = place.end - place.start;
                self.changed.fetch_add(len, Ordering::Relaxed);
            }
        }
    }

    /// Takes what is in a range, and leaves the rest.
    fn take(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut places = lock(&self.places);
        let mut taken = Vec::new();
        let mut left = Vec::new();

        for place in places.drain(..) {
            let inside = place.start.max(range.start)..place.end.min(range.end);
            if inside.is_empty() {
                left.push(place);
                continue;
            }
            let rest = [place.start..inside.start, inside.end..place.end];
            left.extend(rest.into_iter().filter(|rest| !rest.is_empty()));
            taken.push(inside);
        }
        *places = left;
        self.any.store(!places.is_empty(), Ordering::Relaxed);
        taken
    }
}

/// Inverts each byte of a place that a load can have.
fn invert(memory: &dyn GuestMemory, place: &Range<u64>) -> Result<(), NoMemory> {
    // CAST: Part of a load.
    let mut bytes = vec![0; (place.end - place.start) as usize];

    memory.read(place.start, &mut bytes)?;
    for byte in &mut bytes {
        *byte = !*byte;
    }
    memory.write(place.start, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory::FakeMemory;

    /// Memory of four pages, in which some places were not read yet.
    fn fixture<const PLACES: usize>(places: [Range<u64>; PLACES]) -> (Unread, FakeMemory) {
        let unread = Unread::default();
        for place in places {
            unread.add(place);
        }
        (unread, FakeMemory::new(0x4000))
    }

    /// The same with one place.
    fn one(place: Range<u64>) -> (Unread, FakeMemory) {
        let (unread, memory) = fixture([]);
        unread.add(place);
        (unread, memory)
    }

    /// Has the guest load something, in pages that are all shared.
    fn load(unread: &Unread, memory: &FakeMemory, load: Range<u64>) {
        unread.loaded(memory, |_| true, &load);
    }

    #[test]
    fn changes_each_byte_once_and_no_other() {
        let (unread, memory) = fixture([0x1008..0x1010, 0x1014..0x1018]);
        for byte in 0x1000..0x1020 {
            load(&unread, &memory, byte..byte + 1);
        }
        let expected: Vec<u8> = [(8, 0), (8, 0xff), (4, 0), (4, 0xff), (8, 0)]
            .into_iter()
            .flat_map(|(count, byte)| vec![byte; count])
            .collect();
        assert_eq!(memory.bytes(0x1000, 0x20), expected);
        assert!(!unread.any());
        assert_eq!(unread.changed(), 12);
        load(&unread, &memory, 0x1000..0x1020);
        assert_eq!(memory.bytes(0x1000, 0x20), expected);
        assert_eq!(unread.changed(), 12);
    }

    #[test]
    fn leaves_what_a_load_does_not_reach() {
        let (unread, memory) = one(0x1000..0x1010);
        for other in [0..0x1000, 0x1010..0x1018] {
            load(&unread, &memory, other);
        }
        assert_eq!(memory.bytes(0x1000, 0x10), [0; 0x10]);
        load(&unread, &memory, 0x1004..0x100c);
        assert_eq!(memory.bytes(0x1000, 4), [0; 4]);
        assert_eq!(memory.bytes(0x1004, 8), [0xff; 8]);
        assert_eq!(memory.bytes(0x100c, 4), [0; 4]);
        // The rest is there still, on both sides.
        load(&unread, &memory, 0xff8..0x1018);
        assert_eq!(memory.bytes(0x1000, 0x10), [0xff; 0x10]);
    }

    #[test]
    fn does_not_change_what_is_not_shared() {
        let (unread, memory) = one(0x1ff8..0x2008);
        unread.loaded(&memory, |pages| pages == (1..2), &(0x1ff8..0x2008));
        assert_eq!(memory.bytes(0x1ff8, 16), [0; 16]);
        assert_eq!(unread.changed(), 0);
        let (unread, memory) = one(0x1ff8..0x2008);
        unread.loaded(&memory, |pages| pages == (1..3), &(0x1ff8..0x2008));
        assert_eq!(memory.bytes(0x1ff8, 16), [0xff; 16]);
    }

    #[test]
    fn forgets_what_is_in_a_buffer() {
        let (unread, memory) = fixture([0x1008..0x1010, 0x2008..0x2010]);
        unread.forget(&(0x1000..0x2000));
        load(&unread, &memory, 0x1000..0x3000);
        assert_eq!(memory.bytes(0x1008, 8), [0; 8]);
        assert_eq!(memory.bytes(0x2008, 8), [0xff; 8]);
    }
}
