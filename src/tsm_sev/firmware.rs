// SPDX-License-Identifier: GPL-2.0

//! Requests to the firmware, one after another, by a thread that no signal reaches.

use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    static_lock_class,
    str::CStr,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::{
    close_on_drop::Close,
    closing::Closing,
    mutex::KillableMutex,
    sev::{
        CertificateBuffer,
        Channel,
        Message,
        Svsm,
        SvsmBuffers, //
    },
    shared::{
        SharedBuffer,
        Sharing, //
    },
    worker::{
        Kthread,
        Thread,
        Worker, //
    }, //
};
use tsm_proto::{
    snp::{
        message::{
            MessageType,
            ReportRequest,
            Request, //
        },
        svsm::{
            Lengths,
            Service,
            Sizes,
            Status, //
        },
        ExitInfo2,
        Vmpck, //
    },
    ReportData, //
};
use tsm_provider::{
    Answer,
    Failure,
    LateRegistration, //
};

use crate::registers::Registers;

/// Most pages of certificates that are asked for, 1 MiB.
pub(crate) const MAX_PAGES: usize = (1 << 20) / PAGE_SIZE;

/// The firmware.
#[pin_data]
pub(crate) struct Firmware {
    worker: Worker<RequestSender, Kthread>,
    /// Held by the caller that waits for the worker.
    ///
    /// The permit of the worker goes to the caller that waits longest, also while it sleeps and another one
    /// runs that could have it. Once there is a queue, each request then takes a context switch more. A
    /// mutex goes to the caller that runs.
    #[pin]
    caller: KillableMutex<()>,
    key: Vmpck,
    #[pin]
    registers: LateRegistration<Registers>,
}

/// The state of the thread, which sends one request at a time.
struct RequestSender {
    channel: Channel,
    /// Kept, because sharing memory takes long and can fail.
    pages: Option<SharedBuffer>,
    sharing: Sharing,
    /// When the last request was over.
    last: Option<Instant<Monotonic>>,
}

/// How a request ended.
pub(crate) struct Outcome {
    /// The message, with the answer if there is one.
    pub(crate) message: Message,
    /// What VMM and firmware say, if it was sent.
    pub(crate) info: Option<ExitInfo2>,
    /// Whether there is an answer.
    pub(crate) result: Result,
    /// The pages that the host was given for certificates.
    pub(crate) certificates: KVVec<u8>,
    /// The pages that it wants to have, if they were too few and the key is as good as before.
    pub(crate) needed: Option<usize>,
}

/// Makes the failure of a request, with the status of VMM and firmware if it was sent.
pub(crate) fn failure(err: Error, info: Option<ExitInfo2>) -> Failure {
    match info {
        Some(info) => Failure::answered(err, info),
        None => err.into(),
    }
}

/// Makes the failure of a request for which VMM or SVSM still wanted more room, `amount` of it.
pub(crate) fn too_much(err: Error, source: &'static CStr, amount: usize) -> Failure {
    let answer = Answer {
        source,
        // CAST: Widens.
        status: amount as u64,
    };

    Failure::answered(err, answer)
}

impl Firmware {
    /// Makes an initializer of the firmware behind `channel`.
    pub(crate) fn new(channel: Channel) -> Result<impl PinInit<Self>> {
        let key = channel.key();
        let sender = RequestSender {
            channel,
            pages: None,
            sharing: Sharing::default(),
            last: None,
        };
        let worker = Worker::with_priority(c"tsm_sev", sender)?;

        Ok(pin_init!(Self {
            worker,
            caller <- KillableMutex::new((), c"tsm_sev::Firmware::caller", static_lock_class!()),
            key,
            registers <- LateRegistration::new(),
        }))
    }

    /// Asks for a report, and publishes the registers that it has.
    ///
    /// # Errors
    ///
    /// Why there are none yet. The next report publishes them, whatever it is made for.
    pub(crate) fn publish_registers(&self) -> Result<(), Failure> {
        let data = ReportData::new([0; ReportData::SIZE]);
        let request = ReportRequest::new(data, self.key.floor());
        let outcome = self.send(&request, None)?;

        outcome.result.map_err(|err| failure(err, outcome.info))?;
        self.publish(outcome.message.received())
    }

    fn publish(&self, answer: &[u8]) -> Result<(), Failure> {
        self.registers.publish(|| Registers::parse(answer))
    }

