// SPDX-License-Identifier: GPL-2.0

//! Each register, each transition, and each thing that the mailbox does wrong.

use std::{
    io::{
        Read as _,
        Write as _, //
    },
    net::TcpListener, //
};

use super::{
    super::super::settings::Settings,
    *, //
};

/// DOE Discovery of the first type, and the response.
const DISCOVERY: [u32; 3] = [0x0000_0001, 3, 0];
const DISCOVERED: [u32; 3] = [0x0000_0001, 3, 0x0100_0001];
/// GET_VERSION of SPDM.
const GET_VERSION: [u32; 3] = [0x0001_0001, 3, 0x0000_8410];

/// A mailbox, and the time there.
struct Bench {
    mailbox: MailboxRegisters,
    now: Instant,
}

impl Bench {
    /// Makes a mailbox that takes so many milliseconds.
    fn new(busy: u64, delay: u64, wrong: Option<Wrong>, after: u32) -> Self {
        let timing = Timing {
            busy: Duration::from_millis(busy),
            delay: Duration::from_millis(delay),
        };
        let objects = Mailbox::new(Settings {
            slots: 0,
            wrong,
            ..Settings::default()
        });

        Self {
            mailbox: MailboxRegisters::new(objects, timing, wrong, after),
            now: Instant::now(),
        }
    }

    /// Makes a mailbox that is ready at once.
    fn right() -> Self {
        Self::new(0, 0, None, 0)
    }

    /// Makes a mailbox that does something wrong at once.
    fn wrong(wrong: Wrong) -> Self {
        Self::new(0, 0, Some(wrong), 0)
    }

    fn write(&mut self, offset: u64, value: u32) -> Effect {
        self.mailbox.poll(self.now);
        self.mailbox.write(offset, value, u32::MAX, self.now)
    }

    fn read(&mut self, offset: u64) -> u32 {
        self.mailbox.poll(self.now);
        self.mailbox.read(offset)
    }

    /// Lets milliseconds go by.
    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    /// Writes an object and sets Go.
    fn send(&mut self, object: &[u32]) -> Effect {
        for dword in object {
            self.write(WRITE, *dword);
        }
        self.write(CONTROL, GO)
    }

    /// Reads an object.
    fn receive(&mut self) -> Vec<u32> {
        let mut object = vec![];

        while self.read(STATUS) & READY != 0 {
            object.push(self.read(READ));
            self.write(READ, 0);
        }
        object
    }
}

#[test]
fn responds_to_an_object() {
    let mut bench = Bench::right();

    bench.send(&DISCOVERY);
    assert_eq!(bench.read(STATUS), READY);
    assert_eq!(bench.receive(), DISCOVERED);
    assert_eq!(bench.read(STATUS), 0);
    assert_eq!(bench.read(READ), 0);
    bench.send(&GET_VERSION);
    assert_eq!(bench.receive()[2] & 0xffff, 0x0410);
}

#[test]
fn repeats_a_dword_until_it_is_taken() {
    let mut bench = Bench::right();

    bench.send(&DISCOVERY);
    assert_eq!(bench.read(READ), DISCOVERED[0]);
    assert_eq!(bench.read(READ), DISCOVERED[0]);
    bench.write(READ, 0xffff_ffff);
    assert_eq!(bench.read(READ), DISCOVERED[1]);
}

#[test]
fn has_nothing_to_read_in_the_other_registers() {
    let mut bench = Bench::right();

    assert_eq!(bench.read(CAPABILITIES), INTERRUPT_SUPPORT);
    bench.write(CONTROL, GO | INTERRUPT_ENABLE);
    assert_eq!(bench.read(CONTROL), INTERRUPT_ENABLE);
    for offset in [0, WRITE, READ, READ + 4] {
        assert_eq!(bench.read(offset), 0);
    }
    // What cannot be written.
    for offset in [0, CAPABILITIES, STATUS, READ] {
        assert_eq!(bench.write(offset, u32::MAX), Effect::None);
    }
    assert_eq!(bench.read(CAPABILITIES), INTERRUPT_SUPPORT);
    assert_eq!(bench.read(STATUS), 0);
}

