// SPDX-License-Identifier: GPL-2.0

//! What a guest gets from the VMM, and from one that misbehaves.

mod inject;

use std::time::Duration;

use super::*;
use crate::{
    machine::memory::FakeMemory,
    snp::{
        config::CertificateService,
        psp::tests::{
            report_request,
            Guest, //
        }, //
    }, //
};
use sev::{
    certs::snp::{
        Chain,
        Verifiable as _, //
    },
    firmware::host::CertTableEntry, //
};

const REQUEST: u64 = 0x1000;
const RESPONSE: u64 = 0x2000;
const DATA: u64 = 0x10000;

/// A VMM, and a guest with memory of 1 MiB that asks for reports.
struct Fixture {
    requests: GuestRequests,
    guest: Guest,
    memory: FakeMemory,
    start: Instant,
}

impl Fixture {
    fn new(change: impl FnOnce(&mut SnpConfig)) -> Self {
        // So that two have the same reports.
        let mut config = SnpConfig {
            report_id: Some([1; 32]),
            ..SnpConfig::default()
        };
        change(&mut config);
        let requests = GuestRequests::new(&config).unwrap();
        Self {
            guest: Guest::new(requests.processor(), 0),
            requests,
            memory: FakeMemory::new(1 << 20),
            start: Instant::now(),
        }
    }

    /// Writes the next request.
    fn write(&self) {
        let page = self.guest.seal(kind::REPORT_REQ, &report_request(0, 0));
        self.memory.write(REQUEST, &page).unwrap();
        self.memory.clear(RESPONSE, PAGE as u64).unwrap();
    }

    /// Makes a request some time after the start.
    fn call(&self, buffer: Option<Buffer>, after: Duration) -> Answer {
        let context = Context {
            memory: &self.memory,
            is_shared: &|pages| !pages.contains(&0),
            now: self.start + after,
        };
        self.requests.request(context, REQUEST, RESPONSE, buffer)
    }

    /// Makes the next request, and returns the answer with the page.
    fn ask(&self) -> (Answer, Vec<u8>) {
        self.write();
        let answer = self.call(None, Duration::ZERO);
        (answer, self.memory.bytes(RESPONSE, PAGE))
    }

    /// Makes the next extended request.
    fn ask_extended(&self, pages: u64) -> Answer {
        self.write();
        let buffer = Buffer {
            address: DATA,
            pages,
        };
        self.call(Some(buffer), Duration::ZERO)
    }

    /// Returns the entries of the table, without the end.
    fn entries(&self) -> Vec<(Vec<u8>, u32, u32)> {
        self.memory
            .bytes(DATA, 0x4000)
            .chunks_exact(24)
            .map(|entry| {
                let number = |at| u32::from_le_bytes(*entry[at..].first_chunk().unwrap());
                (entry[..16].to_vec(), number(16), number(20))
            })
            .take_while(|(guid, ..)| guid.iter().any(|byte| *byte != 0))
            .collect()
    }
}

/// The answer of a VMM that did what it should.
const DONE: Answer = Answer {
    exit_info_1: 0,
    exit_info_2: 0,
    rbx: None,
};

#[test]
fn takes_messages_to_the_processor_and_back() {
    let mut fixture = Fixture::new(|_| {});
    for _ in 0..3 {
        let (answer, page) = fixture.ask();
        assert_eq!(answer, DONE);
        let message = fixture.guest.open(&page);
        assert_eq!(message.payload.len(), 0x20 + 1184);
    }
}

#[test]
fn gives_the_certificates_that_a_public_verifier_accepts() {
    let fixture = Fixture::new(|_| {});
    assert_eq!(fixture.ask_extended(4), DONE);
    let bytes = fixture.memory.bytes(DATA, 0x4000);
    let table = fixture
        .entries()
        .into_iter()
        .map(|(guid, offset, length)| {
            let (offset, length) = (offset as usize, length as usize);
            let guid = u128::from_be_bytes(guid.try_into().unwrap());
            let text = format!("{guid:032x}");
            let text = [
                &text[..8],
                &text[8..12],
                &text[12..16],
                &text[16..20],
                &text[20..],
            ];
            CertTableEntry::from_guid(
                &text.join("-").parse().unwrap(),
                bytes[offset..offset + length].to_vec(),
            )
            .unwrap()
        })
        .collect();
    Chain::from_cert_table_der(table).unwrap().verify().unwrap();
}

#[test]
fn says_how_many_pages_the_certificates_need() {
    let fixture = Fixture::new(|config| config.certs_size = 40 << 10);
    for pages in [0, 1, 9] {
        let answer = fixture.ask_extended(pages);
        assert_eq!((answer.exit_info_2, answer.rbx), (1 << 32, Some(10)));
    }
    // The message was not handled, and can be again.
    assert_eq!(fixture.ask_extended(10), DONE);
    let last = fixture.entries().pop().unwrap();
    assert_eq!(last.1 + last.2, 40 << 10);
}

#[test]
fn needs_no_buffer_for_no_certificates() {
    let fixture = Fixture::new(|config| config.certs = CertificateService::None);
    fixture.memory.write(DATA, &[1; 48]).unwrap();
    assert_eq!(fixture.ask_extended(1), DONE);
    assert!(fixture.entries().is_empty());
    let fixture = Fixture::new(|config| config.certs = CertificateService::None);
    assert_eq!(fixture.ask_extended(0), DONE);
}

#[test]
fn never_has_enough_pages_if_an_option_says_so() {
    let fixture = Fixture::new(|config| config.certs = CertificateService::Growing);
    for pages in [4, 5, 100] {
        let answer = fixture.ask_extended(pages);
        assert_eq!((answer.exit_info_2, answer.rbx), (1 << 32, Some(pages + 1)));
    }
}

