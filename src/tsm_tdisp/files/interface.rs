// SPDX-License-Identifier: GPL-2.0

//! The files of an interface in sysfs: `tdi/`.

use kernel::{
    fmt,
    prelude::*,
    sync::Arc, //
};
use tsm_ext::{
    capability::has_sys_admin_noaudit,
    output_buffer::OutputBuffer,
    sysfs::{
        Directory,
        Mark,
        Mode, //
    }, //
};
use tsm_proto::{
    spdm::transcript::Part,
    tdisp::{
        lock::Flags,
        ranges::Range,
        report::Attributes,
        state::State, //
    }, //
};

use super::{
    evidence::{
        no_data,
        Read, //
    },
    file::FileOps,
    requests::number,
    status::generation,
    Files, //
};
use crate::interface::{
    text,
    Interface, //
};

impl Files {
    /// Makes the files of `interface`.
    pub(crate) fn of_interface(interface: &Arc<Interface>, directory: &Directory) -> Result<Self> {
        let mut this = Self::default();
        let new = || interface.clone();
        let (read, write) = (Mode::READ_ALL, Mode::WRITE_OWNER);

        this.add(directory, c"report", read, ReportFile(new()))?;
        this.add(directory, c"ranges", read, RangesFile(new()))?;
        this.add(directory, c"trust", read, TrustFile(new()))?;
        this.add(directory, c"state", read, StateFile(new()))?;
        this.add(directory, c"generation", read, GenerationFile(new()))?;
        // Last, so that all else is there when there is something to see.
        this.add(directory, c"unbind", write, UnbindFile(new()))?;
        this.add(directory, c"validate", write, ValidateFile(new()))?;
        this.add(directory, c"bind", write, BindFile(new()))?;
        Ok(this)
    }
}

/// `bind`: the flags of the lock.
struct BindFile(Arc<Interface>);

impl FileOps for BindFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let raw = u16::try_from(number(offset, data)?).map_err(|_| EINVAL)?;

        self.0.bind(Flags::asked(raw).ok_or(EINVAL)?)
    }
}

/// `unbind`: 1.
struct UnbindFile(Arc<Interface>);

impl FileOps for UnbindFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        match number(offset, data)? {
            1 => self.0.unbind(),
            _ => Err(EINVAL),
        }
    }
}

/// `validate`: the generation of the evidence that was judged.
struct ValidateFile(Arc<Interface>);

impl FileOps for ValidateFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        self.0.validate(number(offset, data)?)
    }
}

/// `state`. The device is asked when a reader with `CAP_SYS_ADMIN` begins; one that has begun gets the rest of what it began with.
struct StateFile(Arc<Interface>);

impl StateFile {
    /// All states. A mark is the place of one, from 1 on.
    const ALL: [Option<State>; 5] = [
        None,
        Some(State::Unlocked),
        Some(State::Locked),
        Some(State::Run),
        Some(State::Error),
    ];
}

impl FileOps for StateFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let current = match offset {
            // The mailbox is not for each task that can open a file.
            0 if has_sys_admin_noaudit() => self.0.ask_state()?,
            _ => self.0.last_state(),
        };
        let place = Self::ALL.iter().position(|state| *state == current);
        let number = mark.keep(place.map_or(1, |place| place + 1), offset);
        let state = Self::ALL.get(number.wrapping_sub(1)).ok_or(EINVAL)?;

        Read { mark, offset, out }.text(number, fmt!("{}\n", text(*state)))
    }
}

/// `generation`. A reader that has begun gets the rest of what it began with.
struct GenerationFile(Arc<Interface>);

impl FileOps for GenerationFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        generation(self.0.generation(), Read { mark, offset, out })
    }
}

/// `report`.
struct ReportFile(Arc<Interface>);

impl FileOps for ReportFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let (number, report) = self.0.numbered_report().ok_or_else(no_data)?;

        Read { mark, offset, out }.bytes(number, [report.as_slice(), &[]])
    }
}

/// `ranges`: a line for each range in a BAR.
struct RangesFile(Arc<Interface>);

impl FileOps for RangesFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let (number, report) = self.0.numbered_report().ok_or_else(no_data)?;

        Read { mark, offset, out }.text(number, fmt!("{}", Ranges(report.ranges())))
    }
}

/// Ranges as text.
struct Ranges<'a>(&'a [Range]);

impl fmt::Display for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for range in self.0 {
            write!(f, "{} {:#x} {:#x}", range.bar, range.offset, range.length)?;
            for (attribute, name) in [
                (Attributes::MSIX_TABLE, "msix-table"),
                (Attributes::MSIX_PBA, "msix-pba"),
                (Attributes::NON_TEE, "non-tee"),
                (Attributes::UPDATABLE, "updatable"),
            ] {
                if range.attributes.has(attribute) {
                    write!(f, " {name}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// `trust`: facts, a word for each, or `none`.
struct TrustFile(Arc<Interface>);

/// A fact: its bit in a mark, and its word.
const FACTS: [(usize, &str); 5] = [
    (1 << 0, "authenticated"),
    (1 << 1, "measured"),
    (1 << 2, "session"),
    (1 << 3, "locked"),
    (1 << 4, "run"),
];

impl TrustFile {
    /// Returns the bits of the facts that hold.
    fn facts(&self) -> usize {
        let device = self.0.functions().device().ok();
        let snapshot = device.and_then(|device| device.published().snapshot());
        let Some(snapshot) = snapshot else {
            return 0;
        };
        let is_measured = snapshot.part(Part::MeasurementsSignature).is_some();
        let is_bound = self.0.report().is_some();
        let state = self.0.last_state().filter(|_| is_bound);
        let holds = [
            true,
            is_measured,
            snapshot.has_session(),
            state == Some(State::Locked),
            state == Some(State::Run),
        ];

        FACTS
            .iter()
            .zip(holds)
            .filter(|(_, holds)| *holds)
            .map(|((bit, _), _)| bit)
            .sum()
    }
}

impl FileOps for TrustFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        // No version is 0.
        let number = mark.keep(self.facts().wrapping_add(1), offset);

        Read { mark, offset, out }.text(number, fmt!("{}\n", Facts(number.wrapping_sub(1))))
    }
}

/// Facts as text.
struct Facts(usize);

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";

        for (_, word) in FACTS.iter().filter(|(bit, _)| self.0 & bit != 0) {
            write!(f, "{separator}{word}")?;
            separator = " ";
        }
        match self.0 {
            0 => write!(f, "none"),
            _ => Ok(()),
        }
    }
}