#[test]
fn takes_only_the_bytes_of_control_that_are_written() {
    let mut bench = Bench::right();

    for dword in DISCOVERY {
        bench.write(WRITE, dword);
    }
    let now = bench.now;
    bench
        .mailbox
        .write(CONTROL, GO | INTERRUPT_ENABLE, 0xff, now);
    assert_eq!(bench.read(CONTROL), INTERRUPT_ENABLE);
    assert_eq!(bench.read(STATUS), 0);
    bench.mailbox.write(CONTROL, GO, 0xff00_0000, now);
    assert_eq!(bench.read(CONTROL), INTERRUPT_ENABLE);
    assert_eq!(bench.read(STATUS) & READY, READY);
}

#[test]
fn discards_what_it_cannot_respond_to() {
    for object in [
        &[][..],
        &[1],
        // Shorter and longer than it says.
        &[0x0000_0001, 4, 0],
        &[0x0000_0001, 3, 0, 0],
        // Less than a header, and 2^18 DWORDs.
        &[0x0000_0001, 1, 0],
        &[0x0000_0001, 0, 0],
        // Another vendor, another type.
        &[0x0000_0002, 3, 0],
        &[0x0003_0001, 3, 0],
    ] {
        let mut bench = Bench::right();
        assert_eq!(bench.send(object), Effect::None);
        assert_eq!(bench.read(STATUS), 0);
        bench.send(&DISCOVERY);
        assert_eq!(bench.receive(), DISCOVERED);
    }
}

#[test]
fn is_busy_and_then_not_ready_for_a_time() {
    let mut bench = Bench::new(20, 10, None, 0);

    bench.send(&DISCOVERY);
    assert_eq!(bench.read(STATUS), BUSY);
    bench.wait(19);
    assert_eq!(bench.read(STATUS), BUSY);
    bench.wait(1);
    assert_eq!(bench.read(STATUS), 0);
    assert_eq!(bench.read(READ), 0);
    bench.wait(9);
    assert_eq!(bench.read(STATUS), 0);
    bench.wait(1);
    assert_eq!(bench.read(STATUS), READY);
    assert_eq!(bench.receive(), DISCOVERED);
}

#[test]
fn has_one_response_at_a_time() {
    for (busy, delay) in [(0, 0), (0, 1), (1, 0)] {
        let mut bench = Bench::new(busy, delay, None, 0);
        bench.send(&DISCOVERY);
        bench.send(&DISCOVERY);
        assert_eq!(bench.read(STATUS), ERROR);
    }
}

#[test]
fn takes_nothing_in_the_error_state_until_it_aborts() {
    let mut bench = Bench::right();

    bench.send(&DISCOVERY);
    bench.send(&DISCOVERY);
    bench.send(&DISCOVERY);
    assert_eq!(bench.read(STATUS), ERROR);
    assert_eq!(bench.read(READ), 0);
    bench.write(CONTROL, ABORT);
    assert_eq!(bench.read(STATUS), 0);
    bench.send(&DISCOVERY);
    assert_eq!(bench.receive(), DISCOVERED);
}

#[test]
fn refuses_an_object_of_more_than_1_mib() {
    let mut bench = Bench::right();

    for _ in 0..doe::MAX_SIZE / 4 {
        bench.write(WRITE, 0);
    }
    assert_eq!(bench.read(STATUS), 0);
    bench.write(WRITE, 0);
    assert_eq!(bench.read(STATUS), ERROR);
}

#[test]
fn aborts_in_each_state() {
    // A request that was begun.
    let mut bench = Bench::right();
    bench.write(WRITE, 7);
    bench.write(CONTROL, ABORT);
    bench.send(&DISCOVERY);
    assert_eq!(bench.receive(), DISCOVERED);

    // One that is worked on, and a response.
    for (busy, delay) in [(0, 0), (0, 1), (1, 0)] {
        let mut bench = Bench::new(busy, delay, None, 0);
        bench.send(&DISCOVERY);
        bench.write(CONTROL, ABORT);
        bench.wait(2);
        assert_eq!(bench.read(STATUS), 0);
        bench.send(&GET_VERSION);
        bench.wait(2);
        assert_eq!(bench.receive()[0], GET_VERSION[0]);
    }
}

