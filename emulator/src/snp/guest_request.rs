// SPDX-License-Identifier: GPL-2.0

//! Guest requests: the VMM takes messages to the secure processor and back.
//!
//! "SEV-ES Guest-Hypervisor Communication Block Standardization" (56421), "SNP Guest Request" and
//! "SNP Extended Guest Request". Where that leaves a choice, the answer is the one that KVM gives.

mod inject;

use std::{
    ops::Range,
    sync::Mutex,
    time::Instant, //
};

use super::{
    certificates::Table,
    psp::{
        kind,
        Header,
        SecureProcessor,
        Status,
        PAGE, //
    },
};
use crate::{
    machine::{
        lock::lock,
        memory::{
            GuestMemory,
            NoMemory, //
        },
        mutator::{
            Mutator,
            Random, //
        },
        unread::Unread, //
    },
    snp::config::{
        CertificateService,
        MutatedPart,
        RequestService,
        SnpConfig, //
    }, //
};

/// What the guest finds in the GHCB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `SW_EXITINFO1`: whether the VMM understood.
    pub(crate) exit_info_1: u64,
    /// `SW_EXITINFO2`: the status of the VMM in the upper half, that of the firmware in the lower.
    pub(crate) exit_info_2: u64,
    /// `RBX`, if it changes.
    pub(crate) rbx: Option<u64>,
}

impl Answer {
    /// `SW_EXITINFO1` of a request that makes no sense.
    const MALFORMED: u64 = 2;
    /// `SW_EXITINFO2` of a request whose operands make no sense.
    const INVALID_INPUT: u64 = 5;
    /// The VMM's status for a buffer that is too small.
    const INVALID_LEN: u64 = 1 << 32;
    /// The VMM's status for a request that is to be made again.
    const BUSY: u64 = 2 << 32;

    /// Answers with a status.
    fn status(exit_info_2: u64) -> Self {
        Self {
            exit_info_1: 0,
            exit_info_2,
            rbx: None,
        }
    }

    /// Tells whether the request made no sense.
    pub(crate) fn is_malformed(self) -> bool {
        self.exit_info_1 == Self::MALFORMED
    }

    /// Refuses what makes no sense.
    fn malformed() -> Self {
        Self {
            exit_info_1: Self::MALFORMED,
            exit_info_2: Self::INVALID_INPUT,
            rbx: None,
        }
    }
}

/// A buffer for certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// `RAX`: where it is.
    pub(crate) address: u64,
    /// `RBX`: how many pages it has.
    pub(crate) pages: u64,
}

impl Buffer {
    /// Returns its pages, if there are not too many.
    fn range(self) -> Option<Range<u64>> {
        let first = self.address / PAGE as u64;

        (self.address % PAGE as u64 == 0 && self.pages <= Self::MAX)
            .then(|| first..first + self.pages)
    }

    /// The most pages, 64 MiB.
    const MAX: u64 = 1 << 14;
}

/// What a request may need of the machine. Addresses have no C-bit.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Guest memory.
    pub(crate) memory: &'a dyn GuestMemory,
    /// Tells whether pages are the VMM's.
    pub(crate) is_shared: &'a dyn Fn(Range<u64>) -> bool,
    /// The time.
    pub(crate) now: Instant,
}

impl Context<'_> {
    /// Tells whether an address is that of a page that is the VMM's.
    fn is_shared_page(&self, address: u64) -> bool {
        let page = address / PAGE as u64;

        address % PAGE as u64 == 0 && (self.is_shared)(page..page + 1)
    }
}

/// The VMM's side of guest requests.
#[derive(Debug)]
pub(crate) struct GuestRequests {
    config: SnpConfig,
    processor: SecureProcessor,
    mutator: Option<Mutator>,
    /// Never held over an access to guest memory.
    state: Mutex<State>,
    unread: Unread,
}

/// What goes on.
#[derive(Debug, Default)]
struct State {
    /// How many requests were handled.
    handled: u32,
    /// How many were refused.
    refused: u32,
    /// How often the VMM was busy with the next one.
    busy: u32,
    /// Since when.
    since: Option<Instant>,
    /// The message that answered the one before.
    last: Vec<u8>,
}

impl State {
    /// Notes that a request was handled: the next one waits again.
    fn handle(&mut self) {
        self.handled = self.handled.saturating_add(1);
        self.busy = 0;
        self.since = None;
    }
}

impl GuestRequests {
    /// Launches the guest. The error is for the user.
    pub(crate) fn new(config: &SnpConfig) -> Result<Self, String> {
        Ok(Self {
            processor: SecureProcessor::new(config)?,
            mutator: config
                .mutate
                .filter(|_| config.mutate_part != MutatedPart::Attestation)
                .map(|seed| Mutator::new(seed, config.mutate_count)),
            state: Mutex::default(),
            unread: Unread::default(),
            config: config.clone(),
        })
    }

    /// Returns the secure processor.
    pub(crate) fn processor(&self) -> &SecureProcessor {
        &self.processor
    }

    /// Tells whether loads of the guest may ever matter to the VMM.
    pub(crate) fn watches(&self) -> bool {
        self.config.guest_request == RequestService::Racing
            || self.config.certs == CertificateService::Racing
    }

    /// Tells whether loads matter to the VMM now.
    pub(crate) fn awaits(&self) -> bool {
        self.unread.any()
    }

    /// Returns how many bytes it has changed since they were read.
    pub(crate) fn changed(&self) -> u64 {
        self.unread.changed()
    }

    /// Notes that the guest has loaded bytes.
    pub(crate) fn loaded(
        &self,
        memory: &dyn GuestMemory,
        is_shared: impl Fn(Range<u64>) -> bool,
        load: &Range<u64>,
    ) {
        self.unread.loaded(memory, is_shared, load);
    }

