// SPDX-License-Identifier: GPL-2.0

//! Every sub-function, each refusal.

use super::*;
use crate::{
    config::QuoteService,
    memory::FakeMemory,
    pages::PageState,
    quoting::{
        Enclave,
        Version, //
    },
    tdx, //
};
use std::cell::Cell;
use tsm_proto::tdx::quote as proto;
use tsm_proto::tdx::TdReport;

/// The shared bit.
const SHARED: u64 = 1 << 52;
const SUCCESS: u64 = 0;
const MS: Duration = Duration::from_millis(1);
const INVALID: u64 = 0x8000_0000_0000_0000;
const UNALIGNED: u64 = 0x8000_0000_0000_0002;
const UNSUPPORTED: u64 = 0x8000_0000_0000_0003;

/// A machine with a TDX module for its reports.
struct Bench {
    vmm: Vmm,
    memory: FakeMemory,
    pages: Pages,
    cpu: Cpu,
    now: Cell<Instant>,
}

impl Bench {
    /// Makes a machine with 1 MiB of memory.
    fn new(quote: QuoteService) -> Self {
        Self::with(&TdxConfig {
            quote,
            ..TdxConfig::default()
        })
    }

    /// Makes a machine with 1 MiB of memory and options.
    fn with(config: &TdxConfig) -> Self {
        Self {
            vmm: Vmm::new(config),
            memory: FakeMemory::new(1 << 20),
            pages: Pages::default(),
            cpu: Cpu::default(),
            now: Cell::new(Instant::now()),
        }
    }

    /// Does a call.
    fn call(&self, regs: &mut Registers) -> Effect {
        self.vmm.call(self.context(), regs)
    }

    /// Makes what the VMM works on.
    fn context(&self) -> Context<'_> {
        Context {
            memory: &self.memory,
            pages: &self.pages,
            cpu: &self.cpu,
            now: self.now.get(),
        }
    }

    /// Lets time pass, and the VMM work.
    fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        self.vmm.poll(self.context());
    }

    /// Does a call with up to four operands. Returns the status and the registers.
    fn leaf(&self, r11: u64, operands: &[u64]) -> (u64, Registers) {
        let mut regs = operands_in(r11, operands);
        assert_eq!(self.call(&mut regs), Effect::Resume);
        (regs[Reg::R10], regs)
    }

    /// Writes a request for a quote at 0x10000, in shared pages of 8 KiB.
    fn request(&self) {
        let module = tdx::TdxModule::new(&crate::config::TdxConfig::default(), 1);
        let context = tdx::Context {
            memory: &self.memory,
            pages: &self.pages,
            cpu: &self.cpu,
            vcpu: 0,
        };
        let mut regs = Registers::default();
        regs[Reg::Rax] = 4;
        regs[Reg::Rcx] = 0x1000;
        regs[Reg::Rdx] = 0x2000;
        assert_eq!(module.call(context, &mut regs), tdx::Exit::Resume);
        assert_eq!(regs[Reg::Rax], 0);

        let report = self.memory.bytes(0x1000, TdReport::SIZE);
        let mut request = [0; 2048];
        proto::build_request(&mut request, TdReport::parse(&report).unwrap()).unwrap();
        self.pages.share(16..18);
        self.memory.write(0x10000, &request).unwrap();
    }

    /// Asks for the quote of the request.
    fn get_quote(&self) -> u64 {
        self.leaf(leaf::GET_QUOTE, &[SHARED | 0x10000, 0x2000]).0
    }

    /// Makes the quote that the VMM should answer with.
    fn quote(&self) -> Option<Vec<u8>> {
        let report = self.memory.bytes(0x1000, TdReport::SIZE);
        Enclave::new(Version::V4, 0).quote(&self.cpu, TdReport::parse(&report).unwrap())
    }

    /// Parses the answer.
    fn answer(&self) -> tsm_proto::Result<Vec<u8>> {
        let buffer = self.memory.bytes(0x10000, 0x2000);
        proto::parse_answer(&buffer).map(<[u8]>::to_vec)
    }
}

