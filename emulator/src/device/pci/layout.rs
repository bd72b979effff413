// SPDX-License-Identifier: GPL-2.0

//! What is where in configuration space: PCIe r6 7.5, 7.7.2, 7.9.24 (DOE), 7.9.26 (IDE).

use super::{
    super::{
        persona::Persona,
        settings::{
            Identity,
            Settings, //
        },
        tdi::{
            self,
            Bars,
            Configuration,
            IDE_LAYOUT,
            IDE_REGISTERS,
            MEMORY_SIZE,
            MSIX_SIZE,
            REGISTERS_SIZE, //
        }, //
    },
    config_space::ConfigSpace, //
};

/// Command and Status.
pub(super) const COMMAND: u64 = 0x04;
/// The command bits that can be written: memory space, bus master, parity error response, `SERR#`
/// enable, interrupt disable.
const COMMAND_BITS: u32 = 0x0546;
/// Command: Memory Space Enable.
pub(super) const MEMORY_SPACE: u32 = 1 << 1;
/// Command: Bus Master Enable.
pub(super) const BUS_MASTER: u32 = 1 << 2;
/// Status: there are capabilities.
const CAPABILITIES_LIST: u32 = 1 << 20;

/// The first BAR of 64 bits, for registers.
pub(super) const BAR0: u64 = 0x10;
/// The BAR of 32 bits, for the MSI-X table.
pub(super) const BAR2: u64 = 0x18;
/// The BAR of 32 bits for memory.
pub(super) const BAR4: u64 = 0x20;
/// Where BAR 2 has the pending bits.
const PENDING_BITS: u32 = 0x1000;

/// The PCI Express capability.
const EXPRESS: u64 = 0x40;
/// Device Control of it, with Device Status.
pub(super) const DEVICE_CONTROL: u64 = EXPRESS + 0x08;
/// Device Control: the function is to reset itself. It reads as 0.
pub(super) const INITIATE_RESET: u32 = 1 << 15;
/// The Power Management capability.
const POWER: u64 = 0x80;
/// Power Management Control and Status of it.
pub(super) const POWER_CONTROL: u64 = POWER + 4;
/// The power state. D0 is 0.
pub(super) const POWER_STATE: u32 = 0x3;
/// The MSI-X capability, with Message Control in the upper half.
pub(super) const MSIX: u64 = 0x90;

/// Number of MSI-X vectors.
pub(super) const VECTORS: u32 = 2;
/// The vector of the mailbox.
pub(super) const MAILBOX_VECTOR: u32 = 0;
/// The vector of DMA.
pub(super) const DMA_VECTOR: u32 = 1;

/// The extended capability of the vendor: see `control`.
const VENDOR: u64 = 0x100;
/// Where the registers of the vendor are.
pub(super) const CONTROL: u64 = VENDOR + 8;
/// Size of the registers of the vendor.
pub(super) const CONTROL_SIZE: u64 = 0x40;
/// The DOE extended capability.
pub(super) const DOE: u64 = 0x180;
/// Size of the DOE extended capability.
pub(super) const DOE_SIZE: u64 = 0x18;
/// The IDE extended capability.
const IDE: u64 = 0x1c0;
/// Its registers, from IDE Capability on.
pub(super) const IDE_START: u64 = IDE + 4;
/// Size of its registers.
// CAST: Widens.
pub(super) const IDE_SIZE: u64 = 4 * IDE_REGISTERS as u64;
/// The status of the stream.
// CAST: Widens.
pub(super) const IDE_STATUS: u64 = IDE_START + 4 * tdi::IDE_STATUS as u64;
/// The stream, which is the rest of them.
pub(super) const STREAM: u64 = IDE + 0x0c;

