// SPDX-License-Identifier: GPL-2.0

//! The VMM: what a `VMGEXIT` does.
//!
//! GHCB specification (56421), revision 2.03: the MSR protocol, section 2.3, and the events of the
//! GHCB page, chapter 4. No `#VC` is ever raised, so of the events only those are there that a
//! guest asks for by itself.

mod ap;
mod context;
mod page_state;

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::Instant, //
};

use crate::machine::{
    gpa::Gpa,
    lock::lock,
    memory::NoMemory,
    outcome::Effect, //
};

use super::{
    cpuid::{
        self, //
    },
    ghcb::{
        Field,
        Ghcb, //
    },
    guest_request::{
        self,
        Buffer, //
    },
    rmp::Size, //
};

use ap::Refusal;
use context::Malformed;

pub(super) use ap::Startup;
pub(super) use context::Context;

/// Features that the VMM has: SEV-SNP, that it starts other vCPUs, and with an SVSM that it runs the
/// vCPU at several VMPLs.
const FEATURES: u64 = 1 | (1 << 1);
const MULTI_VMPL: u64 = 1 << 5;

/// Returns what the GHCB MSR has after a reset, and what answers `SEV_INFO`: version 2 only, and the C-bit.
pub(super) fn info(c_bit: u32) -> u64 {
    (2 << 48) | (2 << 32) | (u64::from(c_bit) << 24) | 1
}

/// Requests of the MSR protocol, bits 11:0; the answer's is one more, but for `SEV_INFO`.
mod msr {
    pub(super) const PAGE: u64 = 0;
    pub(super) const SEV_INFO: u64 = 0x002;
    pub(super) const CPUID: u64 = 0x004;
    pub(super) const AP_RESET_HOLD: u64 = 0x006;
    pub(super) const PREFERRED: u64 = 0x010;
    pub(super) const REGISTER: u64 = 0x012;
    pub(super) const PAGE_STATE: u64 = 0x014;
    pub(super) const RUN_VMPL: u64 = 0x016;
    pub(super) const FEATURES: u64 = 0x080;
    pub(super) const TERMINATE: u64 = 0x100;
}

/// Events of the GHCB page.
mod event {
    pub(super) const CPUID: u64 = 0x72;
    pub(super) const NMI_COMPLETE: u64 = 0x8000_0003;
    pub(super) const AP_RESET_HOLD: u64 = 0x8000_0004;
    pub(super) const PAGE_STATE: u64 = 0x8000_0010;
    pub(super) const GUEST_REQUEST: u64 = 0x8000_0011;
    pub(super) const EXTENDED_GUEST_REQUEST: u64 = 0x8000_0012;
    pub(super) const AP_CREATION: u64 = 0x8000_0013;
    pub(super) const RUN_VMPL: u64 = 0x8000_0018;
    pub(super) const FEATURES: u64 = 0x8000_fffd;
    pub(super) const TERMINATE: u64 = 0x8000_fffe;
}

/// What becomes of an event: more fields for the guest, with `SW_EXITINFO2`.
type Answer = Result<Vec<(Field, u64)>, Malformed>;

/// How the vCPU goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// At the VMPL of the guest.
    Guest(Effect),
    /// At VMPL 0, and then at that of the guest.
    Svsm,
    /// At the VMPL of the guest, when something has become of another vCPU.
    Startup(Startup),
}

/// The VMM.
#[derive(Debug)]
pub(super) struct Vmm {
    c_bit: u32,
    /// Whether the vCPU can run at VMPL 0 besides that of the guest.
    has_svsm: bool,
    /// The GHCB that each vCPU has registered.
    registered: Mutex<BTreeMap<usize, u64>>,
}

impl Vmm {
    /// Makes the VMM.
    pub(super) fn new(c_bit: u32, has_svsm: bool) -> Self {
        Self {
            c_bit,
            has_svsm,
            registered: Mutex::default(),
        }
    }