#[test]
fn aborts_if_both_abort_and_go_are_set() {
    let mut bench = Bench::right();

    for dword in DISCOVERY {
        bench.write(WRITE, dword);
    }
    bench.write(CONTROL, ABORT | GO);
    assert_eq!(bench.read(STATUS), 0);
    bench.write(CONTROL, GO);
    assert_eq!(bench.read(STATUS), 0);
}

#[test]
fn sends_an_interrupt_when_it_is_ready_if_enabled() {
    let mut bench = Bench::new(1, 1, None, 0);

    bench.send(&DISCOVERY);
    bench.wait(2);
    bench.receive();
    assert!(!bench.mailbox.take_interrupt());
    assert_eq!(bench.mailbox.take_due(), None);

    bench.write(CONTROL, INTERRUPT_ENABLE);
    for dword in DISCOVERY {
        bench.write(WRITE, dword);
    }
    bench.write(CONTROL, GO | INTERRUPT_ENABLE);
    let due = bench.mailbox.take_due().unwrap();
    assert_eq!(due, bench.now + Duration::from_millis(2));
    assert_eq!(bench.mailbox.take_due(), None);
    bench.wait(1);
    assert_eq!(bench.read(STATUS), 0);
    assert!(!bench.mailbox.take_interrupt());
    bench.wait(1);
    assert_eq!(bench.read(STATUS), READY | INTERRUPT_STATUS);
    assert!(bench.mailbox.take_interrupt());
    assert!(!bench.mailbox.take_interrupt());

    // It is cleared by writing it, and by nothing else.
    bench.receive();
    bench.write(STATUS, !INTERRUPT_STATUS);
    assert_eq!(bench.read(STATUS), INTERRUPT_STATUS);
    bench.write(STATUS, INTERRUPT_STATUS);
    assert_eq!(bench.read(STATUS), 0);
}

#[test]
fn sends_an_interrupt_for_an_error() {
    let mut bench = Bench::wrong(Wrong::MailboxError);

    for dword in GET_VERSION {
        bench.write(WRITE, dword);
    }
    bench.write(CONTROL, GO | INTERRUPT_ENABLE);
    assert_eq!(bench.read(STATUS), ERROR | INTERRUPT_STATUS);
    assert!(bench.mailbox.take_interrupt());
}

#[test]
fn counts_what_goes_through() {
    let mut bench = Bench::right();

    bench.send(&DISCOVERY);
    bench.receive();
    bench.send(&GET_VERSION);
    let length = bench.read(READ);
    bench.write(READ, length);
    bench.write(CONTROL, ABORT);
    // What is discarded as malformed is no exchange.
    bench.send(&[1]);
    let expected = Traffic {
        exchanges: 2,
        written: 7,
        read: 4,
    };
    assert_eq!(bench.mailbox.traffic(), expected);
    bench.mailbox.reset();
    assert_eq!(bench.mailbox.traffic(), expected);
}

#[test]
fn forgets_all_in_a_reset() {
    let mut bench = Bench::right();

    bench.send(&GET_VERSION);
    bench.receive();
    bench.write(WRITE, 7);
    bench.write(CONTROL, INTERRUPT_ENABLE);
    bench.mailbox.reset();
    assert_eq!(bench.read(CONTROL), 0);
    // GET_CAPABILITIES needs GET_VERSION.
    bench.send(&[0x0001_0001, 3, 0x0000_e110]);
    assert_eq!(bench.receive()[2] & 0xff00, 0x7f00);
}

#[test]
fn is_wrong_after_a_number_of_messages_but_never_for_discovery() {
    let mut bench = Bench::new(0, 0, Some(Wrong::MailboxError), 2);

    for _ in 0..2 {
        bench.send(&DISCOVERY);
        assert_eq!(bench.receive(), DISCOVERED);
        bench.send(&GET_VERSION);
        assert_eq!(bench.receive()[0], GET_VERSION[0]);
    }
    bench.send(&DISCOVERY);
    assert_eq!(bench.receive(), DISCOVERED);
    bench.send(&GET_VERSION);
    assert_eq!(bench.read(STATUS), ERROR);
    bench.write(CONTROL, ABORT);
    assert_eq!(bench.read(STATUS), 0);
}

