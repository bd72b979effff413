// SPDX-License-Identifier: GPL-2.0

//! The slots of quote requests, and which buffer each has.

use kernel::prelude::*;
use tsm_ext::shared::SharedBuffer;
use tsm_proto::tdx::{
    quote::{
        Header,
        Status, //
    },
    BufferLimits, //
};
use tsm_provider::ReportId;

/// The slots of all requests.
///
/// # Invariants
///
/// `in_use`, the abandoned requests and the idle buffers are together at most `count`. `abandoned` has
/// the capacity for `count`.
pub(super) struct RequestSlots {
    count: usize,
    /// How many requests wait for a slot.
    pub(super) waiting: usize,
    /// How many requests have a buffer, or are about to get one.
    pub(super) in_use: usize,
    abandoned: KVec<Abandoned>,
    /// Buffers that are kept, because sharing memory takes long and can fail.
    idle: KVec<SharedBuffer>,
}

/// A request that was given up, and that the VMM may still work on.
struct Abandoned {
    report: ReportId,
    buffer: SharedBuffer,
}

/// A slot that a request has got.
pub(super) enum RequestSlot {
    /// With a buffer.
    Buffer(SharedBuffer),
    /// Without one.
    Empty,
}

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitFor {
    /// A slot, with a buffer or without.
    Slot,
    /// A slot with a buffer.
    Buffer,
}

/// The previous request of a report, if it was abandoned.
pub(super) enum PreviousRequest {
    /// The VMM works on it.
    InFlight,
    /// The VMM is done with it. The slot goes to the caller with the buffer.
    Completed(SharedBuffer),
    /// There is none.
    None,
}

impl RequestSlots {
    /// Makes as many slots as `limits` say, of which so many may have idle buffers. `first` is one.
    pub(super) fn new(limits: BufferLimits, first: Option<SharedBuffer>) -> Result<Self> {
        let count = limits.slots();
        let mut idle = KVec::with_capacity(limits.idle(), GFP_KERNEL)?;

        if let Some(first) = first {
            idle.push(first, GFP_KERNEL)?;
        }
        // INVARIANT: At most one buffer is idle.
        Ok(Self {
            count,
            waiting: 0,
            in_use: 0,
            abandoned: KVec::with_capacity(count, GFP_KERNEL)?,
            idle,
        })
    }

    /// Gives up the slot of a request that has ended, or is abandoned. Returns its buffer if it is not
    /// kept.
    pub(super) fn put(&mut self, report: ReportId, buffer: SharedBuffer) -> Option<SharedBuffer> {
        self.in_use -= 1;
        if !in_flight(&buffer) {
            return self
                .idle
                .push_within_capacity(buffer)
                .err()
                .map(|full| full.0);
        }
        if let Err(full) = self
            .abandoned
            .push_within_capacity(Abandoned { report, buffer })
        {
            // By the type invariant, there is room for it.
            full.0.buffer.leak();
        }
        None
    }

    /// Returns a slot, if there is one.
    ///
    /// # Errors
    ///
    /// [`EIO`] if a buffer is wanted, and no request has one that could be waited for.
    pub(super) fn free(&mut self, wait_for: WaitFor) -> Result<Option<RequestSlot>> {
        let buffer = match self.idle.pop() {
            Some(buffer) => Some(buffer),
            None => self.take_abandoned(|request| !in_flight(&request.buffer)),
        };
        let taken = self.in_use + self.abandoned.len();

        let slot = match (buffer, wait_for) {
            (Some(buffer), _) => RequestSlot::Buffer(buffer),
            (None, WaitFor::Slot) if taken < self.count => RequestSlot::Empty,
            (None, WaitFor::Buffer) if taken == 0 => return Err(EIO),
            (None, _) => return Ok(None),
        };

        self.in_use += 1;
        Ok(Some(slot))
    }

    /// Looks for the previous request of a report.
    pub(super) fn previous_request(&mut self, report: ReportId) -> PreviousRequest {
        let of_report = |request: &Abandoned| request.report == report;
        let Some(request) = self.abandoned.iter().find(|request| of_report(request)) else {
            return PreviousRequest::None;
        };

        if in_flight(&request.buffer) {
            return PreviousRequest::InFlight;
        }
        match self.take_abandoned(of_report) {
            Some(buffer) => {
                self.in_use += 1;
                PreviousRequest::Completed(buffer)
            }
            None => PreviousRequest::None,
        }
    }

    fn take_abandoned(&mut self, which: impl Fn(&Abandoned) -> bool) -> Option<SharedBuffer> {
        let index = self.abandoned.iter().position(which)?;

        Some(self.abandoned.remove(index).ok()?.buffer)
    }
}

impl Drop for RequestSlots {
    fn drop(&mut self) {
        let mut leaked = 0;

        while let Some(request) = self.abandoned.pop() {
            if in_flight(&request.buffer) {
                request.buffer.leak();
                leaked += 1;
            }
        }
        if leaked > 0 {
            pr_warn!("leaked the buffers of quote requests in flight: {leaked}\n");
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
