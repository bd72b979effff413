// SPDX-License-Identifier: GPL-2.0

//! Structures of fixed size.

use zerocopy::{
    FromBytes,
    Immutable,
    KnownLayout,
    Unaligned, //
};

use crate::{
    Error,
    Result, //
};

/// Borrows the `T` that `bytes` is, which has to be as long as that.
#[inline]
pub(crate) fn whole<T>(bytes: &[u8]) -> Result<&T>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    match T::ref_from_prefix(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Error::Trailing),
        Err(_) => Err(Error::Truncated),
    }
}
