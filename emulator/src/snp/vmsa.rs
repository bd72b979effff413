// SPDX-License-Identifier: GPL-2.0

//! The state of a vCPU that is not running: as much of it as counts when it starts.
//!
//! AMD64 Architecture Programmer's Manual, volume 2, appendix B; and table 14-1 for the state after
//! `INIT`.

mod reset;

use crate::machine::memory::GuestMemory;

pub(super) use reset::reset;

/// Offsets.
const CS: u64 = 0x10;
const CS_BASE: u64 = 0x18;
const VMPL: u64 = 0xca;
const EFER: u64 = 0xd0;
const CR4: u64 = 0x148;
const CR3: u64 = 0x150;
const CR0: u64 = 0x158;
const RFLAGS: u64 = 0x170;
const RIP: u64 = 0x178;
const SEV_FEATURES: u64 = 0x3b0;

/// A bit of `EFER` that has to be set.
const SVME: u64 = 1 << 12;

/// The bit of `CR4` that a kernel keeps for machine checks, and sets again by itself.
const MCE: u64 = 1 << 6;

/// What `SEV_STATUS` says: bits for SEV, SEV-ES and SEV-SNP.
pub(super) const STATUS: u64 = 7;

/// The features that are on: those of `SEV_STATUS`, from SEV-SNP on.
pub(super) const FEATURES: u64 = STATUS >> 2;

/// The state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vmsa {
    /// The selector, the attributes, and the limit.
    cs: u64,
    cs_base: u64,
    vmpl: u64,
    efer: u64,
    cr4: u64,
    cr3: u64,
    cr0: u64,
    rflags: u64,
    rip: u64,
    features: u64,
}

/// Where a vCPU starts, in real mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::snp) struct Entry {
    /// The page that its code segment begins with, below 1 MiB.
    pub(super) page: u8,
    /// Where in the segment.
    pub(super) offset: u16,
}

impl Vmsa {
    /// Copies it in, if there is memory.
    pub(super) fn read(memory: &dyn GuestMemory, address: u64) -> Option<Self> {
        let word = |offset| {
            let mut word = [0; 8];
            let read = memory.read(address + offset, &mut word);
            read.ok().map(|()| u64::from_le_bytes(word))
        };

        Some(Self {
            cs: word(CS)?,
            cs_base: word(CS_BASE)?,
            vmpl: word(VMPL)? & 0xff,
            efer: word(EFER)?,
            cr4: word(CR4)?,
            cr3: word(CR3)?,
            cr0: word(CR0)?,
            rflags: word(RFLAGS)?,
            rip: word(RIP)?,
            features: word(SEV_FEATURES)?,
        })
    }

    /// Tells whether it is one of this guest, for a VMPL.
    pub(super) fn is_right(&self, vmpl: u64) -> bool {
        self.vmpl == vmpl && self.efer & SVME != 0 && self.features == FEATURES
    }

    /// Returns where it starts. The error says, for the user, what else than `CS` and `RIP` is not as
    /// after `INIT`: QEMU's vCPUs start in no other state.
    pub(super) fn entry(&self) -> Result<Entry, String> {
        let (selector, limit) = (self.cs & 0xffff, self.cs >> 32);

        for (name, value, expected) in [
            ("CR0", self.cr0, 0x6000_0010),
            ("CR3", self.cr3, 0),
            ("CR4", self.cr4 & !MCE, 0),
            ("EFER", self.efer, SVME),
            ("RFLAGS", self.rflags, 2),
            ("the limit of CS", limit, 0xffff),
            ("the base of CS", self.cs_base, selector << 4),
        ] {
            if value != expected {
                return Err(format!("{name} is {value:#x}, not {expected:#x}"));
            }
        }
        let page = match self.cs_base % 4096 {
            0 => u8::try_from(self.cs_base / 4096),
            _ => return Err(format!("CS begins at {:#x}, in a page", self.cs_base)),
        };
        Ok(Entry {
            page: page.map_err(|_| format!("CS begins at {:#x}", self.cs_base))?,
            offset: u16::try_from(self.rip).map_err(|_| format!("RIP is {:#x}", self.rip))?,
        })
    }
}

#[cfg(test)]
pub(in crate::snp) mod tests {
    use super::*;
    use crate::machine::memory::FakeMemory;

    /// Writes a VMSA as the kernel makes it for a vCPU that is to start at offset 0x123 of page 0x99.
    pub(in crate::snp) fn write(memory: &FakeMemory, address: u64, vmpl: u8) {
        let set = |offset: u64, bytes: &[u8]| memory.write(address + offset, bytes).unwrap();

        set(CS, &[0, 0x99, 0x9b, 0, 0xff, 0xff, 0, 0]);
        set(CS_BASE, &0x9_9000u64.to_le_bytes());
        set(VMPL, &[vmpl]);
        set(EFER, &SVME.to_le_bytes());
        set(CR4, &MCE.to_le_bytes());
        set(CR0, &0x6000_0010u64.to_le_bytes());
        set(RFLAGS, &2u64.to_le_bytes());
        set(RIP, &0x123u64.to_le_bytes());
        set(SEV_FEATURES, &FEATURES.to_le_bytes());
    }

    #[test]
    fn starts_where_cs_and_rip_point_to() {
        let memory = FakeMemory::new(4096);
        write(&memory, 0, 2);
        let state = Vmsa::read(&memory, 0).unwrap();
        assert!(state.is_right(2) && !state.is_right(0));
        let entry = Entry {
            page: 0x99,
            offset: 0x123,
        };
        assert_eq!(state.entry(), Ok(entry));
    }

    #[test]
    fn says_what_is_not_as_after_init() {
        for (offset, value, why) in [
            (CR0, 0x6000_0011, "CR0 is 0x60000011"),
            (CR3, 0x1000, "CR3 is 0x1000"),
            (CR4, 0x20, "CR4 is 0x20"),
            (EFER, 0x1100, "EFER is 0x1100"),
            (RFLAGS, 0x202, "RFLAGS is 0x202"),
            (RIP, 0x1_0000, "RIP is 0x10000"),
            (CS, 0xffff_ffff_009b_9900, "limit of CS is 0xffffffff"),
            (CS, 0x0000_ffff_009b_0000, "base of CS is 0x99000, not 0x0"),
        ] {
            let memory = FakeMemory::new(4096);
            write(&memory, 0, 0);
            memory.write(offset, &u64::to_le_bytes(value)).unwrap();
            let refused = Vmsa::read(&memory, 0).unwrap().entry().unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn refuses_segments_that_no_startup_ipi_makes() {
        let memory = FakeMemory::new(4096);
        write(&memory, 0, 0);
        memory.write(CS, &[0x01, 0x99]).unwrap();
        memory.write(CS_BASE, &0x9_9010u64.to_le_bytes()).unwrap();
        let refused = Vmsa::read(&memory, 0).unwrap().entry();
        assert_eq!(refused, Err("CS begins at 0x99010, in a page".into()));
    }
}
