// SPDX-License-Identifier: GPL-2.0

//! What a call works on, and how it fails.

use tsm_proto::snp::svsm::Status;

use crate::{
    machine::memory::GuestMemory,
    snp::{
        psp::SecureProcessor,
        rmp::Rmp, //
    }, //
};

/// What a call may need of the machine.
#[derive(Clone, Copy)]
pub(in crate::snp) struct Context<'a> {
    /// The vCPU, and how many there are.
    pub(in crate::snp) vcpu: usize,
    pub(in crate::snp) vcpus: usize,
    pub(in crate::snp) memory: &'a dyn GuestMemory,
    pub(in crate::snp) rmp: &'a Rmp,
    pub(in crate::snp) processor: &'a SecureProcessor,
}

/// How a call ends that is not successful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// With a result code.
    Refused(Status),
    /// Not at all: the SVSM touches a page that is the VMM's.
    Fault(String),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}
