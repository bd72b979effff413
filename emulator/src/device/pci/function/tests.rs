// SPDX-License-Identifier: GPL-2.0

//! What a function does by the state of its interface, and what it does to it.

use super::{
    super::{
        super::{
            doe::Mailbox,
            misbehaviour::Wrong,
            persona::Persona,
            settings::{
                BarAddresses,
                Settings, //
            },
            tdi::{
                Flags,
                KeyName,
                KeyValue,
                Lock,
                SessionNumber,
                State,
                Tdis, //
            },
        },
        layout::{
            BAR0,
            BAR2,
            BAR4,
            MEMORY_SPACE,
            MSIX,
            POWER_CONTROL, //
        },
        mailbox::Timing, //
    },
    *, //
};
use crate::machine::pages::Pages;

const SESSION: SessionNumber = SessionNumber(1);

/// Two functions of a device.
struct Bench {
    functions: Vec<Function>,
    interfaces: Vec<Tdi>,
    tdis: Tdis,
}

impl Bench {
    /// Makes the functions, and enables them.
    fn new(settings: Settings) -> Self {
        let tdis = Tdis::new(&settings);
        let interfaces: Vec<Tdi> = (0..2).map(|number| tdis.interface(number)).collect();
        let make = |number: u8| {
            let space = layout::space(&settings, number);
            let mailbox = (number == 0).then(|| {
                let objects = Mailbox::with_interfaces(settings.clone(), tdis.clone());
                MailboxRegisters::new(objects, Timing::default(), None, 0)
            });
            Function::new(space, tdis.interface(number), mailbox)
        };

        let mut bench = Self {
            functions: (0..2).map(make).collect(),
            interfaces,
            tdis: tdis.clone(),
        };
        for number in 0..2 {
            bench.config(number, COMMAND, MEMORY_SPACE | BUS_MASTER);
        }
        bench
    }

    /// Makes those of a persona.
    fn of(persona: Persona) -> Self {
        Self::new(Settings {
            persona,
            slots: 0,
            ..Settings::default()
        })
    }

    /// Writes a DWORD.
    fn write(&mut self, number: usize, region: Region, offset: u64, value: u32) {
        let data = value.to_le_bytes();

        let written = self.functions[number].write(region, offset, &data, Instant::now());
        assert_eq!(written, Ok(()));
    }

    /// Writes a register of configuration space.
    fn config(&mut self, number: usize, offset: u64, value: u32) {
        self.write(number, Region::Config, offset, value);
    }

    /// Reads a DWORD.
    fn read(&mut self, number: usize, region: Region, offset: u64) -> u32 {
        let mut data = [0; 4];

        self.functions[number].read(region, offset, &mut data, Instant::now());
        u32::from_le_bytes(data)
    }

    /// Locks an interface anew, and starts it.
    fn run(&self, number: usize, flags: u16) {
        let lock = Lock {
            session: SESSION,
            flags: Flags::try_new(flags).unwrap(),
            stream: 5,
            offset: 0,
            nonce: Some([5; 32]),
        };

        self.interfaces[number].stop();
        assert_eq!(self.interfaces[number].lock(lock), Ok(()));
        assert_eq!(self.interfaces[number].start(SESSION, &[5; 32]), Ok(()));
    }

    /// Returns the states.
    fn states(&self) -> Vec<State> {
        self.interfaces.iter().map(Tdi::state).collect()
    }
}

#[test]
fn fails_when_what_is_locked_changes() {
    let mut bench = Bench::of(Persona::Integrated);

    for (offset, value) in [
        (COMMAND, MEMORY_SPACE),
        (COMMAND, BUS_MASTER),
        (BAR0, 0x1_0000),
        (BAR0 + 4, 1),
        (BAR2, 0x1_0000),
        (BAR4, 0x1_0000),
        (POWER_CONTROL, 3),
    ] {
        let right = bench.read(1, Region::Config, offset);
        bench.run(1, 0);
        bench.config(1, offset, right);
        assert_eq!(bench.states(), [State::Unlocked, State::Run]);
        bench.config(1, offset, value);
        assert_eq!(bench.states(), [State::Unlocked, State::Error]);
        bench.config(1, offset, right);
        assert_eq!(bench.states()[1], State::Error);
    }
}

