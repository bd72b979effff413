// SPDX-License-Identifier: GPL-2.0

//! What the firmware and the VMM leave in memory for the kernel: secrets page and CPUID page, and
//! the blob that says where they are. If there is an SVSM, it is there as well.
//!
//! QEMU's firmware knows nothing of it, so it is put there when the kernel first asks `CPUID` for
//! SEV: `RSI` then has the address of its boot parameters (Documentation/arch/x86/boot.rst). A hole
//! is made in the memory map, and the blob linked into `setup_data`.

use std::ops::Range;

use crate::machine::memory::{
    GuestMemory,
    NoMemory, //
};

/// Offsets in the boot parameters.
const E820_ENTRIES: u64 = 0x1e8;
const MAGIC: u64 = 0x202;
const RAMDISK: u64 = 0x218;
const SETUP_DATA: u64 = 0x250;
const PREFERRED: u64 = 0x258;
const INIT_SIZE: u64 = 0x260;
const E820: u64 = 0x2d0;

/// Most entries of the memory map, and the size of one.
const E820_MAX: usize = 128;
const E820_ENTRY: usize = 20;

/// Size of the hole.
const HOLE: u64 = 0x1_0000;

/// Below here a PC has the memory of its VGA too, which a kernel shares before it writes there. The firmware
/// of a real SEV-SNP guest has no VGA.
const VGA_END: u64 = 1 << 20;

/// Type of memory that the kernel may use, and that it may not.
const RAM: u32 = 1;
const RESERVED: u32 = 2;

/// `SETUP_CC_BLOB`.
const CC_BLOB: u32 = 7;

/// `AMDE`.
const CC_MAGIC: u32 = 0x4544_4d41;

/// An entry of the memory map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    start: u64,
    len: u64,
    kind: u32,
}

impl Area {
    /// Tells whether memory that the kernel may use has all of a range.
    fn has(&self, start: u64, len: u64) -> bool {
        self.kind == RAM && self.start < start && start + len < self.start + self.len
    }
}

/// Tells whether a kernel's boot parameters are at an address.
pub(super) fn is_kernel(memory: &dyn GuestMemory, parameters: u64) -> bool {
    let mut magic = [0; 4];
    memory.read(parameters + MAGIC, &mut magic).is_ok() && &magic == b"HdrS"
}

/// A hole in the memory map, by its address.
///
/// ```text
/// 0x0000  setup_data, cc_blob_sev_info
/// 0x1000  secrets page
/// 0x2000  CPUID page
/// 0x3000  first calling area, of the guest
/// 0x8000  SVSM
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    address: u64,
    /// The addresses of all memory, the hole included.
    memory: Vec<Range<u64>>,
}

impl Hole {
    /// Makes it. The error is for the user.
    pub(super) fn new(memory: &dyn GuestMemory, parameters: u64) -> Result<Self, String> {
        make(memory, parameters).map_err(no_room)
    }

    /// Returns the addresses of all memory.
    pub(super) fn memory(&self) -> &[Range<u64>] {
        &self.memory
    }

    /// Returns the address of the calling area that the guest uses first.
    pub(super) fn calling_area(&self) -> u64 {
        self.address + 0x3000
    }

    /// Returns the memory of the SVSM.
    pub(super) fn svsm(&self) -> Range<u64> {
        self.address + 0x8000..self.address + HOLE
    }

    /// Puts everything in its place. The error is for the user.
    pub(super) fn fill(
        &self,
        memory: &dyn GuestMemory,
        parameters: u64,
        secrets: &[u8; 4096],
        cpuid: &[u8; 4096],
    ) -> Result<(), String> {
        place(memory, parameters, self.address, secrets, cpuid).map_err(no_room)
    }
}

fn no_room(_: NoMemory) -> String {
    "there is no room for the secrets page".into()
}

/// Finds room, and takes it out of the memory map.
fn make(memory: &dyn GuestMemory, parameters: u64) -> Result<Hole, NoMemory> {
    let mut areas = read_map(memory, parameters)?;
    let (index, hole) = find(memory, parameters, &areas)?;
    let usable = areas.iter().filter(|area| area.kind == RAM);
    let all = usable.map(|area| match area.start {
        ..=VGA_END => 0..area.start.saturating_add(area.len),
        start => start..start.saturating_add(area.len),
    });
    let all = all.collect();
    let area = areas[index];
    let end = hole + HOLE;

    areas[index].len = hole - area.start;
    areas.splice(
        index + 1..index + 1,
        [
            Area {
                start: hole,
                len: HOLE,
                kind: RESERVED,
            },
            Area {
                start: end,
                len: area.start + area.len - end,
                kind: RAM,
            },
        ],
    );
    write_map(memory, parameters, &areas)?;
    Ok(Hole {
        address: hole,
        memory: all,
    })
}

fn place(
    memory: &dyn GuestMemory,
    parameters: u64,
    hole: u64,
    secrets: &[u8; 4096],
    cpuid: &[u8; 4096],
) -> Result<(), NoMemory> {
    let blob = hole + 0x100;

    // struct setup_data, with the address of the blob, which is below 4 GiB.
    let mut node = [0; 20];
    memory.read(parameters + SETUP_DATA, &mut node[..8])?;
    node[8..12].copy_from_slice(&CC_BLOB.to_le_bytes());
    node[12..16].copy_from_slice(&4u32.to_le_bytes());
    // CAST: See find().
    node[16..].copy_from_slice(&(blob as u32).to_le_bytes());
    memory.write(hole, &node)?;
    memory.write(parameters + SETUP_DATA, &hole.to_le_bytes())?;

    // struct cc_blob_sev_info.
    let words = [
        u64::from(CC_MAGIC) | (1 << 32),
        hole + 0x1000,
        0x1000,
        hole + 0x2000,
        0x1000,
    ];
    memory.write(blob, &words.map(u64::to_le_bytes).concat())?;
    memory.write(hole + 0x1000, secrets)?;
    memory.write(hole + 0x2000, cpuid)
}

