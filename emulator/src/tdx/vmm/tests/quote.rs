// SPDX-License-Identifier: GPL-2.0

//! `GetQuote`, as a good VMM does it.

use super::*;

#[test]
fn answers_with_a_quote() {
    let bench = bench();
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    assert_eq!(bench.answer().ok(), bench.quote());
}

#[test]
fn answers_with_an_error_to_a_forged_report() {
    // A byte of RTMR 0, of the MAC, of the report data.
    for offset in [720, 224, 128] {
        let bench = bench();
        bench.request();
        bench.memory.write(0x10000 + 24 + offset, b"x").unwrap();
        assert_eq!(bench.get_quote(), SUCCESS);
        let error = proto::Error::Failed(proto::Status::ERROR);
        assert_eq!(bench.answer(), Err(error));
    }
}

#[test]
fn answers_with_an_error_to_a_report_of_another_length() {
    let bench = bench();
    bench.request();
    bench.memory.write(0x10000 + 16, &[0xff, 3]).unwrap();
    assert_eq!(bench.get_quote(), SUCCESS);
    let error = proto::Error::Failed(proto::Status::ERROR);
    assert_eq!(bench.answer(), Err(error));
}

#[test]
fn answers_as_an_option_says() {
    use proto::Error;
    use proto::Status;

    for (service, error) in [
        (QuoteService::Error, Error::Failed(Status::ERROR)),
        (
            QuoteService::Unavailable,
            Error::Failed(Status::SERVICE_UNAVAILABLE),
        ),
        (QuoteService::Never, Error::InFlight),
    ] {
        let bench = Bench::new(service);
        bench.request();
        assert_eq!(bench.get_quote(), SUCCESS);
        assert_eq!(bench.answer(), Err(error));
    }
}

/// A machine whose quotes take 3 ms, with a request that is in flight.
fn slow() -> Bench {
    let bench = Bench::with(&TdxConfig {
        quote_delay: 3 * MS,
        ..TdxConfig::default()
    });
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    bench
}

#[test]
fn writes_a_delayed_quote_while_the_guest_runs() {
    let bench = slow();
    assert!(bench.vmm.has_work());
    for _ in 0..2 {
        assert_eq!(bench.answer(), Err(proto::Error::InFlight));
        bench.pass(MS);
    }
    bench.pass(MS);
    assert!(!bench.vmm.has_work());
    assert_eq!(bench.answer().ok(), bench.quote());
}

#[test]
fn delays_errors_too() {
    let bench = Bench::with(&TdxConfig {
        quote: QuoteService::Error,
        quote_delay: MS,
        ..TdxConfig::default()
    });
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    assert_eq!(bench.answer(), Err(proto::Error::InFlight));
    bench.pass(MS);
    let error = proto::Error::Failed(proto::Status::ERROR);
    assert_eq!(bench.answer(), Err(error));
}

#[test]
fn has_several_quotes_in_flight() {
    let bench = slow();
    bench.pages.share(32..34);
    let request = bench.memory.bytes(0x10000, 2048);
    bench.memory.write(0x20000, &request).unwrap();
    // The status of a request means nothing.
    bench.pass(MS);
    let (status, _) = bench.leaf(leaf::GET_QUOTE, &[SHARED | 0x20000, 0x2000]);
    assert_eq!(status, SUCCESS);

    bench.pass(2 * MS);
    let second = || {
        let buffer = bench.memory.bytes(0x20000, 0x2000);
        proto::parse_answer(&buffer).map(<[u8]>::to_vec)
    };
    assert!(bench.answer().is_ok());
    assert_eq!(second(), Err(proto::Error::InFlight));
    bench.pass(MS);
    assert_eq!(second(), bench.answer());
}

/// A machine that defers quote requests, with one of them.
fn deferring(until: QuoteUntil) -> Bench {
    let bench = Bench::with(&TdxConfig {
        quote_until: Some(until),
        ..TdxConfig::default()
    });
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    bench.pass(1000 * MS);
    assert_eq!(bench.answer(), Err(proto::Error::InFlight));
    bench
}

#[test]
fn holds_quotes_until_there_are_as_many_requests() {
    let bench = deferring(QuoteUntil::Requests(2));
    bench.vmm.extended(bench.now.get());
    assert!(!bench.vmm.has_work() && !bench.vmm.watches());

    bench.pages.share(32..34);
    let request = bench.memory.bytes(0x10000, 2048);
    bench.memory.write(0x20000, &request).unwrap();
    // As a guest leaves it that asks again.
    bench.memory.write(0x20008, &[0; 8]).unwrap();
    let (status, _) = bench.leaf(leaf::GET_QUOTE, &[SHARED | 0x20000, 0x2000]);
    assert_eq!(status, SUCCESS);
    bench.pass(Duration::ZERO);
    assert_eq!(bench.answer().ok(), bench.quote());
    let second = bench.memory.bytes(0x20000, 0x2000);
    assert_eq!(proto::parse_answer(&second).ok(), bench.quote().as_deref());
}

#[test]
fn holds_quotes_until_a_register_is_extended() {
    let bench = deferring(QuoteUntil::Extend);
    bench.vmm.extended(bench.now.get());
    bench.pass(Duration::ZERO);
    assert_eq!(bench.answer().ok(), bench.quote());
}