/// Makes a machine with the usual quoting service.
fn bench() -> Bench {
    Bench::new(QuoteService::Answer)
}

/// Puts operands where a sub-function expects them.
fn operands_in(r11: u64, operands: &[u64]) -> Registers {
    let mut regs = Registers::default();
    regs[Reg::R11] = r11;
    let places = [Reg::R12, Reg::R13, Reg::R14, Reg::R15];
    for (reg, value) in places.iter().zip(operands) {
        regs[*reg] = *value;
    }
    regs
}

#[test]
fn does_not_have_other_subfunctions() {
    let bench = bench();
    for leaf in [0, 1, 48, 0x10005, u64::MAX] {
        assert_eq!(bench.leaf(leaf, &[]).0, UNSUPPORTED);
    }
}

#[test]
fn does_not_have_calls_of_a_known_vmm() {
    let mut regs = operands_in(leaf::GET_TD_VM_CALL_INFO, &[]);
    regs[Reg::R10] = 1;
    assert_eq!(bench().call(&mut regs), Effect::Resume);
    assert_eq!(regs[Reg::R10], UNSUPPORTED);
}

#[test]
fn informs_that_it_has_the_base_and_nothing_more() {
    for subleaf in [0, 1] {
        let (status, regs) = bench().leaf(leaf::GET_TD_VM_CALL_INFO, &[subleaf, 5, 5]);
        assert_eq!(status, SUCCESS);
        for reg in [Reg::R11, Reg::R12, Reg::R13, Reg::R14] {
            assert_eq!(regs[reg], 0);
        }
    }
}

#[test]
fn refuses_to_inform_about_anything_else() {
    assert_eq!(bench().leaf(leaf::GET_TD_VM_CALL_INFO, &[2]).0, INVALID);
}

#[test]
fn idles() {
    let mut regs = operands_in(leaf::HLT, &[]);
    assert_eq!(bench().call(&mut regs), Effect::Idle);
    assert_eq!(regs[Reg::R10], SUCCESS);
}

#[test]
fn has_empty_cpuid_leaves() {
    let (status, regs) = bench().leaf(leaf::CPUID, &[0x4000_0000, 1, 2, 3]);
    assert_eq!((status, regs[Reg::R12], regs[Reg::R15]), (SUCCESS, 0, 0));
}

#[test]
fn has_no_msrs() {
    assert_eq!(bench().leaf(leaf::RDMSR, &[0x10]).0, INVALID);
    assert_eq!(bench().leaf(leaf::WRMSR, &[0x10, 1]).0, INVALID);
}

#[test]
fn does_port_io() {
    let (status, regs) = bench().leaf(leaf::IO, &[1, 0, 0x3fd]);
    assert_eq!((status, regs[Reg::R11]), (SUCCESS, 0x60));
}

#[test]
fn maps_to_shared_and_clears() {
    let bench = bench();
    bench.memory.write(0x1000, &[0xff; 12288]).unwrap();
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x1000, 0x2000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.pages.uniform(1..3), Some(PageState::Shared));
    assert_eq!(bench.memory.bytes(0x1000, 8192), [0; 8192]);
    assert_eq!(bench.memory.bytes(0x3000, 4096), [0xff; 4096]);
}

#[test]
fn keeps_what_was_shared_already() {
    let bench = bench();
    bench.pages.share(1..2);
    bench.memory.write(0x1000, &[0xff; 8192]).unwrap();
    let (status, _) = bench.leaf(leaf::MAP_GPA, &[SHARED | 0x1000, 0x2000]);
    assert_eq!(status, SUCCESS);
    assert_eq!(bench.memory.bytes(0x1000, 4096), [0xff; 4096]);
    assert_eq!(bench.memory.bytes(0x2000, 4096), [0; 4096]);
}

