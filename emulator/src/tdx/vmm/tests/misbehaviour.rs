// SPDX-License-Identifier: GPL-2.0

//! `GetQuote`, as a VMM does it that is broken or malicious.

use super::*;

/// Asks a VMM that misbehaves for a quote.
fn answer_of(quote: QuoteService) -> (Bench, std::result::Result<Vec<u8>, proto::Error>) {
    let bench = Bench::new(quote);
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    let answer = bench.answer();
    (bench, answer)
}

#[test]
fn answers_with_any_status() {
    for raw in [1, 0x8000_0000_0000_00ff, 0x7fff_ffff_ffff_ffff] {
        let error = proto::Error::Failed(proto::Status::new(raw));
        assert_eq!(answer_of(QuoteService::Status(raw)).1, Err(error));
    }
}

#[test]
fn answers_with_lengths_that_no_quote_has() {
    use proto::Error;

    let len = |bench: &Bench| bench.memory.bytes(0x10000 + 20, 4);
    let (_, answer) = answer_of(QuoteService::Empty);
    assert_eq!(answer, Err(Error::Empty));
    let (bench, answer) = answer_of(QuoteService::Long);
    assert_eq!(answer, Err(Error::TooLarge));
    assert_eq!(len(&bench), (0x2000u32 - 24 + 1).to_le_bytes());
    let (bench, answer) = answer_of(QuoteService::Huge);
    assert_eq!(answer, Err(Error::TooLarge));
    assert_eq!(len(&bench), [0xff; 4]);
}

#[test]
fn answers_with_another_version() {
    let (_, answer) = answer_of(QuoteService::Version);
    assert_eq!(answer, Err(proto::Error::UnknownVersion));
}

#[test]
fn answers_with_bytes_of_no_meaning() {
    let (bench, answer) = answer_of(QuoteService::Garbage);
    let (garbage, quote) = (answer.unwrap(), bench.quote().unwrap());
    assert_eq!(garbage.len(), quote.len());
    assert!(garbage[..48] != quote[..48]);
}

#[test]
fn answers_with_a_quote_among_bytes_of_no_meaning() {
    let (bench, answer) = answer_of(QuoteService::Noise);
    assert_eq!(answer.ok(), bench.quote());
    assert_eq!(bench.memory.bytes(0x10000 + 16, 4), [0xa5; 4]);
    assert!(bench.memory.bytes(0x11f00, 256) != [0; 256]);
}

#[test]
fn changes_the_length_again_and_again() {
    let (bench, answer) = answer_of(QuoteService::Changing);
    assert_eq!(answer.ok(), bench.quote());
    for _ in 0..3 {
        bench.pass(MS);
        assert_eq!(bench.answer(), Err(proto::Error::TooLarge));
        bench.pass(MS);
        assert_eq!(bench.answer().ok(), bench.quote());
    }
}

#[test]
fn takes_the_answer_back_again_and_again() {
    let (bench, answer) = answer_of(QuoteService::Flipping);
    assert_eq!(answer.ok(), bench.quote());
    for _ in 0..3 {
        bench.pass(MS);
        assert_eq!(bench.answer(), Err(proto::Error::InFlight));
        bench.pass(MS);
        assert_eq!(bench.answer().ok(), bench.quote());
    }
    // Until the guest takes the buffer back.
    bench.pages.unshare(16..18);
    bench.pass(MS);
    assert!(!bench.vmm.has_work());
}

#[test]
fn does_not_change_a_buffer_that_is_used_again() {
    let (bench, _) = answer_of(QuoteService::Flipping);
    bench.pass(MS);
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    assert_eq!(bench.answer().ok(), bench.quote());
}

#[test]
fn refuses_the_call_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        quote_call: Some(1),
        ..TdxConfig::default()
    });
    bench.request();
    let before = bench.memory.bytes(0x10000, 0x2000);
    assert_eq!(bench.get_quote(), 1);
    assert_eq!(bench.memory.bytes(0x10000, 0x2000), before);
}

