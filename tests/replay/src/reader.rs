// SPDX-License-Identifier: GPL-2.0

//! Takes numbers and bytes from the beginning of what is left.

/// Bytes of which the first were taken.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were taken.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Takes `count` bytes, if so many are left.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.rest().get(..count)?;
        self.at += count;
        Some(taken)
    }

    /// Takes a number of `SIZE` bytes, the lowest first.
    fn number<const SIZE: usize>(&mut self) -> Option<[u8; SIZE]> {
        self.take(SIZE)?.try_into().ok()
    }

    /// Takes a number of 8 bits.
    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.number().map(u8::from_le_bytes)
    }

    /// Takes a number of 16 bits.
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.number().map(u16::from_le_bytes)
    }

    /// Takes a number of 32 bits.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.number().map(u32::from_le_bytes)
    }

    /// Takes a number of 64 bits.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.number().map(u64::from_le_bytes)
    }

    /// Takes bytes whose count, of 32 bits, is before them.
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = self.u32()?;
        self.take(usize::try_from(count).ok()?)
    }
}
