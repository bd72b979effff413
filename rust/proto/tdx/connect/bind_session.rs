// SPDX-License-Identifier: GPL-2.0

//! The time between two binds of a TDI, and `TDG.TDI.START`.

use super::{
    read::arguments,
    TdiField, //
};
use crate::{
    tdisp::FunctionId,
    tdx::call::{
        Arguments,
        Call,
        Leaf,
        Results, //
    }, //
};

/// The number of a bind session. A TDI that was bound again has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindSessionId(u64);

impl BindSessionId {
    /// Takes the number.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the number.
    pub const fn raw(self) -> u64 {
        self.0
    }
}

/// `TDG.TDI.RD`: reads which bind session it is.
///
/// To be made before evidence is read: what is read later is of this session if [`Start`] succeeds with it. A TDI that
/// the VMM has bound again in between can then not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBindSession {
    /// The TDI.
    pub function: FunctionId,
}

impl Call for ReadBindSession {
    const LEAF: Leaf = Leaf::TDI_RD;
    type Reply = BindSessionId;

    fn arguments(&self) -> Arguments {
        arguments(self.function, TdiField::BIND_SESSION_ID, 0)
    }

    fn reply(results: &Results) -> BindSessionId {
        BindSessionId(results.rcx)
    }
}

/// `TDG.TDI.START`: lets the VMM start a TDI. It runs when [`ReadState`](super::ReadState) says so, after the VMM has
/// started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The TDI.
    pub function: FunctionId,
    /// The bind session that the evidence is of. The module refuses another one.
    pub session: BindSessionId,
}

impl Call for Start {
    const LEAF: Leaf = Leaf::TDI_START;
    type Reply = ();

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: self.function.raw().into(),
            rdx: self.session.0,
            ..Arguments::default()
        }
    }

    fn reply(_results: &Results) {}
}
