// SPDX-License-Identifier: GPL-2.0

//! Where the SVSM is: at launch it gets its place, and the secrets page says so.

use std::ops::Range;

/// Where the SVSM is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Area {
    /// Its memory, which is of no use to the guest.
    pub(crate) memory: Range<u64>,
    /// The calling area of the first vCPU.
    pub(crate) calling_area: u64,
}