#[test]
fn does_not_fail_for_other_registers() {
    let mut bench = Bench::of(Persona::Integrated);

    bench.run(1, 0);
    for (offset, value) in [
        (COMMAND, MEMORY_SPACE | BUS_MASTER | 0x400),
        (DEVICE_CONTROL, 0x2810),
        (MSIX, 0x8000_0000),
        (0x3c, 5),
    ] {
        bench.config(1, offset, value);
    }
    bench.write(1, Region::Msix, 0, 1);
    bench.functions[1].set_vectors(0, 0, vec![]);
    assert_eq!(bench.states()[1], State::Run);
}

#[test]
fn fails_for_msix_that_is_locked() {
    let changes: [fn(&mut Bench); 3] = [
        |bench| bench.config(1, MSIX, 0x8000_0000),
        |bench| bench.write(1, Region::Msix, 0, 1),
        |bench| bench.functions[1].set_vectors(0, 2, vec![]),
    ];

    for change in changes {
        let mut bench = Bench::of(Persona::Integrated);
        bench.run(1, 4);
        change(&mut bench);
        assert_eq!(bench.states()[1], State::Error);
    }
}

#[test]
fn is_unlocked_after_a_reset() {
    let resets: [fn(&mut Bench); 2] = [
        |bench| bench.functions[1].reset(),
        |bench| bench.config(1, DEVICE_CONTROL, INITIATE_RESET),
    ];

    for reset in resets {
        let mut bench = Bench::of(Persona::Integrated);
        bench.run(0, 0);
        bench.run(1, 0);
        bench.write(1, Region::Memory, 0, 5);
        reset(&mut bench);
        assert_eq!(bench.states(), [State::Run, State::Unlocked]);
        bench.run(1, 0);
        assert_eq!(bench.read(1, Region::Memory, 0), 0);
    }
}

/// Programs all keys of stream 5, with values that there were not before.
fn program(tdis: &Tdis) {
    for key in [0x00, 0x10, 0x20, 0x02, 0x12, 0x22] {
        let name = KeyName::try_new(key).unwrap();
        // CAST: There are few keys.
        let value = KeyValue([tdis.interface(0).programmed_keys() as u8; 32]);
        assert!(tdis.program_key(5, name, SESSION, value) && tdis.use_key(5, name, SESSION));
    }
}

/// The control register of the stream.
const STREAM_CONTROL: u64 = 0x1d0;

#[test]
fn says_when_the_stream_is_secure() {
    let mut bench = Bench::of(Persona::Endpoint);
    let status = |bench: &mut Bench| bench.read(0, Region::Config, 0x1d4);
    let keys = |bench: &mut Bench| bench.read(0, Region::Registers, 0x18);

    assert_eq!(keys(&mut bench), 0);
    program(&bench.tdis);
    assert_eq!((status(&mut bench), keys(&mut bench)), (0, 6));
    bench.config(0, STREAM_CONTROL, 0x0500_0001);
    assert_eq!(status(&mut bench), 2);
    assert_eq!(bench.tdis.ide_registers()[3..5], [0x0500_0001, 2]);
    // Its keys are gone once it was disabled.
    bench.config(0, STREAM_CONTROL, 0x0500_0000);
    bench.config(0, STREAM_CONTROL, 0x0500_0001);
    assert_eq!(status(&mut bench), 0);
    program(&bench.tdis);
    assert_eq!(status(&mut bench), 2);
    bench.functions[0].reset();
    bench.config(0, STREAM_CONTROL, 0x0500_0001);
    assert_eq!(status(&mut bench), 0);
}

#[test]
fn stays_insecure_if_that_is_wrong() {
    let mut bench = Bench::new(Settings {
        persona: Persona::Endpoint,
        slots: 0,
        wrong: Some(Wrong::IdeInsecure),
        ..Settings::default()
    });

    program(&bench.tdis);
    bench.config(0, STREAM_CONTROL, 0x0500_0001);
    assert_eq!(bench.read(0, Region::Config, 0x1d4), 0);
    bench.run(0, 0);
    // Another choice makes the device anew: its interfaces are unlocked, and there is no key.
    bench.write(0, Region::Registers, control::WRONG, 0);
    assert_eq!(bench.states()[0], State::Unlocked);
    program(&bench.tdis);
    assert_eq!(bench.read(0, Region::Config, 0x1d4), 2);
}

