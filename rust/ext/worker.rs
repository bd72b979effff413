// SPDX-License-Identifier: GPL-2.0

//! Work that goes on when the task that waits for it is killed.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    new_mutex,
    prelude::*,
    str::CStr,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex, //
    },
    workqueue, //
};

use crate::semaphore::Semaphore;

/// A kernel thread with data that nobody else touches. It does one thing at a time.
pub struct Worker<T: Send + Unpin + 'static> {
    // Goes first, and waits for what is still being done.
    queue: Queue,
    shared: Arc<Shared<T>>,
}

#[pin_data]
struct Shared<T> {
    /// Whose turn it is: that of a caller, and from then on that of its work.
    #[pin]
    turn: Semaphore,
    #[pin]
    data: Mutex<T>,
    /// Whether nothing is to be begun any more, if not 0.
    closed: Atomic<u32>,
}

/// What a caller waits for. The caller may be gone when it is done.
#[pin_data]
struct Job<R> {
    #[pin]
    done: Semaphore,
    #[pin]
    result: Mutex<Option<R>>,
}

impl<T: Send + Unpin + 'static> Worker<T> {
    /// Makes a worker, whose thread has this name.
    pub fn new(name: &'static CStr, data: T) -> Result<Self> {
        Ok(Self {
            queue: Queue::new(name)?,
            shared: Arc::pin_init(
                pin_init!(Shared {
                    turn <- Semaphore::new(1),
                    data <- new_mutex!(data, "tsm::Worker::data"),
                    closed: Atomic::new(0),
                }),
                GFP_KERNEL,
            )?,
        })
    }

    /// Has `work` done, and returns its result. No signal reaches it. When the caller is killed, it is
    /// done nevertheless, and the result is dropped; then the next caller waits for it as well.
    ///
    /// Before that, when it is the caller's turn, the caller does what `ready` is, which signals reach.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed while it waits, [`ENXIO`] after [`Worker::close`], [`ENOMEM`],
    /// and those of `ready`.
    pub fn call<R: Send + Unpin + 'static>(
        &self,
        ready: impl FnOnce(&T) -> Result,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R> {
        let job = Arc::pin_init(
            pin_init!(Job {
                done <- Semaphore::new(0),
                result <- new_mutex!(None, "tsm::Worker::result"),
            }),
            GFP_KERNEL,
        )?;

        self.shared.turn.down_killable()?;
        self.begin(job.clone(), ready, work)
            .inspect_err(|_| self.shared.turn.up())?;

        job.done.down_killable()?;
        let result = job.result.lock().take();
        result.ok_or(EIO)
    }

    /// Begins with a job, to be called when it is its turn.
    fn begin<R: Send + Unpin + 'static>(
        &self,
        job: Arc<Job<R>>,
        ready: impl FnOnce(&T) -> Result,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result {
        let shared = self.shared.clone();

        if shared.closed.load(Relaxed) != 0 {
            return Err(ENXIO);
        }
        ready(&shared.data.lock())?;
        self.queue
            .get()
            .try_spawn(GFP_KERNEL, move || {
                let result = work(&mut shared.data.lock());

                *job.result.lock() = Some(result);
                shared.turn.up();
                job.done.up();
            })
            .map_err(|_| ENOMEM)
    }

    /// Has everybody who waits for his turn, or comes later, be refused ([`ENXIO`]), so that whoever waits
    /// for them need only wait for what has been begun.
    pub fn close(&self) {
        self.shared.closed.store(1, Relaxed);
    }
}

/// A work queue of our own, so that we can wait until it is idle.
///
/// # Invariants
///
/// The work queue belongs to `self`.
struct Queue(NonNull<bindings::workqueue_struct>);

// SAFETY: A work queue may be used by any thread.
unsafe impl Send for Queue {}

// SAFETY: It locks what it changes.
unsafe impl Sync for Queue {}

impl Queue {
    fn new(name: &'static CStr) -> Result<Self> {
        // SAFETY: `name` is a C string, and is copied.
        let queue = unsafe { tsm_bindings::tsm_helper_alloc_workqueue(name.as_char_ptr()) };

        // INVARIANT: It was made just now.
        NonNull::new(queue).map(Self).ok_or(ENOMEM)
    }

    fn get(&self) -> &workqueue::Queue {
        // SAFETY: By the type invariant, it is valid as long as `self`.
        unsafe { workqueue::Queue::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, it is ours. This waits for what is queued.
        unsafe { bindings::destroy_workqueue(self.0.as_ptr()) };
    }
}
