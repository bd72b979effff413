// SPDX-License-Identifier: GPL-2.0

//! The vTPM protocol: there is one, which takes no commands.
//!
//! SVSM, chapter "vTPM Protocol".

use tsm_proto::snp::svsm::Status;

use super::context::Failure;
use crate::machine::registers::{
    Reg,
    Registers, //
};

/// Its number.
pub(super) const PROTOCOL: u32 = 2;

/// `SVSM_VTPM_QUERY`.
const QUERY: u32 = 0;

/// Does a call.
pub(super) fn call(call: u32, regs: &mut Registers) -> Result<(), Failure> {
    match call {
        QUERY => {
            // The commands that it takes, and its features.
            regs[Reg::Rcx] = 0;
            regs[Reg::Rdx] = 0;
            Ok(())
        }
        _ => Err(Status::UNSUPPORTED_CALL.into()),
    }
}
