// SPDX-License-Identifier: GPL-2.0

//! How the carry flag is set.
//!
//! QEMU lets a plugin write registers, but not the flags: TCG keeps those elsewhere while it runs, and
//! puts them away where a block of code ends. A plugin that sets the PC leaves the block before that.
//! So the guest is sent to an `IRETQ` of its own kernel, with a frame on its stack that has the flags
//! and goes on where it was meant to: the CPU does the rest.

use std::sync::Mutex;

use crate::machine::{
    gpa::PAGE_SIZE,
    instruction::IRETQ,
    lock::lock,
    memory::NoMemory,
    vcpu::Vcpu, //
};

/// How far from where the guest is, in pages, an `IRETQ` is looked for if it has executed none.
const REACH: u64 = 1024;

/// The number of `IRETQ`s that are kept, at most.
const SITES: usize = 16;

/// The carry flag, bit 1, which is always set, and the flags that are no results: `IF`, `IOPL`, `NT`,
/// `AC` and `ID`.
const CARRY: u64 = 1;
const ALWAYS: u64 = 2;
const SYSTEM: u64 = (1 << 9) | (3 << 12) | (1 << 14) | (1 << 18) | (1 << 21);

/// What `IRETQ` takes from the stack. AMD64 Architecture Programmer's Manual, volume 2, section
/// "Long-Mode Interrupt Control Transfers".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) rip: u64,
    pub(crate) cs: u64,
    pub(crate) rflags: u64,
    pub(crate) rsp: u64,
    pub(crate) ss: u64,
}

impl Frame {
    const SIZE: u64 = 40;

    /// Returns the frame with the carry flag set or not, and without other results.
    pub(crate) fn with_carry(self, carry: bool) -> Self {
        Self {
            rflags: self.rflags & SYSTEM | ALWAYS | if carry { CARRY } else { 0 },
            ..self
        }
    }

    /// Puts it on the stack. Returns the stack pointer.
    fn push(self, vcpu: &dyn Vcpu) -> Result<u64, String> {
        let stack = self.rsp.wrapping_sub(Self::SIZE);
        let words = [self.rip, self.cs, self.rflags, self.rsp, self.ss];

        for (at, word) in (stack..).step_by(8).zip(words) {
            // What is aligned is in one page.
            let written = vcpu
                .translate(at)
                .filter(|_| at % 8 == 0)
                .map(|physical| vcpu.memory().write(physical, &word.to_le_bytes()));
            if written != Some(Ok(())) {
                return Err(format!("no stack at {at:#x}"));
            }
        }
        Ok(stack)
    }
}

/// The addresses of `IRETQ`s in the code of the guest.
#[derive(Debug, Default)]
pub(crate) struct IretqSites(Mutex<Vec<u64>>);

impl IretqSites {
    /// Notes one that is about to be executed.
    pub(crate) fn note(&self, address: u64) {
        let mut sites = lock(&self.0);

        if !sites.contains(&address) {
            if sites.len() == SITES {
                sites.remove(0);
            }
            sites.push(address);
        }
    }

    /// Has a vCPU take a frame. Returns where it is to go, and its stack pointer. The error is for the
    /// user.
    pub(crate) fn send(&self, vcpu: &dyn Vcpu, frame: Frame) -> Result<(u64, u64), String> {
        // A kernel does not execute what is a program's.
        let is_near = |site: &u64| site >> 63 == frame.rip >> 63;
        let known = lock(&self.0).clone();
        let site = known
            .into_iter()
            .rev()
            .filter(is_near)
            .find(|site| is_return(vcpu, *site))
            .or_else(|| find(vcpu, frame.rip))
            .ok_or_else(|| format!("no IRETQ in the code around {:#x}", frame.rip))?;

        Ok((site, frame.push(vcpu)?))
    }
}

/// Tells whether there is an `IRETQ` at an address.
fn is_return(vcpu: &dyn Vcpu, address: u64) -> bool {
    let mut bytes = [0; IRETQ.len()];
    let read = vcpu
        .translate(address)
        .map(|physical| vcpu.memory().read(physical, &mut bytes));

    read == Some(Ok(())) && bytes == IRETQ
}