/// Makes the configuration space of a function.
pub(super) fn space(settings: &Settings, function: u8) -> ConfigSpace {
    let persona = settings.persona;
    let has_mailbox = function < settings.mailboxes;
    let mut space = ConfigSpace::new();

    header(&mut space, &settings.identity, settings.functions > 1);
    express(&mut space, persona);
    // Version 3. D3hot does not reset the function.
    space.define(POWER, 0x0003_0001 | capability_pointer(MSIX), 0);
    space.define(POWER_CONTROL, 1 << 3, POWER_STATE);
    // Enable and Function Mask can be written.
    space.define(MSIX, 0x11 | ((VECTORS - 1) << 16), 0xc000_0000);
    space.define(MSIX + 4, 2, 0);
    space.define(MSIX + 8, PENDING_BITS | 2, 0);
    let last = if has_mailbox { DOE } else { 0 };
    space.define(VENDOR, 0x0001_000b | extended_pointer(last), 0);
    // CAST: The size of the capability.
    space.define(
        VENDOR + 4,
        0x0001_0001 | ((8 + CONTROL_SIZE as u32) << 20),
        0,
    );
    if has_mailbox {
        let has_ide = function == 0 && persona.has_ide();
        let last = if has_ide { IDE } else { 0 };
        space.define(DOE, 0x0001_002e | extended_pointer(last), 0);
        if has_ide {
            ide(&mut space);
        }
    }
    space
}

/// Returns how a function is set up.
pub(super) fn configuration(space: &ConfigSpace) -> Configuration {
    let bar = |offset| u64::from(space.read(offset) & !0xf);

    Configuration {
        bars: Bars {
            registers: bar(BAR0) | (u64::from(space.read(BAR0 + 4)) << 32),
            msix: bar(BAR2),
            memory: bar(BAR4),
        },
        // CAST: The upper half.
        msix_control: (space.read(MSIX) >> 16) as u16,
        is_powered: space.read(POWER_CONTROL) & POWER_STATE == 0,
    }
}

/// Defines the header, of type 0.
fn header(space: &mut ConfigSpace, identity: &Identity, many: bool) {
    let ids = |low: u16, high: u16| (u32::from(high) << 16) | u32::from(low);

    space.define(0x00, ids(identity.vendor, identity.device), 0);
    space.define(COMMAND, CAPABILITIES_LIST, COMMAND_BITS);
    space.define(
        0x08,
        (identity.class << 8) | u32::from(identity.revision),
        0,
    );
    // The cache line size can be written. The highest bit says that there are more functions.
    space.define(0x0c, u32::from(many) << 23, 0xff);
    // A BAR of 64 bits, and two of 32.
    space.define(BAR0, 0x4, !(REGISTERS_SIZE - 1));
    space.define(BAR0 + 4, 0, u32::MAX);
    space.define(BAR2, 0, !(MSIX_SIZE - 1));
    space.define(BAR4, 0, !(MEMORY_SIZE - 1));
    space.define(0x2c, ids(identity.subsystem_vendor, identity.subsystem), 0);
    // CAST: An offset in the first 256 bytes.
    space.define(0x34, EXPRESS as u32, 0);
    // The interrupt line can be written; there is no pin.
    space.define(0x3c, 0, 0xff);
}

/// Defines the PCI Express capability.
fn express(space: &mut ConfigSpace, persona: Persona) {
    let kind = if persona.has_link() { 0x0 } else { 0x9 };
    let tee_io = u32::from(persona.has_tee_io()) << 30;

    space.define(
        EXPRESS,
        0x0002_0010 | (kind << 20) | capability_pointer(POWER),
        0,
    );
    // Function Level Reset, role-based errors.
    space.define(EXPRESS + 0x04, tee_io | (1 << 28) | (1 << 15), 0);
    space.define(DEVICE_CONTROL, 0, 0x7fff);
    if persona.has_link() {
        // One lane of 2.5 GT/s. The control register can be written; the status says the same.
        space.define(EXPRESS + 0x0c, 0x11, 0);
        space.define(EXPRESS + 0x10, 0x11 << 16, 0xc3);
        space.define(EXPRESS + 0x2c, 0x2, 0);
        space.define(EXPRESS + 0x30, 0x1, 0xf);
    }
    // Completion timeouts can be disabled.
    space.define(EXPRESS + 0x24, 1 << 4, 0);
    space.define(EXPRESS + 0x28, 0, 1 << 4);
}

