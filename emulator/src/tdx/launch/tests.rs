// SPDX-License-Identifier: GPL-2.0

//! Launches, and each refusal.

use std::cell::Cell;

use sha2::{
    Digest as _,
    Sha384, //
};

use super::*;
use crate::{
    machine::{
        board::FakeBoard,
        pages::PageState,
        registers::Reg,
        system::SystemReg, //
    },
    tdx::firmware::FakeFirmware, //
};

/// A vCPU that starts, in a machine with a firmware.
struct Start {
    number: usize,
    memory: FakeFirmware,
    /// The descriptor that was at the selector of code when that was written.
    code: Cell<u64>,
    pages: Pages,
    module: TdxModule,
}

impl Vcpu for Start {
    fn memory(&self) -> &dyn GuestMemory {
        &self.memory
    }

    fn number(&self) -> usize {
        self.number
    }

    fn is_privileged(&self) -> bool {
        true
    }

    fn is_kernel(&self) -> bool {
        false
    }

    fn system(&self, _: SystemReg) -> u64 {
        0
    }

    fn set_system(&self, register: SystemReg, value: u64) {
        let mut descriptor = [0; 8];
        if register == SystemReg::Cs {
            self.memory.read(value, &mut descriptor).unwrap();
            self.code.set(u64::from_le_bytes(descriptor));
        }
    }

    fn translate(&self, address: u64) -> Option<u64> {
        Some(address)
    }
}

impl Start {
    /// Makes one whose firmware has RAM from 64 to 80 KiB.
    fn new() -> Self {
        Self {
            number: 0,
            memory: FakeFirmware::new(),
            code: Cell::new(0),
            pages: Pages::default(),
            module: TdxModule::new(&TdxConfig::default(), 1),
        }
    }

    /// Launches with RAM in one range.
    fn launch(&self, ram: Range<u64>) -> Result<Registers, String> {
        self.launch_with(&TdxConfig::default(), ram)
    }

    /// Launches with options and with RAM in one range.
    fn launch_with(&self, config: &TdxConfig, ram: Range<u64>) -> Result<Registers, String> {
        let launch = Launch::new(config, Arc::new(FakeBoard::with_e820(&[(ram, 1)])), 1);
        let mut regs = Registers::default();
        let there = launch.start(self, &self.module, &self.pages, &mut regs)?;
        assert_eq!(there, 0xffff_fff0);
        Ok(regs)
    }
}

/// Makes the launch of a machine with a number of vCPUs.
fn launch_of(vcpus: usize) -> Launch {
    let board = Arc::new(FakeBoard::with_e820(&[(0..0x1_8000, 1)]));
    Launch::new(&TdxConfig::default(), board, vcpus)
}

#[test]
fn starts_in_the_first_state_of_a_td() {
    let start = Start::new();
    start.memory.ram.write(0, &[7; 32]).unwrap();
    let regs = start.launch(0..0x1_8000).unwrap();
    assert_eq!(regs[Reg::Rbx], 53);
    assert_eq!(regs[Reg::Rcx], 0x1_2000);
    assert_eq!(start.code.get(), 0x00cf_9b00_0000_ffff);
    assert_eq!(start.memory.ram.bytes(0, 32), [7; 32]);
}

#[test]
fn starts_no_other_vcpu_that_the_first_one_did_not() {
    let start = Start::new();
    let launch = launch_of(2);
    let mut regs = Registers::default();
    assert_eq!(launch.start_other(&start, &mut regs), None);
    assert_eq!(regs, Registers::default());
    let no = launch
        .start(&start, &start.module, &start.pages, &mut regs)
        .unwrap_err();
    assert_eq!(no, "the first vCPU has no local APIC");
    // The number of the vCPU says whether it was to be started.
    assert_eq!(launch.start_other(&start, &mut regs), None);
    let other = Start {
        number: 1,
        ..Start::new()
    };
    let there = launch.start_other(&other, &mut regs);
    assert_eq!(there, Some(0xffff_fff0));
    assert_eq!((regs[Reg::Rcx], regs[Reg::Rsi]), (0x1_2000, 1));
    assert_eq!(launch.start_other(&other, &mut regs), None);
}

#[test]
fn has_only_what_was_added() {
    let start = Start::new();
    start.launch(0..0x1_8000).unwrap();
    assert_eq!(start.pages.uniform(0..0x10), Some(PageState::Pending));
    assert_eq!(start.pages.uniform(0x10..0x14), Some(PageState::Accepted));
    assert_eq!(start.pages.uniform(0x14..0x18), Some(PageState::Pending));
    assert_eq!(
        start.pages.uniform(0xf_fffe..0x10_0000),
        Some(PageState::Accepted)
    );
}

#[test]
fn clears_what_it_adds_and_puts_the_hand_off_blocks_there() {
    let start = Start::new();
    start.memory.ram.write(0xf000, &[0xff; 0x6000]).unwrap();
    start.launch(0..0x1_8000).unwrap();
    let ram = |from, len| start.memory.ram.bytes(from, len);
    assert_eq!(ram(0xf000, 0x1000), [0xff; 0x1000]);
    assert_eq!(ram(0x1_0000, 0x2000), [0; 0x2000]);
    assert_eq!(ram(0x1_4000, 0x1000), [0xff; 0x1000]);
    let blocks = firmware::hand_off(
        HandOffService::Right,
        0x1_2000,
        std::slice::from_ref(&(0..0x1_8000)),
        &[0x1_0000..0x1_2000, 0x1_2000..0x1_4000],
    );
    assert_eq!(ram(0x1_2000, blocks.len()), blocks);
    assert_eq!(ram(0x1_3000, 0x1000), [0; 0x1000]);
}

