// SPDX-License-Identifier: GPL-2.0

//! What a call works on, and why one is malformed.

use crate::{
    machine::memory::GuestMemory,
    snp::{
        cpuid::Leaf,
        guest_request::GuestRequests,
        rmp::Rmp, //
    }, //
};

/// Why a call is malformed, in `SW_EXITINFO2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::snp) enum Malformed {
    NotRegistered = 1,
    Usage = 2,
    ScratchArea = 3,
    MissingInput = 4,
    InvalidInput = 5,
    Event = 6,
}

/// What a call may need of the machine.
#[derive(Clone, Copy)]
pub(in crate::snp) struct Context<'a> {
    /// The vCPU, and how many there are.
    pub(in crate::snp) vcpu: usize,
    pub(in crate::snp) vcpus: usize,
    /// The VMPL of the guest.
    pub(in crate::snp) vmpl: u8,
    pub(in crate::snp) memory: &'a dyn GuestMemory,
    pub(in crate::snp) rmp: &'a Rmp,
    pub(in crate::snp) leaves: &'a [Leaf],
    pub(in crate::snp) requests: &'a GuestRequests,
}
