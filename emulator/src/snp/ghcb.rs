// SPDX-License-Identifier: GPL-2.0

//! The GHCB: a page that the guest shares with the VMM, to call it.
//!
//! "SEV-ES Guest-Hypervisor Communication Block Standardization" (56421), revision 2.03, section
//! 2.6. It is copied in once per call, and what the VMM answers is copied out.

use std::ops::Range;

use crate::machine::memory::{
    GuestMemory,
    NoMemory, //
};

/// Size of the save area, at the start, and where its bitmap is.
const SAVE_AREA: usize = 0x400;
const VALID: usize = 0x3f0;

/// Where there is room for the input of an event.
const BUFFER: Range<u64> = 0x800..0xff0;

/// Where it says what the page is for. 0 is for calls by its fields.
const USAGE: u64 = 0xffc;

/// A field of the save area, by its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Rax = 0x1f8,
    Rcx = 0x308,
    Rdx = 0x310,
    Rbx = 0x318,
    ExitCode = 0x390,
    ExitInfo1 = 0x398,
    ExitInfo2 = 0x3a0,
    Scratch = 0x3a8,
    Xcr0 = 0x3e8,
}

/// A private copy.
#[derive(Debug)]
pub(super) struct Ghcb {
    address: u64,
    bytes: Box<[u8; SAVE_AREA]>,
    usage: u32,
}

impl Ghcb {
    /// Copies it in.
    pub(super) fn read(memory: &dyn GuestMemory, address: u64) -> Result<Self, NoMemory> {
        let mut bytes = Box::new([0; SAVE_AREA]);
        let mut usage = [0; 4];

        memory.read(address, bytes.as_mut_slice())?;
        memory.read(address + USAGE, &mut usage)?;
        Ok(Self {
            address,
            bytes,
            usage: u32::from_le_bytes(usage),
        })
    }

    /// Returns what the page is for.
    pub(super) fn usage(&self) -> u32 {
        self.usage
    }

    /// Returns the addresses of the buffer for the input of an event.
    pub(super) fn buffer(&self) -> Range<u64> {
        self.address + BUFFER.start..self.address + BUFFER.end
    }

    /// Returns the event and `SW_EXITINFO2` of the call that was made last with the page at an address,
    /// for people: neither is valid any more.
    pub(super) fn last(memory: &dyn GuestMemory, address: u64) -> Option<(u64, u64)> {
        let ghcb = Self::read(memory, address).ok()?;
        let word = |field: Field| {
            // CAST: An offset.
            let word = ghcb.bytes.get(field as usize..)?.first_chunk()?;
            Some(u64::from_le_bytes(*word))
        };

        Some((word(Field::ExitCode)?, word(Field::ExitInfo2)?))
    }

    /// Returns a field that the guest has marked as valid.
    pub(super) fn get(&self, field: Field) -> Option<u64> {
        // CAST: An offset.
        let offset = field as usize;
        let word = self.bytes.get(offset..offset + 8)?;
        let marked = (self.bytes[VALID + offset / 64] >> (offset / 8 % 8)) & 1 != 0;

        marked.then(|| {
            word.iter()
                .rev()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
        })
    }

    /// Answers: these fields and no others are valid then.
    pub(super) fn answer(
        mut self,
        memory: &dyn GuestMemory,
        fields: &[(Field, u64)],
    ) -> Result<(), NoMemory> {
        self.bytes[VALID..].fill(0);
        for (field, value) in fields {
            // CAST: An offset.
            let offset = *field as usize;
            self.bytes[offset..][..8].copy_from_slice(&value.to_le_bytes());
            self.bytes[VALID + offset / 64] |= 1 << (offset / 8 % 8);
            memory.write(self.address + offset as u64, &value.to_le_bytes())?;
        }
        memory.write(self.address + VALID as u64, &self.bytes[VALID..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory::FakeMemory;

    #[test]
    fn takes_only_what_is_valid_and_answers() {
        let memory = FakeMemory::new(0x2000);
        memory.write(0x1390, &7u64.to_le_bytes()).unwrap();
        memory.write(0x1398, &8u64.to_le_bytes()).unwrap();
        // Bit 114 is that of the exit code, by its offset in words.
        memory.write(0x13f0 + 14, &[1 << 2]).unwrap();
        let ghcb = Ghcb::read(&memory, 0x1000).unwrap();
        assert_eq!(ghcb.get(Field::ExitCode), Some(7));
        assert_eq!(ghcb.get(Field::ExitInfo1), None);
        ghcb.answer(&memory, &[(Field::ExitInfo2, 9), (Field::Rbx, 5)])
            .unwrap();
        assert_eq!(Ghcb::last(&memory, 0x1000), Some((7, 9)));
        assert_eq!(Ghcb::last(&memory, 0x2000), None);
        let ghcb = Ghcb::read(&memory, 0x1000).unwrap();
        assert_eq!(ghcb.get(Field::ExitCode), None);
        assert_eq!(ghcb.get(Field::ExitInfo2), Some(9));
        assert_eq!(ghcb.get(Field::Rbx), Some(5));
    }
}
