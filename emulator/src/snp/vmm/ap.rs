// SPDX-License-Identifier: GPL-2.0

//! SNP AP Creation: other vCPUs are started and stopped.
//!
//! GHCB, section "SNP AP Creation". The VMM runs a vCPU from a page that the guest has made its state,
//! the VMSA. QEMU's vCPUs start as those of any PC do, in the state after `INIT` and where a startup
//! IPI says, which is the beginning of a page. So there the emulator waits for them, and sends them on
//! to where `RIP` is. A VMSA with another state than that after `INIT` ends the machine.

use crate::{
    machine::{
        lapic,
        memory::{
            GuestMemory,
            NoMemory, //
        },
        outcome::Effect, //
    },
    snp::vmsa::{
        self,
        Entry,
        Vmsa, //
    }, //
};

use super::context::{
    Context,
    Malformed, //
};

/// What is to become of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::snp) enum Startup {
    /// It starts.
    Start { apic_id: u8, entry: Entry },
    /// It stops.
    Stop { apic_id: u8 },
}

/// Why nothing becomes of a vCPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::snp) enum Refusal {
    /// The guest gets an error.
    Malformed(Malformed),
    /// A real VMM would do it. The emulator prints an error.
    NotEmulated(String),
}

impl From<Malformed> for Refusal {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

/// Requests, in bits 15:0 of `SW_EXITINFO1`.
const CREATE_ON_INIT: u64 = 0;
const CREATE: u64 = 1;
const DESTROY: u64 = 2;

impl Startup {
    /// Takes the request from `SW_EXITINFO1`, the address of the VMSA from `SW_EXITINFO2` and the
    /// features that it has to have from `RAX`.
    pub(super) fn new(
        context: Context<'_>,
        info: u64,
        vmsa: u64,
        features: Option<u64>,
    ) -> Result<Self, Refusal> {
        let apic_id = u8::try_from(info >> 32)
            .ok()
            .filter(|apic_id| usize::from(*apic_id) < context.vcpus)
            .ok_or(Malformed::InvalidInput)?;
        let (request, vmpl) = (info & 0xffff, (info >> 16) & 0xffff);

        if vmpl != u64::from(context.vmpl) || !matches!(request, CREATE_ON_INIT | CREATE | DESTROY)
        {
            return Err(Malformed::InvalidInput.into());
        }
        let state = match request {
            DESTROY => None,
            _ => {
                let features = features.ok_or(Malformed::MissingInput)?;
                Some(state(context, vmsa, vmpl, features).ok_or(Malformed::InvalidInput)?)
            }
        };
        let refuse = |why| Err(Refusal::NotEmulated(format!("vCPU {apic_id} {why}")));

        match (apic_id, request, state) {
            (0, ..) => refuse("is to start again, or stop, which the first one can't".into()),
            (_, CREATE_ON_INIT, _) => refuse("is to start after an INIT".into()),
            (_, _, None) => Ok(Self::Stop { apic_id }),
            (_, _, Some(state)) => match state.entry() {
                Ok(entry) => Ok(Self::Start { apic_id, entry }),
                Err(why) => refuse(format!("is to start, but {why}")),
            },
        }
    }

    /// Does it, by the local APIC of the vCPU that asks.
    pub(in crate::snp) fn send(self, memory: &dyn GuestMemory) -> Effect {
        let sent = match self {
            Self::Start { apic_id, entry } => lapic::start(memory, apic_id, entry.page),
            Self::Stop { apic_id } => lapic::stop(memory, apic_id),
        };
        match sent {
            Ok(()) => Effect::Resume,
            Err(NoMemory) => Effect::Stop("the local APIC is not where it was".into()),
        }
    }
}

/// Returns what is in a VMSA, if it is one for this VMPL. At the beginning of a page of 2 MiB there can be
/// none: CPUs take accesses to such a page for violations of the RMP.
fn state(context: Context<'_>, vmsa: u64, vmpl: u64, features: u64) -> Option<Vmsa> {
    let is_aligned = vmsa % 4096 == 0 && vmsa % (2 << 20) != 0;

    if !is_aligned || !context.rmp.is_vmsa(vmsa / 4096) || features != vmsa::FEATURES {
        return None;
    }
    Vmsa::read(context.memory, vmsa).filter(|state| state.is_right(vmpl))
}
