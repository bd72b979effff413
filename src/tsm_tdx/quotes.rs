// SPDX-License-Identifier: GPL-2.0

//! Quotes: reports that the host has signed by its quoting enclave.

use kernel::{
    prelude::*,
    str::CStr,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::{
    cached_box::CachedBox,
    mutex::KillableMutex,
    shared::SharedBuffer,
    tdx::{
        Guest,
        Measurements,
        ReportBuffer, //
    },
    time::sleep_killable, //
};
use tsm_proto::{
    tdx::{
        poll::{
            Latency,
            Micros, //
        },
        quote::{
            Header,
            Status, //
        },
        TdReport,
        VmcallStatus, //
    },
    ReportData, //
};
use tsm_provider::{
    Failure,
    Output,
    ReportId,
    ReportProvider,
    Request, //
};

use crate::{
    buffers::{
        header,
        micros,
        Buffers,
        USUAL_SIZE, //
    },
    registers::Publisher, //
};

/// The provider of quotes.
pub(crate) struct Quotes {
    guest: Guest,
    measurements: Arc<KillableMutex<Measurements>>,
    registers: Publisher,
    scratch: CachedBox<ReportBuffer>,
    /// How long a quote may take. A host that is set up well takes milliseconds.
    timeout: Delta,
    /// The bits of a [`Latency`]. If two quotes arrive at the same time, one of them may not count.
    latency: Atomic<u64>,
    buffers: Arc<Buffers>,
}

impl Quotes {
    pub(crate) fn new(
        guest: Guest,
        measurements: Arc<KillableMutex<Measurements>>,
        registers: Publisher,
        timeout: Delta,
        buffers: Arc<Buffers>,
    ) -> Self {
        Self {
            guest,
            measurements,
            registers,
            scratch: CachedBox::default(),
            timeout,
            latency: Atomic::new(Latency::default().bits()),
            buffers,
        }
    }

    /// Makes a quote of a report that binds `data`, for the report `id` in configfs.
    fn quote(&self, id: ReportId, data: &ReportData) -> Result<KVVec<u8>, Failure> {
        let mut scratch = self.scratch.take_or(ReportBuffer::new)?;
        let sent = self.request(id, data, &mut scratch);

        // Before the wait, so that the next request finds it.
        self.scratch.put(scratch);
        let (buffer, size) = sent?;
        let quote = self.receive(&buffer, size);

        self.buffers.put(id, buffer);
        quote
    }

    /// Requests a quote of a report that binds `data`. Returns the buffer of the request, and how much of
    /// it the VMM may use.
    fn request(
        &self,
        id: ReportId,
        data: &ReportData,
        scratch: &mut ReportBuffer,
    ) -> Result<(SharedBuffer, usize), Failure> {
        *scratch.data = *data;
        let report = self
            .measurements
            .lock_killable()?
            .report(scratch)
            .map_err(Failure::of)?;
        // There may be a TDREPORT where there is no quote.
        let _ = self.registers.publish();
        // After the report: a buffer that was never sent would look as if it was in flight.
        let mut buffer = self.buffers.take(id)?;

        match self.send(&mut buffer, report) {
            Ok(size) => Ok((buffer, size)),
            Err(failure) => {
                self.buffers.put(id, buffer);
                Err(failure)
            }
        }
    }

    /// Waits for the quote in the first `size` bytes of `buffer`, and returns a copy.
    fn receive(&self, buffer: &SharedBuffer, size: usize) -> Result<KVVec<u8>, Failure> {
        let header = self.wait(buffer)?;
        let len = header
            .quote_len(size)
            .map_err(|err| Failure::answered(err, header.status()))?;

        Ok(buffer.copy(Header::SIZE, len)?)
    }

    /// Sends a request, and returns how much of `buffer` the VMM may use. Some VMMs take nothing larger
    /// than the usual size, however long the TDX module says that quotes may be.
    fn send(&self, buffer: &mut SharedBuffer, report: &TdReport) -> Result<usize, Failure> {
        for size in [buffer.size(), USUAL_SIZE] {
            buffer.write(0, Header::request().as_bytes())?;
            buffer.write(Header::SIZE, report.as_bytes())?;
            match self.guest.get_quote(buffer, size).map_err(Failure::of)? {
                VmcallStatus::SUCCESS => return Ok(size),
                VmcallStatus::INVALID_OPERAND if size > USUAL_SIZE => {}
                status => return Err(Failure::of(status)),
            }
        }
        Err(Failure::of(VmcallStatus::INVALID_OPERAND))
    }

    /// Waits for the VMM to be done, and returns the header that says so.
    fn wait(&self, buffer: &SharedBuffer) -> Result<Header, Failure> {
        let start = Instant::<Monotonic>::now();
        let latency = self.latency();
        let mut last = Micros::default();

        loop {
            let elapsed = start.elapsed();
            let now = micros(elapsed);
            // After the time, so that a quote that is there when it is over counts.
            let bytes = header(buffer)?;
            let status = Header::peek_status(&bytes).map_err(Failure::of)?;
            let header = Header::parse(&bytes).map_err(|err| Failure::answered(err, status))?;
            if status != Status::IN_FLIGHT {
                // It arrived at some time between the last two polls.
                let latency = self.latency().with(last.middle(now));
                self.latency.store(latency.bits(), Relaxed);
                return Ok(header);
            }
            if elapsed >= self.timeout {
                return Err(Failure::answered(ETIMEDOUT, status));
            }
            sleep_killable(Delta::from_micros(latency.pause(now).get().into()))?;
            last = now;
        }
    }

    fn latency(&self) -> Latency {
        Latency::from_bits(self.latency.load(Relaxed))
    }
}

impl ReportProvider for Quotes {
    const NAME: &'static CStr = c"tdx_guest";

    fn report(&self, request: &Request<'_>) -> Result<Output, Failure> {
        let data = ReportData::parse(request.inblob()).map_err(|_| EINVAL)?;

        Ok(self.quote(request.id(), data)?.into())
    }
}
