// SPDX-License-Identifier: GPL-2.0

//! SNP AP Creation: other vCPUs are started and stopped.
//!
//! GHCB, section "SNP AP Creation". The VMM runs a vCPU from a page that the guest has made its state,
//! the VMSA. QEMU's vCPUs start as those of any PC do, when they get a startup IPI, which says in which
//! page: so that is where they start, at its first byte, whatever `RIP` is. The kernel has its code
//! for vCPUs of other guests there, which checks what the CPU is and then does the same.

use crate::{
    memory::{
        GuestMemory,
        NoMemory, //
    },
    vmm::Effect, //
};

use super::{
    Context,
    Malformed, //
};
use crate::snp::vmsa::{
    self,
    Vmsa, //
};

/// What is to become of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::snp) enum Startup {
    /// It starts at the first byte of a page below 1 MiB.
    Start { apic_id: u8, page: u8 },
    /// It stops.
    Stop { apic_id: u8 },
}

/// Requests, in bits 15:0 of `SW_EXITINFO1`.
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
    ) -> Result<Self, Malformed> {
        let apic_id = u8::try_from(info >> 32)
            .ok()
            .filter(|apic_id| usize::from(*apic_id) < context.vcpus && *apic_id > 0)
            .ok_or(Malformed::InvalidInput)?;
        let vmpl = (info >> 16) & 0xf;

        match info & 0xffff {
            CREATE => {
                let features = features.ok_or(Malformed::MissingInput)?;
                let page = start(context, vmsa, vmpl, features).ok_or(Malformed::InvalidInput)?;
                Ok(Self::Start { apic_id, page })
            }
            DESTROY => Ok(Self::Stop { apic_id }),
            _ => Err(Malformed::InvalidInput),
        }
    }

    /// Does it, by the local APIC of the vCPU that asks.
    pub(in crate::snp) fn send(self, memory: &dyn GuestMemory) -> Effect {
        /// The registers that send an interrupt.
        const ICR_LOW: u64 = 0xfee0_0300;
        const ICR_HIGH: u64 = 0xfee0_0310;
        /// What it is, and that the level is asserted.
        const INIT: u32 = 0x4500;
        const STARTUP: u32 = 0x4600;
        let send = |apic_id: u8, command: u32| {
            memory.write(ICR_HIGH, &(u32::from(apic_id) << 24).to_le_bytes())?;
            memory.write(ICR_LOW, &command.to_le_bytes())
        };

        let sent = match self {
            Self::Start { apic_id, page } => {
                send(apic_id, INIT).and_then(|()| send(apic_id, STARTUP | u32::from(page)))
            }
            Self::Stop { apic_id } => send(apic_id, INIT),
        };
        match sent {
            Ok(()) => Effect::Resume,
            Err(NoMemory) => Effect::Stop("the local APIC is not where it was".into()),
        }
    }
}

/// Checks a VMSA. Returns the page that it starts in.
fn start(context: Context<'_>, vmsa: u64, vmpl: u64, features: u64) -> Option<u8> {
    if vmsa % 4096 != 0 || !context.rmp.is_vmsa(vmsa / 4096) || features != vmsa::FEATURES {
        return None;
    }
    let state = Vmsa::read(context.memory, vmsa)?;
    match state.is_right(vmpl) && state.cs_base % 4096 == 0 {
        true => u8::try_from(state.cs_base / 4096).ok(),
        false => None,
    }
}