#[test]
fn makes_tables_that_are_wrong() {
    let entries = |certs| {
        let fixture = Fixture::new(|config| config.certs = certs);
        assert_eq!(fixture.ask_extended(4), DONE);
        fixture.entries()
    };
    let overlapping = entries(CertificateService::Overlapping);
    assert_eq!(overlapping.len(), 3);
    assert!(overlapping.iter().all(|entry| entry.1 == 96));
    let (_, offset, length) = entries(CertificateService::Overflowing).pop().unwrap();
    assert_eq!(offset.checked_add(length), None);
    let (_, offset, _) = entries(CertificateService::Outside).pop().unwrap();
    assert!(offset > 0x4000);
    assert_eq!(entries(CertificateService::Unterminated).len(), 0x4000 / 24);
}

#[test]
fn is_busy_as_often_as_an_option_says() {
    let mut fixture = Fixture::new(|config| config.busy = 2);
    for _ in 0..2 {
        fixture.write();
        for _ in 0..2 {
            assert_eq!(fixture.call(None, Duration::ZERO).exit_info_2, 2 << 32);
        }
        assert_eq!(fixture.call(None, Duration::ZERO), DONE);
        let page = fixture.memory.bytes(RESPONSE, PAGE);
        fixture.guest.open(&page);
    }
    // Also after a request that the firmware refuses.
    fixture.memory.write(REQUEST, &[0xff]).unwrap();
    for status in [2 << 32, 2 << 32, 0x0b, 2 << 32] {
        assert_eq!(fixture.call(None, Duration::ZERO).exit_info_2, status);
    }
}

#[test]
fn is_busy_as_long_as_an_option_says() {
    let second = Duration::from_secs(1);
    let fixture = Fixture::new(|config| config.busy_for = second);
    fixture.write();
    assert_eq!(fixture.call(None, Duration::ZERO).exit_info_2, 2 << 32);
    assert_eq!(fixture.call(None, second / 2).exit_info_2, 2 << 32);
    assert_eq!(fixture.call(None, second), DONE);
}

#[test]
fn passes_on_what_the_firmware_says() {
    let fixture = Fixture::new(|_| {});
    fixture.write();
    assert_eq!(fixture.call(None, Duration::ZERO), DONE);
    assert_eq!(fixture.call(None, Duration::ZERO).exit_info_2, 0x1d);
    fixture.memory.write(REQUEST, &[0xff]).unwrap();
    assert_eq!(fixture.call(None, Duration::ZERO).exit_info_2, 0x0b);
    let fixture = Fixture::new(|config| config.request_error = Some(0x1_0000_0016));
    let (answer, page) = fixture.ask();
    assert_eq!(answer.exit_info_2, 0x1_0000_0016);
    assert_eq!(page, [0; PAGE]);
}

#[test]
fn refuses_as_often_as_an_option_says() {
    let fixture = Fixture::new(|config| {
        config.request_error = Some(0x16);
        config.request_error_count = 2;
    });
    let endings = [(); 3].map(|()| fixture.ask().0.exit_info_2);
    assert_eq!(endings, [0x16, 0x16, 0]);
}

#[test]
fn says_how_much_room_it_takes_if_an_option_says_that_there_is_too_little() {
    let fixture = Fixture::new(|config| config.request_error = Some(Answer::INVALID_LEN));
    for (answer, rbx) in [(fixture.ask_extended(4), Some(5)), (fixture.ask().0, None)] {
        let refused = Answer::status(Answer::INVALID_LEN);
        assert_eq!(answer, Answer { rbx, ..refused });
    }
}

#[test]
fn takes_no_request_if_an_option_says_so() {
    let fixture = Fixture::new(|config| config.guest_request = RequestService::Malformed);
    let (answer, page) = fixture.ask();
    assert!(answer.is_malformed());
    assert_eq!(page, [0; PAGE]);
}

#[test]
fn misbehaves_only_after_some_requests() {
    let mut fixture = Fixture::new(|config| {
        config.refuse_after = 2;
        config.request_error = Some(0x16);
    });
    for _ in 0..2 {
        let (answer, page) = fixture.ask();
        assert_eq!(answer, DONE);
        fixture.guest.open(&page);
    }
    assert_eq!(fixture.ask().0.exit_info_2, 0x16);
}

#[test]
fn misbehaves_for_some_requests() {
    let mut fixture = Fixture::new(|config| {
        config.refuse_after = 1;
        config.refuse_count = 1;
        config.report_status = Some(0x16);
    });
    for status in [0, 0x16, 0u32] {
        let page = fixture.ask().1;
        let payload = fixture.guest.open(&page).payload;
        assert_eq!(payload[..4], status.to_le_bytes());
    }
}

#[test]
fn refuses_pages_that_are_not_its_own() {
    let fixture = Fixture::new(|_| {});
    fixture.write();
    let context = Context {
        memory: &fixture.memory,
        is_shared: &|pages| !pages.contains(&0),
        now: fixture.start,
    };
    for (request, response, data) in [
        (0, RESPONSE, DATA),
        (REQUEST, 0, DATA),
        (REQUEST, RESPONSE, 0),
        (REQUEST + 8, RESPONSE, DATA),
        (REQUEST, RESPONSE + 8, DATA),
        (REQUEST, REQUEST, DATA),
        (REQUEST, RESPONSE, DATA + 8),
        (1 << 21, RESPONSE, DATA),
        (REQUEST, RESPONSE, 1 << 21),
    ] {
        let buffer = Buffer {
            address: data,
            pages: 4,
        };
        let answer = fixture
            .requests
            .request(context, request, response, Some(buffer));
        assert_eq!(answer, Answer::malformed());
    }
}
