// SPDX-License-Identifier: GPL-2.0

//! What a leaf works on, and how it fails.

use tsm_proto::tdx::{
    OperandId,
    Status, //
};

use crate::{
    machine::{
        gpa::Gpa,
        memory::{
            GuestMemory,
            NoMemory, //
        },
        pages::{
            PageState,
            Pages, //
        }, //
    },
    tdx::cpu::Cpu, //
};

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The guest gets a status.
    Status(Status),
    /// The guest stops: it has no such memory.
    EptViolation(String),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// What a leaf returns.
pub(super) type Result<T = ()> = std::result::Result<T, Failure>;

/// What a leaf may need of the machine.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Guest memory.
    pub(crate) memory: &'a dyn GuestMemory,
    /// The states of its pages.
    pub(crate) pages: &'a Pages,
    /// The CPU.
    pub(crate) cpu: &'a Cpu,
    /// Number of the vCPU that calls.
    pub(crate) vcpu: usize,
}

/// Which addresses an operand may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Private ones.
    Private,
    /// Any.
    Any,
}

impl Context<'_> {
    /// Checks that the guest has the memory that `operand` points to.
    pub(super) fn check(&self, raw: u64, operand: OperandId, access: Access) -> Result<Gpa> {
        let gpa = Gpa::new(raw)
            .filter(|gpa| access == Access::Any || !gpa.is_shared())
            .ok_or(Status::OPERAND_INVALID.of(operand))?;
        let state = self.pages.state(gpa.page());

        match (gpa.is_shared(), state) {
            (false, PageState::Accepted) | (true, PageState::Shared) => Ok(gpa),
            _ => Err(violation(gpa, format_args!("the page is {state:?}"))),
        }
    }

    /// Copies the bytes at a checked address.
    pub(super) fn read<const N: usize>(&self, gpa: Gpa) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        let read = self.memory.read(gpa.address(), &mut bytes);

        read.map_err(|NoMemory| violation(gpa, "there is no memory"))?;
        Ok(bytes)
    }

    /// Copies bytes to a checked address.
    pub(super) fn write(&self, gpa: Gpa, bytes: &[u8]) -> Result {
        let written = self.memory.write(gpa.address(), bytes);

        written.map_err(|NoMemory| violation(gpa, "there is no memory"))
    }
}

/// Makes the failure of an access.
pub(super) fn violation(gpa: Gpa, why: impl std::fmt::Display) -> Failure {
    let kind = match gpa.is_shared() {
        true => "shared",
        false => "private",
    };
    Failure::EptViolation(format!("{kind} GPA {:#x}: {why}", gpa.address()))
}
