// SPDX-License-Identifier: GPL-2.0

//! The launch of a TD that starts with a firmware for TDs.
//!
//! The VMM has the TDX module add the sections of the firmware, which are measured in `MRTD`, and the TD HOB, which is not:
//! firmware does that. All other RAM is there, and the TD has to accept it. It starts as ABI, "Initial State of TD
//! vCPUs" says; in real mode, because that is where QEMU starts a vCPU, and firmware has code for that too.

use std::{
    ops::Range,
    sync::{
        atomic::{
            AtomicBool,
            Ordering, //
        },
        Arc, //
    },
};

use crate::{
    machine::{
        board::Board,
        gpa::{
            self,
            PAGE_SIZE, //
        },
        memory::{
            GuestMemory,
            NoMemory, //
        },
        pages::Pages,
        registers::{
            Reg,
            Registers, //
        },
        vcpu::Vcpu, //
    },
    tdx::{
        firmware::{
            self,
            Metadata, //
        },
        module::{
            Mrtd,
            TdxModule, //
        }, //
    }, //
};

/// `EFER` of a TD that starts: SYSCALL, long mode, no-execute.
const EFER: u64 = 0x901;

/// A launch that is still to be done, or done.
#[derive(Debug)]
pub(super) struct Launch {
    board: Arc<dyn Board>,
    /// Whether it was begun.
    begun: AtomicBool,
}

impl Launch {
    /// Makes one of a machine with this board.
    pub(super) fn new(board: Arc<dyn Board>) -> Self {
        Self {
            board,
            begun: AtomicBool::new(false),
        }
    }

    /// Launches the TD when its vCPU starts, and has that start in its first state. The error is for the user.
    pub(super) fn start(
        &self,
        vcpu: &dyn Vcpu,
        module: &TdxModule,
        pages: &Pages,
        regs: &mut Registers,
    ) -> Result<(), String> {
        if self.begun.swap(true, Ordering::Relaxed) {
            return Err("a TD does not start again: it ends with a reboot".into());
        }
        let memory = vcpu.memory();
        let metadata =
            firmware::metadata(memory).map_err(|why| format!("the firmware is no TDVF: {why}"))?;
        let ram = firmware::ram(&*self.board)?;
        self.board.make_firmware_memory()?;
        check_memory(memory, &metadata)?;

        add(memory, pages, &metadata, ram)?;
        let mrtd = measure(memory, &metadata)
            .map_err(|NoMemory| "the firmware has sections where no memory is")?;
        module.measured(mrtd.finish());
        let at = metadata.hand_off().start;

        vcpu.set_efer(EFER);
        // The version of the CPU, as after any reset.
        let version = regs[Reg::Rdx];
        *regs = Registers::default();
        regs[Reg::Rdx] = version;
        regs[Reg::Rbx] = gpa::WIDTH.into();
        // What the VMM says to the first code: where the blocks are.
        regs[Reg::Rcx] = at;
        regs[Reg::R8] = at;
        // CAST: There are few vCPUs.
        regs[Reg::Rsi] = vcpu.number() as u64;
        Ok(())
    }
}

/// Checks that the image can be written to. Firmware has variables in it. In a ROM they would stay as they are, and it would
/// extend RTMR0 with what its log does not have.
fn check_memory(memory: &dyn GuestMemory, metadata: &Metadata) -> Result<(), String> {
    let has_changed = |place| -> Result<bool, NoMemory> {
        let (mut before, mut after) = ([0], [0]);

        memory.read(place, &mut before)?;
        memory.write(place, &[!before[0]])?;
        memory.read(place, &mut after)?;
        memory.write(place, &before)?;
        Ok(after != before)
    };

    for section in metadata.sections().iter().filter(|one| one.is_image()) {
        if has_changed(section.memory().start) != Ok(true) {
            return Err("the firmware's image is in a ROM, which is no memory of a TD".into());
        }
    }
    Ok(())
}

/// Adds the sections, and the hand-off blocks in theirs. The error is for the user.
fn add(
    memory: &dyn GuestMemory,
    pages: &Pages,
    metadata: &Metadata,
    ram: Vec<Range<u64>>,
) -> Result<(), String> {
    let in_ram = |section: &Range<u64>| {
        ram.iter()
            .any(|ram| ram.start <= section.start && section.end <= ram.end)
    };
    let (image, added): (Vec<_>, Vec<_>) = metadata
        .sections()
        .iter()
        .partition(|section| section.is_image());
    let added: Vec<_> = added.into_iter().map(|section| section.memory()).collect();

    if let Some(section) = added.iter().find(|section| !in_ram(section)) {
        let start = section.start;
        return Err(format!(
            "the firmware has a section at {start:#x}, where no RAM is"
        ));
    }
    let reaches_ram = |section: &Range<u64>| {
        ram.iter()
            .any(|ram| ram.start < section.end && section.start < ram.end)
    };
    if image.iter().any(|section| reaches_ram(&section.memory())) {
        return Err("the firmware has its image where RAM is".into());
    }
    let hand_off = metadata.hand_off();
    let blocks = firmware::hand_off(hand_off.start, &ram, &added);

    // CAST: Some blocks.
    if blocks.len() as u64 > hand_off.end - hand_off.start {
        return Err("the firmware has too little room for hand-off blocks".into());
    }
    pages.launch(ram);
    for section in added {
        let range = section.start / PAGE_SIZE..section.end / PAGE_SIZE;
        // All RAM is pending, and no two sections overlap.
        pages
            .accept(range)
            .and_then(|()| {
                let cleared = memory.clear(section.start, section.end - section.start);
                cleared.map_err(|NoMemory| None)
            })
            .map_err(|_| format!("the RAM at {:#x} cannot be added", section.start))?;
    }
    memory
        .write(hand_off.start, &blocks)
        .map_err(|NoMemory| "the hand-off blocks cannot be written".into())
}

/// Measures the sections: each page as it is added, and then, if the firmware wants that, what is in it.
fn measure(memory: &dyn GuestMemory, metadata: &Metadata) -> Result<Mrtd, NoMemory> {
    let mut mrtd = Mrtd::new();

    for section in metadata.sections() {
        // CAST: 4096.
        for page in section.memory().step_by(PAGE_SIZE as usize) {
            mrtd.add(page);
            if section.extends() {
                mrtd.extend(memory, page)?;
            }
        }
    }
    Ok(mrtd)
}

#[cfg(test)]
mod tests;