#[test]
fn maps_to_private_but_does_not_accept() {
    let bench = bench();
    bench.pages.share(1..3);
    assert_eq!(bench.leaf(leaf::MAP_GPA, &[0x1000, 0x2000]).0, SUCCESS);
    assert_eq!(bench.pages.uniform(1..3), Some(PageState::Pending));
}

#[test]
fn refuses_to_map_unaligned_ranges() {
    let bench = bench();
    for operands in [[0x1008, 0x1000], [0x1000, 0x800], [0x1000, 0x1001]] {
        let (status, regs) = bench.leaf(leaf::MAP_GPA, &operands);
        assert_eq!((status, regs[Reg::R11]), (UNALIGNED, operands[0]));
    }
}

#[test]
fn refuses_to_map_what_is_no_range() {
    let bench = bench();
    for operands in [
        [0x1000, 0],
        [1 << 53, 0x1000],
        [SHARED | (SHARED - 0x1000), 0x2000],
        // From private to shared.
        [SHARED - 0x1000, 0x2000],
        [!0xfff, 0x2000],
        [0x1000, u64::MAX],
    ] {
        let (status, regs) = bench.leaf(leaf::MAP_GPA, &operands);
        assert_eq!((status, regs[Reg::R11]), (INVALID, operands[0]));
    }
    assert_eq!(bench.pages.uniform(0..1 << 40), Some(PageState::Accepted));
}

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
        let error = tsm_proto::Error::QuoteFailed(proto::Status::ERROR);
        assert_eq!(bench.answer(), Err(error));
    }
}

#[test]
fn answers_with_an_error_to_a_report_of_another_length() {
    let bench = bench();
    bench.request();
    bench.memory.write(0x10000 + 16, &[0xff, 3]).unwrap();
    assert_eq!(bench.get_quote(), SUCCESS);
    let error = tsm_proto::Error::QuoteFailed(proto::Status::ERROR);
    assert_eq!(bench.answer(), Err(error));
}

