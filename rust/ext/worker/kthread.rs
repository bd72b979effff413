// SPDX-License-Identifier: GPL-2.0

//! Jobs that run on a thread of their own, before tasks of a normal policy.
//!
//! C header: [`include/linux/kthread.h`](srctree/include/linux/kthread.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    container_of,
    error::from_err_ptr,
    prelude::*,
    str::CStr,
    sync::Arc,
    types::Opaque, //
};

use super::next::{
    Job,
    Next,
    Queue, //
};

/// A kernel thread of our own with the lowest real-time priority.
///
/// It preempts the caller that wakes it, unless that is a real-time task itself. The caller finds the job
/// done when it runs again, and need not sleep.
///
/// # Invariants
///
/// `worker` was made by `kthread_create_worker_on_node()`, and belongs to `self`.
pub struct Kthread {
    worker: NonNull<bindings::kthread_worker>,
    item: Arc<Item>,
}

// SAFETY: Any thread may queue work of a kthread worker, and destroy the worker.
unsafe impl Send for Kthread {}

// SAFETY: A kthread worker changes its queue under its own spinlock.
unsafe impl Sync for Kthread {}

/// The work item of all jobs, since they run one at a time.
///
/// # Invariants
///
/// `work` is initialized, with [`Item::run`] as its function.
#[pin_data]
struct Item {
    #[pin]
    work: Opaque<bindings::kthread_work>,
    #[pin]
    next: Next,
}

// SAFETY: `work` is used by the C API alone, from any thread.
unsafe impl Send for Item {}

// SAFETY: The C API locks what it changes of `work`.
unsafe impl Sync for Item {}

impl Item {
    fn new() -> impl PinInit<Self> {
        // INVARIANT: The helper initializes `work`, with `run` as its function.
        pin_init!(Self {
            // SAFETY: `slot` is valid for writes and pinned.
            work <- Opaque::ffi_init(|slot| unsafe {
                tsm_bindings::tsm_helper_kthread_init_work(slot, Some(Self::run))
            }),
            next <- Next::new(),
        })
    }

    /// Runs the next job.
    ///
    /// # Safety
    ///
    /// `work` must be that of an item which stays until this returns.
    unsafe extern "C" fn run(work: *mut bindings::kthread_work) {
        // SAFETY: By the safety requirement, `work` is that of an item.
        let item =
            unsafe { container_of!(work.cast::<Opaque<bindings::kthread_work>>(), Self, work) };

        // SAFETY: By the safety requirement, the item stays.
        unsafe { (*item).next.run() };
    }
}

impl Kthread {
    pub(super) fn new(name: &'static CStr) -> Result<Self> {
        let item = Arc::pin_init(Item::new(), GFP_KERNEL)?;
        // SAFETY: Both are C strings, of which the second is for the first, and copied.
        let worker = from_err_ptr(unsafe {
            bindings::kthread_create_worker_on_node(
                0,
                bindings::NUMA_NO_NODE,
                c"%s".as_char_ptr(),
                name.as_char_ptr(),
            )
        })?;
        // INVARIANT: The worker was made just now, and nothing else has it.
        let kthread = Self {
            worker: NonNull::new(worker).ok_or(ENOMEM)?,
            item,
        };
        // SAFETY: By the type invariant, the worker is valid. Its task does not change after it was
        // made.
        let task = unsafe { (*worker).task };

        // SAFETY: By the type invariant, the worker belongs to `kthread`, and its task lives until
        // that is dropped.
        unsafe { bindings::sched_set_fifo_low(task) };
        // SAFETY: By the type invariant, the worker belongs to `kthread`, and its task lives until
        // that is dropped.
        unsafe { bindings::wake_up_process(task) };
        Ok(kthread)
    }
}

impl Queue for Kthread {
    fn run(&self, job: Arc<dyn Job>) {
        self.item.next.set(job);
        // SAFETY: By the type invariants, both are initialized. The item stays until the worker has been
        // destroyed. One that is queued already finds the job, too.
        unsafe { bindings::kthread_queue_work(self.worker.as_ptr(), self.item.work.get()) };
    }
}

impl Drop for Kthread {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the worker belongs to `self`. This waits for what is
        // queued.
        unsafe { bindings::kthread_destroy_worker(self.worker.as_ptr()) };
    }
}

/// The priority of a normal task, which the thread of a [`Kthread`] has as long as this exists.
///
/// # Invariants
///
/// The current task is the thread of a [`Kthread`].
pub(super) struct NormalPriority {
    /// It is for the current task.
    _not_send: PhantomData<*mut ()>,
}

impl NormalPriority {
    /// Sets the priority.
    ///
    /// # Safety
    ///
    /// The current task must be the thread of a [`Kthread`].
    pub(super) unsafe fn new() -> Self {
        // SAFETY: The current task lives, and by the safety requirement its priority is ours to set.
        unsafe { bindings::sched_set_normal(bindings::get_current(), 0) };
        // INVARIANT: By the safety requirement, the current task is the thread of a `Kthread`.
        Self {
            _not_send: PhantomData,
        }
    }
}

impl Drop for NormalPriority {
    fn drop(&mut self) {
        // SAFETY: The current task lives, and by the type invariant its priority is ours to set.
        unsafe { bindings::sched_set_fifo_low(bindings::get_current()) };
    }
}