#[test]
fn is_never_ready() {
    let mut bench = Bench::wrong(Wrong::MailboxNeverReady);

    bench.send(&GET_VERSION);
    bench.wait(1_000_000);
    assert_eq!(bench.read(STATUS), 0);
    bench.write(CONTROL, ABORT);
    bench.send(&DISCOVERY);
    assert_eq!(bench.receive(), DISCOVERED);
}

#[test]
fn is_stuck_until_a_reset() {
    for (wrong, status) in [(Wrong::MailboxBusy, BUSY), (Wrong::MailboxDead, ERROR)] {
        let mut bench = Bench::wrong(wrong);
        bench.send(&GET_VERSION);
        for _ in 0..2 {
            bench.wait(1_000_000);
            assert_eq!(bench.read(STATUS), status);
            bench.write(CONTROL, ABORT);
            bench.send(&DISCOVERY);
        }
        bench.mailbox.reset();
        bench.send(&DISCOVERY);
        assert_eq!(bench.receive(), DISCOVERED);
    }
}

#[test]
fn resets_the_function_at_go() {
    let mut bench = Bench::wrong(Wrong::MailboxReset);

    assert_eq!(bench.send(&DISCOVERY), Effect::None);
    assert_eq!(bench.receive(), DISCOVERED);
    assert_eq!(bench.send(&GET_VERSION), Effect::Reset);
}

#[test]
fn vanishes_in_the_middle_of_a_response() {
    let mut bench = Bench::new(0, 0, Some(Wrong::MailboxVanish), 1);

    bench.send(&DISCOVERY);
    assert_eq!(bench.receive(), DISCOVERED);
    bench.send(&GET_VERSION);
    let length = bench.receive().len();
    bench.send(&GET_VERSION);
    for _ in 1..length / 2 {
        assert_eq!(bench.write(READ, 0), Effect::None);
    }
    assert_eq!(bench.write(READ, 0), Effect::Vanish);
}

#[test]
fn does_what_is_chosen_to_be_wrong() {
    let mut bench = Bench::right();

    bench.mailbox.set_wrong(Some(Wrong::DoeLength1));
    bench.send(&GET_VERSION);
    assert_eq!(bench.receive()[1], 1);
    bench.mailbox.set_wrong(Some(Wrong::MailboxError));
    bench.send(&GET_VERSION);
    assert_eq!(bench.read(STATUS), ERROR);
    assert_eq!(bench.mailbox.wrong(), Some(Wrong::MailboxError));
    bench.mailbox.set_wrong(None);
    bench.send(&GET_VERSION);
    assert!(bench.receive()[1] > 3);
}

#[test]
fn has_a_response_from_elsewhere_when_it_comes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::start(listener.local_addr().unwrap()).unwrap();
    let mut bench = Bench::new(0, 1, None, 0);
    bench.mailbox = bench.mailbox.with_relay(Some(relay));

    // Discovery is the mailbox's own.
    bench.send(&DISCOVERY);
    bench.wait(1);
    assert_eq!(bench.receive(), DISCOVERED);

    for dword in GET_VERSION {
        bench.write(WRITE, dword);
    }
    bench.write(CONTROL, GO | INTERRUPT_ENABLE);
    assert_eq!(bench.read(STATUS), 0);
    let due = bench.mailbox.take_due().unwrap();
    assert_eq!(due, bench.now + RELAY_INTERVAL);
    // A frame: command, transport, size. It goes back as it is, which is a data object, too.
    let (mut stream, _) = listener.accept().unwrap();
    let mut frame = [0; 24];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[..12], [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 12]);
    stream.write_all(&frame).unwrap();
    while matches!(bench.mailbox.state, State::Relayed { .. }) {
        bench.mailbox.poll(bench.now);
    }
    assert_eq!(bench.read(STATUS), 0);
    bench.wait(1);
    assert_eq!(bench.read(STATUS), READY | INTERRUPT_STATUS);
    assert!(bench.mailbox.take_interrupt());
    assert_eq!(bench.receive(), GET_VERSION);

    // After Abort it is for none.
    bench.send(&GET_VERSION);
    bench.write(CONTROL, ABORT);
    stream.read_exact(&mut frame).unwrap();
    stream.write_all(&frame).unwrap();
    bench.send(&DISCOVERY);
    bench.wait(1);
    assert_eq!(bench.receive(), DISCOVERED);
}
