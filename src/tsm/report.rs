// SPDX-License-Identifier: GPL-2.0

//! Reports: `/sys/kernel/config/tsm/report/<name>/`.
//!
//! A report is what user space asked for, and the answer of the provider, made when it is first
//! read. Nothing is shared between reports but the provider. Locks, outermost first:
//!
//! 1. `Report::making`, for the time of a call to the provider. Only readers of a blob of this
//!    report wait for it, and they can be killed.
//! 2. `Report::state`, for a moment.

mod files;

pub(crate) use files::ReportFiles;

use kernel::{
    new_mutex,
    prelude::*,
    static_lock_class,
    str::{
        CStr,
        CString, //
    },
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex, //
    }, //
};
use tsm_ext::{
    configfs::MakeItem,
    mutex::KillableMutex,
    uuid::Guid, //
};
use tsm_proto::Generation;
use tsm_provider::ReportId;

use crate::{
    blob::Blobs,
    desc::{
        Desc,
        Inblob,
        Privlevel, //
    },
    slot::Slot, //
};

/// Makes the place for the provider of all reports.
pub(crate) fn new_slot() -> Result<Arc<Slot>> {
    Arc::pin_init(Slot::new(), GFP_KERNEL)
}

/// The directory in which user space makes reports.
pub(crate) struct Reports {
    provider: Arc<Slot>,
    /// How many reports there have been.
    count: Atomic<u64>,
}

impl Reports {
    pub(crate) fn new(provider: Arc<Slot>) -> Self {
        Self {
            provider,
            count: Atomic::new(0),
        }
    }
}

impl MakeItem for Reports {
    type Item = Report;

    fn make_item(&self, _name: &CStr) -> Result<impl PinInit<Report, Error>> {
        // A report without a provider could do nothing, and clients take the error for "this is not
        // a confidential guest".
        self.provider.call()?;

        let provider = self.provider.clone();
        let id = ReportId::new(self.count.fetch_add(1, Relaxed));
        Ok(try_pin_init!(Report {
            provider,
            id,
            making <- KillableMutex::new((), c"tsm::Report::making", static_lock_class!()),
            state <- new_mutex!(State::default(), "tsm::Report::state"),
        }? Error))
    }
}

/// A report that user space has made. Clients leave thousands of them behind, so it is small.
#[pin_data]
pub(crate) struct Report {
    provider: Arc<Slot>,
    id: ReportId,
    #[pin]
    making: KillableMutex<()>,
    #[pin]
    state: Mutex<State>,
}

/// What was asked for, and the answer.
#[derive(Default)]
struct State {
    generation: Generation,
    request: Request,
    answer: Option<Arc<Answer>>,
}

/// What was asked for.
#[derive(Clone, Default)]
struct Request {
    inblob: Option<Inblob>,
    privlevel: Option<Privlevel>,
    /// Few reports have one, and they share it with the task that makes them.
    service: Option<Arc<Service>>,
}

/// Whom to ask in place of the platform itself.
#[derive(Clone)]
struct Service {
    provider: Option<Arc<CString>>,
    guid: Guid,
    manifest_version: u32,
}

/// A change of a [`Service`].
enum ServiceChange {
    Provider(Arc<CString>),
    Guid(Guid),
    ManifestVersion(u32),
}

/// The answer to one generation, by one provider.
struct Answer {
    generation: Generation,
    registration: u64,
    blobs: Blobs,
}

impl Report {
    /// Returns the answer to the last write, from the provider if need be.
    fn answer(&self) -> Result<Arc<Answer>> {
        let registration = self.provider.registration()?;

        if let Some(answer) = self.state.lock().current(registration)? {
            return Ok(answer.clone());
        }

        // Waiting must not keep the provider from being unregistered, so it is asked again after.
        let _making = self.making.lock_killable()?;
        let provider = self.provider.call()?;
        let registration = provider.registration();
        let (generation, request) = {
            let state = self.state.lock();

            // The task that held the lock may already have made it.
            if let Some(answer) = state.current(registration)? {
                return Ok(answer.clone());
            }
            (state.generation, state.request.clone())
        };

        // A write that comes now does not wait: it asks for another answer. This one is still for
        // the read that began before it.
        let blobs = provider.report(self.id, &request.desc()?, generation.number())?;
        let answer = Arc::new(
            Answer {
                generation,
                registration,
                blobs,
            },
            GFP_KERNEL,
        )?;
        let old = self.state.lock().answer.replace(answer.clone());

        drop(old);
        Ok(answer)
    }

    /// Returns the answer that was made last, whatever was written since.
    fn last_answer(&self) -> Option<Arc<Answer>> {
        self.state.lock().answer.clone()
    }

    /// Takes a write, which `change` applies to what is asked for.
    fn write(&self, change: impl FnOnce(&mut Request) -> Result) -> Result {
        let mut state = self.state.lock();
        let generation = state.generation.next()?;

        change(&mut state.request)?;
        state.generation = generation;
        Ok(())
    }

    /// Takes a write of what is asked of a service.
    fn write_service(&self, change: ServiceChange) -> Result {
        self.write(|request| request.change_service(change))
    }
}

impl State {
    /// Returns the answer to the last write by the provider of this registration, if there is one.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if nothing was asked for.
    fn current(&self, registration: u64) -> Result<Option<&Arc<Answer>>> {
        if self.request.inblob.is_none() {
            return Err(EINVAL);
        }
        Ok(self.answer.as_ref().filter(|answer| {
            (answer.generation, answer.registration) == (self.generation, registration)
        }))
    }
}

impl Request {
    fn desc(&self) -> Result<Desc<'_>> {
        let service = self.service();

        Ok(Desc {
            inblob: self.inblob.as_ref().ok_or(EINVAL)?,
            privlevel: self.privlevel,
            service_provider: service.provider.as_ref().map(|name| &***name),
            service_guid: service.guid,
            service_manifest_version: service.manifest_version,
        })
    }

    /// Returns what is asked of a service.
    fn service(&self) -> &Service {
        self.service.as_deref().unwrap_or(&Service::NONE)
    }

    /// Changes what is asked of a service, in a copy.
    fn change_service(&mut self, change: ServiceChange) -> Result {
        let mut service = self.service().clone();

        match change {
            ServiceChange::Provider(name) => service.provider = Some(name),
            ServiceChange::Guid(guid) => service.guid = guid,
            ServiceChange::ManifestVersion(version) => service.manifest_version = version,
        }
        self.service = Some(Arc::new(service, GFP_KERNEL)?);
        Ok(())
    }
}

impl Service {
    /// The platform itself.
    const NONE: Self = Self {
        provider: None,
        guid: Guid::NULL,
        manifest_version: 0,
    };
}
