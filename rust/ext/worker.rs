// SPDX-License-Identifier: GPL-2.0

//! Work that goes on if the task that waits for it is killed.

mod kthread;
mod next;
mod workqueue;

use core::{
    marker::PhantomData,
    mem, //
};

use kernel::{
    new_mutex,
    prelude::*,
    str::CStr,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use self::{
    kthread::NormalPriority,
    next::{
        Job,
        Queue, //
    }, //
};
use crate::{
    closing::Closing,
    semaphore::Semaphore, //
};

pub use self::{
    kthread::Kthread,
    workqueue::Workqueue, //
};

/// A kernel thread with data of its own. It does one thing at a time.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::worker::Worker;
///
/// let worker = Worker::new(c"example", 0)?;
/// let count = worker.call(
///     |_| Ok(()),
///     |count, _thread| {
///         *count += 1;
///         *count
///     },
/// )?;
/// # Ok::<(), Error>(())
/// ```
pub struct Worker<T: Send + Unpin + 'static, Q: Queue = Workqueue> {
    // Goes first, and waits for what is still being done.
    queue: Q,
    shared: Arc<Shared<T>>,
}

#[pin_data]
struct Shared<T> {
    /// Free for the next caller. See [`Permit`].
    #[pin]
    permit: Semaphore,
    #[pin]
    data: Mutex<T>,
    /// Whether nothing is to be begun any more.
    #[pin]
    closing: Closing,
}

impl<T: Send + Unpin + 'static> Shared<T> {
    fn new(data: T) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                permit <- Semaphore::new(1),
                data <- new_mutex!(data, "tsm::Worker::data"),
                closing <- Closing::new(),
            }),
            GFP_KERNEL,
        )
    }
}

/// The proof that the current task is the thread of a [`Worker`], which no signal reaches and which is
/// never killed.
///
/// # Examples
///
/// See [`Channel`](crate::sev::Channel), of which a message is sent by such a thread.
pub struct Thread {
    /// It proves nothing of another task.
    _not_send: PhantomData<*mut ()>,
}

/// The right to use the thread. A caller has it first, then its work.
///
/// # Invariants
///
/// `permit` is taken.
struct Permit<T: Send + Unpin + 'static>(Arc<Shared<T>>);

impl<T: Send + Unpin + 'static> Permit<T> {
    /// Waits for the permit.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed while it waits.
    fn wait(shared: &Arc<Shared<T>>) -> Result<Self> {
        shared.permit.down_killable()?;
        // INVARIANT: `permit` was taken just now.
        Ok(Self(shared.clone()))
    }
}

impl<T: Send + Unpin + 'static> Drop for Permit<T> {
    fn drop(&mut self) {
        self.0.permit.up();
    }
}

/// What a caller waits for. The caller may be gone when it is done.
#[pin_data]
struct Call<T: Send + Unpin + 'static, R, W> {
    #[pin]
    done: Semaphore,
    #[pin]
    state: Mutex<State<T, R, W>>,
}

/// The state of a call.
enum State<T: Send + Unpin + 'static, R, W> {
    /// This work has the permit.
    Begun(Permit<T>, W),
    /// The work runs, or its result was taken.
    Empty,
    /// The work is done, with this result.
    Done(R),
}

// Nothing in it is ever pinned.
impl<T: Send + Unpin + 'static, R, W> Unpin for State<T, R, W> {}

impl<T, R, W> Call<T, R, W>
where
    T: Send + Unpin + 'static,
    R: Send,
    W: FnOnce(&mut T, &Thread) -> R + Send,
{
    fn new(permit: Permit<T>, work: W) -> impl PinInit<Self> {
        pin_init!(Self {
            done <- Semaphore::new(0),
            state <- new_mutex!(State::Begun(permit, work), "tsm::Worker::state"),
        })
    }

    /// Waits for the result and takes it.
    fn wait(&self) -> Result<R> {
        self.done.down_killable()?;
        match mem::replace(&mut *self.state.lock(), State::Empty) {
            State::Done(result) => Ok(result),
            _ => Err(EIO),
        }
    }
}

