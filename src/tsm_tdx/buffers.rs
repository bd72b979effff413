// SPDX-License-Identifier: GPL-2.0

//! The memory that quotes come in.
//!
//! A buffer is the VMM's from the request on until the status in it says otherwise. Who does not wait
//! for that abandons it, and it is used again when the VMM has let go of it.

use kernel::{
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    sync::Mutex, //
};
use tsm_ext::{
    shared::SharedBuffer,
    tdx::Guest, //
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

/// How much memory the buffers of requests may have that were abandoned and are not yet done, before
/// new ones are refused.
const MAX_ABANDONED_BYTES: usize = 16 << 20;

/// How many such requests there may be.
const MAX_ABANDONED: usize = 16;

/// The buffers of all requests.
pub(crate) struct Buffers {
    /// Pages of each.
    pages: usize,
    /// How many may be abandoned.
    max_abandoned: usize,
    unused: Pin<KBox<Mutex<Unused>>>,
}

/// Buffers that no request uses.
struct Unused {
    /// One is kept, because sharing memory takes long and can fail.
    idle: Option<SharedBuffer>,
    /// Their requests were given up, but the VMM has not said that it is done with them.
    abandoned: KVec<SharedBuffer>,
}

impl Buffers {
    /// Makes a buffer of the size that this guest needs.
    pub(crate) fn new(guest: Guest) -> Result<Self> {
        let idle = first(size(guest).div_ceil(PAGE_SIZE))?;
        let pages = idle.size() / PAGE_SIZE;
        let max_abandoned = max_abandoned(idle.size());
        let unused = Unused {
            idle: Some(idle),
            abandoned: KVec::with_capacity(max_abandoned, GFP_KERNEL)?,
        };

        Ok(Self {
            pages,
            max_abandoned,
            unused: KBox::pin_init(new_mutex!(unused, "tsm_tdx::Buffers::unused"), GFP_KERNEL)?,
        })
    }

    /// Takes a buffer that the VMM does not use.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] when too many are abandoned, and those of [`SharedBuffer::new`].
    pub(crate) fn take(&self) -> Result<SharedBuffer> {
        let mut unused = self.unused.lock();

        if let Some(buffer) = unused.idle.take() {
            return Ok(buffer);
        }
        let done = unused
            .abandoned
            .iter()
            .position(|buffer| !in_flight(buffer));
        if let Some(done) = done {
            return Ok(unused.abandoned.remove(done)?);
        }
        if unused.abandoned.len() >= self.max_abandoned {
            return Err(EBUSY);
        }
        drop(unused);
        SharedBuffer::new(self.pages)
    }

    /// Puts a buffer back whose request has ended, or was given up.
    pub(crate) fn put(&self, buffer: SharedBuffer) {
        let mut unused = self.unused.lock();

        if in_flight(&buffer) {
            // Requests that run at the same time may be more than were waited for.
            if let Err(err) = unused.abandoned.push_within_capacity(buffer) {
                pr_warn!("too many quote requests abandoned, leaked a buffer\n");
                err.0.leak();
            }
            return;
        }
        let surplus = unused.idle.replace(buffer);
        // Taking memory back from the host takes long.
        drop(unused);
        drop(surplus);
    }
}

impl Drop for Unused {
    fn drop(&mut self) {
        while let Some(buffer) = self.abandoned.pop() {
            if in_flight(&buffer) {
                pr_warn!("quote request still in flight, leaked its buffer\n");
                buffer.leak();
            }
        }
    }
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
/// asked for is the longest quote that there may be, not what this host makes.
fn first(wanted: usize) -> Result<SharedBuffer> {
    let mut pages = wanted;

    loop {
        match SharedBuffer::new(pages) {
            Err(ENOMEM) if pages * PAGE_SIZE > USUAL_SIZE => {
                // The powers of two are what the page allocator has.
                pages = pages.next_power_of_two() / 2;
            }
            buffer => {
                if pages < wanted {
                    pr_warn!("no {wanted} pages in one piece for quotes, they may have {pages}\n");
                }
                return buffer;
            }
        }
    }
}

/// Returns how many buffers of `size` bytes may be abandoned.
fn max_abandoned(size: usize) -> usize {
    let count = MAX_ABANDONED_BYTES.checked_div(size).unwrap_or(0);

    count.clamp(1, MAX_ABANDONED)
}

/// Copies the header of a buffer.
pub(crate) fn header(buffer: &SharedBuffer) -> Result<[u8; Header::SIZE]> {
    let mut header = [0; Header::SIZE];

    buffer.read(0, &mut header)?;
    Ok(header)
}

/// Says whether the VMM has yet to say that it is done with the buffer. It may say so and write
/// nonsense otherwise.
fn in_flight(buffer: &SharedBuffer) -> bool {
    header(buffer)
        .and_then(|header| Ok(Header::peek_status(&header)?))
        .map_or(true, |status| status == Status::IN_FLIGHT)
}
