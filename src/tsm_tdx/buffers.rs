// SPDX-License-Identifier: GPL-2.0

//! The memory that quotes come in.
//!
//! A buffer belongs to the VMM from the request on until the status in it says otherwise. A request
//! whose caller does not wait for that is abandoned: its buffer is used again when the VMM is done
//! with it.
//!
//! There is a fixed number of places, one for each request, abandoned ones included. A request for
//! which there is no place waits for one, first come, first served. A report has at most one
//! abandoned request, so that one report can't take all places.

use kernel::{
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    static_lock_class,
    sync::Mutex,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::{
    mutex::KillableMutex,
    shared::{
        SharedBuffer,
        Sharing, //
    },
    tdx::Guest,
    time::sleep_killable,
    tsm::ReportId, //
};
use tsm_proto::tdx::{
    call::Field,
    quote::{
        Header,
        Status, //
    }, //
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
    /// Held by the request that is the next one to get a place.
    turn: Pin<KBox<KillableMutex<()>>>,
    sharing: Pin<KBox<KillableMutex<Sharing>>>,
    places: Pin<KBox<Mutex<Places>>>,
}

/// The places.
///
/// # Invariants
///
/// `in_use`, the abandoned requests and the idle buffers are together at most `count`. `abandoned` has
/// the capacity for `count`.
struct Places {
    count: usize,
    /// How many requests wait for their turn.
    waiting: usize,
    /// How many requests have a buffer, or are about to get one.
    in_use: usize,
    abandoned: KVec<Abandoned>,
    /// Buffers that are kept, because sharing memory takes long and can fail.
    idle: KVec<SharedBuffer>,
}

/// A request that was given up, and that the VMM may still work on.
struct Abandoned {
    report: ReportId,
    buffer: SharedBuffer,
}

/// A place that a request has got.
enum Place {
    /// With a buffer.
    Buffer(SharedBuffer),
    /// Without one.
    Empty,
}

/// What a report has from earlier requests.
enum Earlier {
    /// A request that the VMM works on.
    InFlight,
    /// The buffer of a request that the VMM is done with, and its place.
    Done(SharedBuffer),
    /// Nothing.
    None,
}

impl Buffers {
    /// Makes places for buffers of the size that this guest needs, and a first buffer.
    pub(crate) fn new(guest: Guest, timeout: Delta) -> Result<Self> {
        let mut sharing = Sharing::default();
        let (pages, first) = first(&mut sharing, size(guest).div_ceil(PAGE_SIZE))?;
        let size = pages * PAGE_SIZE;
        let count = (MAX_BYTES / size).clamp(LEAST_PLACES, MOST_PLACES);
        let keep = (MAX_IDLE_BYTES / size).clamp(1, count);
        let mut idle = KVec::with_capacity(keep, GFP_KERNEL)?;

        if let Some(first) = first {
            idle.push(first, GFP_KERNEL)?;
        }
        let places = Places {
            count,
            waiting: 0,
            in_use: 0,
            abandoned: KVec::with_capacity(count, GFP_KERNEL)?,
            idle,
        };

        Ok(Self {
            pages,
            timeout,
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
    /// long as a request may take; [`EINTR`] when the task is killed while it waits; and those of
    /// [`Sharing::share`].
    pub(crate) fn take(&self, report: ReportId) -> Result<SharedBuffer> {
        let start = Instant::now();

        if let Some(buffer) = self.earlier(report, start)? {
            return Ok(buffer);
        }
        match self.place(start)? {
            Place::Buffer(buffer) => Ok(buffer),
            Place::Empty => self.share().inspect_err(|_| self.places.lock().in_use -= 1),
        }
    }

    fn share(&self) -> Result<SharedBuffer> {
        self.sharing.lock_killable()?.share(self.pages)
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
    fn place(&self, start: Instant<Monotonic>) -> Result<Place> {
        {
            let mut places = self.places.lock();

            if places.waiting == 0 {
                if let Some(place) = places.free() {
                    return Ok(place);
                }
            }
            places.waiting += 1;
        }
        let place = self.wait_for_place(start);

        self.places.lock().waiting -= 1;
        place
    }

    fn wait_for_place(&self, start: Instant<Monotonic>) -> Result<Place> {
        let _turn = self.turn.lock_killable()?;

        loop {
            if let Some(place) = self.places.lock().free() {
                return Ok(place);
            }
            self.pause(start)?;
        }
    }

    /// Sleeps for a part of the time since `start`.
    fn pause(&self, start: Instant<Monotonic>) -> Result {
        const LONGEST: Delta = Delta::from_millis(5);
        let elapsed = start.elapsed();

        if elapsed >= self.timeout {
            return Err(EBUSY);
        }
        sleep_killable(pause_after(elapsed, LONGEST))
    }

    /// Puts a buffer back whose request has ended, or is abandoned.
    pub(crate) fn put(&self, report: ReportId, buffer: SharedBuffer) {
        let mut places = self.places.lock();
        places.in_use -= 1;

        let surplus = if in_flight(&buffer) {
            let abandoned = Abandoned { report, buffer };

            if let Err(full) = places.abandoned.push_within_capacity(abandoned) {
                // By the type invariant, there is room for it.
                full.0.buffer.leak();
            }
            None
        } else {
            places.idle.push_within_capacity(buffer).err()
        };
        // Taking memory back from the VMM takes long.
        drop(places);
        drop(surplus);
    }
}

impl Places {
    /// Returns a place, if there is one.
    fn free(&mut self) -> Option<Place> {
        let place = match self.idle.pop() {
            Some(buffer) => Place::Buffer(buffer),
            None => match self.take_abandoned(|request| !in_flight(&request.buffer)) {
                Some(buffer) => Place::Buffer(buffer),
                None if self.in_use + self.abandoned.len() < self.count => Place::Empty,
                None => return None,
            },
        };

        self.in_use += 1;
        Some(place)
    }

    /// Looks for an earlier request of a report.
    fn earlier(&mut self, report: ReportId) -> Earlier {
        let of_report = |request: &Abandoned| request.report == report;
        let Some(request) = self.abandoned.iter().find(|request| of_report(request)) else {
            return Earlier::None;
        };

        if in_flight(&request.buffer) {
            return Earlier::InFlight;
        }
        match self.take_abandoned(of_report) {
            Some(buffer) => {
                self.in_use += 1;
                Earlier::Done(buffer)
            }
            None => Earlier::None,
        }
    }

    fn take_abandoned(&mut self, which: impl Fn(&Abandoned) -> bool) -> Option<SharedBuffer> {
        let index = self.abandoned.iter().position(which)?;

        Some(self.abandoned.remove(index).ok()?.buffer)
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        let mut leaked = 0;

        while let Some(request) = self.abandoned.pop() {
            if in_flight(&request.buffer) {
                request.buffer.leak();
                leaked += 1;
            }
        }
        if leaked > 0 {
            pr_warn!("{leaked} quote requests still in flight, leaked their buffers\n");
        }
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

/// Copies the header of a buffer.
pub(crate) fn header(buffer: &SharedBuffer) -> Result<[u8; Header::SIZE]> {
    let mut header = [0; Header::SIZE];

    buffer.read(0, &mut header)?;
    Ok(header)
}

/// Tells whether the VMM has yet to say that it is done with the buffer. It may say so and write
/// nonsense otherwise.
fn in_flight(buffer: &SharedBuffer) -> bool {
    header(buffer)
        .and_then(|header| Ok(Header::peek_status(&header)?))
        .map_or(true, |status| status == Status::IN_FLIGHT)
}