    /// Handles a request: a message in the page at `request`, to be answered in the page at
    /// `response`, with certificates in `buffer` if the request is an extended one.
    pub(crate) fn request(
        &self,
        context: Context<'_>,
        request: u64,
        response: u64,
        buffer: Option<Buffer>,
    ) -> Answer {
        let mut page = [0; PAGE];

        if !context.is_shared_page(request)
            || !context.is_shared_page(response)
            || request == response
            || context.memory.read(request, &mut page).is_err()
        {
            return Answer::malformed();
        }
        let injects = match self.admit(context.now) {
            Ok(injects) => injects,
            // A VMM that wants more room says how much.
            Err(answer) if answer.exit_info_2 == Answer::INVALID_LEN => {
                return Answer {
                    rbx: buffer.map(|buffer| buffer.pages.saturating_add(1)),
                    ..answer
                };
            }
            Err(answer) => return answer,
        };
        let random = match injects {
            true => self.mutator.as_ref().and_then(Mutator::next),
            false => None,
        };
        let part = self.config.mutate_part;
        let written = match buffer.filter(|_| Header::kind_in(&page) == Some(kind::REPORT_REQ)) {
            Some(buffer) => {
                let random = random.clone().filter(|_| part != MutatedPart::Payload);
                self.write_certificates(context, buffer, injects, random)
            }
            None => Ok(()),
        };
        if let Err(answer) = written {
            return answer;
        }
        let random = random.filter(|_| part != MutatedPart::Certificates);
        self.answer(context, &page, response, injects, random)
    }

    /// Decides whether the VMM handles the next request, and whether it may do so in a wrong way.
    fn admit(&self, now: Instant) -> Result<bool, Answer> {
        let mut state = lock(&self.state);
        let since = *state.since.get_or_insert(now);

        match state.handled.checked_sub(self.config.refuse_after) {
            Some(wrong) if wrong < self.config.refuse_count => {}
            _ => return Ok(false),
        }
        if state.busy < self.config.busy {
            state.busy += 1;
            return Err(Answer::status(Answer::BUSY));
        }
        if now.saturating_duration_since(since) < self.config.busy_for {
            return Err(Answer::status(Answer::BUSY));
        }
        match self.config.request_error {
            Some(error) if state.refused < self.config.request_error_count => {
                state.refused += 1;
                Err(Answer::status(error))
            }
            _ if self.config.guest_request == RequestService::Malformed => Err(Answer::malformed()),
            _ => Ok(true),
        }
    }

    /// Writes the certificates, if they fit.
    fn write_certificates(
        &self,
        context: Context<'_>,
        buffer: Buffer,
        injects: bool,
        mut random: Option<Random>,
    ) -> Result<(), Answer> {
        let range = buffer.range().ok_or(Answer::malformed())?;
        let service = match injects {
            true => self.config.certs,
            false => Default::default(),
        };
        let certificates = self.processor.certificates();
        let table = Table::new(service, certificates, self.config.certs_size);

        let any = random.as_mut().and_then(Random::call_status);
        if let Some(needed) = any.or(table.needs_more_than(buffer.pages)) {
            return Err(Answer {
                rbx: Some(needed),
                ..Answer::status(Answer::INVALID_LEN)
            });
        }
        if buffer.pages == 0 {
            return Ok(());
        }
        if !(context.is_shared)(range) {
            return Err(Answer::malformed());
        }
        let mut bytes = table.encode(buffer.pages);
        if let Some(mut random) = random {
            let middle = Table::ENTRIES.min(bytes.len());
            let (entries, data) = bytes.split_at_mut(middle);
            random.mutate(entries, data);
        }
        let written = context.memory.write(buffer.address, &bytes);
        written.map_err(|NoMemory| Answer::malformed())?;
        self.offer(
            buffer.address,
            &bytes,
            service == CertificateService::Racing,
        );
        Ok(())
    }

    /// Notes that there is something new to read, and whether it can be read once.
    fn offer(&self, address: u64, bytes: &[u8], once: bool) {
        // CAST: Widens.
        let place = address..address + bytes.len() as u64;

        self.unread.forget(&place);
        if once {
            self.unread.add(place);
        }
    }

    /// Has the message answered.
    fn answer(
        &self,
        context: Context<'_>,
        page: &[u8],
        response: u64,
        injects: bool,
        mut random: Option<Random>,
    ) -> Answer {
        let is_of_payload = self.config.mutate_part == MutatedPart::Payload;
        let answered = self.processor.request(context.memory, page, |message| {
            if injects {
                inject::message(&self.config, message);
            }
            if let Some(random) = random.as_mut().filter(|_| is_of_payload) {
                inject::payload(message, random);
            }
        });
        // What the firmware refuses was handled, too.
        lock(&self.state).handle();
        let right = match answered {
            Ok(right) => right,
            Err(status) => return Answer::status(failure(status)),
        };
        let mut bytes = match injects {
            true => inject::answer(&self.config, right.clone(), &lock(&self.state).last),
            false => right.clone(),
        };
        lock(&self.state).last = right;
        let status = random.filter(|_| !is_of_payload).and_then(|mut random| {
            let middle = Header::SIZE.min(bytes.len());
            let (header, payload) = bytes.split_at_mut(middle);

            random.mutate(header, payload);
            random.call_status()
        });
        if context.memory.write(response, &bytes).is_err() {
            return Answer::malformed();
        }
        let once = injects && self.config.guest_request == RequestService::Racing;
        self.offer(response, &bytes, once);
        Answer::status(status.unwrap_or(0))
    }
}

/// Returns `SW_EXITINFO2` for a status of the firmware.
fn failure(status: Status) -> u64 {
    status.raw().into()
}

#[cfg(test)]
mod tests;
