// SPDX-License-Identifier: GPL-2.0

//! Launches with a firmware, each refusal, and the launch digest.

use std::{
    path::PathBuf,
    slice, //
};

use sev::measurement::{
    snp::{
        snp_calc_launch_digest,
        SnpMeasurementArgs, //
    },
    vcpu_types::CpuType,
    vmsa::{
        GuestFeatures,
        VMMType, //
    },
};

use super::*;
use crate::{
    machine::board::FakeBoard,
    snp::firmware::metadata::tests::{
        FakeImage,
        ROWS, //
    }, //
};

/// RAM of the guests here.
const RAM: Range<u64> = 0..0x1_0000;

/// A launch, and the parts of the machine that it changes.
struct Launch {
    image: FakeImage,
    board: Arc<FakeBoard>,
    rmp: Rmp,
    processor: SecureProcessor,
    firmware: Firmware,
}

impl Launch {
    /// Makes one with these sections, RAM, and options.
    fn new(rows: &[[u32; 3]], ram: Range<u64>, config: &SnpConfig) -> Self {
        let mut board = FakeBoard::with_e820_and(&[(ram, 1)], Some(b"kernel"));
        // The command line and its length.
        board.items.insert(0x14, vec![5, 0, 0, 0]);
        board.items.insert(0x15, b"line\0".to_vec());
        let board = Arc::new(board);
        Self {
            image: FakeImage::new(rows, 0xec00),
            firmware: Firmware::new(config, board.clone()),
            board,
            rmp: Rmp::default(),
            processor: SecureProcessor::new(config).unwrap(),
        }
    }

    /// Makes one that succeeds.
    fn usual() -> Self {
        Self::new(&ROWS, RAM, &SnpConfig::default())
    }

    /// Launches the guest.
    fn launch(&self) -> Result<(), String> {
        self.firmware
            .launch(&self.image, &self.rmp, &self.processor, 0xa0_0f11)
    }
}

#[test]
fn has_the_sections_and_nothing_else() {
    let launch = Launch::usual();
    launch.image.ram.fill(0, 0x1_0000, &[0xff; 16384]).unwrap();
    launch.launch().unwrap();
    for page in 0..16 {
        let is_added = (8..10).contains(&page) || (11..15).contains(&page);
        assert_eq!(launch.rmp.is_validated(page << 12, 4096), is_added);
        assert_eq!(launch.rmp.are_shared(page..page + 1), !is_added);
    }
    assert!(launch.rmp.is_validated(TOP - 0x2000, 0x2000));
    let ram = &launch.image.ram;
    assert_eq!(ram.bytes(0x8000, 0x2000), [0; 0x2000]);
    assert_eq!(ram.bytes(0xa000, 0x1000), [0xff; 0x1000]);
    assert_eq!(ram.bytes(0xb000, 4), [3, 0, 0, 0]);
    assert_eq!(ram.bytes(0xc000, 0x2c00), [vec![0; 0x2c00]].concat());
    assert_eq!(ram.bytes(0xec00, 4), [0x06, 0xd6, 0x38, 0x94]);
    assert_eq!(*launch.board.mirrors.lock().unwrap(), [1 << 51]);
}

#[test]
fn has_the_cpuid_page_when_the_cpu_was_asked() {
    let launch = Launch::usual();
    let early = launch.firmware.write_cpuid(&launch.image, &[7; 4096]);
    assert_eq!(early, Err("no firmware was launched".into()));
    launch.launch().unwrap();
    let done = launch.firmware.write_cpuid(&launch.image, &[7; 4096]);
    assert_eq!(done, Ok(()));
    assert_eq!(launch.image.ram.bytes(0xc000, 0x1000), [7; 0x1000]);
    assert_eq!(launch.image.ram.bytes(0xd000, 1), [0]);
}