/// Returns the address of an `IRETQ` in a page near `address`, the nearest first. Before a kernel has
/// executed one, it has not taken the right to be executed from any page either.
fn find(vcpu: &dyn Vcpu, address: u64) -> Option<u64> {
    let page = address & !(PAGE_SIZE - 1);

    (0..=REACH)
        .flat_map(|far| {
            [
                page.wrapping_add(far * PAGE_SIZE),
                page.wrapping_sub(far * PAGE_SIZE),
            ]
        })
        .find_map(|page| {
            let mut code = [0; PAGE_SIZE as usize];
            let read: Result<(), NoMemory> = vcpu.memory().read(vcpu.translate(page)?, &mut code);

            read.ok()?;
            let offset = code.windows(IRETQ.len()).position(|bytes| bytes == IRETQ)?;
            Some(page + offset as u64)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::vcpu::FakeVcpu;

    const HIGH: u64 = 1 << 63;

    /// Five pages, with `IRETQ` in pages 1 and 3.
    fn vcpu() -> FakeVcpu {
        let vcpu = FakeVcpu::new(5 << 12);
        for address in [0x1040, 0x3120] {
            vcpu.memory().write(address, &IRETQ).unwrap();
        }
        vcpu
    }

    fn frame(rip: u64) -> Frame {
        Frame {
            rip,
            cs: 0x10,
            rflags: 0x24_0ad7,
            rsp: 0x4020,
            ss: 0x18,
        }
    }

    #[test]
    fn has_the_flags_that_are_no_results_and_the_carry_flag() {
        assert_eq!(frame(0).with_carry(true).rflags, 0x24_0203);
        assert_eq!(frame(0).with_carry(false).rflags, 0x24_0202);
    }

    #[test]
    fn puts_the_frame_on_the_stack() {
        let vcpu = vcpu();
        let sent = IretqSites::default().send(&vcpu, frame(0x3004));
        assert_eq!(sent, Ok((0x3120, 0x3ff8)));
        let words = [0x3004, 0x10, 0x24_0ad7, 0x4020, 0x18].map(u64::to_le_bytes);
        assert_eq!(vcpu.memory.bytes(0x3ff8, 40), words.concat());
    }

    #[test]
    fn looks_for_the_nearest() {
        for (rip, site) in [(0x1004, 0x1040), (0x2004, 0x3120), (0x3004, 0x3120)] {
            let sent = IretqSites::default().send(&vcpu(), frame(rip));
            assert_eq!(sent.map(|(site, _)| site), Ok(site));
        }
    }

    #[test]
    fn prefers_what_was_executed_last_and_is_still_there() {
        let (iretq_sites, vcpu) = (IretqSites::default(), vcpu());
        let site = |rip| iretq_sites.send(&vcpu, frame(rip)).map(|(site, _)| site);
        for address in [0x1040, HIGH | 0x3120, HIGH | 0x2000] {
            iretq_sites.note(address);
        }
        assert_eq!(site(0x3004), Ok(0x1040));
        assert_eq!(site(HIGH | 0x1004), Ok(HIGH | 0x3120));
        vcpu.memory().write(0x3120, &[0; 2]).unwrap();
        assert_eq!(site(HIGH | 0x3004), Ok(HIGH | 0x1040));
    }

    #[test]
    fn keeps_a_few_sites_once() {
        let iretq_sites = IretqSites::default();
        for address in (0..40).chain(30..40) {
            iretq_sites.note(address);
        }
        assert_eq!(*lock(&iretq_sites.0), (24..40).collect::<Vec<_>>());
    }

    #[test]
    fn refuses_a_guest_without_one_or_without_a_stack() {
        let error = IretqSites::default().send(&FakeVcpu::new(4 << 12), frame(0x2004));
        assert!(error.unwrap_err().contains("no IRETQ"));
        for rsp in [0x4024, 0x8000, 0x20] {
            let error = IretqSites::default().send(
                &vcpu(),
                Frame {
                    rsp,
                    ..frame(0x1004)
                },
            );
            assert!(error.unwrap_err().contains("no stack"));
        }
    }
}
