// SPDX-License-Identifier: GPL-2.0

//! Faults in answers.

use super::*;

#[test]
fn says_of_a_report_what_an_option_says() {
    let mut fixture = Fixture::new(|config| {
        config.report_status = Some(0x27);
        config.report_size = Some(5000);
    });
    let page = fixture.ask().1;
    let payload = fixture.guest.open(&page).payload;
    assert_eq!(payload[..4], 0x27u32.to_le_bytes());
    assert_eq!(payload[4..8], 5000u32.to_le_bytes());
}

#[test]
fn answers_wrongly_if_an_option_says_so() {
    let answer = |service| {
        let fixture = Fixture::new(|config| config.guest_request = service);
        let (answer, page) = fixture.ask();
        assert_eq!(answer, DONE);
        (fixture, page)
    };
    for (service, size) in [
        (RequestService::Truncated, 608),
        (RequestService::Oversized, 4000),
    ] {
        let (mut fixture, page) = answer(service);
        assert_eq!(fixture.guest.open(&page).payload.len(), size);
    }
    let (mut fixture, page) = answer(RequestService::Kind);
    assert_eq!(fixture.guest.open(&page).header.kind, 4);
    let (mut fixture, page) = answer(RequestService::Version);
    assert_eq!(fixture.guest.open(&page).header.kind_version, 3);
    assert_eq!(answer(RequestService::Sequence).1[0x20], 4);
    assert_eq!(answer(RequestService::Huge).1[0x36..0x38], [0xff; 2]);
    assert_eq!(answer(RequestService::Silent).1, [0; PAGE]);
    let (right, wrong) = (
        answer(RequestService::Answer).1,
        answer(RequestService::Tag).1,
    );
    assert_eq!(right[0] ^ 1, wrong[0]);
    assert_eq!(right[1..], wrong[1..]);
}

#[test]
fn has_what_it_writes_be_read_once_if_an_option_says_so() {
    let mut fixture = Fixture::new(|config| {
        config.guest_request = RequestService::Racing;
        config.certs = CertificateService::Racing;
    });
    let inverted = |bytes: &[u8]| -> Vec<u8> { bytes.iter().map(|byte| !byte).collect() };
    let read = |fixture: &Fixture, address: u64, len: u64| {
        let load = address..address + len;
        fixture.requests.loaded(&fixture.memory, |_| true, &load);
    };
    assert!(fixture.requests.watches() && !fixture.requests.awaits());
    for _ in 0..2 {
        assert_eq!(fixture.ask_extended(4), DONE);
        assert!(fixture.requests.awaits());
        let page = fixture.memory.bytes(RESPONSE, PAGE);
        let message = fixture.guest.open(&page);
        let size = Header::SIZE + message.payload.len();
        let entry = fixture.memory.bytes(DATA, 24);
        for _ in 0..2 {
            read(&fixture, RESPONSE, PAGE as u64);
            read(&fixture, DATA, 24);
            let now = fixture.memory.bytes(RESPONSE, PAGE);
            assert_eq!(now[..size], inverted(&page[..size]));
            assert_eq!(now[size..], page[size..]);
            assert_eq!(fixture.memory.bytes(DATA, 24), inverted(&entry));
        }
        // The certificates themselves were not read.
        assert!(fixture.requests.awaits());
    }
    let right = Fixture::new(|_| {});
    assert!(!right.requests.watches());
    right.ask_extended(4);
    assert!(!right.requests.awaits());
}

#[test]
fn replays_the_message_before_if_an_option_says_so() {
    let mut fixture = Fixture::new(|config| {
        config.guest_request = RequestService::Replay;
        config.refuse_after = 1;
    });
    let first = fixture.ask().1;
    fixture.guest.open(&first);
    assert_eq!(fixture.ask(), (DONE, first));
}

#[test]
fn changes_answers_at_random() {
    let pages = |seed| {
        let fixture = Fixture::new(|config| config.mutate = seed);
        fixture.ask().1
    };
    let right = pages(None);
    assert!((0..8).any(|seed| pages(Some(seed)) != right));
    assert_eq!(pages(Some(3)), pages(Some(3)));
}

#[test]
fn changes_certificates_only_if_an_option_says_so() {
    let mut fixture = Fixture::new(|config| {
        config.mutate = Some(5);
        config.mutate_part = MutatedPart::Certificates;
    });
    let (mut lacking, mut tables) = (0, Vec::new());

    for _ in 0..100 {
        let answer = fixture.ask_extended(4);
        if answer == DONE {
            tables.push(fixture.memory.bytes(DATA, 0x4000));
            fixture.guest.open(&fixture.memory.bytes(RESPONSE, PAGE));
            continue;
        }
        assert_eq!(answer.exit_info_2, Answer::INVALID_LEN);
        assert!(answer.rbx.is_some());
        lacking += 1;
        // What the guest does then.
        assert_eq!(fixture.ask().0, DONE);
        fixture.guest.open(&fixture.memory.bytes(RESPONSE, PAGE));
    }
    assert!(lacking > 0);
    tables.dedup();
    assert!(tables.len() > 20);
}

#[test]
fn changes_what_is_encrypted_only_if_an_option_says_so() {
    let mut fixture = Fixture::new(|config| {
        // One answer in 608 is the shortest. This seed has two in 300.
        config.mutate = Some(6);
        config.mutate_part = MutatedPart::Payload;
        config.mutate_count = 300;
    });
    let mut right = Fixture::new(|_| {});
    let page = right.ask().1;
    let right = right.guest.open(&page).payload;
    let (mut statuses, mut sizes, mut changed) = (Vec::new(), Vec::new(), 0);

    for number in 0..301 {
        assert_eq!(fixture.ask_extended(4), DONE);
        assert_eq!(fixture.entries().len(), 3);
        // It is authentic.
        let page = fixture.memory.bytes(RESPONSE, PAGE);
        let payload = fixture.guest.open(&page).payload;
        let is_right = payload == right;

        assert!(payload.len() <= right.len());
        assert!(is_right || number < 300);
        statuses.push(u32::from_le_bytes(*payload.first_chunk().unwrap()));
        sizes.push(payload.len());
        changed += usize::from(!is_right);
    }
    assert!([0, 0x16, 0x27]
        .iter()
        .all(|status| statuses.contains(status)));
    assert!(sizes.iter().any(|size| *size < 32));
    assert!(changed > 100);
}
