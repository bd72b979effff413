// SPDX-License-Identifier: GPL-2.0

//! Little-endian numbers at offsets.

/// Returns the number of 32 bits at `offset`.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let number = bytes.get(offset..)?.first_chunk()?;

    Some(u32::from_le_bytes(*number))
}

/// Returns the number of 64 bits at `offset`.
pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    let number = bytes.get(offset..)?.first_chunk()?;

    Some(u64::from_le_bytes(*number))
}
