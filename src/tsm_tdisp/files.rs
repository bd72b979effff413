// SPDX-License-Identifier: GPL-2.0

//! The files of a device in sysfs: `spdm/`, and those of its interfaces, `tdi/`.

mod certificates;
mod evidence;
mod file;
mod interface;
mod measurements;
mod requests;
mod status;
mod transcript;

pub(crate) use evidence::Evidence;
pub(crate) use measurements::MeasurementFile;
pub(crate) use requests::IdeFile;

use kernel::{
    prelude::*,
    str::CStr,
    sync::Arc, //
};
use tsm_ext::sysfs::{
    BinFile,
    Directory,
    Mode, //
};
use tsm_proto::spdm::{
    Slot,
    SlotMask, //
};

use self::{
    certificates::CertificatesFile,
    evidence::Show,
    file::{
        File,
        FileOps, //
    },
    measurements::{
        NonceFile,
        RecordFile, //
    },
    requests::{
        ConnectFile,
        DisconnectFile, //
    },
    status::{
        AlgorithmsFile,
        GenerationFile,
        SlotsFile,
        StateFile,
        VersionFile, //
    },
    transcript::{
        ContextFile,
        SignatureFile,
        Signed,
        TranscriptFile, //
    },
};
use crate::{
    device::Device,
    evidence::Published, //
};

/// Files in sysfs, which are there until this is dropped.
#[derive(Default)]
pub(crate) struct Files {
    files: KVec<BinFile<File>>,
    evidence: KVec<BinFile<Evidence>>,
}

impl Files {
    /// Makes the files of `device`. `ide` is that for its link, if it has one.
    pub(crate) fn of_device(
        device: &Arc<Device>,
        directory: &Directory,
        measurements: &Directory,
        ide: Option<IdeFile>,
    ) -> Result<Self> {
        let mut this = Self::default();
        let published = device.published();
        let nonce_mode = Mode::READ_OWNER.with(Mode::WRITE_OWNER);
        let ide_mode = Mode::READ_ALL.with(Mode::WRITE_OWNER);

        this.show(directory, c"version", published, VersionFile)?;
        this.show(directory, c"algorithms", published, AlgorithmsFile)?;
        this.show(directory, c"slots", published, SlotsFile)?;
        this.certificates(device, &directory.new_child(c"certificates")?)?;
        this.add(
            measurements,
            c"nonce",
            nonce_mode,
            NonceFile(device.clone()),
        )?;
        this.show(measurements, c"record", published, RecordFile)?;
        this.transcripts(published, &directory.new_child(c"transcript")?)?;
        this.add(
            directory,
            c"state",
            Mode::READ_ALL,
            StateFile(published.clone()),
        )?;
        this.add(
            directory,
            c"generation",
            Mode::READ_ALL,
            GenerationFile(published.clone()),
        )?;
        if let Some(ide) = ide {
            this.add(directory, c"ide", ide_mode, ide)?;
        }
        // Last, so that all else is there when there is something to see.
        this.add(
            directory,
            c"connect",
            Mode::WRITE_OWNER,
            ConnectFile(device.clone()),
        )?;
        this.add(
            directory,
            c"disconnect",
            Mode::WRITE_OWNER,
            DisconnectFile(device.clone()),
        )?;
        Ok(this)
    }

    fn certificates(&mut self, device: &Arc<Device>, directory: &Directory) -> Result {
        for slot in SlotMask::new(0xff).slots() {
            let file = CertificatesFile::new(device.clone(), slot);

            self.add(directory, slot_name(slot), Mode::READ_ALL, file)?;
        }
        Ok(())
    }

    /// Makes the files of a transcript, its signature and what is hashed before it, for each signature there
    /// can be.
    fn transcripts(&mut self, published: &Arc<Published>, directory: &Directory) -> Result {
        for signed in Signed::ALL {
            let [transcript, signature, context] = signed.names();

            self.show(directory, transcript, published, TranscriptFile(signed))?;
            self.show(directory, signature, published, SignatureFile(signed))?;
            self.show(directory, context, published, ContextFile(signed))?;
        }
        Ok(())
    }

    /// Makes a file.
    fn add(
        &mut self,
        directory: &Directory,
        name: &CStr,
        mode: Mode,
        ops: impl FileOps + 'static,
    ) -> Result {
        self.add_boxed(directory, name, mode, KBox::new(ops, GFP_KERNEL)?)
    }

    fn add_boxed(
        &mut self,
        directory: &Directory,
        name: &CStr,
        mode: Mode,
        ops: KBox<dyn FileOps>,
    ) -> Result {
        let file = BinFile::new(directory, name, mode, 0, File(ops))?;

        Ok(self.files.push(file, GFP_KERNEL)?)
    }

    /// Makes a file that shows evidence.
    fn show(
        &mut self,
        directory: &Directory,
        name: &CStr,
        published: &Arc<Published>,
        item: impl Show + 'static,
    ) -> Result {
        let file = Evidence::publish(directory, name, published, KBox::new(item, GFP_KERNEL)?)?;

        Ok(self.evidence.push(file, GFP_KERNEL)?)
    }
}

fn slot_name(slot: Slot) -> &'static CStr {
    match slot.number() {
        0 => c"slot0",
        1 => c"slot1",
        2 => c"slot2",
        3 => c"slot3",
        4 => c"slot4",
        5 => c"slot5",
        6 => c"slot6",
        _ => c"slot7",
    }
}