impl<T, R, W> Job for Call<T, R, W>
where
    T: Send + Unpin + 'static,
    R: Send,
    W: FnOnce(&mut T, &Thread) -> R + Send,
{
    fn run(&self, thread: &Thread) {
        let state = mem::replace(&mut *self.state.lock(), State::Empty);

        if let State::Begun(permit, work) = state {
            let result = work(&mut permit.0.data.lock(), thread);

            *self.state.lock() = State::Done(result);
        }
        self.done.up();
    }
}

impl<T: Send + Unpin + 'static> Worker<T> {
    /// Makes a worker, whose thread is one of the kernel's.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(name: &'static CStr, data: T) -> Result<Self> {
        Ok(Self {
            queue: Workqueue::new(name)?,
            shared: Shared::new(data)?,
        })
    }
}

impl<T: Send + Unpin + 'static> Worker<T, Kthread> {
    /// Makes a worker, whose thread has this name and the lowest real-time priority, for work that is
    /// shorter than it takes to wait for a normal task.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], [`EINTR`] when the caller is killed.
    pub fn with_priority(name: &'static CStr, data: T) -> Result<Self> {
        Ok(Self {
            queue: Kthread::new(name)?,
            shared: Shared::new(data)?,
        })
    }

    /// Does the same as [`Worker::call`], for work that may take long: meanwhile the thread has the
    /// priority of a normal task.
    ///
    /// # Errors
    ///
    /// As [`Worker::call`].
    pub fn call_long<R: Send + 'static>(
        &self,
        ready: impl FnOnce(&T) -> Result,
        work: impl FnOnce(&mut T, &Thread) -> R + Send + 'static,
    ) -> Result<R> {
        self.call(ready, move |data, thread| {
            // SAFETY: The thread that runs the work of this worker is that of a `Kthread`.
            let _priority = unsafe { NormalPriority::new() };

            work(data, thread)
        })
    }
}

impl<T: Send + Unpin + 'static, Q: Queue> Worker<T, Q> {
    /// Runs `work` on the thread, and returns its result. No signal reaches it. If the caller is killed,
    /// `work` goes on, its result is dropped, and the next caller waits for it as well.
    ///
    /// Before that, once it may use the thread, the caller runs `ready`, which signals reach. If it sleeps, then
    /// by [`Worker::closing`].
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed while it waits, [`ENXIO`] after [`Worker::close`], [`ENOMEM`],
    /// and those of `ready`.
    pub fn call<R: Send + 'static>(
        &self,
        ready: impl FnOnce(&T) -> Result,
        work: impl FnOnce(&mut T, &Thread) -> R + Send + 'static,
    ) -> Result<R> {
        let permit = Permit::wait(&self.shared)?;

        if self.shared.closing.is_closed() {
            return Err(ENXIO);
        }
        let call = Arc::pin_init(Call::new(permit, work), GFP_KERNEL)?;

        // Nothing may fail after this.
        ready(&self.shared.data.lock())?;
        self.queue.run(call.clone());
        call.wait()
    }

    /// Runs `work` on the thread of the caller, once it may use the data. No signal ends the wait. After
    /// [`Worker::close`], does nothing.
    pub fn run(&self, work: impl FnOnce(&mut T)) {
        self.run_last(|data| {
            if !self.shared.closing.is_closed() {
                work(data);
            }
        });
    }

    /// The same, also after [`Worker::close`].
    pub fn run_last(&self, work: impl FnOnce(&mut T)) {
        self.shared.permit.down();
        // INVARIANT: `permit` was taken just now.
        let permit = Permit(self.shared.clone());

        work(&mut permit.0.data.lock());
    }

    /// Returns what ends a sleep on [`Worker::close`].
    pub fn closing(&self) -> &Closing {
        &self.shared.closing
    }

    /// Fails all callers that are queued, sleep by [`Worker::closing`] or come later with [`ENXIO`]. Work that has
    /// begun goes on.
    pub fn close(&self) {
        self.shared.closing.close();
    }
}