/// Finds room below the initial RAM disk and above where the kernel unpacks itself.
fn find(
    memory: &dyn GuestMemory,
    parameters: u64,
    areas: &[Area],
) -> Result<(usize, u64), NoMemory> {
    let ramdisk = u64::from(read_u32(memory, parameters + RAMDISK)?);
    let preferred = u64::from(read_u32(memory, parameters + PREFERRED)?);
    let kernel_end = preferred + u64::from(read_u32(memory, parameters + INIT_SIZE)?);

    for (index, area) in areas.iter().enumerate() {
        let end = match ramdisk {
            0 => area.start.saturating_add(area.len),
            _ => ramdisk,
        };
        // One more, so that there is memory above in any case.
        let hole = (end & !(HOLE - 1)).saturating_sub(2 * HOLE);
        if hole >= kernel_end && hole < 1 << 32 && area.has(hole, HOLE) {
            return Ok((index, hole));
        }
    }
    Err(NoMemory)
}

fn read_u32(memory: &dyn GuestMemory, address: u64) -> Result<u32, NoMemory> {
    let mut bytes = [0; 4];
    memory.read(address, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_map(memory: &dyn GuestMemory, parameters: u64) -> Result<Vec<Area>, NoMemory> {
    let mut count = [0];
    memory.read(parameters + E820_ENTRIES, &mut count)?;
    let count = usize::from(count[0]);
    // Two are added.
    if count + 2 > E820_MAX {
        return Err(NoMemory);
    }
    let mut raw = vec![0; count * E820_ENTRY];
    memory.read(parameters + E820, &mut raw)?;
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    };
    let areas = raw.chunks_exact(E820_ENTRY).map(|entry| Area {
        start: word(&entry[..8]),
        len: word(&entry[8..16]),
        // CAST: Four bytes.
        kind: word(&entry[16..]) as u32,
    });
    Ok(areas.collect())
}

fn write_map(memory: &dyn GuestMemory, parameters: u64, areas: &[Area]) -> Result<(), NoMemory> {
    let mut raw = Vec::with_capacity(areas.len() * E820_ENTRY);
    for area in areas {
        raw.extend(area.start.to_le_bytes());
        raw.extend(area.len.to_le_bytes());
        raw.extend(area.kind.to_le_bytes());
    }
    memory.write(parameters + E820, &raw)?;
    // CAST: At most 128.
    memory.write(parameters + E820_ENTRIES, &[areas.len() as u8])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::machine::memory::FakeMemory;

    pub(in crate::snp) const PARAMETERS: u64 = 0x9_0000;

    /// 2 MiB with a kernel that unpacks below 1.5 MiB.
    pub(in crate::snp) fn memory(ramdisk: u32) -> FakeMemory {
        let memory = FakeMemory::new(0x20_0000);
        memory.write(PARAMETERS + MAGIC, b"HdrS").unwrap();
        memory
            .write(PARAMETERS + RAMDISK, &ramdisk.to_le_bytes())
            .unwrap();
        memory
            .write(PARAMETERS + PREFERRED, &0x10_0000u32.to_le_bytes())
            .unwrap();
        memory
            .write(PARAMETERS + INIT_SIZE, &0x8_0000u32.to_le_bytes())
            .unwrap();
        memory
            .write(PARAMETERS + SETUP_DATA, &0x5678u64.to_le_bytes())
            .unwrap();
        let area = Area {
            start: 0x10_0000,
            len: 0x10_0000,
            kind: RAM,
        };
        write_map(&memory, PARAMETERS, &[area]).unwrap();
        memory
    }

    #[test]
    fn makes_a_hole_for_the_pages() {
        let memory = memory(0x1e_0000);
        assert!(is_kernel(&memory, PARAMETERS));
        let made = Hole::new(&memory, PARAMETERS).unwrap();
        made.fill(&memory, PARAMETERS, &[1; 4096], &[2; 4096])
            .unwrap();
        let areas = read_map(&memory, PARAMETERS).unwrap();
        let kinds: Vec<_> = areas.iter().map(|area| area.kind).collect();
        assert_eq!(kinds, [RAM, RESERVED, RAM]);
        assert_eq!(areas.iter().map(|area| area.len).sum::<u64>(), 0x10_0000);
        let hole = areas[1].start;
        assert!(hole + HOLE < 0x1e_0000 && hole >= 0x18_0000);
        assert_eq!(memory.bytes(PARAMETERS + SETUP_DATA, 8), hole.to_le_bytes());
        assert_eq!(memory.bytes(hole, 2), [0x78, 0x56]);
        assert_eq!(memory.bytes(hole + 0x100, 4), *b"AMDE");
        assert_eq!(memory.bytes(hole + 0x1000, 4096), [1; 4096]);
        assert_eq!(memory.bytes(hole + 0x2000, 4096), [2; 4096]);
        assert_eq!(made.memory().first(), Some(&(0..0x20_0000)));
        assert_eq!(made.memory().len(), 1);
        assert_eq!(made.calling_area(), hole + 0x3000);
        assert_eq!(made.svsm(), hole + 0x8000..hole + HOLE);
    }

    #[test]
    fn refuses_memory_without_room() {
        let memory = memory(0x19_0000);
        assert!(Hole::new(&memory, PARAMETERS).is_err());
        assert!(!is_kernel(&memory, 0));
    }
}