    /// Returns the key that messages are encrypted with.
    pub(crate) fn key(&self) -> Vmpck {
        self.key
    }

    /// Sends a request, as an extended one if `pages` says how many there are for certificates. The first
    /// report publishes the registers.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed, [`ENXIO`] when the module is about to go, [`ENOMEM`]; what the
    /// request itself ends with is in the outcome.
    pub(crate) fn ask<R: Request>(&self, request: &R, pages: Option<usize>) -> Result<Outcome> {
        let outcome = self.send(request, pages)?;

        if R::TYPE == MessageType::REPORT_REQUEST && outcome.result.is_ok() {
            // What is wrong with the answer is for the caller to find.
            let _ = self.publish(outcome.message.received());
        }
        Ok(outcome)
    }

    fn send<R: Request>(&self, request: &R, pages: Option<usize>) -> Result<Outcome> {
        let message = Message::new(request)?;
        let _caller = self.caller.lock_killable()?;

        self.worker.call(
            |_| Ok(()),
            move |sender, thread| sender.send(thread, message, pages),
        )?
    }

    /// Has an SVSM attest a service, or all, to buffers of these sizes. It asks the firmware in turn,
    /// so it takes its turn among ours, `interval` after the one before.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the caller is killed, [`ENXIO`] when the module is about to go, and those of
    /// [`Svsm::attest`].
    pub(crate) fn attest(
        &self,
        svsm: Svsm,
        service: Option<Service>,
        nonce: ReportData,
        sizes: Sizes,
        interval: Delta,
    ) -> Result<(Status, Lengths, SvsmBuffers)> {
        let _caller = self.caller.lock_killable()?;

        // An SVSM may take long, and is asked again as long as it is busy.
        self.worker.call_long(
            // By the caller, whom a signal can wake.
            |sender| sender.pause(interval, self.worker.closing()),
            move |sender, _thread| {
                let mut buffers = SvsmBuffers::new(sizes)?;
                let answer = svsm.attest(service.as_ref(), nonce, &mut buffers);
                sender.last = Some(Instant::now());
                let (status, lengths) = answer?;

                Ok((status, lengths, buffers))
            },
        )?
    }
}

impl Close for Firmware {
    /// Fails the requests that are queued or wait until an SVSM may be asked, so that unloading waits for
    /// one request at most, however many are asked for.
    fn close(&self) {
        self.worker.close();
    }
}

impl RequestSender {
    fn send(
        &mut self,
        thread: &Thread,
        mut message: Message,
        pages: Option<usize>,
    ) -> Result<Outcome> {
        let count = pages.unwrap_or(0);

        if count > 0 {
            self.reserve(count)?;
        }
        let buffer = CertificateBuffer {
            buffer: self.pages.as_mut().filter(|_| count > 0),
            pages: count,
        };
        let sent = self
            .channel
            .send(thread, &mut message, pages.is_some().then_some(buffer));

        self.last = Some(Instant::now());
        let mut certificates = KVVec::new();
        let result = sent.result.and_then(|()| {
            if let Some(buffer) = &self.pages {
                certificates = buffer.copy(0, count * PAGE_SIZE)?;
            }
            Ok(())
        });

        Ok(Outcome {
            message,
            info: sent.info,
            result,
            certificates,
            needed: sent.needed,
        })
    }

    /// Waits until it is `interval` since the last request, but not after the firmware was closed.
    fn pause(&self, interval: Delta, closing: &Closing) -> Result {
        let since = self.last.map(|last| last.elapsed());
        let left = since.map_or(0, |since| interval.as_nanos() - since.as_nanos());

        if left > 0 {
            closing.sleep(Delta::from_nanos(left))?;
        }
        Ok(())
    }

    /// Makes sure that there are at least `count` pages, and that these are all zeros.
    fn reserve(&mut self, count: usize) -> Result {
        if count > MAX_PAGES {
            return Err(EFBIG);
        }
        let enough = |buffer: &SharedBuffer| buffer.size() / PAGE_SIZE >= count;
        if !self.pages.as_ref().is_some_and(enough) {
            let buffer = match self.sharing.share(count) {
                // There may not be memory for both.
                Err(ENOMEM) => {
                    self.pages = None;
                    self.sharing.share(count)
                }
                buffer => buffer,
            };
            self.pages = Some(buffer?);
        }
        if let Some(buffer) = &mut self.pages {
            buffer.clear(count);
        }
        Ok(())
    }
}