#[test]
fn fails_with_the_stream() {
    let changes: [fn(&mut Bench); 3] = [
        |bench| bench.config(0, STREAM_CONTROL, 0x0500_0000),
        // A range of requester IDs.
        |bench| bench.config(0, STREAM_CONTROL + 8, 0x100),
        |bench| bench.functions[0].reset(),
    ];

    for (change, expected) in changes.into_iter().zip([
        [State::Error; 2],
        [State::Error; 2],
        [State::Unlocked, State::Error],
    ]) {
        let mut bench = Bench::of(Persona::Endpoint);
        program(&bench.tdis);
        bench.config(0, STREAM_CONTROL, 0x0500_0001);
        bench.run(0, 0);
        bench.run(1, 0);
        change(&mut bench);
        assert_eq!(bench.states(), expected);
    }
}

#[test]
fn gives_access_to_memory_in_run() {
    let mut bench = Bench::of(Persona::Integrated);

    bench.write(1, Region::Memory, 0xfffc, 5);
    assert_eq!(bench.read(1, Region::Memory, 0xfffc), u32::MAX);
    bench.run(1, 0);
    bench.write(1, Region::Memory, 0xfffc, 5);
    assert_eq!(bench.read(1, Region::Memory, 0xfffc), 5);
    assert_eq!(bench.read(0, Region::Memory, 0xfffc), u32::MAX);
    // Registers are there in each state.
    let reads = bench.read(1, Region::Registers, 0x10);
    bench.interfaces[1].fail();
    assert_eq!(bench.read(1, Region::Registers, 0x10), reads);
    assert_eq!(bench.read(1, Region::Memory, 0xfffc), u32::MAX);

    let mut bench = Bench::of(Persona::Cma);
    bench.write(1, Region::Memory, 0, 5);
    assert_eq!(bench.read(1, Region::Memory, 0), 5);
}

#[test]
fn reaches_private_pages_in_run_only() {
    let path = std::env::temp_dir().join(format!("tsm-function-{}", std::process::id()));
    let mut bench = Bench::of(Persona::Integrated);
    std::fs::write(&path, vec![3; 4096]).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let function = &mut bench.functions[1];
    assert!(function.memory().map(1 << 32, 4096, file, 0));
    function.pages = Some(Arc::new(Pages::default()));
    let copy = |bench: &mut Bench| {
        for (offset, value) in [(0x24, 1), (0x28, 4), (0x2c, 1)] {
            bench.write(1, Region::Registers, offset, value);
        }
        [0x30, 0x34, 0x38].map(|offset| bench.read(1, Region::Registers, offset))
    };

    assert_eq!(copy(&mut bench), [0, 1, 1]);
    bench.run(1, 0);
    assert_eq!(copy(&mut bench), [1, 1, 1]);
    bench.config(1, COMMAND, MEMORY_SPACE);
    // It is no bus master, so the page does not matter.
    assert_eq!(copy(&mut bench), [1, 2, 1]);
    bench.config(1, COMMAND, MEMORY_SPACE | BUS_MASTER);
    assert_eq!(copy(&mut bench), [1, 3, 2]);
    // The counter is in configuration space too.
    assert_eq!(bench.read(1, Region::Config, 0x140), 2);
}

#[test]
fn reports_the_addresses_of_the_guest_or_of_a_host() {
    for (bars, expected) in [
        (BarAddresses::Guest, 0x9001_0000),
        (BarAddresses::Host, 0x9d91_0000),
    ] {
        let mut bench = Bench::new(Settings {
            bars,
            slots: 0,
            ..Settings::default()
        });
        bench.config(1, BAR4, 0x9001_0000);
        bench.config(1, MSIX, 0xc000_0000);
        bench.run(1, 0);
        let (_, configuration) = bench.interfaces[1].locked().unwrap();
        assert_eq!(configuration.bars.memory, expected);
        assert_eq!(configuration.msix_control, 0xc001);
    }
}
