// SPDX-License-Identifier: GPL-2.0

//! `state`, `generation`, and what was negotiated: `version`, `algorithms`, `slots`.

use kernel::{
    fmt,
    prelude::*,
    sync::Arc, //
};
use tsm_ext::{
    output_buffer::OutputBuffer,
    sysfs::Mark, //
};
use tsm_proto::spdm::{
    algorithms::{
        BaseAsym,
        Dhe,
        MeasurementHash, //
    },
    capabilities::Flags,
    requester::Peer,
    HashAlgorithm, //
};

use super::{
    evidence::{
        Read,
        Show, //
    },
    file::FileOps, //
};
use crate::evidence::{
    Published,
    Snapshot,
    State, //
};

/// `state`. A reader that has begun gets the rest of what it began with.
pub(super) struct StateFile(pub(super) Arc<Published>);

impl FileOps for StateFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let number = mark.keep(self.0.state().number(), offset);
        let state = State::with_number(number).ok_or(EINVAL)?;

        Read { mark, offset, out }.text(number, fmt!("{}\n", state.text()))
    }
}

/// `generation`. A reader that has begun gets the rest of what it began with.
pub(super) struct GenerationFile(pub(super) Arc<Published>);

impl FileOps for GenerationFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        generation(self.0.generation().number(), Read { mark, offset, out })
    }
}

/// Does a read of a generation. A reader that has begun gets the rest of what it began with.
pub(super) fn generation<'a>(current: u64, read: Read<'_, 'a>) -> Result<&'a [u8]> {
    // CAST: The architecture has 64 bits. No version is 0.
    let current = (current as usize).wrapping_add(1);
    let serial = read.mark.keep(current, read.offset);
    let number = serial.wrapping_sub(1);

    read.text(serial, fmt!("{number}\n"))
}

/// `version`.
pub(super) struct VersionFile;

impl Show for VersionFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        let raw = snapshot.peer().layout.version.raw();

        read.text(snapshot.serial(), fmt!("{}.{}\n", raw >> 4, raw & 0xf))
    }
}

/// `slots`: the numbers of those that have a chain.
pub(super) struct SlotsFile;

impl Show for SlotsFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        read.text(snapshot.serial(), fmt!("{}\n", Slots(snapshot.peer())))
    }
}

/// Slots as text.
struct Slots<'a>(&'a Peer);

impl fmt::Display for Slots<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, slot) in self.0.slots.slots().enumerate() {
            let separator = if place == 0 { "" } else { " " };

            write!(f, "{separator}{}", slot.number())?;
        }
        Ok(())
    }
}

/// `algorithms`: a line for each.
pub(super) struct AlgorithmsFile;

impl Show for AlgorithmsFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        read.text(snapshot.serial(), fmt!("{}", Algorithms(snapshot)))
    }
}

/// Algorithms as text.
struct Algorithms<'a>(&'a Snapshot);

impl Algorithms<'_> {
    fn measurements(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.0.peer();
        // Unsigned, they count only in a session.
        let measures = peer.measures() && self.0.has_session();
        let measurements = match (peer.signs_measurements(), measures) {
            (true, _) => "signed",
            (false, true) => "unsigned",
            (false, false) => return writeln!(f, "measurements none"),
        };
        let hash = match peer.measurement_hash {
            MeasurementHash::RAW => "raw",
            MeasurementHash::SHA_256 => "sha256",
            MeasurementHash::SHA_384 => "sha384",
            MeasurementHash::SHA_512 => "sha512",
            _ => "unknown",
        };
        let fresh = match peer.flags.has(Flags::MEAS_FRESH) {
            true => "yes",
            false => "no",
        };

        writeln!(f, "measurements {measurements}")?;
        writeln!(f, "measurement-hash {hash}")?;
        writeln!(f, "measurement-fresh {fresh}")
    }
}

impl fmt::Display for Algorithms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.0.peer();
        let hash = match peer.hash {
            HashAlgorithm::Sha256 => "sha256",
            HashAlgorithm::Sha384 => "sha384",
        };
        let signature = match peer.scheme {
            BaseAsym::ECDSA_P256 => "ecdsa-p256",
            BaseAsym::ECDSA_P384 => "ecdsa-p384",
            BaseAsym::RSASSA_3072 => "rsassa-3072",
            _ => "unknown",
        };

        writeln!(f, "hash {hash}")?;
        writeln!(f, "signature {signature}")?;
        if let Some(sessions) = peer.sessions {
            let exchange = match sessions.dhe {
                Dhe::SECP_256_R1 => "secp256r1",
                Dhe::SECP_384_R1 => "secp384r1",
                _ => "unknown",
            };
            writeln!(f, "exchange {exchange}")?;
            // The only one that is offered.
            writeln!(f, "aead aes-256-gcm")?;
        }
        self.measurements(f)
    }
}
