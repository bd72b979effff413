// SPDX-License-Identifier: GPL-2.0

//! The memory that quotes come in.
//!
//! A buffer belongs to the VMM from the request on until the status in it says otherwise. A request
//! whose caller does not wait for that is abandoned: its buffer is used again when the VMM is done
//! with it.
//!
//! There is a fixed number of places, one for each request, abandoned ones included. A request for
//! which there is no place waits for one in turn. A report has at most one abandoned request, so
//! that one report can't take all places.

mod places;

pub(crate) use places::header;

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
    quote::Header, //
};
use tsm_provider::ReportId;

use places::{
    Earlier,
    Place,
    Places,
    Wanted, //
};

/// Size of a buffer where the TDX module does not say how long a quote may be, and the least one. A
/// quote has about 8 KiB with a certificate chain, and some 100 KiB with layered (DICE) evidence.
pub(crate) const USUAL_SIZE: usize = 128 << 10;

/// The longest quote that there is a buffer for: no more can be read from a report.
const LONGEST_QUOTE: u64 = 16 << 20;

/// How much memory the buffers of all places may have, unless the least number of places needs more.
const MAX_BYTES: usize = 32 << 20;

/// The least number of places: what a few abandoned requests hold must not be all.
const LEAST_PLACES: usize = 4;

/// The largest number of places.
const MOST_PLACES: usize = 16;

/// How much memory is kept shared for later requests, unless one buffer has more.
const MAX_IDLE_BYTES: usize = 2 << 20;

/// The buffers of all requests.
pub(crate) struct Buffers {
    /// Pages of each.
    pages: usize,
    /// How long a request waits for a place.
    timeout: Delta,
    /// Whether requests that wait have to give up.
    is_closed: Atomic<bool>,
    /// Held by the request that is the next one to get a place.
    turn: Pin<KBox<KillableMutex<()>>>,
    sharing: Pin<KBox<KillableMutex<Sharing>>>,
    places: Pin<KBox<Mutex<Places>>>,
}

impl Buffers {
    /// Makes places for buffers of the size that this guest needs, and a first buffer.
    pub(crate) fn new(guest: Guest, timeout: Delta) -> Result<Self> {
        let mut sharing = Sharing::default();
        let (pages, first) = first(&mut sharing, size(guest).div_ceil(PAGE_SIZE))?;
        // A buffer has pages, but the compiler does not know it: it would add a panic, which objtool warns of.
        let fit = |bytes: usize| (bytes / PAGE_SIZE).checked_div(pages).unwrap_or(0);
        let count = fit(MAX_BYTES).clamp(LEAST_PLACES, MOST_PLACES);
        let keep = fit(MAX_IDLE_BYTES).clamp(1, count);
        let places = Places::new(count, keep, first)?;

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
            places: KBox::pin_init(new_mutex!(places, "tsm_tdx::Buffers::places"), GFP_KERNEL)?,
        })
    }

    /// Takes a buffer that the VMM does not use, for a request of `report`. It has to be
    /// [put](Self::put) back.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] when an earlier request of this report is in flight, or all places are taken, for as
    /// long as a request may take; [`EINTR`] when the task is killed while it waits; [`ENXIO`] when the
    /// module is about to go; and those of [`Sharing::share`], [`EIO`] only if there is no buffer that
    /// could be waited for.
    pub(crate) fn take(&self, report: ReportId) -> Result<SharedBuffer> {
        let start = Instant::now();

        if let Some(buffer) = self.earlier(report, start)? {
            return Ok(buffer);
        }
        match self.place(start, Wanted::Place)? {
            Place::Buffer(buffer) => Ok(buffer),
            Place::Empty => match self.share() {
                // Then the buffers have to do that there are.
                Err(EIO) => match self.place(start, Wanted::Buffer)? {
                    Place::Buffer(buffer) => Ok(buffer),
                    Place::Empty => Err(EIO),
                },
                buffer => buffer,
            },
        }
    }

    /// Makes a buffer for a place without one, or gives the place up.
    fn share(&self) -> Result<SharedBuffer> {
        self.sharing
            .lock_killable()
            .and_then(|mut sharing| sharing.share(self.pages))
            .inspect_err(|_| self.places.lock().in_use -= 1)
    }

    /// Waits for the VMM to be done with an earlier request of a report, and returns its buffer.
    fn earlier(&self, report: ReportId, start: Instant<Monotonic>) -> Result<Option<SharedBuffer>> {
        loop {
            match self.places.lock().earlier(report) {
                Earlier::Done(buffer) => return Ok(Some(buffer)),
                Earlier::None => return Ok(None),
                Earlier::InFlight => {}
            }
            self.pause(start)?;
        }
    }

    /// Waits for a place.
    fn place(&self, start: Instant<Monotonic>, wanted: Wanted) -> Result<Place> {
        {
            let mut places = self.places.lock();

            if places.waiting == 0 {
                if let Some(place) = places.free(wanted)? {
                    return Ok(place);
                }
            }
            places.waiting += 1;
        }
        let place = self.wait_for_place(start, wanted);

        self.places.lock().waiting -= 1;
        place
    }

    fn wait_for_place(&self, start: Instant<Monotonic>, wanted: Wanted) -> Result<Place> {
        let _turn = self.turn.lock_killable()?;

        loop {
            if let Some(place) = self.places.lock().free(wanted)? {
                return Ok(place);
            }
            self.pause(start)?;
        }
    }

    /// Sleeps for a part of the time since `start`.
    fn pause(&self, start: Instant<Monotonic>) -> Result {
        const LONGEST: Delta = Delta::from_millis(5);
        let elapsed = start.elapsed();

        if self.is_closed.load(Relaxed) {
            return Err(ENXIO);
        }
        if elapsed >= self.timeout {
            return Err(EBUSY);
        }
        sleep_killable(pause_after(elapsed, LONGEST))
    }

    /// Puts a buffer back whose request has ended, or is abandoned.
    pub(crate) fn put(&self, report: ReportId, buffer: SharedBuffer) {
        let surplus = self.places.lock().put(report, buffer);

        // Without the lock: taking memory back from the VMM takes long.
        drop(surplus);
    }
}

impl Close for Buffers {
    /// Fails the requests that wait for a place, so that unloading waits for no more than the requests
    /// that are in flight.
    fn close(&self) {
        self.is_closed.store(true, Relaxed);
    }
}

/// Returns how long to sleep until the next look at something that began so long ago: a sixteenth of
/// that, so that with the timer's slack it is seen late by less than a tenth of its time.
pub(crate) fn pause_after(elapsed: Delta, longest: Delta) -> Delta {
    const SHORTEST: Delta = Delta::from_micros(50);

    Delta::from_nanos(elapsed.as_nanos() / 16).clamp(SHORTEST, longest)
}

/// Returns the size of a buffer: what the TDX module says that a quote may have, within limits, and
/// the header before it.
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

/// Makes a buffer of `wanted` pages, or a smaller one if there are not so many in one piece: what is
/// asked for is the longest quote that there may be, not what this VMM makes. Returns the number of
/// pages, and no buffer if the VMM refuses to share it: then a request is what fails.
fn first(sharing: &mut Sharing, wanted: usize) -> Result<(usize, Option<SharedBuffer>)> {
    let mut pages = wanted;

    loop {
        match sharing.share(pages) {
            Err(ENOMEM) if pages * PAGE_SIZE > USUAL_SIZE => {
                // The powers of two are what the page allocator has.
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