    /// Does a call with what the GHCB MSR has, and changes it to the answer.
    pub(super) fn call(&self, context: Context<'_>, msr: &mut u64) -> Next {
        let data = *msr >> 12;
        let mut next = Next::Guest(Effect::Resume);

        *msr = match *msr & 0xfff {
            msr::PAGE => return self.page(context, *msr),
            msr::SEV_INFO => info(self.c_bit),
            msr::CPUID => {
                let answer = cpuid::lookup(context.leaves, context.vcpu, (*msr >> 32) as u32, 0);
                let value = answer[((*msr >> 30) & 3) as usize];
                (u64::from(value) << 32) | *msr & 0xc000_0000 | (msr::CPUID + 1)
            }
            // As with a GHCB: no startup IPI has ended it, so the guest asks again.
            msr::AP_RESET_HOLD => {
                next = Next::Guest(Effect::Idle);
                msr::AP_RESET_HOLD + 1
            }
            msr::PREFERRED => !0xfff | (msr::PREFERRED + 1),
            msr::REGISTER => match Gpa::new(data << 12) {
                Some(gpa) if !gpa.is_shared() => {
                    lock(&self.registered).insert(context.vcpu, gpa.address());
                    (data << 12) | (msr::REGISTER + 1)
                }
                _ => !0xfff | (msr::REGISTER + 1),
            },
            msr::PAGE_STATE => {
                let page = data & ((1 << 40) - 1);
                let done = page_state::change(context, page, (data >> 40) & 0xf, Size::Small);
                (u64::from(done.is_none()) << 63) | (msr::PAGE_STATE + 1)
            }
            msr::RUN_VMPL => {
                let runs = self.runs((*msr >> 32) & 0xff);
                if runs {
                    next = Next::Svsm;
                }
                (u64::from(!runs) << 32) | (msr::RUN_VMPL + 1)
            }
            msr::FEATURES => (self.features() << 12) | (msr::FEATURES + 1),
            msr::TERMINATE => return terminate(data & 0xf, (data >> 4) & 0xff),
            // No answer says that there is no such request: the guest finds its own, as with KVM.
            _ => *msr,
        };
        next
    }

    /// Returns the features.
    fn features(&self) -> u64 {
        match self.has_svsm {
            true => FEATURES | MULTI_VMPL,
            false => FEATURES,
        }
    }

    /// Tells whether the vCPU can run at a VMPL, other than that of the guest.
    fn runs(&self, vmpl: u64) -> bool {
        self.has_svsm && vmpl == 0
    }

    /// Does a call with a GHCB page.
    fn page(&self, context: Context<'_>, address: u64) -> Next {
        let memory = context.memory;
        let ghcb = match context.rmp.is_shared(address, 4096) {
            true => Ghcb::read(memory, address),
            false => Err(NoMemory),
        };
        let Ok(ghcb) = ghcb else {
            let why = format!("the GHCB at {address:#x} is not shared");
            return Next::Guest(Effect::Stop(why));
        };
        let mut next = Next::Guest(Effect::Resume);
        let answer = match self.event(context.vcpu, address, &ghcb) {
            Err(why) => Err(why),
            Ok((code, info)) => match code {
                event::TERMINATE => return terminate(info & 0xf, (info >> 4) & 0xff),
                event::FEATURES => Ok(vec![(Field::ExitInfo2, self.features())]),
                event::RUN_VMPL if self.runs(info) => {
                    next = Next::Svsm;
                    Ok(vec![(Field::ExitInfo2, 0)])
                }
                event::RUN_VMPL => Err(Malformed::InvalidInput),
                event::AP_CREATION => match startup(context, &ghcb, info) {
                    Ok(startup) => {
                        next = Next::Startup(startup);
                        Ok(vec![(Field::ExitInfo2, 0)])
                    }
                    Err(Refusal::Malformed(why)) => Err(why),
                    Err(Refusal::NotEmulated(why)) => return Next::Guest(Effect::Stop(why)),
                },
                // Until it is started again, which does not end with an answer. The guest asks again.
                event::AP_RESET_HOLD => {
                    next = Next::Guest(Effect::Idle);
                    Ok(vec![(Field::ExitInfo2, 0)])
                }
                _ => event(context, &ghcb, code),
            },
        };
        let fields = match answer {
            Ok(mut fields) => {
                fields.push((Field::ExitInfo1, 0));
                fields
            }
            // CAST: A code.
            Err(why) => vec![(Field::ExitInfo1, 2), (Field::ExitInfo2, why as u64)],
        };
        match ghcb.answer(memory, &fields) {
            Ok(()) => next,
            Err(NoMemory) => Next::Guest(Effect::Stop("the GHCB is no memory any more".into())),
        }
    }

