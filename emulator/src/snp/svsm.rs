// SPDX-License-Identifier: GPL-2.0

//! The SVSM: what runs at VMPL 0 when the guest itself does not.
//!
//! "Secure VM Service Module for SEV-SNP Guests" (58019), revision 1.00, chapter "Calling
//! Convention". Its code is here, not in guest memory; some memory is set aside for it nevertheless.
//!
//! ```text
//! context.rs  what a call works on, and how it fails
//! calling_area.rs  the calling areas
//! guest.rs    the memory that it may use
//! core.rs     the core protocol: calling areas, validation of pages, vCPUs
//! memory.rs   and memory that the guest gives to it, and takes back
//! list.rs     lists of pages, which the core protocol has
//! attest.rs   the attestation protocol
//! vtpm.rs     the vTPM protocol
//! services.rs what is attested
//! inject.rs   random changes of answers
//! ```

mod attest;
mod calling_area;
mod context;
mod core;
mod guest;
mod inject;
mod list;
mod memory;
mod services;
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

use super::area::Area;
use crate::{
    machine::{
        lock::lock,
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

use calling_area::{
    CallingArea,
    CallingAreas, //
};
use context::Failure;
use guest::Guest;

pub(super) use context::Context;

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

        if protocol == attest::PROTOCOL && (skips || random.as_mut().is_some_and(inject::skips)) {
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
            inject::results(random, regs);
        }
        Ok(Some(status))
    }
}

#[cfg(test)]
mod tests;
