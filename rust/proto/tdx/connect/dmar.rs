// SPDX-License-Identifier: GPL-2.0

//! `TDG.DMAR.ACCEPT`: lets a TDI access private memory.

use crate::{
    tdisp::FunctionId,
    tdx::call::{
        Arguments,
        Call,
        Leaf,
        Results, //
    }, //
};

/// The VM whose memory the TDI accesses, `DMAR_TARGET`.
///
/// # Invariants
///
/// Is in `0..=3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmarTarget(u8);

impl DmarTarget {
    /// The TD itself.
    // INVARIANT: 0 is in the range.
    pub const TD: Self = Self(0);

    /// Names a VM that is nested in the TD, if it can have so many: 1 to 3.
    pub const fn nested(vm: u8) -> Option<Self> {
        match vm {
            // INVARIANT: The pattern takes 1 to 3 only.
            1..=3 => Some(Self(vm)),
            _ => None,
        }
    }
}

/// The call. It can't be undone but by the VMM, which unbinds the TDI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmarAccept {
    /// The TDI.
    pub function: FunctionId,
    /// The VM.
    pub target: DmarTarget,
}

impl Call for DmarAccept {
    const LEAF: Leaf = Leaf::DMAR_ACCEPT;
    type Reply = ();

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: self.function.raw().into(),
            rdx: self.target.0.into(),
            ..Arguments::default()
        }
    }

    fn reply(_results: &Results) {}
}
