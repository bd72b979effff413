// SPDX-License-Identifier: GPL-2.0

//! What a firmware reaches by calls, and each refusal.

use std::time::Instant;

use super::*;
use crate::{
    machine::{
        board::FakeBoard,
        memory::FakeMemory,
        pages::Pages, //
    },
    tdx::cpu::Cpu, //
};

const SHARED: u64 = 1 << 52;

/// The registers of a call: `R12` to `R15`.
fn registers(values: [u64; 4]) -> Registers {
    let mut regs = Registers::default();
    for (reg, value) in [Reg::R12, Reg::R13, Reg::R14, Reg::R15]
        .into_iter()
        .zip(values)
    {
        regs[reg] = value;
    }
    regs
}

/// Makes devices with options.
fn devices(config: &TdxConfig) -> Devices {
    Devices::new(config, Arc::<FakeBoard>::default(), 2)
}

/// Does port I/O. Returns `R11`.
fn io(board: &Arc<FakeBoard>, values: [u64; 4]) -> Result<u64> {
    let mut regs = registers(values);
    Devices::new(&TdxConfig::default(), board.clone(), 1)
        .io(&mut regs)
        .map(|()| regs[Reg::R11])
}

/// Does MMIO in a machine with RAM up to 12 KiB, of which the second page is shared, and devices
/// up to 16 KiB. Returns `R11` and what is in the fourth page.
fn mmio(values: [u64; 4]) -> Result<(u64, Vec<u8>)> {
    let memory = FakeMemory::new(0x4000);
    let pages = Pages::default();
    pages.launch(std::iter::once(0..0x3000).collect());
    pages.share(1..2);
    for page in [0, 0x1000, 0x3000] {
        crate::machine::memory::GuestMemory::write(&memory, page, &[1, 2, 3, 4, 5, 6, 7, 8, 9])
            .unwrap();
    }
    let context = Context {
        memory: &memory,
        pages: &pages,
        cpu: &Cpu::default(),
        now: Instant::now(),
    };
    let mut regs = registers(values);
    let done = devices(&TdxConfig::default()).mmio(context, &mut regs);
    done.map(|()| (regs[Reg::R11], memory.bytes(0x3000, 9)))
}

#[test]
fn reads_and_writes_ports() {
    let board = Arc::<FakeBoard>::default();
    assert_eq!(io(&board, [4, 0, 0xcfc, 0]), Ok(0x1234_5678));
    assert_eq!(io(&board, [2, 1, 0xcf8, 0xffff_0000_8000_0001]), Ok(0));
    let written = board.written.lock().unwrap();
    assert_eq!(*written, [(0xcf8, PortSize::Word, 0x8000_0001)]);
}

#[test]
fn refuses_ports_sizes_and_directions_that_there_are_not() {
    let board = Arc::<FakeBoard>::default();
    for values in [
        [0, 0, 0x80, 0],
        [3, 0, 0x80, 0],
        [8, 1, 0x80, 0],
        [1, 2, 0x80, 0],
        [1, 1, 0x1_0000, 0],
    ] {
        assert_eq!(io(&board, values), Err(INVALID));
    }
    assert!(board.written.lock().unwrap().is_empty());
}

#[test]
fn reads_devices_of_each_size() {
    for (size, value) in [
        (1, 0x1),
        (2, 0x201),
        (4, 0x0403_0201),
        (8, 0x0807_0605_0403_0201),
    ] {
        assert_eq!(mmio([size, 0, SHARED | 0x3000, 0]).unwrap().0, value);
    }
}

#[test]
fn writes_devices_of_each_size() {
    let value = 0xf8f7_f6f5_f4f3_f2f1;
    for size in [1u8, 2, 4, 8] {
        let (_, bytes) = mmio([size.into(), 1, SHARED | 0x3000, value]).unwrap();
        let expected: Vec<_> = (1..=9)
            .map(|byte| if byte <= size { 0xf0 | byte } else { byte })
            .collect();
        assert_eq!(bytes, expected);
    }
}