#[test]
fn holds_quotes_until_the_status_was_read_as_often() {
    let bench = deferring(QuoteUntil::Reads(2));
    let read = |address: u64, len| bench.vmm.loaded(bench.context(), &(address..address + len));
    assert!(bench.vmm.watches() && bench.vmm.awaits(0x10008));
    // Once with all of the header, and byte by byte. Neither the length nor another page is the status.
    read(0x10000, 24);
    read(0x10010, 8);
    read(0x11008, 8);
    for address in 0x10008..0x1000f {
        read(address, 1);
    }
    assert!(!bench.vmm.has_work());
    read(0x1000f, 1);
    assert_eq!(bench.answer(), Err(proto::Error::InFlight));
    bench.pass(Duration::ZERO);
    assert_eq!(bench.answer().ok(), bench.quote());
    assert!(!bench.vmm.awaits(0x10008));
}

#[test]
fn does_not_write_where_the_guest_shares_nothing_any_more() {
    let bench = slow();
    bench.pages.unshare(17..18);
    bench.memory.write(0x10000, &[7; 0x2000]).unwrap();
    bench.pass(3 * MS);
    assert_eq!(bench.memory.bytes(0x10000, 0x2000), [7; 0x2000]);
    assert!(!bench.vmm.has_work());
}

#[test]
fn idles_no_longer_than_until_the_next_quote() {
    let bench = slow();
    let idle = |most| bench.vmm.idle(bench.now.get(), most);
    assert_eq!(idle(MS), MS);
    bench.pass(2 * MS);
    assert_eq!(idle(2 * MS), MS);
    bench.pass(MS);
    assert_eq!(idle(2 * MS), 2 * MS);
}

#[test]
fn answers_with_an_error_if_the_buffer_is_too_small_for_the_quote() {
    let bench = Bench::with(&TdxConfig {
        quote_size: 0x2000 - 23,
        ..TdxConfig::default()
    });
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    let error = proto::Error::Failed(proto::Status::ERROR);
    assert_eq!(bench.answer(), Err(error));
}

#[test]
fn fills_the_buffer() {
    let bench = Bench::with(&TdxConfig {
        quote_size: 0x2000 - 24,
        ..TdxConfig::default()
    });
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    assert_eq!(bench.answer().map(|quote| quote.len()), Ok(0x2000 - 24));
}

#[test]
fn takes_larger_buffers_for_larger_quotes() {
    let padded = TdxConfig {
        quote_size: 256 << 10,
        ..TdxConfig::default()
    };
    let mut with_zeros = TdxConfig::default();
    with_zeros.quote_ending.zeros = Zeros::UpTo(256 << 10);
    for config in [padded, with_zeros] {
        let bench = Bench::with(&config);
        bench.request();
        bench.pages.share(16..82);
        let get = |size| bench.leaf(leaf::GET_QUOTE, &[SHARED | 0x10000, size]).0;
        assert_eq!(get((256 << 10) + 0x2000), INVALID);
        assert_eq!(get((256 << 10) + 0x1000), SUCCESS);
        let buffer = bench.memory.bytes(0x10000, (256 << 10) + 0x1000);
        assert_eq!(proto::parse_answer(&buffer).map(<[u8]>::len), Ok(256 << 10));
    }
}

#[test]
fn refuses_a_quote_buffer_without_the_shared_bit() {
    let bench = bench();
    bench.request();
    assert_eq!(bench.leaf(leaf::GET_QUOTE, &[0x10000, 0x2000]).0, INVALID);
}

#[test]
fn refuses_a_quote_buffer_that_is_not_shared() {
    let bench = bench();
    bench.request();
    // The third page is private.
    let (status, _) = bench.leaf(leaf::GET_QUOTE, &[SHARED | 0x10000, 0x3000]);
    assert_eq!(status, INVALID);
    bench.pages.unshare(17..18);
    assert_eq!(bench.get_quote(), INVALID);
}

#[test]
fn refuses_unaligned_quote_buffers() {
    let bench = bench();
    bench.request();
    for operands in [[SHARED | 0x10018, 0x1000], [SHARED | 0x10000, 0x1800]] {
        assert_eq!(bench.leaf(leaf::GET_QUOTE, &operands).0, UNALIGNED);
    }
}

#[test]
fn refuses_quote_buffers_of_no_sensible_size() {
    let bench = bench();
    bench.request();
    for size in [0, (128 << 10) + 4096, u64::MAX] {
        let (status, _) = bench.leaf(leaf::GET_QUOTE, &[SHARED | 0x10000, size]);
        assert_eq!(status, INVALID);
    }
}

#[test]
fn refuses_quote_buffers_that_are_not_memory() {
    let bench = bench();
    bench.pages.share(4096..4097);
    let (status, _) = bench.leaf(leaf::GET_QUOTE, &[SHARED | (16 << 20), 0x1000]);
    assert_eq!(status, INVALID);
}

#[test]
fn refuses_quote_requests_of_another_version() {
    let bench = bench();
    bench.request();
    bench.memory.write(0x10000, &[2]).unwrap();
    assert_eq!(bench.get_quote(), INVALID);
}

#[test]
fn refuses_quote_requests_longer_than_the_buffer() {
    let bench = bench();
    bench.request();
    bench.memory.write(0x10000 + 16, &[0, 0x20]).unwrap();
    assert_eq!(bench.get_quote(), INVALID);
}
