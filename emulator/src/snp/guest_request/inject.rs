// SPDX-License-Identifier: GPL-2.0

//! Injects the faults that options select into answers.

use crate::{
    machine::mutator::Random,
    snp::{
        config::{
            RequestService,
            SnpConfig, //
        },
        psp::{
            kind,
            Header,
            Message,
            Status, //
        }, //
    }, //
};

/// What an answer has before a report or a key.
const ANSWER_HEADER: usize = 32;

/// Injects the fault that an option selects into a right answer, as the firmware would.
pub(super) fn message(config: &SnpConfig, message: &mut Message) {
    let status = config.report_status.map(u32::to_le_bytes);
    let size = config.report_size.map(u32::to_le_bytes);
    let is_report = message.header.kind == kind::REPORT_RSP;

    if let Some(status) = status {
        set(&mut message.payload, 0, &status);
    }
    if let Some(size) = size.filter(|_| is_report) {
        set(&mut message.payload, 4, &size);
    }
    match config.guest_request {
        RequestService::Sequence => message.header.sequence += 2,
        RequestService::Truncated => {
            let half = message.payload.len() / 2 / 16 * 16;
            let payload = message.payload.iter().copied().take(half).collect();
            message.set_payload(payload);
        }
        RequestService::Oversized => {
            let mut payload = message.payload.clone();
            payload.resize(Header::ROOM, 0xa5);
            message.set_payload(payload);
        }
        RequestService::Kind => message.header.kind ^= 2,
        RequestService::Version => message.header.kind_version ^= 2,
        _ => {}
    }
}

/// Changes what the firmware says: any byte, for one answer in eight a status that guests know, and for
/// another one the length.
pub(super) fn payload(message: &mut Message, random: &mut Random) {
    let mut payload = message.payload.clone();
    let middle = ANSWER_HEADER.min(payload.len());
    let (header, data) = payload.split_at_mut(middle);

    random.mutate(header, data);
    if random.one_in(8) {
        let known = [Status::INVALID_PARAM, Status::INVALID_KEY].map(Status::raw);
        let status = random.pick(&known).unwrap_or_default();

        set(&mut payload, 0, &status.to_le_bytes());
    }
    if random.one_in(8) {
        // Of nothing there can't be a message.
        let blocks = 1 + random.below(payload.len() / 16);
        payload.truncate(16 * blocks);
    }
    message.set_payload(payload);
}

/// Injects the fault that the user wants into an encrypted answer, as the VMM would; `last` is the one
/// before.
pub(super) fn answer(config: &SnpConfig, mut answer: Vec<u8>, last: &[u8]) -> Vec<u8> {
    match config.guest_request {
        RequestService::Silent => Vec::new(),
        RequestService::Replay => last.to_vec(),
        RequestService::Tag => {
            if let Some(byte) = answer.first_mut() {
                *byte ^= 1;
            }
            answer
        }
        RequestService::Huge => {
            set(&mut answer, Header::PAYLOAD_SIZE, &[0xff; 2]);
            answer
        }
        _ => answer,
    }
}

/// Sets bytes at an offset.
fn set(bytes: &mut [u8], offset: usize, value: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(offset).zip(value) {
        *to = *from;
    }
}
