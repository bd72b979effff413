// SPDX-License-Identifier: GPL-2.0

//! Quotes: reports that the host has signed by its quoting enclave.

use kernel::{
    bindings,
    new_mutex,
    page::PAGE_SIZE,
    pr_warn_once,
    prelude::*,
    str::CStr,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::{
    mutex::KillableMutex,
    shared::SharedBuffer,
    tdx::{
        self,
        Guest,
        Measurements, //
    },
    time::sleep_killable,
    tsm::{
        Output,
        ReportProvider,
        Request, //
    }, //
};
use tsm_proto::tdx::{
    quote,
    ReportData,
    VmcallStatus, //
};

/// Pages of a quote buffer. A quote has about 8 KiB with a certificate chain, and some 100 KiB with
/// layered (DICE) evidence.
const PAGES: usize = 128 * 1024 / PAGE_SIZE;

/// How many requests may be abandoned and not yet done, before new ones are refused. Each holds a
/// buffer.
const MAX_ABANDONED: usize = 16;

/// The provider of quotes.
pub(crate) struct Quotes {
    guest: Guest,
    measurements: Arc<KillableMutex<Measurements>>,
    /// How long a quote may take. A host that is set up well takes milliseconds.
    timeout: Delta,
    buffers: Pin<KBox<Mutex<Buffers>>>,
}

/// Buffers that no request uses.
struct Buffers {
    /// One is kept, because sharing memory takes long and can fail.
    idle: Option<SharedBuffer>,
    /// Their requests were given up, but the VMM has not said that it is done with them.
    abandoned: KVec<SharedBuffer>,
}

impl Quotes {
    pub(crate) fn new(
        guest: Guest,
        measurements: Arc<KillableMutex<Measurements>>,
        timeout: Delta,
    ) -> Result<Self> {
        let buffers = Buffers {
            idle: Some(SharedBuffer::new(PAGES)?),
            abandoned: KVec::with_capacity(MAX_ABANDONED, GFP_KERNEL)?,
        };

        Ok(Self {
            guest,
            measurements,
            timeout,
            buffers: KBox::pin_init(new_mutex!(buffers, "tsm_tdx::Quotes::buffers"), GFP_KERNEL)?,
        })
    }

    /// Takes a buffer that the VMM does not use.
    fn take(&self) -> Result<SharedBuffer> {
        let mut buffers = self.buffers.lock();

        if let Some(buffer) = buffers.idle.take() {
            return Ok(buffer);
        }
        let done = buffers
            .abandoned
            .iter()
            .position(|buffer| !in_flight(buffer));
        if let Some(done) = done {
            return Ok(buffers.abandoned.remove(done)?);
        }
        if buffers.abandoned.len() >= MAX_ABANDONED {
            return Err(EBUSY);
        }
        drop(buffers);
        SharedBuffer::new(PAGES)
    }

    /// Puts a buffer back whose request has ended, or was given up.
    fn put(&self, buffer: SharedBuffer) {
        let mut buffers = self.buffers.lock();

        if in_flight(&buffer) {
            // Requests that run at the same time may be more than were waited for.
            if let Err(err) = buffers.abandoned.push_within_capacity(buffer) {
                pr_warn!("too many quote requests abandoned, leaked a buffer\n");
                err.0.leak();
            }
            return;
        }
        let surplus = buffers.idle.replace(buffer);
        // Taking memory back from the host takes long.
        drop(buffers);
        drop(surplus);
    }

    /// Returns the request for a quote that binds `data`.
    fn request(&self, data: &ReportData) -> Result<KVec<u8>> {
        let mut request = KVec::from_elem(0u8, quote::REQUEST_SIZE, GFP_KERNEL)?;
        let mut measurements = self.measurements.lock_killable()?;

        quote::build_request(&mut request, measurements.report(data)?)?;
        Ok(request)
    }

    /// Sends a request by way of `buffer`, and returns a copy of the quote.
    fn exchange(&self, buffer: &mut SharedBuffer, request: &[u8]) -> Result<KVVec<u8>> {
        buffer.write(0, request)?;

        let status = tdx::get_quote(self.guest, buffer);
        if status != VmcallStatus::SUCCESS {
            // Once: anybody who may read a report can have this happen as often as he likes.
            pr_warn_once!("GetQuote refused by the VMM, status {:#x}\n", status.raw());
            return Err(EIO);
        }

        let len = wait(buffer, self.timeout)?.quote_len(buffer.size())?;
        let mut quote = KVVec::from_elem(0u8, len, GFP_KERNEL)?;

        buffer.read(quote::Header::SIZE, &mut quote)?;
        Ok(quote)
    }
}

impl ReportProvider for Quotes {
    const NAME: &'static CStr = c"tdx_guest";

    fn report(&self, request: &Request<'_>) -> Result<Output> {
        let data = ReportData::try_from(request.inblob()).map_err(|_| EINVAL)?;
        // Before there is a buffer: one that was never sent would look as if it was in flight.
        let request = self.request(&data)?;
        let mut buffer = self.take()?;
        let quote = self.exchange(&mut buffer, &request);

        self.put(buffer);
        Ok(quote?.into())
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        while let Some(buffer) = self.abandoned.pop() {
            if in_flight(&buffer) {
                pr_warn!("quote request still in flight, leaked its buffer\n");
                buffer.leak();
            }
        }
    }
}

/// Copies the header of a buffer.
fn header(buffer: &SharedBuffer) -> Result<[u8; quote::Header::SIZE]> {
    let mut header = [0; quote::Header::SIZE];

    buffer.read(0, &mut header)?;
    Ok(header)
}

/// Says whether the VMM has yet to say that it is done with the buffer. It may say so and write
/// nonsense otherwise.
fn in_flight(buffer: &SharedBuffer) -> bool {
    header(buffer)
        .and_then(|header| Ok(quote::Header::peek_status(&header)?))
        .map_or(true, |status| status == quote::Status::IN_FLIGHT)
}

/// Waits for the VMM to be done, and returns the header that says so.
fn wait(buffer: &SharedBuffer, timeout: Delta) -> Result<quote::Header> {
    const SHORTEST: Delta = Delta::from_micros(50);
    const LONGEST: Delta = Delta::from_millis(100);

    let start = Instant::<Monotonic>::now();

    loop {
        let header = quote::Header::parse(&header(buffer)?)?;
        if header.status() != quote::Status::IN_FLIGHT {
            return Ok(header);
        }
        let elapsed = start.elapsed();
        if elapsed >= timeout {
            return Err(Error::from_errno(-(bindings::ETIMEDOUT as i32)));
        }
        // This way a quote is late by a tenth of its time.
        let pause = Delta::from_nanos(elapsed.as_nanos() / 10);
        sleep_killable(pause.clamp(SHORTEST, LONGEST))?;
    }
}
