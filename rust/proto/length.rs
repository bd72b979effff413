// SPDX-License-Identifier: GPL-2.0

//! Structures of fixed size.

use zerocopy::{
    FromBytes,
    Immutable,
    KnownLayout,
    Unaligned, //
};

/// Why bytes do not have the length of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthError {
    /// They end before the structure does.
    Truncated,
    /// Other bytes follow the structure.
    Trailing,
}

/// Borrows the `T` that `bytes` is, which has to be as long as that.
pub(crate) fn whole<T>(bytes: &[u8]) -> Result<&T, LengthError>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    match T::ref_from_prefix(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(LengthError::Trailing),
        Err(_) => Err(LengthError::Truncated),
    }
}