/// Defines the IDE extended capability: one selective stream with one range of addresses, keys by
/// `IDE_KM`.
fn ide(space: &mut ConfigSpace) {
    space.define(IDE, 0x0001_0030, 0);
    for (offset, (initial, writable)) in (IDE_START..).step_by(4).zip(IDE_LAYOUT) {
        space.define(offset, initial, writable);
    }
}

/// Returns the registers of IDE.
pub(super) fn ide_registers(space: &ConfigSpace) -> [u32; IDE_REGISTERS] {
    let mut registers = [0; IDE_REGISTERS];

    for (offset, register) in (IDE_START..).step_by(4).zip(&mut registers) {
        *register = space.read(offset);
    }
    registers
}

/// Returns the bits of a capability's header that point to the next one.
fn capability_pointer(next: u64) -> u32 {
    // CAST: An offset in the first 256 bytes.
    (next as u32) << 8
}

/// Returns the bits of an extended capability's header that point to the next one.
fn extended_pointer(next: u64) -> u32 {
    // CAST: An offset in 4 KiB.
    (next as u32) << 20
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes the configuration space of a function.
    fn make(persona: Persona, function: u8) -> ConfigSpace {
        let settings = Settings {
            persona,
            ..Settings::default()
        };

        space(&settings, function)
    }

    const PERSONAS: [Persona; 4] = [
        Persona::Cma,
        Persona::Ide,
        Persona::Endpoint,
        Persona::Integrated,
    ];

    /// Returns the capabilities, as software finds them.
    fn capabilities(space: &ConfigSpace) -> Vec<(u32, u64)> {
        let mut found = vec![];
        let mut offset = u64::from(space.read(0x34));

        while offset != 0 {
            let header = space.read(offset);
            found.push((header & 0xff, offset));
            offset = u64::from((header >> 8) & 0xff);
        }
        found
    }

    /// Returns the extended capabilities, as software finds them.
    fn extended(space: &ConfigSpace) -> Vec<(u32, u64)> {
        let mut found = vec![];
        let mut offset = 0x100;

        while offset != 0 {
            let header = space.read(offset);
            assert_eq!((header >> 16) & 0xf, 1);
            found.push((header & 0xffff, offset));
            offset = u64::from(header >> 20);
        }
        found
    }

    #[test]
    fn has_the_identity_of_the_device() {
        let space = make(Persona::Cma, 0);

        assert_eq!(space.read(0x00), 0x0d15_1b36);
        assert_eq!(space.read(0x08), 0x0802_0001);
        assert_eq!(space.read(0x2c), 0x1100_1af4);
    }

    #[test]
    fn says_whether_there_are_more_functions() {
        assert_eq!(make(Persona::Cma, 0).read(0x0c), 0x0080_0000);
        let alone = Settings {
            functions: 1,
            ..Settings::default()
        };
        assert_eq!(space(&alone, 0).read(0x0c), 0);
    }

    #[test]
    fn lists_the_capabilities_of_each_persona() {
        for persona in PERSONAS {
            for function in [0, 1, 7] {
                let space = make(persona, function);
                let expected = [(0x10, EXPRESS), (0x01, POWER), (0x11, MSIX)];
                assert_eq!(capabilities(&space), expected);
                let mut expected = vec![(0x0b, VENDOR)];
                if function == 0 {
                    expected.push((0x2e, DOE));
                    if matches!(persona, Persona::Ide | Persona::Endpoint) {
                        expected.push((0x30, IDE));
                    }
                }
                assert_eq!(extended(&space), expected);
            }
        }
    }

    #[test]
    fn has_as_many_mailboxes_as_are_asked_for() {
        let settings = Settings {
            persona: Persona::Endpoint,
            mailboxes: 2,
            ..Settings::default()
        };
        let (vendor, doe, ide) = ((0x0b, VENDOR), (0x2e, DOE), (0x30, IDE));

        assert_eq!(extended(&space(&settings, 0)), [vendor, doe, ide]);
        assert_eq!(extended(&space(&settings, 1)), [vendor, doe]);
        assert_eq!(extended(&space(&settings, 2)), [vendor]);
    }

    #[test]
    fn has_tee_io_and_a_link_by_persona() {
        for (persona, capabilities, kind, link) in [
            (Persona::Cma, 0x1000_8000, 0x0, 0x11),
            (Persona::Ide, 0x1000_8000, 0x0, 0x11),
            (Persona::Endpoint, 0x5000_8000, 0x0, 0x11),
            (Persona::Integrated, 0x5000_8000, 0x9, 0),
        ] {
            for function in [0, 1] {
                let space = make(persona, function);
                assert_eq!(space.read(EXPRESS + 4), capabilities);
                assert_eq!((space.read(EXPRESS) >> 20) & 0xf, kind);
                assert_eq!(space.read(EXPRESS + 0x0c), link);
            }
        }
    }

    #[test]
    fn tells_the_size_of_bars() {
        let mut space = make(Persona::Integrated, 0);

        for offset in [BAR0, BAR0 + 4, BAR2, BAR4] {
            space.write(offset, u32::MAX, u32::MAX);
        }
        assert_eq!(space.read(BAR0), 0xffff_e004);
        assert_eq!(space.read(BAR0 + 4), u32::MAX);
        assert_eq!(space.read(BAR2), 0xffff_e000);
        assert_eq!(space.read(BAR4), 0xffff_0000);
        for offset in [0x1c, 0x24, 0x30] {
            space.write(offset, u32::MAX, u32::MAX);
            assert_eq!(space.read(offset), 0);
        }
    }

    #[test]
    fn knows_how_a_function_is_set_up() {
        let mut space = make(Persona::Integrated, 1);

        for (offset, value) in [
            (BAR0, 0x1234_4000),
            (BAR0 + 4, 7),
            (BAR2, 0x9000_2000),
            (BAR4, 0x9001_0000),
            (MSIX, 0x8000_0000),
        ] {
            space.write(offset, value, u32::MAX);
        }
        let found = configuration(&space);
        let bars = Bars {
            registers: 0x7_1234_4000,
            msix: 0x9000_2000,
            memory: 0x9001_0000,
        };
        assert_eq!((found.bars, found.msix_control), (bars, 0x8001));
        assert!(found.is_powered);
        space.write(POWER_CONTROL, 3, u32::MAX);
        assert!(!configuration(&space).is_powered);
    }

    #[test]
    fn lets_software_write_what_it_may() {
        let mut space = make(Persona::Endpoint, 0);

        for offset in (0..super::super::config_space::SIZE).step_by(4) {
            space.write(offset, u32::MAX, u32::MAX);
        }
        // Read-only registers keep their values.
        assert_eq!(capabilities(&space).len(), 3);
        assert_eq!(extended(&space).len(), 3);
        assert_eq!(space.read(0x00), 0x0d15_1b36);
        // Command; Device Control without the reset; power state; MSI-X enable and mask.
        assert_eq!(space.read(COMMAND), CAPABILITIES_LIST | COMMAND_BITS);
        assert_eq!(space.read(DEVICE_CONTROL), 0x7fff);
        assert_eq!(space.read(POWER + 4), 0xb);
        assert_eq!(space.read(MSIX) >> 16, 0xc001);
        // IDE: the capability and the status of the stream cannot be written, its control can.
        assert_eq!(space.read(IDE + 4), 0x0100_00c2);
        assert_eq!(space.read(IDE + 0x0c), 1);
        assert_eq!(space.read(IDE + 0x10), 0xfff8_0201);
        assert_eq!(space.read(IDE + 0x14), 0);
        assert_eq!(space.read(IDE + 0x20), 0xffff_ff01);
    }
}
