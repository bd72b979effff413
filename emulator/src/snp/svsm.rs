// SPDX-License-Identifier: GPL-2.0

//! The SVSM: what runs at VMPL 0 when the guest itself does not.
//!
//! "Secure VM Service Module for SEV-SNP Guests" (58019), revision 1.00, chapter "Calling
//! Convention". Its code is here, not in guest memory; some memory is set aside for it nevertheless.
//!
//! ```text
//! core.rs     the core protocol: calling areas, validation of pages, vCPUs
//! memory.rs   and memory that the guest gives to it, and takes back
//! list.rs     lists of pages, which the core protocol has
//! attest.rs   the attestation protocol
//! vtpm.rs     the vTPM protocol
//! services.rs what is attested
//! spoil.rs    answers that are changed at random
//! ```

mod attest;
mod core;
mod list;
mod memory;
mod services;
mod spoil;
mod vtpm;

use std::{
    collections::{
        BTreeMap,
        BTreeSet, //
    },
    ops::Range,
    sync::Mutex, //
};

use tsm_proto::snp::svsm::Status;

use super::{
    psp::SecureProcessor,
    rmp::Rmp, //
};
use crate::{
    machine::{
        gpa::PAGE_SIZE,
        lock::lock,
        memory::{
            GuestMemory,
            NoMemory, //
        },
        mutator::Mutator,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    snp::config::{
        svsm::{
            AttestService,
            Services, //
        },
        MutatedPart,
        SnpConfig, //
    }, //
};

/// Where the SVSM is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Area {
    /// Its memory, which is of no use to the guest.
    pub(crate) memory: Range<u64>,
    /// The calling area of the first vCPU.
    pub(crate) calling_area: u64,
}

/// What a call may need of the machine.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The vCPU, and how many there are.
    pub(super) vcpu: usize,
    pub(super) vcpus: usize,
    pub(super) memory: &'a dyn GuestMemory,
    pub(super) rmp: &'a Rmp,
    pub(super) processor: &'a SecureProcessor,
}

/// How a call ends that is not successful.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Failure {
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

/// The SVSM.
#[derive(Debug)]
pub(super) struct Svsm {
    config: SnpConfig,
    /// Changes what attestation calls are answered with.
    mutator: Option<Mutator>,
    state: Mutex<State>,
    /// Pages that the guest has given to it. Locked after `state`.
    deposited: Mutex<BTreeSet<u64>>,
}

/// The calling area of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CallingArea {
    address: u64,
    /// The page with the state of the vCPU, if the SVSM has made it.
    vmsa: Option<u64>,
}

impl CallingArea {
    /// Where a guest finds out that there is memory that it can take back.
    const MEM_AVAILABLE: u64 = 1;
}

/// The calling areas of vCPUs, by number.
type CallingAreas = BTreeMap<usize, CallingArea>;

/// What goes on.
#[derive(Debug, Default)]
struct State {
    /// Its memory, since the launch.
    memory: Range<u64>,
    /// The calling area of each vCPU that it has made, and from the launch of the first.
    calling_areas: CallingAreas,
    /// How often it was busy with the next attestation call.
    busy: u32,
}

impl Svsm {
    /// Makes it.
    pub(super) fn new(config: &SnpConfig) -> Self {
        Self {
            mutator: config
                .mutate
                .filter(|_| config.mutate_part == MutatedPart::Attestation)
                .map(|seed| Mutator::new(seed, config.mutate_count)),
            config: config.clone(),
            state: Mutex::default(),
            deposited: Mutex::default(),
        }
    }

    /// Takes the SVSM's place in memory.
    pub(super) fn launch(&self, area: Area) {
        let mut state = lock(&self.state);

        state.memory = area.memory;
        let first = CallingArea {
            address: area.calling_area,
            vmsa: None,
        };
        state.calling_areas = BTreeMap::from([(0, first)]);
    }

    /// Returns where the calling area of a vCPU is, once there is one.
    pub(super) fn calling_area(&self, vcpu: usize) -> Option<u64> {
        let state = lock(&self.state);
        state.calling_areas.get(&vcpu).map(|area| area.address)
    }