/// Returns the digest of a launch with these hashes, on a CPU of a version.
fn digest(hashes: KernelHashes, version: u32) -> String {
    let config = SnpConfig {
        kernel_hashes: hashes,
        ..SnpConfig::default()
    };
    let launch = Launch::new(&ROWS, RAM, &config);
    launch
        .firmware
        .launch(&launch.image, &launch.rmp, &launch.processor, version)
        .unwrap();
    launch
        .processor
        .measurement(&launch.image)
        .unwrap()
        .to_string()
}

#[test]
fn agrees_with_a_public_tool() {
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let name = format!("tsm-emulator-{}-launch-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let firmware = file("firmware", &FakeImage::new(&ROWS, 0xec00).image.borrow());
    let kernel = file("kernel", b"kernel");
    let expected = |kernel: Option<&PathBuf>| {
        let digest = snp_calc_launch_digest(SnpMeasurementArgs {
            vcpus: 1,
            vcpu_type: CpuType::EpycMilan,
            ovmf_file: firmware.clone(),
            guest_features: GuestFeatures::default(),
            kernel_file: kernel.cloned(),
            initrd_file: None,
            append: Some("line"),
            ovmf_hash_str: None,
            vmm_type: Some(VMMType::QEMU),
        });
        digest.unwrap().get_hex_ld()
    };
    let (with, without) = (expected(Some(&kernel)), expected(None));
    std::fs::remove_file(&firmware).unwrap();
    std::fs::remove_file(kernel).unwrap();
    assert_eq!(digest(KernelHashes::Right, 0xa0_0f11), with);
    assert_eq!(digest(KernelHashes::None, 0xa0_0f11), without);
}

#[test]
fn measures_the_hashes_and_the_version_of_the_cpu() {
    let all = [
        digest(KernelHashes::Right, 0xa0_0f11),
        digest(KernelHashes::WrongKernel, 0xa0_0f11),
        digest(KernelHashes::None, 0xa0_0f11),
        digest(KernelHashes::Right, 0xb0_0f21),
    ];
    for (number, one) in all.iter().enumerate() {
        assert!(!all[..number].contains(one));
    }
    assert_eq!(digest(KernelHashes::Right, 0xa0_0f11), all[0]);
}

#[test]
fn keeps_a_measurement_that_the_user_wants() {
    let wanted = "11".repeat(48);
    let mut config = SnpConfig::default();
    config.set("measurement", &wanted).unwrap();
    let launch = Launch::new(&ROWS, RAM, &config);
    launch.launch().unwrap();
    let measurement = launch.processor.measurement(&launch.image).unwrap();
    assert_eq!(measurement.to_string(), wanted);
}

#[test]
fn launches_once() {
    let launch = Launch::usual();
    launch.launch().unwrap();
    let no = launch.launch().unwrap_err();
    assert!(no.contains("does not start again"), "{no}");
}

#[test]
fn refuses_what_is_no_firmware_for_it() {
    let launch = Launch::new(&ROWS[1..2], RAM, &SnpConfig::default());
    let no = launch.launch().unwrap_err();
    assert!(
        no.starts_with("the firmware is none for SEV-SNP: its"),
        "{no}"
    );
    assert!(launch.board.mirrors.lock().unwrap().is_empty());
}

#[test]
fn refuses_sections_where_no_ram_is() {
    for rows in [
        [0x1_0000, 0x1000, 1],
        [0xf000, 0x2000, 1],
        [0xffff_f000, 0x1000, 1],
    ] {
        let rows = [&ROWS[..], slice::from_ref(&rows)].concat();
        let no = Launch::new(&rows, RAM, &SnpConfig::default()).launch();
        assert!(no.unwrap_err().contains("where no RAM is"));
    }
}

#[test]
fn refuses_an_image_where_ram_is() {
    let no = Launch::new(&ROWS, 0..TOP, &SnpConfig::default()).launch();
    assert_eq!(no, Err("the firmware has its image where RAM is".into()));
}
