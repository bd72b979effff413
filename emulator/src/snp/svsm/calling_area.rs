// SPDX-License-Identifier: GPL-2.0

//! The calling areas, by which guests call the SVSM.

use std::collections::BTreeMap;

/// The calling area of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallingArea {
    pub(super) address: u64,
    /// The page with the state of the vCPU, if the SVSM has made it.
    pub(super) vmsa: Option<u64>,
}

impl CallingArea {
    /// Where a guest finds out that there is memory that it can take back.
    pub(super) const MEM_AVAILABLE: u64 = 1;
}

/// The calling areas of vCPUs, by number.
pub(super) type CallingAreas = BTreeMap<usize, CallingArea>;
