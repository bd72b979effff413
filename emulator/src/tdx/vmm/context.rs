// SPDX-License-Identifier: GPL-2.0

//! What a sub-function works on, and what it returns.

use std::time::Instant;

use tsm_proto::tdx::VmcallStatus;

use crate::{
    machine::{
        memory::GuestMemory,
        pages::Pages, //
    },
    tdx::cpu::Cpu, //
};

/// What a sub-function returns: the status is for `R10`.
pub(super) type Result<T = ()> = std::result::Result<T, VmcallStatus>;

/// What a sub-function may need of the machine.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Guest memory.
    pub(crate) memory: &'a dyn GuestMemory,
    /// The states of its pages.
    pub(crate) pages: &'a Pages,
    /// The CPU, which the quoting enclave runs on too.
    pub(crate) cpu: &'a Cpu,
    /// The time.
    pub(crate) now: Instant,
}
