// SPDX-License-Identifier: GPL-2.0

//! The launch of a TD that starts with a firmware for TDs.
//!
//! The VMM has the TDX module add the sections of the firmware, which are measured in `MRTD`, and the TD HOB, which the firmware
//! measures itself. All other RAM is there, and the TD has to accept it. Then the VMM runs all vCPUs.
//!
//! ```text
//! state.rs   the state that each vCPU starts in
//! others.rs  the vCPUs besides the first one
//! ```

mod others;
mod state;

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
        gpa::PAGE_SIZE,
        memory::{
            GuestMemory,
            NoMemory, //
        },
        pages::Pages,
        ram,
        registers::Registers,
        vcpu::Vcpu, //
    },
    tdx::{
        config::{
            HandOffService,
            LaunchService,
            TdxConfig, //
        },
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

use others::Others;
use state::Descriptors;

/// A launch that is still to be done, or done.
#[derive(Debug)]
pub(super) struct Launch {
    /// How the VMM does it, and what it says of RAM.
    service: LaunchService,
    told: HandOffService,
    board: Arc<dyn Board>,
    vcpus: usize,
    /// Whether it was begun.
    begun: AtomicBool,
    others: Others,
}

impl Launch {
    /// Makes one of a machine with this board and a number of vCPUs.
    pub(super) fn new(config: &TdxConfig, board: Arc<dyn Board>, vcpus: usize) -> Self {
        Self {
            service: config.launch,
            told: config.hand_off,
            board,
            vcpus,
            begun: AtomicBool::new(false),
            others: Others::default(),
        }
    }

    /// Launches the TD when its first vCPU starts, and starts all vCPUs. Returns the address that they start at. The error is
    /// for the user.
    pub(super) fn start(
        &self,
        vcpu: &dyn Vcpu,
        module: &TdxModule,
        pages: &Pages,
        regs: &mut Registers,
    ) -> Result<u64, String> {
        if self.begun.swap(true, Ordering::Relaxed) {
            return Err("a TD does not start again: it ends with a reboot".into());
        }
        let memory = vcpu.memory();
        let metadata =
            firmware::metadata(memory).map_err(|why| format!("the firmware is no TDVF: {why}"))?;
        let ram = ram::ram(&*self.board)?;
        self.board.make_firmware_memory()?;
        check_memory(memory, &metadata)?;
        if self.service == LaunchService::Variables {
            change_variables(memory, &metadata)?;
        }

        add(memory, pages, &metadata, ram, self.told)?;
        let measured = self.service != LaunchService::Unmeasured;
        let mrtd = measure(memory, &metadata, measured)
            .map_err(|NoMemory| "the firmware has sections where no memory is")?;
        module.measured(mrtd.finish());
        let hand_off = metadata.hand_off().start;
        let no_memory = |NoMemory| "there is no RAM at 0, where vCPUs start";
        let descriptors = Descriptors::put(memory).map_err(no_memory)?;
        let there = state::start(vcpu, regs, hand_off);

        self.others.start(self.vcpus, memory, hand_off)?;
        descriptors.remove(memory).map_err(no_memory)?;
        Ok(there)
    }

    /// Starts another vCPU, which has got a startup IPI. Returns the address that it starts at, if the IPI is that of the launch.
    pub(super) fn start_other(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Option<u64> {
        let hand_off = self.others.hand_off(vcpu.number())?;
        let there = state::start(vcpu, regs, hand_off);

        self.others.started(vcpu.number());
        Some(there)
    }
}

/// Checks that the image can be written to. Firmware has variables in it. In a ROM they would not change, and the firmware would
/// extend RTMR0 with other digests than those in its log.
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

/// Adds the sections, and writes the hand-off blocks to the one that is for them. The error is for the user.
fn add(
    memory: &dyn GuestMemory,
    pages: &Pages,
    metadata: &Metadata,
    ram: Vec<Range<u64>>,
    told: HandOffService,
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
    let blocks = firmware::hand_off(told, hand_off.start, &ram, &added);

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

/// Inverts the lowest bit of the last byte of the variables. The error is for the user.
fn change_variables(memory: &dyn GuestMemory, metadata: &Metadata) -> Result<(), String> {
    let mut sections = metadata.sections().iter();
    let place = sections.find(|section| section.is_variables());
    let place = place.ok_or("the firmware has no variables")?.memory().end - 1;
    let mut byte = [0];

    memory
        .read(place, &mut byte)
        .and_then(|()| memory.write(place, &[byte[0] ^ 1]))
        .map_err(|NoMemory| "the firmware has variables where no memory is".into())
}

/// Measures the sections: each page as it is added, and then its contents, if the metadata ask for that and `measured` is set.
fn measure(
    memory: &dyn GuestMemory,
    metadata: &Metadata,
    measured: bool,
) -> Result<Mrtd, NoMemory> {
    let mut mrtd = Mrtd::new();

    for section in metadata.sections() {
        // CAST: 4096.
        for page in section.memory().step_by(PAGE_SIZE as usize) {
            mrtd.add(page);
            if measured && section.extends() {
                mrtd.extend(memory, page)?;
            }
        }
    }
    Ok(mrtd)
}

#[cfg(test)]
mod tests;
