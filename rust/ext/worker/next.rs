// SPDX-License-Identifier: GPL-2.0

//! The job that the thread of a worker runs next.

use core::marker::PhantomData;

use kernel::{
    new_spinlock,
    prelude::*,
    sync::{
        Arc,
        SpinLock, //
    }, //
};

use super::Thread;

/// What a thread runs once.
pub trait Job: Send + Sync {
    /// Runs it.
    fn run(&self, thread: &Thread);
}

/// Runs jobs on a thread, one at a time. To drop it waits for the job that runs.
pub trait Queue {
    /// Has a job run. The job before is over, or its last action was to let the caller know.
    fn run(&self, job: Arc<dyn Job>);
}

/// The job that runs next, if there is one.
#[pin_data]
pub(super) struct Next {
    #[pin]
    job: SpinLock<Option<Arc<dyn Job>>>,
}

impl Next {
    /// Makes an initializer of none.
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            job <- new_spinlock!(None, "tsm::worker::Next"),
        })
    }

    /// Sets the job.
    pub(super) fn set(&self, job: Arc<dyn Job>) {
        *self.job.lock() = Some(job);
    }

    /// Takes the job and runs it, to be called by the thread of a worker.
    pub(super) fn run(&self) {
        let job = self.job.lock().take();

        if let Some(job) = job {
            job.run(&Thread {
                _not_send: PhantomData,
            });
        }
    }
}
