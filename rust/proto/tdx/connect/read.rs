// SPDX-License-Identifier: GPL-2.0

//! `TDG.TDI.RD`: reads a field of what the TDX module knows of a TDI.
//!
//! `RCX` has the FUNCTION_ID, `RDX` the field, `R8` the address of a page for a hash and otherwise 0. The value is in
//! `RCX`. As long as a TDI is not bound the call fails.

use super::{
    Error,
    Result, //
};
use crate::{
    open_enum::open_enum,
    tdisp::{
        state::State,
        FunctionId, //
    },
    tdx::call::{
        Arguments,
        Call,
        Leaf,
        Results, //
    }, //
};

open_enum! {
    /// The field. 2 and 5 are in Intel as well, all are in OpenVMM.
    pub struct TdiField(u64) {
        /// `GET_TDISP_VERSION`.
        TDISP_VERSION = 1,
        /// `GET_TDISP_STATE`.
        TDISP_STATE = 2,
        /// `GET_TDISP_REPORT_HASH`.
        TDISP_REPORT_HASH = 3,
        /// `GET_DEVICE_ATTESTATION_INFO_HASH`.
        DEVICE_ATTESTATION_INFO_HASH = 4,
        /// `GET_BIND_SESSION_ID`.
        BIND_SESSION_ID = 5,
    }
}

/// Returns what goes into the registers. `page` is 0 unless the field is a hash.
pub(super) fn arguments(function: FunctionId, field: TdiField, page: u64) -> Arguments {
    Arguments {
        rcx: function.raw().into(),
        rdx: field.raw(),
        r8: page,
        ..Arguments::default()
    }
}

/// Reads the state of a TDI as the TDX module knows it, whatever the VMM says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadState {
    /// The TDI.
    pub function: FunctionId,
}

impl Call for ReadState {
    const LEAF: Leaf = Leaf::TDI_RD;

    /// [`Error::State`] when there is no such state.
    type Reply = Result<State>;

    fn arguments(&self) -> Arguments {
        arguments(self.function, TdiField::TDISP_STATE, 0)
    }

    fn reply(results: &Results) -> Result<State> {
        u8::try_from(results.rcx)
            .ok()
            .and_then(|raw| State::try_from(raw).ok())
            .ok_or(Error::State(results.rcx))
    }
}
