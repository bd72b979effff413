// SPDX-License-Identifier: GPL-2.0

//! The MSI-X vectors of a function: QEMU gives an `eventfd` for each that it wants to know of.

use std::{
    fs::File,
    io::Write as _, //
};

use super::layout::VECTORS;

/// The vectors.
#[derive(Debug)]
pub(super) struct Interrupts(Vec<Option<File>>);

impl Interrupts {
    /// Makes vectors that nothing is wanted of.
    pub(super) fn new() -> Self {
        Self((0..VECTORS).map(|_| None).collect())
    }

    /// Sets `count` vectors from `start` on. Those that there is no file for are wanted no more.
    pub(super) fn set(&mut self, start: u32, count: u32, files: Vec<File>) {
        let mut files = files.into_iter();

        for vector in (start..start.saturating_add(count)).take(self.0.len()) {
            let file = files.next();
            let found = usize::try_from(vector).ok();
            if let Some(place) = found.and_then(|vector| self.0.get_mut(vector)) {
                *place = file;
            }
        }
    }

    /// Forgets all vectors.
    pub(super) fn clear(&mut self) {
        self.0.fill_with(|| None);
    }

    /// Sends an interrupt.
    pub(super) fn raise(&mut self, vector: u32) {
        let found = usize::try_from(vector)
            .ok()
            .and_then(|vector| self.0.get_mut(vector)?.as_mut());

        if let Some(file) = found {
            // A counter that is full has an interrupt pending.
            let _ = file.write(&1u64.to_ne_bytes());
        }
    }
}
