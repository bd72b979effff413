// SPDX-License-Identifier: GPL-2.0

//! `/dev/tdx_guest`, as `linux/tdx-guest.h` of the kernel has it.

use core::mem::offset_of;

use kernel::{
    ioctl::_IOWR,
    prelude::*,
    str::CStr,
    sync::Arc,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};
use tsm_ext::{
    miscdevice::Ioctl,
    mutex::KillableMutex,
    tdx::Measurements, //
};
use tsm_proto::tdx::{
    ReportData,
    TdReport, //
};

/// The layout of what user space passes: the report data goes in, the report comes out.
#[repr(C)]
struct Request {
    report_data: [u8; ReportData::SIZE],
    report: [u8; TdReport::SIZE],
}

const _: () = assert!(size_of::<Request>() == 1088);

/// `TDX_CMD_GET_REPORT0`: TDREPORT of subtype 0.
const GET_REPORT0: u32 = _IOWR::<Request>(b'T' as u32, 1);

/// The device.
pub(crate) struct Device {
    measurements: Arc<KillableMutex<Measurements>>,
}

impl Device {
    pub(crate) fn new(measurements: Arc<KillableMutex<Measurements>>) -> Self {
        Self { measurements }
    }

    fn get_report0(&self, arg: UserPtr) -> Result<isize> {
        let input = UserSlice::new(arg, ReportData::SIZE);
        let output = UserSlice::new(
            arg.wrapping_byte_add(offset_of!(Request, report)),
            TdReport::SIZE,
        );
        let mut data = [0; ReportData::SIZE];

        input.reader().read_slice(&mut data)?;
        let report = self
            .measurements
            .lock_killable()?
            .take_report(&ReportData::new(data))?;

        // Without the lock, because user space decides how long this takes.
        let result = output.writer().write_slice(report.as_bytes());

        // Who is killed meanwhile frees it.
        self.measurements.lock_killable()?.put_back(report);
        result.map(|()| 0)
    }
}

impl Ioctl for Device {
    const NAME: &'static CStr = c"tdx_guest";

    #[inline]
    fn ioctl(&self, command: u32, arg: usize) -> Result<isize> {
        match command {
            GET_REPORT0 => self.get_report0(UserPtr::from_addr(arg)),
            _ => Err(ENOTTY),
        }
    }
}
