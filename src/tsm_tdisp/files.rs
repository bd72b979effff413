// SPDX-License-Identifier: GPL-2.0

//! The files of a device in sysfs: `spdm/`, and those of its interfaces, `tdi/`.

mod certificates;
mod evidence;
mod interface;
mod measurements;
mod requests;
mod status;
mod transcript;

pub(crate) use evidence::Evidence;
pub(crate) use interface::InterfaceFiles;
pub(crate) use measurements::MeasurementFile;
pub(crate) use requests::IdeFile;

use kernel::{
    prelude::*,
    str::CStr,
    sync::Arc, //
};
use tsm_ext::sysfs::{
    BinFile,
    BinFileOps,
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
use crate::device::Device;

/// Each file that is there as long as the device is, until it is dropped.
pub(crate) struct Files {
    _connect: BinFile<ConnectFile>,
    _disconnect: BinFile<DisconnectFile>,
    _state: BinFile<StateFile>,
    _generation: BinFile<GenerationFile>,
    _version: BinFile<Evidence<VersionFile>>,
    _algorithms: BinFile<Evidence<AlgorithmsFile>>,
    _slots: BinFile<Evidence<SlotsFile>>,
    _certificates: KVec<BinFile<CertificatesFile>>,
    _nonce: BinFile<NonceFile>,
    _record: BinFile<Evidence<RecordFile>>,
    _transcripts: Transcripts,
    _ide: Option<BinFile<IdeFile>>,
}

/// Makes files in one directory.
struct FileBuilder<'a> {
    device: &'a Arc<Device>,
    directory: &'a Directory,
}

impl FileBuilder<'_> {
    fn file<T: BinFileOps>(&self, name: &CStr, mode: Mode, ops: T) -> Result<BinFile<T>> {
        BinFile::new(self.directory, name, mode, 0, ops)
    }

    fn evidence<T: Show>(&self, name: &CStr, item: T) -> Result<BinFile<Evidence<T>>> {
        let ops = Evidence::new(self.device.published().clone(), item);

        self.file(name, Mode::READ_ALL, ops)
    }
}

impl Files {
    /// Makes the files of `device`. `ide` is that for its link, if it has one.
    pub(crate) fn new(
        device: &Arc<Device>,
        directory: &Directory,
        measurements: &Directory,
        ide: Option<IdeFile>,
    ) -> Result<Self> {
        let spdm = FileBuilder { device, directory };
        let measurements = FileBuilder {
            device,
            directory: measurements,
        };
        let published = device.published();
        let state = StateFile(published.clone());
        let generation = GenerationFile(published.clone());
        let nonce_mode = Mode::READ_OWNER.with(Mode::WRITE_OWNER);
        let ide_mode = Mode::READ_ALL.with(Mode::WRITE_OWNER);

        Ok(Self {
            _version: spdm.evidence(c"version", VersionFile)?,
            _algorithms: spdm.evidence(c"algorithms", AlgorithmsFile)?,
            _slots: spdm.evidence(c"slots", SlotsFile)?,
            _certificates: certificates(device, &directory.new_child(c"certificates")?)?,
            _nonce: measurements.file(c"nonce", nonce_mode, NonceFile(device.clone()))?,
            _record: measurements.evidence(c"record", RecordFile)?,
            _transcripts: transcripts(device, &directory.new_child(c"transcript")?)?,
            _state: spdm.file(c"state", Mode::READ_ALL, state)?,
            _generation: spdm.file(c"generation", Mode::READ_ALL, generation)?,
            _ide: match ide {
                Some(ide) => Some(spdm.file(c"ide", ide_mode, ide)?),
                None => None,
            },
            // Last, so that all else is there when there is something to see.
            _connect: spdm.file(c"connect", Mode::WRITE_OWNER, ConnectFile(device.clone()))?,
            _disconnect: spdm.file(
                c"disconnect",
                Mode::WRITE_OWNER,
                DisconnectFile(device.clone()),
            )?,
        })
    }
}

fn certificates(
    device: &Arc<Device>,
    directory: &Directory,
) -> Result<KVec<BinFile<CertificatesFile>>> {
    let builder = FileBuilder { device, directory };
    let mut files = KVec::new();

    for slot in SlotMask::new(0xff).slots() {
        let file = CertificatesFile::new(device.clone(), slot);

        files.push(
            builder.file(slot_name(slot), Mode::READ_ALL, file)?,
            GFP_KERNEL,
        )?;
    }
    Ok(files)
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

/// A transcript, its signature and what is hashed before it, for each signature there can be.
type Transcripts = KVec<(
    BinFile<Evidence<TranscriptFile>>,
    BinFile<Evidence<SignatureFile>>,
    BinFile<Evidence<ContextFile>>,
)>;

fn transcripts(device: &Arc<Device>, directory: &Directory) -> Result<Transcripts> {
    let builder = FileBuilder { device, directory };
    let mut files = KVec::new();

    for signed in Signed::ALL {
        let [transcript, signature, context] = signed.names();

        files.push(
            (
                builder.evidence(transcript, TranscriptFile(signed))?,
                builder.evidence(signature, SignatureFile(signed))?,
                builder.evidence(context, ContextFile(signed))?,
            ),
            GFP_KERNEL,
        )?;
    }
    Ok(files)
}