#[test]
fn reads_zeros_where_there_is_no_device() {
    let there = SHARED | 0x8000_0000;
    assert_eq!(mmio([8, 0, there, 0]).unwrap().0, 0);
    assert!(mmio([8, 1, there, 1]).is_ok());
}

#[test]
fn reaches_memory_only_that_is_shared() {
    assert_eq!(mmio([2, 0, SHARED | 0x1000, 0]).unwrap().0, 0x201);
    for private in [0, 0xfff, 0x1fff, 0x2ff9] {
        assert_eq!(mmio([8, 0, SHARED | private, 0]), Err(INVALID));
    }
}

#[test]
fn refuses_addresses_sizes_and_directions_that_there_are_not() {
    let device = SHARED | 0x3000;
    for values in [
        // Private, beyond the width, and with an end that is no longer shared.
        [4, 0, 0x3000, 0],
        [4, 0, 1 << 53, 0],
        [4, 0, u64::MAX, 0],
        [4, 0, SHARED - 2, 0],
        [4, 0, (1 << 53) - 2, 0],
        [0, 0, device, 0],
        [3, 0, device, 0],
        [16, 0, device, 0],
        [4, 2, device, 0],
    ] {
        assert_eq!(mmio(values), Err(INVALID));
    }
}

#[test]
fn has_the_local_apic_and_no_other_msr() {
    let devices = devices(&TdxConfig::default());
    for (vcpu, apic) in [(0, 0xfee0_0900), (1, 0xfee0_0800)] {
        let mut regs = registers([0x1b, 0, 0, 0]);
        assert_eq!(devices.read_msr(vcpu, &mut regs), Ok(()));
        assert_eq!(regs[Reg::R11], apic);
        assert_eq!(write_msr(vcpu, &registers([0x1b, apic, 0, 0])), Ok(()));
        for other in [apic ^ 0x100, apic | 0x400] {
            let written = write_msr(vcpu, &registers([0x1b, other, 0, 0]));
            assert_eq!(written, Err(INVALID));
        }
    }
    for other in [0x10, 0x800, u64::MAX] {
        let read = devices.read_msr(0, &mut registers([other, 0, 0, 0]));
        assert_eq!(read, Err(INVALID));
        assert_eq!(write_msr(0, &registers([other, 0, 0, 0])), Err(INVALID));
    }
}

#[test]
fn can_say_something_else_of_the_local_apic() {
    let read = |apic_base, msr| {
        let config = TdxConfig {
            apic_base: Some(apic_base),
            ..TdxConfig::default()
        };
        let mut regs = registers([msr, 0, 0, 0]);
        let read = devices(&config).read_msr(1, &mut regs);
        read.map(|()| regs[Reg::R11])
    };
    assert_eq!(read(ApicBase::Value(5), 0x1b), Ok(5));
    assert_eq!(read(ApicBase::Value(5), 0x1c), Err(INVALID));
    assert_eq!(read(ApicBase::Refused, 0x1b), Err(INVALID));
}

#[test]
fn can_refuse_a_port() {
    let config = TdxConfig {
        refuse_port: Some(0x60),
        ..TdxConfig::default()
    };
    let devices = devices(&config);
    for direction in [0, 1] {
        let io = |port| devices.io(&mut registers([1, direction, port, 0]));
        assert_eq!(io(0x60), Err(INVALID));
        assert_eq!(io(0x61), Ok(()));
    }
}

#[test]
fn can_leave_processors_without_a_number() {
    let number = |cpuid| {
        let config = TdxConfig {
            cpuid,
            ..TdxConfig::default()
        };
        let mut regs = registers([0xb, 0, 7, 7]);
        devices(&config).cpuid(1, &mut regs);
        [Reg::R12, Reg::R13, Reg::R14, Reg::R15].map(|reg| regs[reg])
    };
    assert_eq!(number(CpuidService::Answer), [0, 1, 0x100, 1]);
    assert_eq!(number(CpuidService::Empty), [0; 4]);
}