/// Another description of what is measured: each page and each chunk by hand.
#[test]
fn measures_code_and_the_addresses_of_the_rest() {
    let start = Start::new();
    start.launch(0..0x1_8000).unwrap();
    let metadata = firmware::metadata(&start.memory).unwrap();
    let mut hash = Sha384::new();
    let mut step = |name: &str, gpa: u64| {
        let mut record = [0; 128];
        record[..name.len()].copy_from_slice(name.as_bytes());
        record[16..24].copy_from_slice(&gpa.to_le_bytes());
        hash.update(record);
        if name == "MR.EXTEND" {
            let mut chunk = [0; 256];
            start.memory.read(gpa, &mut chunk).unwrap();
            hash.update(chunk);
        }
    };
    step("MEM.PAGE.ADD", 0xffff_f000);
    for chunk in 0..16 {
        step("MR.EXTEND", 0xffff_f000 + chunk * 256);
    }
    for page in [0xffff_e000, 0x1_0000, 0x1_1000, 0x1_2000, 0x1_3000] {
        step("MEM.PAGE.ADD", page);
    }
    let mrtd = measure(&start.memory, &metadata, true).unwrap().finish();
    assert_eq!(mrtd.bytes()[..], hash.finalize()[..]);
}

#[test]
fn can_leave_out_what_is_in_the_sections() {
    let memory = FakeFirmware::new();
    let metadata = firmware::metadata(&memory).unwrap();
    let mut pages = Mrtd::new();
    for section in metadata.sections() {
        section
            .memory()
            .step_by(4096)
            .for_each(|page| pages.add(page));
    }
    let mrtd = measure(&memory, &metadata, false).unwrap().finish();
    assert_eq!(mrtd, pages.finish());
}

/// Returns what is in the variables and in the hand-off blocks after a launch.
fn launched(config: &TdxConfig) -> (Vec<u8>, Vec<u8>) {
    let start = Start::new();
    start.launch_with(config, 0..0x1_8000).unwrap();
    let mut variables = vec![0; 0x1000];
    start.memory.read(0xffff_e000, &mut variables).unwrap();
    (variables, start.memory.ram.bytes(0x1_2000, 0x1000))
}

#[test]
fn can_change_the_last_bit_of_the_variables_and_nothing_else() {
    let (mut variables, blocks) = launched(&TdxConfig::default());
    variables[0xfff] ^= 1;
    let config = TdxConfig {
        launch: LaunchService::Variables,
        ..TdxConfig::default()
    };
    assert_eq!(launched(&config), (variables, blocks));
}

#[test]
fn can_tell_the_firmware_something_else_of_ram() {
    let right = launched(&TdxConfig::default());
    let config = TdxConfig {
        hand_off: HandOffService::Twice,
        ..TdxConfig::default()
    };
    let (variables, blocks) = launched(&config);
    assert_eq!(variables, right.0);
    assert!(blocks != right.1);
}

#[test]
fn refuses_sections_where_no_ram_is_or_an_image_where_some_is() {
    for ram in [0..0x1_3000, 0x1_1000..0x1_8000] {
        let no = Start::new().launch(ram).unwrap_err();
        let wrong = ["0x10000", "0x12000"].map(|start| {
            format!("the firmware has a section at {start}, where no RAM is") //
        });
        assert!(wrong.contains(&no));
    }
    let no = Start::new().launch(0..0x1_0000_0000).unwrap_err();
    assert_eq!(no, "the firmware has its image where RAM is");
}

#[test]
fn refuses_an_image_that_is_in_a_rom() {
    let mut start = Start::new();
    start.memory.is_rom = true;
    let no = start.launch(0..0x1_8000).unwrap_err();
    assert_eq!(
        no,
        "the firmware's image is in a ROM, which is no memory of a TD"
    );
}

#[test]
fn refuses_another_firmware() {
    let start = Start::new();
    start.memory.write(0xffff_ffd0, &[0]).unwrap();
    let no = start.launch(0..0x1_8000).unwrap_err();
    assert_eq!(no, "the firmware is no TDVF: it has no table of GUIDs");
}

#[test]
fn refuses_more_ranges_of_ram_than_there_is_room_for() {
    let start = Start::new();
    let mut map = vec![(0..0x1_8000, 1)];
    map.extend((1..=200).map(|at: u64| (at << 20..(at << 20) + 0x1000, 1)));
    let launch = Launch::new(
        &TdxConfig::default(),
        Arc::new(FakeBoard::with_e820(&map)),
        1,
    );
    let no = launch
        .start(
            &start,
            &start.module,
            &start.pages,
            &mut Registers::default(),
        )
        .unwrap_err();
    assert_eq!(no, "the firmware has too little room for hand-off blocks");
}

#[test]
fn refuses_to_start_again() {
    let start = Start::new();
    let launch = launch_of(1);
    let mut regs = Registers::default();
    launch
        .start(&start, &start.module, &start.pages, &mut regs)
        .unwrap();
    let no = launch
        .start(&start, &start.module, &start.pages, &mut regs)
        .unwrap_err();
    assert_eq!(no, "a TD does not start again: it ends with a reboot");
}