#[test]
fn answers_as_it_was_told() {
    use proto::Status;
    use tsm_proto::Error;

    for (service, error) in [
        (QuoteService::Error, Error::QuoteFailed(Status::ERROR)),
        (
            QuoteService::Unavailable,
            Error::QuoteFailed(Status::SERVICE_UNAVAILABLE),
        ),
        (QuoteService::Never, Error::QuoteInFlight),
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
        assert_eq!(bench.answer(), Err(tsm_proto::Error::QuoteInFlight));
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
    assert_eq!(bench.answer(), Err(tsm_proto::Error::QuoteInFlight));
    bench.pass(MS);
    let error = tsm_proto::Error::QuoteFailed(proto::Status::ERROR);
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
    assert_eq!(second(), Err(tsm_proto::Error::QuoteInFlight));
    bench.pass(MS);
    assert_eq!(second(), bench.answer());
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
    let error = tsm_proto::Error::QuoteFailed(proto::Status::ERROR);
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
    let bench = Bench::with(&TdxConfig {
        quote_size: 256 << 10,
        ..TdxConfig::default()
    });
    bench.request();
    bench.pages.share(16..82);
    let get = |size| bench.leaf(leaf::GET_QUOTE, &[SHARED | 0x10000, size]).0;
    assert_eq!(get((256 << 10) + 0x2000), INVALID);
    assert_eq!(get((256 << 10) + 0x1000), SUCCESS);
    let buffer = bench.memory.bytes(0x10000, (256 << 10) + 0x1000);
    assert_eq!(proto::parse_answer(&buffer).map(<[u8]>::len), Ok(256 << 10));
}

/// Asks a VMM that misbehaves for a quote.
fn spoiled(quote: QuoteService) -> (Bench, tsm_proto::Result<Vec<u8>>) {
    let bench = Bench::new(quote);
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    let answer = bench.answer();
    (bench, answer)
}

#[test]
fn answers_with_any_status() {
    for raw in [1, 0x8000_0000_0000_00ff, 0x7fff_ffff_ffff_ffff] {
        let error = tsm_proto::Error::QuoteFailed(proto::Status::new(raw));
        assert_eq!(spoiled(QuoteService::Status(raw)).1, Err(error));
    }
}

#[test]
fn answers_with_lengths_that_no_quote_has() {
    use tsm_proto::Error;

    let len = |bench: &Bench| bench.memory.bytes(0x10000 + 20, 4);
    let (_, answer) = spoiled(QuoteService::Empty);
    assert_eq!(answer, Err(Error::QuoteEmpty));
    let (bench, answer) = spoiled(QuoteService::Long);
    assert_eq!(answer, Err(Error::QuoteTooLarge));
    assert_eq!(len(&bench), (0x2000u32 - 24 + 1).to_le_bytes());
    let (bench, answer) = spoiled(QuoteService::Huge);
    assert_eq!(answer, Err(Error::QuoteTooLarge));
    assert_eq!(len(&bench), [0xff; 4]);
}

#[test]
fn answers_with_another_version() {
    let (_, answer) = spoiled(QuoteService::Version);
    assert_eq!(answer, Err(tsm_proto::Error::UnknownVersion));
}

#[test]
fn answers_with_bytes_of_no_meaning() {
    let (bench, answer) = spoiled(QuoteService::Garbage);
    let (garbage, quote) = (answer.unwrap(), bench.quote().unwrap());
    assert_eq!(garbage.len(), quote.len());
    assert!(garbage[..48] != quote[..48]);
}

#[test]
fn answers_with_a_quote_among_bytes_of_no_meaning() {
    let (bench, answer) = spoiled(QuoteService::Noise);
    assert_eq!(answer.ok(), bench.quote());
    assert_eq!(bench.memory.bytes(0x10000 + 16, 4), [0xa5; 4]);
    assert!(bench.memory.bytes(0x11f00, 256) != [0; 256]);
}

#[test]
fn changes_the_length_again_and_again() {
    let (bench, answer) = spoiled(QuoteService::Changing);
    assert_eq!(answer.ok(), bench.quote());
    for _ in 0..3 {
        bench.pass(MS);
        assert_eq!(bench.answer(), Err(tsm_proto::Error::QuoteTooLarge));
        bench.pass(MS);
        assert_eq!(bench.answer().ok(), bench.quote());
    }
}

#[test]
fn takes_the_answer_back_again_and_again() {
    let (bench, answer) = spoiled(QuoteService::Flipping);
    assert_eq!(answer.ok(), bench.quote());
    for _ in 0..3 {
        bench.pass(MS);
        assert_eq!(bench.answer(), Err(tsm_proto::Error::QuoteInFlight));
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
    let (bench, _) = spoiled(QuoteService::Flipping);
    bench.pass(MS);
    bench.request();
    assert_eq!(bench.get_quote(), SUCCESS);
    assert_eq!(bench.answer().ok(), bench.quote());
}

#[test]
fn refuses_the_call_if_it_was_told_to() {
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

#[test]
fn has_no_event_notification() {
    let bench = bench();
    let leaf = leaf::SETUP_EVENT_NOTIFY_INTERRUPT;
    assert_eq!(bench.leaf(leaf, &[32]).0, UNSUPPORTED);
    assert_eq!(bench.leaf(leaf, &[255]).0, UNSUPPORTED);
    assert_eq!(bench.leaf(leaf, &[31]).0, INVALID);
    assert_eq!(bench.leaf(leaf, &[256]).0, INVALID);
}

#[test]
fn stops_at_a_fatal_error() {
    let mut regs = operands_in(leaf::REPORT_FATAL_ERROR, &[5]);
    regs[Reg::R14] = u64::from_le_bytes(*b"TD misco");
    regs[Reg::R15] = u64::from_le_bytes(*b"nfigured");
    regs[Reg::Rbx] = u64::from_le_bytes(*b"!\n\0\0\0\0\0\0");
    let Effect::Stop(why) = bench().call(&mut regs) else {
        panic!("it goes on");
    };
    assert_eq!(
        why,
        "the guest reports fatal error 0x5: TD misconfigured!\\n"
    );
}
