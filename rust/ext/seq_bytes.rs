// SPDX-License-Identifier: GPL-2.0

//! Bytes that readers copy without a lock.
//!
//! C header: [`include/linux/seqlock.h`](srctree/include/linux/seqlock.h)
//!
//! As with a C seqlock, a writer makes a counter odd while it writes, and a reader copies again if
//! the counter was odd or has changed. A reader writes nothing that others read, so readers on
//! several CPUs do not slow each other down.
//!
//! Unlike with a C seqlock, the bytes are atomic words: a reader may copy while they change, and
//! throws such a copy away.

use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    }, //
};

/// The unit in which the bytes are kept.
const WORD: usize = size_of::<u64>();

/// How often a reader tries before it leaves the decision to the caller.
const TRIES: usize = 16;

/// Bytes that many read and, at a time, one writes.
pub struct SeqBytes {
    /// Odd while the words are being written.
    seq: Atomic<u32>,
    words: KVec<Atomic<u64>>,
}

impl SeqBytes {
    /// Allocates `size` bytes, all zero.
    #[inline]
    pub fn new(size: usize) -> Result<Self> {
        let count = size.div_ceil(WORD);
        let mut words = KVec::with_capacity(count, GFP_KERNEL)?;

        for _ in 0..count {
            words.push(Atomic::new(0), GFP_KERNEL)?;
        }
        Ok(Self {
            seq: Atomic::new(0),
            words,
        })
    }

    /// Rounds a size up so that what follows it starts where [`Self::write`] wants it.
    #[inline]
    pub const fn align(size: usize) -> usize {
        size.next_multiple_of(WORD)
    }

    /// Writes each of `parts` to its offset, a multiple of eight. A reader sees all of them or none.
    ///
    /// The caller sees to it that there is one writer at a time. With two, readers could take a
    /// mixture for a value, but no worse.
    #[inline]
    pub fn write<'a>(&self, parts: impl Iterator<Item = (usize, &'a [u8])>) {
        let seq = self.seq.load(Relaxed);

        self.seq.store(seq.wrapping_add(1), Relaxed);
        for (offset, bytes) in parts {
            let words = self.words.get(offset / WORD..).unwrap_or_default();
            let mut chunks = bytes.chunks_exact(WORD);

            // Released, so that the counter is odd before a word changes.
            for (word, chunk) in words.iter().zip(&mut chunks) {
                let value = chunk.first_chunk().copied().unwrap_or_default();

                word.store(u64::from_ne_bytes(value), Release);
            }
            if let (false, Some(word)) =
                (chunks.remainder().is_empty(), words.get(bytes.len() / WORD))
            {
                let mut value = [0; WORD];

                copy_bytes(&mut value, chunks.remainder());
                word.store(u64::from_ne_bytes(value), Release);
            }
        }
        // Released, so that all words have changed before the counter is even again.
        self.seq.store(seq.wrapping_add(2), Release);
    }

    /// Copies the bytes from `offset` on to `out`, and says whether it succeeded. It does not if
    /// a writer was at work at each of several tries; a caller that keeps writers out always
    /// succeeds.
    #[inline]
    pub fn try_read(&self, offset: usize, out: &mut [u8]) -> bool {
        for _ in 0..TRIES {
            let seq = self.seq.load(Acquire);

            if seq % 2 == 0 {
                self.copy(offset, out);
                if self.seq.load(Relaxed) == seq {
                    return true;
                }
            }
            core::hint::spin_loop();
        }
        false
    }

    #[inline]
    fn copy(&self, offset: usize, out: &mut [u8]) {
        let words = self.words.get(offset / WORD..).unwrap_or_default();
        let (mut rest, mut skip) = (out, offset % WORD);

        for word in words {
            if rest.is_empty() {
                break;
            }
            // Acquired, so that the word is read before the counter is looked at again.
            let value = word.load(Acquire).to_ne_bytes();

            // Most often; then it is one move.
            if skip == 0 && rest.len() >= WORD {
                let (to, after) = rest.split_at_mut(WORD);

                if let Some(to) = to.first_chunk_mut() {
                    *to = value;
                }
                rest = after;
                continue;
            }
            let from = value.get(skip..).unwrap_or_default();
            let (to, after) = rest.split_at_mut(from.len().min(rest.len()));

            copy_bytes(to, from);
            rest = after;
            skip = 0;
        }
    }
}

/// Copies as many bytes as both have.
#[inline]
fn copy_bytes(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