    /// Returns the event that a GHCB is about and its first operand, if the vCPU may call with it. Events
    /// have two operands, even if they mean nothing.
    fn event(&self, vcpu: usize, address: u64, ghcb: &Ghcb) -> Result<(u64, u64), Malformed> {
        if lock(&self.registered).get(&vcpu) != Some(&address) {
            return Err(Malformed::NotRegistered);
        }
        if ghcb.usage() != 0 {
            return Err(Malformed::Usage);
        }
        let get = |field| ghcb.get(field).ok_or(Malformed::MissingInput);

        get(Field::ExitInfo2)?;
        Ok((get(Field::ExitCode)?, get(Field::ExitInfo1)?))
    }
}

/// Does an event.
fn event(context: Context<'_>, ghcb: &Ghcb, code: u64) -> Answer {
    match code {
        event::CPUID => {
            let function = ghcb.get(Field::Rax).ok_or(Malformed::MissingInput)?;
            let index = ghcb.get(Field::Rcx).ok_or(Malformed::MissingInput)?;
            // What some of its leaves say depends on it.
            if function == cpuid::XSAVE {
                ghcb.get(Field::Xcr0).ok_or(Malformed::MissingInput)?;
            }
            // CAST: CPUID looks at the low halves.
            let answer = cpuid::lookup(context.leaves, context.vcpu, function as u32, index as u32);
            let to = [Field::Rax, Field::Rbx, Field::Rcx, Field::Rdx];
            let mut fields: Vec<_> = to.into_iter().zip(answer.map(u64::from)).collect();
            fields.push((Field::ExitInfo2, 0));
            Ok(fields)
        }
        event::NMI_COMPLETE => Ok(vec![(Field::ExitInfo2, 0)]),
        event::PAGE_STATE => {
            let scratch = ghcb.get(Field::Scratch).ok_or(Malformed::MissingInput)?;
            let done = page_state::change_all(context, ghcb.buffer(), scratch)?;
            Ok(vec![(Field::ExitInfo2, done)])
        }
        event::GUEST_REQUEST => guest_request(context, ghcb, None),
        event::EXTENDED_GUEST_REQUEST => {
            let buffer = Buffer {
                address: ghcb.get(Field::Rax).ok_or(Malformed::MissingInput)?,
                pages: ghcb.get(Field::Rbx).ok_or(Malformed::MissingInput)?,
            };
            guest_request(context, ghcb, Some(buffer))
        }
        _ => Err(Malformed::Event),
    }
}

/// SNP AP Creation.
fn startup(context: Context<'_>, ghcb: &Ghcb, info: u64) -> Result<Startup, Refusal> {
    let vmsa = ghcb.get(Field::ExitInfo2).ok_or(Malformed::MissingInput)?;
    Startup::new(context, info, vmsa, ghcb.get(Field::Rax))
}

/// SNP Guest Request, or with a buffer SNP Extended Guest Request.
fn guest_request(context: Context<'_>, ghcb: &Ghcb, buffer: Option<Buffer>) -> Answer {
    let is_shared = |pages| context.rmp.are_shared(pages);
    let request = ghcb.get(Field::ExitInfo1).ok_or(Malformed::MissingInput)?;
    let response = ghcb.get(Field::ExitInfo2).ok_or(Malformed::MissingInput)?;
    let answer = context.requests.request(
        guest_request::Context {
            memory: context.memory,
            is_shared: &is_shared,
            now: Instant::now(),
        },
        request,
        response,
        buffer,
    );

    if answer.is_malformed() {
        return Err(Malformed::InvalidInput);
    }
    let mut fields = vec![(Field::ExitInfo2, answer.exit_info_2)];
    fields.extend(answer.rbx.map(|pages| (Field::Rbx, pages)));
    Ok(fields)
}

/// The guest wants to end.
fn terminate(set: u64, reason: u64) -> Next {
    let why = format!("the guest terminates itself: reason {set}:{reason}");
    Next::Guest(Effect::Stop(why))
}

#[cfg(test)]
mod tests;
