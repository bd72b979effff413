// SPDX-License-Identifier: GPL-2.0

//! Quotes: reports that the host has signed by its quoting enclave.

use kernel::{
    bindings,
    prelude::*,
    str::CStr,
    sync::Arc,
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
        Guest,
        Measurements, //
    },
    time::sleep_killable,
    tsm::{
        Failure,
        Output,
        ReportProvider,
        Request, //
    }, //
};
use tsm_proto::tdx::{
    quote::{
        self,
        Header,
        Status, //
    },
    ReportData,
    VmcallStatus, //
};

use crate::buffers::{
    header,
    Buffers,
    USUAL_SIZE, //
};

/// The provider of quotes.
pub(crate) struct Quotes {
    guest: Guest,
    measurements: Arc<KillableMutex<Measurements>>,
    /// How long a quote may take. A host that is set up well takes milliseconds.
    timeout: Delta,
    buffers: Buffers,
}

impl Quotes {
    pub(crate) fn new(
        guest: Guest,
        measurements: Arc<KillableMutex<Measurements>>,
        timeout: Delta,
    ) -> Result<Self> {
        Ok(Self {
            guest,
            measurements,
            timeout,
            buffers: Buffers::new(guest)?,
        })
    }

    /// Returns the request for a quote that binds `data`.
    fn request(&self, data: &ReportData) -> Result<KVec<u8>, Failure> {
        let mut request = KVec::from_elem(0u8, quote::REQUEST_SIZE, GFP_KERNEL)?;
        let mut measurements = self.measurements.lock_killable()?;

        quote::build_request(&mut request, measurements.report(data)?).map_err(Error::from)?;
        Ok(request)
    }

    /// Sends a request by way of `buffer`, and returns a copy of the quote.
    fn exchange(&self, buffer: &mut SharedBuffer, request: &[u8]) -> Result<KVVec<u8>, Failure> {
        let size = self.send(buffer, request)?;
        let header = wait(buffer, self.timeout)?;
        let len = header.quote_len(size).map_err(|err| (err, header))?;

        Ok(buffer.copy(Header::SIZE, len)?)
    }

    /// Sends a request, and returns how much of `buffer` the VMM may use. Some VMMs take nothing larger
    /// than the usual size, however long the TDX module says that quotes may be.
    fn send(&self, buffer: &mut SharedBuffer, request: &[u8]) -> Result<usize, Failure> {
        for size in [buffer.size(), USUAL_SIZE] {
            buffer.write(0, request)?;
            match self.guest.get_quote(buffer, size)? {
                VmcallStatus::SUCCESS => return Ok(size),
                VmcallStatus::INVALID_OPERAND if size > USUAL_SIZE => {}
                status => return Err(status.into()),
            }
        }
        Err(VmcallStatus::INVALID_OPERAND.into())
    }
}

impl ReportProvider for Quotes {
    const NAME: &'static CStr = c"tdx_guest";

    fn report(&self, request: &Request<'_>) -> Result<Output, Failure> {
        let data = ReportData::parse(request.inblob()).map_err(|_| EINVAL)?;
        // Before there is a buffer: one that was never sent would look as if it was in flight.
        let request = self.request(data)?;
        let mut buffer = self.buffers.take()?;
        let quote = self.exchange(&mut buffer, &request);

        self.buffers.put(buffer);
        Ok(quote?.into())
    }
}

/// Waits for the VMM to be done, and returns the header that says so.
fn wait(buffer: &SharedBuffer, timeout: Delta) -> Result<Header, Failure> {
    const SHORTEST: Delta = Delta::from_micros(50);
    const LONGEST: Delta = Delta::from_millis(100);

    let start = Instant::<Monotonic>::now();

    loop {
        let elapsed = start.elapsed();
        // After the time, so that a quote that is there when it is over counts.
        let header = Header::parse(&header(buffer)?).map_err(Error::from)?;
        if header.status() != Status::IN_FLIGHT {
            return Ok(header);
        }
        if elapsed >= timeout {
            return Err(Error::from_errno(-(bindings::ETIMEDOUT as i32)).into());
        }
        // This way a quote is late by less than a tenth of its time, the timer's slack included.
        let pause = Delta::from_nanos(elapsed.as_nanos() / 16);
        sleep_killable(pause.clamp(SHORTEST, LONGEST))?;
    }
}
