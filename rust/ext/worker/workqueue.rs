// SPDX-License-Identifier: GPL-2.0

//! Jobs that run on the threads of the kernel's work queues.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    impl_has_work,
    new_work,
    prelude::*,
    str::CStr,
    sync::Arc,
    workqueue::{
        Queue as KernelQueue,
        Work,
        WorkItem, //
    }, //
};

use super::next::{
    Job,
    Next,
    Queue, //
};

/// A work queue of our own, so that we can wait until it is idle.
///
/// # Invariants
///
/// The work queue belongs to `self`.
pub struct Workqueue {
    queue: NonNull<bindings::workqueue_struct>,
    item: Arc<Item>,
}

// SAFETY: Any thread may queue work to a work queue, and destroy the queue.
unsafe impl Send for Workqueue {}

// SAFETY: A work queue changes what it has queued under its own locks.
unsafe impl Sync for Workqueue {}

/// The work item of all jobs, since they run one at a time.
#[pin_data]
struct Item {
    #[pin]
    work: Work<Self>,
    #[pin]
    next: Next,
}

impl_has_work! {
    impl HasWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.next.run();
    }
}

impl Workqueue {
    pub(super) fn new(name: &'static CStr) -> Result<Self> {
        let item = Arc::pin_init(
            pin_init!(Item {
                work <- new_work!("tsm::worker::Item"),
                next <- Next::new(),
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: `name` is a C string, and is copied.
        let queue = unsafe { tsm_bindings::tsm_helper_alloc_workqueue(name.as_char_ptr()) };

        // INVARIANT: The work queue was made just now, and nothing else has it.
        Ok(Self {
            queue: NonNull::new(queue).ok_or(ENOMEM)?,
            item,
        })
    }
}

impl Queue for Workqueue {
    fn run(&self, job: Arc<dyn Job>) {
        self.item.next.set(job);
        // SAFETY: By the type invariant, the work queue belongs to `self`, so it is valid as long.
        let queue = unsafe { KernelQueue::from_raw(self.queue.as_ptr()) };
        // An item that is queued already finds the job, too.
        let _ = queue.enqueue(self.item.clone());
    }
}

impl Drop for Workqueue {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the work queue belongs to `self`. This waits for what is
        // queued.
        unsafe { bindings::destroy_workqueue(self.queue.as_ptr()) };
    }
}
