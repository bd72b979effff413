// SPDX-License-Identifier: GPL-2.0

//! Reports: `/sys/kernel/config/tsm/report/<name>/`.
//!
//! Locks, outermost first:
//!
//! 1. `Report::making`, for the time of a call to the provider. Only readers of the `outblob` of
//!    that report wait for it, and they can be killed.
//! 2. `Report::state`, for a moment.

use core::ops::Deref;

use kernel::{
    fmt::Write,
    new_mutex,
    prelude::*,
    static_lock_class,
    str::CStr,
    sync::{
        Arc,
        Mutex, //
    }, //
};
use tsm_ext::{
    configfs::{
        Commit,
        ItemType,
        MakeItem,
        Show,
        Snapshot, //
    },
    mutex::KillableMutex,
    tsm::{
        Blob,
        Inblob,
        Slot, //
    },
};

/// Makes the place for the provider of all reports.
pub(crate) fn new_slot() -> Result<Arc<Slot>> {
    Arc::pin_init(Slot::new(), GFP_KERNEL)
}

/// The directory in which user space makes reports.
pub(crate) struct Reports {
    provider: Arc<Slot>,
}

impl Reports {
    pub(crate) fn new(provider: Arc<Slot>) -> Self {
        Self { provider }
    }
}

impl MakeItem for Reports {
    type Item = Report;

    fn make_item(&self, _name: &CStr) -> Result<impl PinInit<Report, Error>> {
        // A report without a provider could do nothing, and clients take the error for "this is not
        // a confidential guest".
        self.provider.call()?;

        let provider = self.provider.clone();
        Ok(try_pin_init!(Report {
            provider,
            making <- KillableMutex::new((), c"tsm::Report::making", static_lock_class!()),
            state <- new_mutex!(State::default(), "tsm::Report::state"),
        }? Error))
    }
}

/// A report that user space has made.
#[pin_data]
pub(crate) struct Report {
    provider: Arc<Slot>,
    #[pin]
    making: KillableMutex<()>,
    #[pin]
    state: Mutex<State>,
}

/// What was asked for, and the answer.
#[derive(Default)]
struct State {
    /// Number of writes.
    generation: u64,
    inblob: Option<Inblob>,
    made: Option<Made>,
}

/// A blob, and what it answers.
struct Made {
    generation: u64,
    registration: u64,
    blob: Arc<Blob>,
}

/// What a read of the blob finds.
enum Found {
    /// The answer to the last write.
    Blob(Arc<Blob>),
    /// No answer yet to this generation and input.
    Nothing(u64, Inblob),
}

impl Report {
    /// Returns the blob that answers the last write, from the provider if need be.
    fn outblob(&self) -> Result<Arc<Blob>> {
        let provider = self.provider.call()?;
        let registration = provider.registration();

        if let Found::Blob(blob) = self.state.lock().find(registration)? {
            return Ok(blob);
        }

        let _making = self.making.lock_killable()?;
        // Who held the lock may have made it.
        let (generation, inblob) = match self.state.lock().find(registration)? {
            Found::Blob(blob) => return Ok(blob),
            Found::Nothing(generation, inblob) => (generation, inblob),
        };

        // A write that comes now does not wait: it asks for another blob. This one still answers
        // the read that began before it, and no later one.
        let blob = Arc::new(provider.report(&inblob)?, GFP_KERNEL)?;
        self.state.lock().made = Some(Made {
            generation,
            registration,
            blob: blob.clone(),
        });
        Ok(blob)
    }
}

impl State {
    fn find(&self, registration: u64) -> Result<Found> {
        let inblob = self.inblob.ok_or(EINVAL)?;
        let current =
            |made: &&Made| (made.generation, made.registration) == (self.generation, registration);

        Ok(match self.made.as_ref().filter(current) {
            Some(made) => Found::Blob(made.blob.clone()),
            None => Found::Nothing(self.generation, inblob),
        })
    }
}

struct Generation;

impl Show<Report> for Generation {
    const NAME: &'static CStr = c"generation";

    fn show(report: &Report, out: &mut impl Write) -> Result {
        let generation = report.state.lock().generation;

        Ok(writeln!(out, "{generation}")?)
    }
}

struct Provider;

impl Show<Report> for Provider {
    const NAME: &'static CStr = c"provider";

    fn show(report: &Report, out: &mut impl Write) -> Result {
        let provider = report.provider.call()?;

        Ok(writeln!(out, "{}", provider.name().to_str()?)?)
    }
}

struct InblobFile;

impl Commit<Report> for InblobFile {
    const NAME: &'static CStr = c"inblob";
    const MAX_SIZE: u32 = Inblob::MAX_SIZE;

    fn commit(report: &Report, data: &[u8]) -> Result {
        let inblob = Inblob::new(data)?;
        let mut state = report.state.lock();

        // At most this many writes can be told apart, which is enough for 500 years.
        state.generation = state.generation.checked_add(1).ok_or(EBUSY)?;
        state.inblob = Some(inblob);
        Ok(())
    }
}

struct OutblobFile;

impl Snapshot<Report> for OutblobFile {
    const NAME: &'static CStr = c"outblob";
    const MAX_SIZE: u32 = Blob::MAX_SIZE;

    fn snapshot(report: &Report) -> Result<impl Deref<Target = [u8]>> {
        Ok(Contents(report.outblob()?))
    }
}

/// A shared [`Blob`] as bytes.
struct Contents(Arc<Blob>);

impl Deref for Contents {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Returns the files of a report.
pub(crate) fn item_type(module: &'static ThisModule) -> Result<ItemType<Report>> {
    ItemType::builder(module)
        .show::<Generation>()?
        .show::<Provider>()?
        .commit::<InblobFile>()?
        .snapshot::<OutblobFile>()?
        .build()
}
