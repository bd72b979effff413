// SPDX-License-Identifier: GPL-2.0

//! The guest's memory, and what of it the SVSM may use.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::Mutex, //
};

use tsm_proto::snp::svsm::Status;

use crate::{
    machine::{
        gpa::PAGE_SIZE,
        lock::lock,
        memory::{
            GuestMemory,
            NoMemory, //
        }, //
    },
    snp::rmp::Rmp, //
};

/// The guest's memory, as the SVSM uses it: what is validated, and not its own.
pub(super) struct Guest<'a> {
    pub(super) memory: &'a dyn GuestMemory,
    pub(super) rmp: &'a Rmp,
    pub(super) own: Range<u64>,
    pub(super) deposited: &'a Mutex<BTreeSet<u64>>,
}

impl Guest<'_> {
    /// Takes what a calling area says out of it: 1 is a call, 0 is none.
    pub(super) fn take_pending(&self, calling_area: u64) -> Result<u8, String> {
        let lost = |_| format!("the calling area at {calling_area:#x} is not the guest's");
        let mut pending = [0];

        self.read(calling_area, &mut pending).map_err(lost)?;
        self.write(calling_area, &[0]).map_err(lost)?;
        let [pending] = pending;
        Ok(pending)
    }

    /// Copies out of the guest.
    pub(super) fn read(&self, address: u64, to: &mut [u8]) -> Result<(), Status> {
        self.check(address, to.len() as u64)?;
        let done = self.memory.read(address, to);
        done.map_err(|NoMemory| Status::INVALID_ADDRESS)
    }

    /// Copies into the guest.
    pub(super) fn write(&self, address: u64, from: &[u8]) -> Result<(), Status> {
        self.check(address, from.len() as u64)?;
        let done = self.memory.write(address, from);
        done.map_err(|NoMemory| Status::INVALID_ADDRESS)
    }

    /// Checks that a range may be used.
    pub(super) fn check(&self, address: u64, len: u64) -> Result<(), Status> {
        match self.is_own(address, len) || !self.rmp.is_validated(address, len) {
            true => Err(Status::INVALID_ADDRESS),
            false => Ok(()),
        }
    }

    /// Tells whether any of a range is the SVSM's own, or whether it is none. Its own is what it had
    /// from the launch, what the guest has given to it, and the states of vCPUs.
    pub(super) fn is_own(&self, address: u64, len: u64) -> bool {
        let Some(end) = address.checked_add(len) else {
            return true;
        };
        let mut pages = address / PAGE_SIZE..end.div_ceil(PAGE_SIZE);

        (address < self.own.end && self.own.start < end)
            || lock(self.deposited).range(pages.clone()).next().is_some()
            || pages.any(|page| self.rmp.is_vmsa(page))
    }
}
