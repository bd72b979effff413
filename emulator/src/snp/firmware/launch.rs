// SPDX-License-Identifier: GPL-2.0

//! What the VMM and the secure processor do before the first instruction.
//!
//! ABI, "SNP_LAUNCH_UPDATE" and "SNP_LAUNCH_FINISH": the pages of the image and of the sections in its metadata become the
//! guest's and are validated, and the launch digest is made over them and the state of the vCPU. All other RAM is the VMM's.

use std::{
    ops::Range,
    sync::{
        atomic::{
            AtomicBool,
            Ordering, //
        },
        Arc,
        OnceLock, //
    },
};

use super::{
    hashes,
    metadata::{
        Kind,
        Metadata,
        Section, //
    },
};
use crate::{
    machine::{
        board::Board,
        gpa::PAGE_SIZE,
        image::TOP,
        memory::{
            GuestMemory,
            NoMemory, //
        },
        ram, //
    },
    snp::{
        config::{
            KernelHashes,
            SnpConfig, //
        },
        cpuid,
        psp::{
            LaunchDigest,
            Page,
            SecureProcessor, //
        },
        rmp::Rmp,
        vmsa, //
    },
};

/// The address of a VMSA in the launch digest: that of the last page of all.
const VMSA: u64 = 0xffff_ffff_f000;

/// A launch with a firmware that is still to be done, or done.
#[derive(Debug)]
pub(in crate::snp) struct Firmware {
    board: Arc<dyn Board>,
    hashes: KernelHashes,
    /// Whether it was begun.
    begun: AtomicBool,
    /// Where the CPUID page is, once the guest was launched.
    cpuid: OnceLock<u64>,
}

impl Firmware {
    /// Makes one of a machine with this board.
    pub(in crate::snp) fn new(config: &SnpConfig, board: Arc<dyn Board>) -> Self {
        Self {
            board,
            hashes: config.kernel_hashes,
            begun: AtomicBool::new(false),
            cpuid: OnceLock::new(),
        }
    }

    /// Launches the guest, on a CPU of this version. The error is for the user.
    pub(in crate::snp) fn launch(
        &self,
        memory: &dyn GuestMemory,
        rmp: &Rmp,
        processor: &SecureProcessor,
        version: u32,
    ) -> Result<(), String> {
        if self.begun.swap(true, Ordering::Relaxed) {
            return Err("an SEV-SNP guest does not start again: it ends with a reboot".into());
        }
        let metadata = Metadata::read(memory)
            .map_err(|why| format!("the firmware is none for SEV-SNP: {why}"))?;
        let ram = ram::ram(&*self.board)?;
        let size = self.board.make_firmware_memory()?;
        let image = TOP.saturating_sub(size)..TOP;

        check(&metadata, &ram, &image)?;
        rmp.start(&ram, &image);
        let mut digest = LaunchDigest::new();
        let no_memory = |NoMemory| "the firmware has sections where no memory is";

        // CAST: 4096.
        for gpa in image.step_by(PAGE_SIZE as usize) {
            let mut page = [0; PAGE_SIZE as usize];
            memory.read(gpa, &mut page).map_err(no_memory)?;
            digest.add(gpa, Page::Normal(&page));
        }
        for section in metadata.sections() {
            let Range { start, end } = section.memory();
            rmp.add(start / PAGE_SIZE..end / PAGE_SIZE);
            memory.clear(start, end - start).map_err(no_memory)?;
            self.add(memory, processor, &metadata, section, &mut digest)
                .map_err(no_memory)?;
        }
        digest.add(VMSA, Page::Vmsa(&*vmsa::reset(version)));
        processor.launched(digest.finish());
        self.board.mirror_memory(1 << cpuid::FIRMWARE_C_BIT);
        Ok(())
    }

    /// Adds the pages of a section, which are the guest's.
    fn add(
        &self,
        memory: &dyn GuestMemory,
        processor: &SecureProcessor,
        metadata: &Metadata,
        section: &Section,
        digest: &mut LaunchDigest,
    ) -> Result<(), NoMemory> {
        let start = section.memory().start;

        match section.kind {
            Kind::Secrets => {
                memory.write(start, &*processor.secrets_page(None))?;
                digest.add(start, Page::Secrets);
            }
            Kind::Cpuid => {
                // Its contents are read from the CPU later.
                self.cpuid.get_or_init(|| start);
                digest.add(start, Page::Cpuid);
            }
            Kind::Hashes => match hashes::page(&*self.board, metadata.table(), self.hashes) {
                Some(page) => {
                    memory.write(start, &*page)?;
                    digest.add(start, Page::Normal(&*page));
                }
                None => digest.add(start, Page::Zero),
            },
            Kind::Memory | Kind::CallingArea => {
                // CAST: 4096.
                for gpa in section.memory().step_by(PAGE_SIZE as usize) {
                    digest.add(gpa, Page::Zero);
                }
            }
        }
        Ok(())
    }

    /// Writes the CPUID page. The error is for the user.
    pub(in crate::snp) fn write_cpuid(
        &self,
        memory: &dyn GuestMemory,
        page: &[u8; 4096],
    ) -> Result<(), String> {
        let place = self.cpuid.get().ok_or("no firmware was launched")?;

        memory
            .write(*place, page)
            .map_err(|NoMemory| "there is no memory for the CPUID page".into())
    }
}

/// Checks that all sections are in RAM, and the image is not. The error is for the user.
fn check(metadata: &Metadata, ram: &[Range<u64>], image: &Range<u64>) -> Result<(), String> {
    let in_ram = |section: &Range<u64>| {
        ram.iter()
            .any(|ram| ram.start <= section.start && section.end <= ram.end)
    };
    let mut sections = metadata.sections().iter().map(Section::memory);

    if let Some(section) = sections.find(|section| !in_ram(section)) {
        let start = section.start;
        return Err(format!(
            "the firmware has a section at {start:#x}, where no RAM is"
        ));
    }
    let reaches_ram = |ram: &Range<u64>| ram.start < image.end && image.start < ram.end;
    match ram.iter().any(reaches_ram) || image.is_empty() || image.start % PAGE_SIZE != 0 {
        true => Err("the firmware has its image where RAM is".into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
