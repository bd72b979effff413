// SPDX-License-Identifier: GPL-2.0

//! Work that goes on if the task that waits for it is killed.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    impl_has_work,
    new_mutex,
    prelude::*,
    static_lock_class,
    str::CStr,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        LockClassKey,
        Mutex, //
    },
    workqueue::{
        self,
        Work,
        WorkItem, //
    }, //
};

use crate::semaphore::Semaphore;

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
pub struct Worker<T: Send + Unpin + 'static> {
    // Goes first, and waits for what is still being done.
    queue: Queue,
    shared: Arc<Shared<T>>,
}

#[pin_data]
struct Shared<T> {
    /// Free for the next caller. See [`Turn`].
    #[pin]
    turn: Semaphore,
    #[pin]
    data: Mutex<T>,
    /// Whether nothing is to be begun any more, if not 0.
    closed: Atomic<u32>,
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
/// `turn` is taken.
struct Turn<T: Send + Unpin + 'static>(Arc<Shared<T>>);

impl<T: Send + Unpin + 'static> Turn<T> {
    /// Waits until it is the caller's turn.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed while it waits.
    fn wait(shared: &Arc<Shared<T>>) -> Result<Self> {
        shared.turn.down_killable()?;
        // INVARIANT: It was taken just now.
        Ok(Self(shared.clone()))
    }
}

impl<T: Send + Unpin + 'static> Drop for Turn<T> {
    fn drop(&mut self) {
        self.0.turn.up();
    }
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

    /// Runs `work` on the thread, and returns its result. No signal reaches it. If the caller is killed,
    /// `work` goes on, its result is dropped, and the next caller waits for it as well.
    ///
    /// Before that, at its turn, the caller runs `ready`, which signals reach.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed while it waits, [`ENXIO`] after [`Worker::close`], [`ENOMEM`],
    /// and those of `ready`.
    pub fn call<R: Send + Unpin + 'static>(
        &self,
        ready: impl FnOnce(&T) -> Result,
        work: impl FnOnce(&mut T, &Thread) -> R + Send + 'static,
    ) -> Result<R> {
        let job = Arc::pin_init(
            pin_init!(Job {
                done <- Semaphore::new(0),
                result <- new_mutex!(None, "tsm::Worker::result"),
            }),
            GFP_KERNEL,
        )?;

        self.begin(Turn::wait(&self.shared)?, job.clone(), ready, work)?;

        job.done.down_killable()?;
        let result = job.result.lock().take();
        result.ok_or(EIO)
    }

    /// Begins with a job.
    fn begin<R: Send + Unpin + 'static>(
        &self,
        turn: Turn<T>,
        job: Arc<Job<R>>,
        ready: impl FnOnce(&T) -> Result,
        work: impl FnOnce(&mut T, &Thread) -> R + Send + 'static,
    ) -> Result {
        let shared = &turn.0;

        if shared.closed.load(Relaxed) != 0 {
            return Err(ENXIO);
        }
        ready(&shared.data.lock())?;
        self.queue.run(move || {
            let thread = Thread {
                _not_send: PhantomData,
            };
            let result = work(&mut turn.0.data.lock(), &thread);

            *job.result.lock() = Some(result);
            drop(turn);
            job.done.up();
        })
    }

    /// Runs `work` on the thread of the caller, when it is the caller's turn. No signal ends the wait. After
    /// [`Worker::close`], does nothing.
    pub fn run(&self, work: impl FnOnce(&mut T)) {
        self.run_last(|data| {
            if self.shared.closed.load(Relaxed) == 0 {
                work(data);
            }
        });
    }

    /// The same, also after [`Worker::close`].
    pub fn run_last(&self, work: impl FnOnce(&mut T)) {
        self.shared.turn.down();
        // INVARIANT: It was taken just now.
        let turn = Turn(self.shared.clone());

        work(&mut turn.0.data.lock());
    }

    /// Fails all callers that wait for their turn or come later with [`ENXIO`]. Work that has begun goes on.
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

    /// Runs a closure on the thread of the queue.
    fn run(&self, closure: impl FnOnce() + Send + 'static) -> Result {
        let item = Item::new(closure)?;

        // SAFETY: By the type invariant, it is valid as long as `self`.
        unsafe { workqueue::Queue::from_raw(self.0.as_ptr()) }.enqueue(item);
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, it is ours. This waits for what is queued.
        unsafe { bindings::destroy_workqueue(self.0.as_ptr()) };
    }
}

/// A closure on its way to the thread of a [`Queue`].
///
/// `workqueue::Queue::try_spawn` cannot be used: its lock class is in the kernel and the name of the class
/// in the module that calls it. lockdep reports the second module that does, and names the class by freed
/// memory once the first one is gone.
#[pin_data]
struct Item<F> {
    #[pin]
    work: Work<Self>,
    closure: Option<F>,
}

impl_has_work! {
    impl{F} HasWork<Self> for Item<F> { self.work }
}

impl<F: FnOnce() + Send + 'static> Item<F> {
    fn new(closure: F) -> Result<Pin<KBox<Self>>> {
        let (name, class) = item_class();

        KBox::pin_init(
            pin_init!(Self {
                work <- Work::new(name, class),
                closure: Some(closure),
            }),
            GFP_KERNEL,
        )
    }
}

impl<F: FnOnce() + Send + 'static> WorkItem for Item<F> {
    type Pointer = Pin<KBox<Self>>;

    fn run(mut this: Pin<KBox<Self>>) {
        if let Some(closure) = this.as_mut().project().closure.take() {
            closure();
        }
    }
}

/// Returns the name and the lock class of all items. It is not generic, so that there is one of each.
fn item_class() -> (&'static CStr, Pin<&'static LockClassKey>) {
    static NAME: &CStr = c"tsm::worker::Item";

    (NAME, static_lock_class!())
}