    /// Runs, and does the call that is pending, if there is one. Returns the result code, if so. The
    /// error is the fault that ends the guest.
    pub(super) fn run(
        &self,
        context: Context<'_>,
        regs: &mut Registers,
    ) -> Result<Option<Status>, String> {
        let mut state = lock(&self.state);
        let State {
            memory,
            calling_areas,
            busy,
        } = &mut *state;
        let Some(calling_area) = calling_areas.get(&context.vcpu) else {
            return Ok(None);
        };
        let guest = Guest {
            memory: context.memory,
            rmp: context.rmp,
            own: memory.clone(),
            deposited: &self.deposited,
        };
        let call = regs[Reg::Rax];
        // CAST: Both halves.
        let (protocol, call) = ((call >> 32) as u32, call as u32);
        let mut random = match (protocol, &self.mutator) {
            (attest::PROTOCOL, Some(mutator)) => mutator.next(),
            _ => None,
        };
        let skips = self.config.svsm.attest == AttestService::Skipped;

        if protocol == attest::PROTOCOL && (skips || random.as_mut().is_some_and(spoil::skips)) {
            return Ok(None);
        }
        let pending = guest.take_pending(calling_area.address)?;
        if pending == 0 {
            return Ok(None);
        }
        let has_vtpm = self.config.svsm.services == Services::Vtpm;
        let result = match (protocol, call) {
            _ if pending != 1 => Err(Status::INVALID_FORMAT.into()),
            (core::PROTOCOL, call) => {
                core::call(&guest, context, calling_areas, &self.config, call, regs)
            }
            (attest::PROTOCOL, _) if *busy < self.config.svsm.busy => {
                *busy += 1;
                Err(Status::BUSY.into())
            }
            (attest::PROTOCOL, call) => {
                *busy = 0;
                attest::call(&guest, context, &self.config, call, regs, random.as_mut())
            }
            (vtpm::PROTOCOL, call) if has_vtpm => vtpm::call(call, regs),
            _ => Err(Status::UNSUPPORTED_PROTOCOL.into()),
        };
        let status = match result {
            Ok(()) => Status::SUCCESS,
            Err(Failure::Refused(status)) => status,
            Err(Failure::Fault(why)) => return Err(why),
        };
        regs[Reg::Rax] = status.raw().into();
        if let Some(random) = &mut random {
            spoil::results(random, regs);
        }
        Ok(Some(status))
    }
}

/// The guest's memory, as the SVSM uses it: what is validated, and not its own.
struct Guest<'a> {
    memory: &'a dyn GuestMemory,
    rmp: &'a Rmp,
    own: Range<u64>,
    deposited: &'a Mutex<BTreeSet<u64>>,
}

impl Guest<'_> {
    /// Takes what a calling area says out of it: 1 is a call, 0 is none.
    fn take_pending(&self, calling_area: u64) -> Result<u8, String> {
        let lost = |_| format!("the calling area at {calling_area:#x} is not the guest's");
        let mut pending = [0];

        self.read(calling_area, &mut pending).map_err(lost)?;
        self.write(calling_area, &[0]).map_err(lost)?;
        let [pending] = pending;
        Ok(pending)
    }

    /// Copies out of the guest.
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), Status> {
        self.check(address, to.len() as u64)?;
        let done = self.memory.read(address, to);
        done.map_err(|NoMemory| Status::INVALID_ADDRESS)
    }

    /// Copies into the guest.
    fn write(&self, address: u64, from: &[u8]) -> Result<(), Status> {
        self.check(address, from.len() as u64)?;
        let done = self.memory.write(address, from);
        done.map_err(|NoMemory| Status::INVALID_ADDRESS)
    }

    /// Checks that a range may be used.
    fn check(&self, address: u64, len: u64) -> Result<(), Status> {
        match self.is_own(address, len) || !self.rmp.is_validated(address, len) {
            true => Err(Status::INVALID_ADDRESS),
            false => Ok(()),
        }
    }

    /// Tells whether any of a range is the SVSM's own, or whether it is none. Its own is what it had
    /// from the launch, what the guest has given to it, and the states of vCPUs.
    fn is_own(&self, address: u64, len: u64) -> bool {
        let Some(end) = address.checked_add(len) else {
            return true;
        };
        let mut pages = address / PAGE_SIZE..end.div_ceil(PAGE_SIZE);

        (address < self.own.end && self.own.start < end)
            || lock(self.deposited).range(pages.clone()).next().is_some()
            || pages.any(|page| self.rmp.is_vmsa(page))
    }
}

#[cfg(test)]
mod tests;
