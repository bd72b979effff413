// SPDX-License-Identifier: GPL-2.0

//! `/dev/tdx_guest`, and the registers in the folder of the device.

use std::{
    fs::{
        self,
        File, //
    },
    os::{
        fd::AsRawFd as _,
        unix::fs::FileExt, //
    },
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    files,
    modules,
    registers::{
        self,
        FIXED,
        RTMRS,
        SIZE, //
    },
    tdreport::{
        self,
        Request,
        DEVICE, //
    },
    Drivers, //
};

const MEASUREMENTS: &str = "/sys/class/misc/tdx_guest/measurements";

fn open() -> File {
    File::options().read(true).write(true).open(DEVICE).unwrap()
}

fn get_report0(file: &File, data: [u8; 64]) -> Result<[u8; 1024], Errno> {
    let mut request = Request::new(data);

    request.send(file)?;
    assert_eq!(request.reportdata, data);
    Ok(request.tdreport)
}

/// The ioctls of drivers before the kernel's, which libtdx_attest tries where it finds those.
mod ioctl {
    use super::Request;

    nix::ioctl_readwrite!(legacy2, b'T', 2, Request);
    nix::ioctl_readwrite!(legacy3, b'T', 3, Request);
    nix::ioctl_readwrite!(legacy4, b'T', 4, Request);
}

#[test]
fn is_for_its_owner_only() {
    files::check_device(DEVICE);
}

#[test]
fn makes_a_report_of_the_registers_that_binds_the_data() {
    let file = open();
    let data = std::array::from_fn(|index| index as u8 ^ 0xc3);
    let report = get_report0(&file, data).unwrap();

    assert_eq!(report[0], 0x81);
    assert_eq!(report[128..192], data);
    assert_eq!(report[528..576], registers::value("mrtd"));
    for (number, name) in RTMRS.into_iter().enumerate() {
        assert_eq!(
            report[720 + number * SIZE..][..SIZE],
            registers::value(name),
            "{name}"
        );
    }
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn refuses_other_commands_and_a_bad_address() {
    let file = open();
    let mut request = Request::new([0; 64]);

    for legacy in [ioctl::legacy2, ioctl::legacy3, ioctl::legacy4] {
        // SAFETY: `request` may be read and written, should there be such an ioctl.
        let unknown = unsafe { legacy(file.as_raw_fd(), &mut request) };
        assert_eq!(unknown, Err(Errno::ENOTTY));
    }
    // SAFETY: Nothing is at this address, as the kernel is to find out.
    let nowhere = unsafe {
        tdreport::ioctl::get_report0(file.as_raw_fd(), std::ptr::without_provenance_mut(8))
    };
    assert_eq!(nowhere, Err(Errno::EFAULT));
}

#[test]
fn an_open_device_keeps_its_module() {
    let (_, provider) = Drivers::get().modules();
    let file = open();

    assert_eq!(modules::unload(provider), Err(Errno::EWOULDBLOCK));
    get_report0(&file, [0; 64]).unwrap();
    drop(file);
    modules::unload(provider).unwrap();
    assert!(!fs::exists(DEVICE).unwrap());
    modules::load(provider).unwrap();
    get_report0(&open(), [0; 64]).unwrap();
}

#[test]
fn shows_the_registers_where_clients_look() {
    let fixed = FIXED.map(|(name, hashed)| {
        let suffix = if hashed { ":sha384" } else { "" };
        (format!("{name}{suffix}"), 0o444)
    });
    let rtmrs = RTMRS.map(|name| (format!("{name}:sha384"), 0o644));
    let expected = [fixed, rtmrs].concat();

    assert_eq!(files::in_folder(MEASUREMENTS), files::modes(expected));
}

#[test]
fn shows_the_same_registers_in_both_places() {
    let shown = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(format!("{MEASUREMENTS}/rtmr3:sha384"))
        .unwrap();
    let mut value = [0; SIZE];

    let old = registers::value("rtmr3");
    shown.write_all_at(&[0x11; SIZE], 0).unwrap();
    let new = registers::extended(&old, &[0x11; SIZE]);
    assert_eq!(registers::value("rtmr3"), new);

    registers::write_at("rtmr3", &[0x22; SIZE], 0).unwrap();
    shown.read_exact_at(&mut value, 0).unwrap();
    assert_eq!(value, registers::extended(&new, &[0x22; SIZE]));

    assert_eq!(
        errno(shown.write_at(&[0; SIZE - 1], 0)),
        Some(Errno::EINVAL)
    );
    assert_eq!(registers::value("rtmr3"), value);
}
