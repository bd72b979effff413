// SPDX-License-Identifier: GPL-2.0

//! `GetQuote`: the requests, and when they are answered.
//!
//! The quoting service is slow, if an option says so. A request is in flight then: the guest
//! gets the vCPU back and looks at the status in the buffer, which the VMM changes when the quote
//! is there. The plugin has no thread that may write guest memory, so the VMM works on the threads
//! of the vCPUs: at a `TDCALL`, which an idle vCPU makes several thousand times a second, and at
//! the end of an interrupt and in loops that wait, which busy vCPUs execute.
//!
//! A request can also be deferred until the guest does something, see `deferred`.
//!
//! Requests for a report that the quoting enclave does not take are answered with an error.

mod answer;
mod buffer;
mod deferred;
mod delay_queue;

use std::{
    ops::Range,
    time::{
        Duration,
        Instant, //
    }, //
};

use super::context::{
    Context,
    Result, //
};
use crate::{
    machine::{
        gpa::PAGE_SIZE,
        mutator::{
            Mutator,
            Random, //
        },
        pages::PageState,
        registers::{
            Reg,
            Registers, //
        },
        unread::Unread, //
    },
    tdx::{
        config::{
            QuoteService,
            TdxConfig, //
        },
        cpu::Cpu,
        quoting::Enclave, //
    }, //
};
use answer::{
    field,
    Answer, //
};
use buffer::{
    Buffer,
    HEADER, //
};
use deferred::Deferred;
use delay_queue::{
    DelayQueue,
    Work, //
};
use tsm_proto::tdx::{
    quote::{
        Header,
        Status, //
    },
    ReportType,
    TdReport,
    VmcallStatus, //
};
use zerocopy::FromBytes as _;

/// The largest buffer that QEMU takes, but for quotes that need more.
const USUAL_SIZE: u64 = 128 << 10;

/// The VMM's side of quotes.
#[derive(Debug)]
pub(super) struct Quotes {
    service: QuoteService,
    enclave: Enclave,
    delay: Duration,
    deferred: Deferred<PendingRequest>,
    max_size: u64,
    refused: Option<VmcallStatus>,
    mutator: Option<Mutator>,
    pending: DelayQueue<PendingRequest>,
    unread: Unread,
}

/// A request that the VMM has not answered yet, or whose answer it still changes.
#[derive(Debug)]
struct PendingRequest {
    buffer: Buffer,
    answer: Answer,
    /// 0 until it is answered. Some VMMs do not leave it at that.
    turn: u32,
}

/// How often a VMM that can't decide changes an answer.
const TURN: Duration = Duration::from_micros(20);

/// How late an answer may be that was changed to be in flight.
const LATE: Duration = Duration::from_millis(40);

impl Quotes {
    /// Makes the quoting service that the options describe.
    pub(super) fn new(config: &TdxConfig) -> Self {
        Self {
            service: config.quote,
            enclave: Enclave::new(config.quote_version, config.quote_size, config.quote_ending)
                .numbered(config.qe_id),
            delay: config.quote_delay,
            deferred: Deferred::new(config.quote_until),
            max_size: max_size(config.quote_size.max(config.quote_ending.up_to())),
            refused: config.quote_call.map(VmcallStatus::new),
            mutator: config
                .mutate
                .map(|seed| Mutator::new(seed, config.mutate_count)),
            pending: DelayQueue::default(),
            unread: Unread::default(),
        }
    }

    /// Does the call: `R12` is the address of the buffer, `R13` its size.
    pub(super) fn get(&self, context: Context<'_>, regs: &Registers) -> Result {
        let buffer = Buffer::new(regs[Reg::R12], regs[Reg::R13], self.max_size)?;
        let (header, request) = buffer.request(context)?;
        if let Some(refused) = self.refused {
            return Err(refused);
        }

        // A buffer that is used again is not the one that the VMM could not decide about.
        self.pending
            .forget(|old| old.turn > 0 && old.buffer.is_at(buffer));
        self.unread.forget(&buffer.range());

        let in_flight = Answer::status(header, Status::IN_FLIGHT);
        let Some(mut answer) = self.answer(context.cpu, header, &request, buffer.room()) else {
            return buffer.write(context, &in_flight);
        };
        let (mut delay, mut call) = (self.delay, Ok(()));
        if let Some(random) = self.mutator.as_ref().and_then(Mutator::next) {
            call = mutate(random, &mut answer, &mut delay);
        }
        let pending = PendingRequest {
            buffer,
            answer,
            turn: 0,
        };
        if self.deferred.is_enabled() {
            buffer.write(context, &in_flight)?;
            self.release(context.now, self.deferred.add(pending));
        } else if delay.is_zero() {
            self.write_answer(context, pending)?;
        } else {
            buffer.write(context, &in_flight)?;
            self.pending.add(context.now + delay, pending);
        }
        call
    }

    /// Returns what the user wants a request to be answered with, in a buffer with `room` for data, if
    /// anything.
    fn answer(&self, cpu: &Cpu, header: Header, request: &[u8], room: usize) -> Option<Answer> {
        Some(match self.service {
            QuoteService::Never => return None,
            QuoteService::Error => Answer::status(header, Status::ERROR),
            QuoteService::Unavailable => Answer::status(header, Status::SERVICE_UNAVAILABLE),
            QuoteService::Status(raw) => Answer::status(header, Status::new(raw)),
            service => self
                .right_answer(cpu, header, request)
                .inject(service, room),
        })
    }

