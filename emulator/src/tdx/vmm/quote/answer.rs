// SPDX-License-Identifier: GPL-2.0

//! What the VMM writes into a buffer, right or wrong.

use std::{
    iter,
    ops::Range, //
};

use rand_chacha::{
    rand_core::{
        RngCore as _,
        SeedableRng as _, //
    },
    ChaCha8Rng, //
};
use tsm_proto::tdx::quote::{
    Header,
    Status, //
};

use crate::tdx::config::QuoteService;

/// Where the fields of the header are.
pub(super) mod field {
    use std::ops::Range;

    pub(in crate::tdx::vmm::quote) const VERSION: Range<usize> = 0..8;
    pub(in crate::tdx::vmm::quote) const STATUS: Range<usize> = 8..16;
    pub(super) const IN_LEN: Range<usize> = 16..20;
    pub(super) const OUT_LEN: Range<usize> = 20..24;
}

/// The contents of a buffer, as far as the VMM changes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The header.
    pub(super) header: [u8; Header::SIZE],
    /// What follows it.
    pub(super) data: Vec<u8>,
}

impl Answer {
    /// Answers the request with `header`.
    pub(super) fn new(header: Header, status: Status, out_len: u32, data: Vec<u8>) -> Self {
        let mut answer = Self {
            header: zerocopy::transmute!(header),
            data,
        };

        answer.header[field::STATUS].copy_from_slice(&status.raw().to_le_bytes());
        answer.header[field::OUT_LEN].copy_from_slice(&out_len.to_le_bytes());
        answer
    }

    /// Answers the request with `header` by a status and no quote.
    pub(super) fn status(header: Header, status: Status) -> Self {
        Self::new(header, status, 0, Vec::new())
    }

    /// Injects the fault that an option selects into a right answer, in a buffer with `room` for data.
    pub(super) fn inject(mut self, service: QuoteService, room: usize) -> Self {
        match service {
            QuoteService::Empty => self.set(field::OUT_LEN, &[0; 4]),
            QuoteService::Long => {
                let len = u32::try_from(room + 1).unwrap_or(u32::MAX);
                self.set(field::OUT_LEN, &len.to_le_bytes());
            }
            QuoteService::Huge => self.set(field::OUT_LEN, &[0xff; 4]),
            QuoteService::Version => self.set(field::VERSION, &2u64.to_le_bytes()),
            QuoteService::Garbage => self.data.iter_mut().zip(noise()).for_each(assign),
            QuoteService::Noise => {
                let quote = self.data.len();
                self.data.resize(room.max(quote), 0);
                self.data
                    .iter_mut()
                    .zip(noise())
                    .skip(quote)
                    .for_each(assign);
                self.set(field::IN_LEN, &[0xa5; 4]);
            }
            _ => {}
        }
        self
    }

    /// Returns the header that a VMM that can't decide writes in turn `turn` after the answer, if the
    /// user wants such a one.
    pub(super) fn turn(&self, service: QuoteService, turn: u32) -> Option<[u8; Header::SIZE]> {
        let mut other = self.clone();

        match service {
            QuoteService::Changing => other.set(field::OUT_LEN, &[0xff; 4]),
            QuoteService::Flipping => other.set(field::STATUS, &[0xff; 8]),
            _ => return None,
        }
        Some(match turn % 2 {
            1 => other.header,
            _ => self.header,
        })
    }

    /// Returns what the guest can read once of an answer with `len` bytes of data, if the user wants that.
    pub(super) fn once(service: QuoteService, len: usize) -> Vec<Range<usize>> {
        match service {
            QuoteService::Once => vec![field::STATUS, field::OUT_LEN],
            QuoteService::Racing => iter::once(0..Header::SIZE + len).collect(),
            _ => Vec::new(),
        }
    }

    /// Sets a field of the header.
    fn set(&mut self, field: Range<usize>, value: &[u8]) {
        let bytes = self.header.get_mut(field).unwrap_or_default();

        bytes.iter_mut().zip(value.iter().copied()).for_each(assign);
    }
}

/// Sets a byte.
fn assign((to, from): (&mut u8, u8)) {
    *to = from;
}

/// Returns bytes that have no meaning, the same ones every time.
fn noise() -> impl Iterator<Item = u8> {
    let mut random = ChaCha8Rng::seed_from_u64(0);

    iter::repeat_with(move || random.next_u64().to_le_bytes()).flatten()
}