#[test]
fn mutates_answers_and_then_no_more() {
    let run = || {
        let bench = Bench::with(&TdxConfig {
            mutate: Some(1),
            mutate_count: 8,
            ..TdxConfig::default()
        });
        let answers = [(); 10].map(|()| {
            bench.request();
            (bench.get_quote(), bench.memory.bytes(0x10000, 0x2000))
        });
        (answers, bench.answer().ok(), bench.quote())
    };
    let (answers, last, quote) = run();
    assert_eq!(last, quote);
    assert_eq!(answers[8], answers[9]);
    assert!(answers[..8].iter().any(|answer| *answer != answers[9]));
    assert!(answers == run().0);
}

#[test]
fn lets_go_of_a_request_that_was_changed_to_be_in_flight() {
    let bench = Bench::with(&TdxConfig {
        mutate: Some(1),
        quote: QuoteService::Error,
        ..TdxConfig::default()
    });
    let status = || proto::Header::peek_status(&bench.memory.bytes(0x10000, 24));
    let mut late = 0;
    bench.request();
    let request = bench.memory.bytes(0x10000, 0x2000);
    for _ in 0..1000 {
        bench.memory.write(0x10000, &request).unwrap();
        bench.get_quote();
        late += usize::from(status() == Ok(proto::Status::IN_FLIGHT));
        bench.pass(40 * MS);
        assert!(status() != Ok(proto::Status::IN_FLIGHT));
    }
    assert!(late > 0);
}

/// Has the guest load something. Returns what it gets, and lets the VMM see it.
fn load(bench: &Bench, address: u64, len: usize) -> Vec<u8> {
    let value = bench.memory.bytes(address, len);
    bench
        .vmm
        .loaded(bench.context(), &(address..address + len as u64));
    value
}

/// The next request is answered rightly, too.
fn answers_again(bench: &Bench) {
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    assert_eq!(bench.answer().ok(), bench.quote());
}

#[test]
fn has_the_status_and_the_length_be_read_once() {
    let (bench, answer) = answer_of(QuoteService::Once);
    let len = u32::try_from(bench.quote().unwrap().len()).unwrap();
    assert_eq!(answer.ok(), bench.quote());
    // Byte by byte, and each as it was until it is read.
    for address in 0x10008..0x10010 {
        assert_eq!(load(&bench, address, 1), [0]);
    }
    assert_eq!(bench.answer(), Err(proto::Error::InFlight));
    assert_eq!(load(&bench, 0x10014, 4), len.to_le_bytes());
    assert_eq!(load(&bench, 0x10014, 4), (!len).to_le_bytes());
    answers_again(&bench);
}

#[test]
fn has_all_of_an_answer_be_read_once() {
    let (bench, answer) = answer_of(QuoteService::Racing);
    let quote = bench.quote().unwrap();
    assert_eq!(answer.ok(), bench.quote());
    let written = bench.memory.bytes(0x10000, 0x2000);
    let read: Vec<u8> = (0x10000..0x12000)
        .step_by(8)
        .flat_map(|address| load(&bench, address, 8))
        .collect();
    assert_eq!(read, written);
    let (changed, rest) = written.split_at(24 + quote.len());
    let changed: Vec<u8> = changed.iter().map(|byte| !byte).collect();
    assert_eq!(
        bench.memory.bytes(0x10000, 0x2000),
        [&changed, rest].concat()
    );
    answers_again(&bench);
}

#[test]
fn awaits_loads_only_of_what_can_be_read_once() {
    let (bench, _) = answer_of(QuoteService::Answer);
    assert!(!bench.vmm.watches() && !bench.vmm.awaits(0x10008));
    let (bench, _) = answer_of(QuoteService::Once);
    assert!(bench.vmm.watches() && bench.vmm.awaits(0x10008));
    assert!(!bench.vmm.awaits(0x10018));
    load(&bench, 0x10000, 24);
    assert!(!bench.vmm.awaits(0x10008));
    let (bench, _) = answer_of(QuoteService::Racing);
    assert!(bench.vmm.watches() && bench.vmm.awaits(0x10018));
}

#[test]
fn does_not_change_what_the_guest_has_taken_back() {
    let (bench, answer) = answer_of(QuoteService::Once);
    bench.pages.unshare(16..18);
    load(&bench, 0x10000, 24);
    assert_eq!(bench.answer(), answer);
}
