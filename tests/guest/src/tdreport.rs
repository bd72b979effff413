// SPDX-License-Identifier: GPL-2.0

//! Reports of the TDX module, by way of the device.

use std::{
    fs::File,
    os::fd::AsRawFd as _, //
};

use nix::errno::Errno;

/// The device.
pub const DEVICE: &str = "/dev/tdx_guest";

/// `struct tdx_report_req` of `linux/tdx-guest.h`.
#[derive(Debug)]
#[repr(C)]
pub struct Request {
    /// What the report is to bind.
    pub reportdata: [u8; 64],
    /// The report, when it is made.
    pub tdreport: [u8; 1024],
}

/// `TDX_CMD_GET_REPORT0`, with any address.
pub mod ioctl {
    #![expect(missing_docs, reason = "made by a macro")]

    nix::ioctl_readwrite!(get_report0, b'T', 1, super::Request);
}

impl Request {
    /// Makes a request for a report that binds `data`.
    pub fn new(data: [u8; 64]) -> Self {
        Self {
            reportdata: data,
            tdreport: [0xaa; 1024],
        }
    }

    /// Has the device make the report.
    ///
    /// # Errors
    ///
    /// What the driver refuses it with.
    #[expect(unsafe_code, reason = "an ioctl")]
    pub fn send(&mut self, device: &File) -> Result<(), Errno> {
        // SAFETY: The ioctl reads and writes a `Request`, which `self` is, and there is no other
        // reference to it.
        unsafe { ioctl::get_report0(device.as_raw_fd(), self) }.map(drop)
    }
}