    /// Answers with a quote of the TDREPORT in a request, if the enclave makes one that fits.
    fn right_answer(&self, cpu: &Cpu, header: Header, request: &[u8]) -> Answer {
        let quote = report(header, request)
            .and_then(|report| self.enclave.quote(cpu, report))
            .filter(|quote| quote.len() <= request.len().saturating_sub(Header::SIZE));
        let len = quote.as_ref().map(|quote| u32::try_from(quote.len()));

        match (quote, len) {
            (Some(quote), Some(Ok(len))) => Answer::new(header, Status::SUCCESS, len, quote),
            _ => Answer::status(header, Status::ERROR),
        }
    }

    /// Answers a request, or changes the answer.
    fn write_answer(&self, context: Context<'_>, mut request: PendingRequest) -> Result {
        let changed = request.answer.turn(self.service, request.turn);

        match &changed {
            Some(header) if request.turn > 0 => request.buffer.write_header(context, header)?,
            _ => request.buffer.write(context, &request.answer)?,
        }
        self.offer_once(&request);
        if changed.is_some() {
            request.turn = request.turn.wrapping_add(1).max(1);
            self.pending.add(context.now + TURN, request);
        }
        Ok(())
    }

    /// Waits for the guest to read what can be read once. The answer is there by then, because what
    /// the guest reads before it does not count; another vCPU may get in a read between the two.
    fn offer_once(&self, request: &PendingRequest) {
        let start = request.buffer.range().start;

        for place in Answer::once(self.service, request.answer.data.len()) {
            // CAST: Widens.
            let place = start + place.start as u64..start + place.end as u64;
            self.unread.add(place);
        }
    }

    /// Tells whether loads of the guest may ever matter to the VMM.
    pub(super) fn watches(&self) -> bool {
        !Answer::once(self.service, 0).is_empty() || self.deferred.watches()
    }

    /// Tells whether what is at a virtual address may be waited for: buffers begin with a page.
    pub(super) fn awaits(&self, address: u64) -> bool {
        let may_be_header = address % PAGE_SIZE < HEADER;

        self.unread.any() && (may_be_header || self.service == QuoteService::Racing)
            || self.deferred.awaits() && may_be_header
    }

    /// Notes that the guest has loaded bytes, and changes those that can be read once.
    pub(super) fn loaded(&self, context: Context<'_>, load: &Range<u64>) {
        let looked_at = |request: &PendingRequest| load.contains(&request.buffer.last_of_status());

        self.release(context.now, self.deferred.read(looked_at));
        let is_shared = |pages| context.pages.uniform(pages) == Some(PageState::Shared);
        self.unread.loaded(context.memory, is_shared, load);
    }

    /// Notes that the guest has extended a register.
    pub(super) fn extended(&self, now: Instant) {
        self.release(now, self.deferred.extended());
    }

    /// Makes requests due that were deferred.
    fn release(&self, now: Instant, requests: Vec<PendingRequest>) {
        for request in requests {
            self.pending.add(now, request);
        }
    }

    /// Tells whether there is anything left to do with a request.
    pub(super) fn has_work(&self) -> bool {
        self.pending.any()
    }

    /// Answers what is due. The guest may have taken its buffer back by then, and the VMM writes
    /// to memory that the guest does not read.
    pub(super) fn poll(&self, context: Context<'_>) {
        for Work { item, .. } in self.pending.take_due(context.now) {
            if item.buffer.is_shared(context) {
                let _: Result = self.write_answer(context, item);
            }
        }
    }

    /// Returns how long nothing will be due, `most` at most.
    pub(super) fn idle(&self, now: Instant, most: Duration) -> Duration {
        self.pending.idle(now, most)
    }
}

/// Finds the report of a TD in a request. The emulator's own code decides what is one.
fn report(header: Header, request: &[u8]) -> Option<&TdReport> {
    /// The reserved fields, by their offsets.
    const RESERVED: [Range<usize>; 3] = [4..16, 192..224, 495..512];
    let len = usize::try_from(header.in_len()).ok()?;
    let bytes = request.get(Header::SIZE..)?.get(..len)?;
    let report = TdReport::ref_from_bytes(bytes).ok()?;
    let is_td = matches!(bytes, [ReportType::TDX, 0, 0 | 1, 0, ..]);
    let is_clear = |range: Range<usize>| bytes[range].iter().all(|byte| *byte == 0);

    (is_td && RESERVED.into_iter().all(is_clear)).then_some(report)
}

/// Changes an answer at random, or has it be late. Returns what the call ends with.
fn mutate(mut random: Random, answer: &mut Answer, delay: &mut Duration) -> Result {
    let right = answer.clone();

    random.mutate(&mut answer.header, &mut answer.data);
    let call = random.call_status().map(VmcallStatus::new);
    // Were it to stay in flight, the guest would be short of a buffer for ever.
    if answer.header[field::STATUS] == Status::IN_FLIGHT.raw().to_le_bytes() {
        *answer = right;
        *delay = random.delay(LATE);
    }
    call.map_or(Ok(()), Err)
}

/// Returns the size of the largest buffer, with quotes of `size` bytes.
fn max_size(size: u32) -> u64 {
    let needed = u64::from(size) + HEADER;

    needed.next_multiple_of(PAGE_SIZE).max(USUAL_SIZE)
}
