// SPDX-License-Identifier: GPL-2.0

//! The shared memory in which the VMM returns quotes.
//!
//! A request is in flight from `TDG.VP.VMCALL<GetQuote>` until the VMM changes the status in the header of
//! its buffer. Until then the VMM may write to the buffer, so no other request uses it.
//!
//! A request is abandoned if its caller is killed or times out while the request is in flight. Its buffer
//! is reused when its status changes.
//!
//! The number of slots is fixed. Each request takes one, and an abandoned request keeps its slot.
//! If all slots are taken, a request waits in a queue. An item in configfs has at most one abandoned
//! request: its next request waits for that one. So one item can not take all slots.
//!
//! The buffer of a request that has ended is kept, idle and shared, for one of the next requests. Idle
//! buffers have a limit, see [`BufferLimits`]; a buffer above it is made private and freed at once, and all
//! of them when the module is unloaded.

mod slots;

pub(crate) use slots::header;

use kernel::{
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    static_lock_class,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::{
    close_on_drop::Close,
    mutex::KillableMutex,
    shared::{
        SharedBuffer,
        Sharing, //
    },
    tdx::Guest,
    time::sleep_killable, //
};
use tsm_proto::tdx::{
    call::Field,
    poll::{
        pause_after,
        Micros, //
    },
    quote::Header,
    BufferLimits, //
};
use tsm_provider::ReportId;

use slots::{
    PreviousRequest,
    RequestSlot,
    RequestSlots,
    WaitFor, //
};

/// Least size of a buffer, and its size if the TDX module does not report the maximum size of a quote.
/// A quote has about 8 KiB with a certificate chain, and about 100 KiB with layered (DICE) evidence.
pub(crate) const USUAL_SIZE: usize = 128 << 10;

/// Maximum size of a quote. The `outblob` of a report in configfs has no more.
const LONGEST_QUOTE: u64 = 16 << 20;

/// The buffers of all requests.
pub(crate) struct Buffers {
    /// Size of each buffer, in pages.
    pages: usize,
    /// Maximum time that a request waits for a slot.
    timeout: Delta,
    /// Requests that wait fail with `ENXIO`.
    is_closed: Atomic<bool>,
    /// The queue for slots. The request that holds the lock gets the next slot.
    turn: Pin<KBox<KillableMutex<()>>>,
    sharing: Pin<KBox<KillableMutex<Sharing>>>,
    slots: Pin<KBox<Mutex<RequestSlots>>>,
}

impl Buffers {
    /// Makes the slots, and the first buffer, which tells how large all buffers are.
    pub(crate) fn new(guest: Guest, timeout: Delta) -> Result<Self> {
        let mut sharing = Sharing::default();
        let (pages, first) = first(&mut sharing, size(guest).div_ceil(PAGE_SIZE))?;
        let slots = RequestSlots::new(BufferLimits::of(pages * PAGE_SIZE), first)?;

        Ok(Self {
            pages,
            timeout,
            is_closed: Atomic::new(false),
            turn: KBox::pin_init(
                KillableMutex::new((), c"tsm_tdx::Buffers::turn", static_lock_class!()),
                GFP_KERNEL,
            )?,
            sharing: KBox::pin_init(
                KillableMutex::new(sharing, c"tsm_tdx::Buffers::sharing", static_lock_class!()),
                GFP_KERNEL,
            )?,
            slots: KBox::pin_init(new_mutex!(slots, "tsm_tdx::Buffers::slots"), GFP_KERNEL)?,
        })
    }

    /// Takes a slot and a buffer that the VMM does not use, for a request of `report`. [`Self::put`]
    /// returns both.
    ///
    /// # Errors
    ///
    /// - [`EBUSY`]: the wait for a slot, or for an abandoned request of this report, timed out.
    /// - [`EINTR`]: the task was killed while it waited.
    /// - [`ENXIO`]: the module is being unloaded.
    /// - [`ENOMEM`]: there is no memory for a new buffer.
    /// - [`EIO`]: the VMM refused to share a new buffer, and no request has one that this one could wait
    ///   for.
    pub(crate) fn take(&self, report: ReportId) -> Result<SharedBuffer> {
        let start = Instant::now();

        if let Some(buffer) = self.buffer_of_previous_request(report, start)? {
            return Ok(buffer);
        }
        match self.take_slot(start, WaitFor::Slot)? {
            RequestSlot::Buffer(buffer) => Ok(buffer),
            RequestSlot::Empty => match self.share() {
                // The VMM refused. Wait for a buffer of another request.
                Err(EIO) => match self.take_slot(start, WaitFor::Buffer)? {
                    RequestSlot::Buffer(buffer) => Ok(buffer),
                    RequestSlot::Empty => Err(EIO),
                },
                buffer => buffer,
            },
        }
    }

    /// Makes a buffer for a slot without one, or gives the slot up.
    fn share(&self) -> Result<SharedBuffer> {
        self.sharing
            .lock_killable()
            .and_then(|mut sharing| sharing.share(self.pages))
            .inspect_err(|_| self.slots.lock().in_use -= 1)
    }

    /// Waits until an abandoned request of `report` is not in flight any more, and returns its buffer.
    fn buffer_of_previous_request(
        &self,
        report: ReportId,
        start: Instant<Monotonic>,
    ) -> Result<Option<SharedBuffer>> {
        loop {
            match self.slots.lock().previous_request(report) {
                PreviousRequest::Completed(buffer) => return Ok(Some(buffer)),
                PreviousRequest::None => return Ok(None),
                PreviousRequest::InFlight => {}
            }
            self.pause(start)?;
        }
    }

    /// Takes a slot, at once or after the requests that wait already.
    fn take_slot(&self, start: Instant<Monotonic>, wait_for: WaitFor) -> Result<RequestSlot> {
        {
            let mut slots = self.slots.lock();

            if slots.waiting == 0 {
                if let Some(slot) = slots.free(wait_for)? {
                    return Ok(slot);
                }
            }
            slots.waiting += 1;
        }
        let slot = self.wait_for_slot(start, wait_for);

        self.slots.lock().waiting -= 1;
        slot
    }

    fn wait_for_slot(&self, start: Instant<Monotonic>, wait_for: WaitFor) -> Result<RequestSlot> {
        let _turn = self.turn.lock_killable()?;

        loop {
            if let Some(slot) = self.slots.lock().free(wait_for)? {
                return Ok(slot);
            }
            self.pause(start)?;
        }
    }

    /// Sleeps for a part of the time since `start`, at which a wait began.
    ///
    /// # Errors
    ///
    /// [`EBUSY`], [`EINTR`] and [`ENXIO`], as for [`Self::take`].
    fn pause(&self, start: Instant<Monotonic>) -> Result {
        const LONGEST: Micros = Micros::new(5000);
        let elapsed = start.elapsed();

        if self.is_closed.load(Relaxed) {
            return Err(ENXIO);
        }
        if elapsed >= self.timeout {
            return Err(EBUSY);
        }
        let pause = pause_after(micros(elapsed), LONGEST);
        sleep_killable(Delta::from_micros(pause.get().into()))
    }

    /// Returns the buffer of a request. If the request is in flight, it is abandoned and keeps its slot.
    pub(crate) fn put(&self, report: ReportId, buffer: SharedBuffer) {
        let surplus = self.slots.lock().put(report, buffer);

        // Dropped without the lock, because the conversion to private memory is slow.
        drop(surplus);
    }
}

impl Close for Buffers {
    /// Fails the requests that wait for a slot. Then unloading waits only for requests that have a slot.
    fn close(&self) {
        self.is_closed.store(true, Relaxed);
    }
}

/// Returns a span of time in microseconds.
pub(crate) fn micros(delta: Delta) -> Micros {
    Micros::from_nanos(delta.as_nanos().unsigned_abs())
}

/// Returns the size of a buffer: the header, and the maximum size of a quote that the TDX module reports,
/// within limits.
fn size(guest: Guest) -> usize {
    let quote = match guest.read_td(Field::QUOTE_MAX_SIZE) {
        Ok(size) if size > LONGEST_QUOTE => {
            pr_warn!("quotes may have {size} bytes, more than {LONGEST_QUOTE} can't be read\n");
            LONGEST_QUOTE
        }
        Ok(size) => size,
        // Older modules do not have the field.
        Err(_) => 0,
    };
    let size = usize::try_from(quote).unwrap_or(0) + Header::SIZE;

    size.max(USUAL_SIZE)
}

/// Makes the first buffer, of `wanted` pages or fewer. Returns its number of pages.
///
/// If there are not so many contiguous pages, it tries fewer, because most quotes are shorter than the
/// maximum. If the VMM refuses to share the buffer, there is none. Then the module loads, and requests fail.
fn first(sharing: &mut Sharing, wanted: usize) -> Result<(usize, Option<SharedBuffer>)> {
    let mut pages = wanted;

    loop {
        match sharing.share(pages) {
            Err(ENOMEM) if pages * PAGE_SIZE > USUAL_SIZE => {
                // The page allocator has powers of two.
                pages = pages.next_power_of_two() / 2;
            }
            Err(EIO) => return Ok((pages, None)),
            buffer => {
                if pages < wanted {
                    pr_warn!("no {wanted} pages in one piece for quotes, they may have {pages}\n");
                }
                return Ok((pages, Some(buffer?)));
            }
        }
    }
}
