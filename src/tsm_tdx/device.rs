// SPDX-License-Identifier: GPL-2.0

//! `/dev/tdx_guest`, as `linux/tdx-guest.h` of the kernel has it.

use core::mem::offset_of;

use kernel::{
    ioctl::_IOWR,
    prelude::*,
    str::CStr,
    sync::Arc,
    uaccess::UserPtr, //
};
use tsm_ext::{
    cached_box::CachedBox,
    miscdevice::Ioctl,
    mutex::KillableMutex,
    tdx::{
        Measurements,
        ReportBuffer, //
    },
    uaccess, //
};
use tsm_proto::{
    tdx::TdReport,
    ReportData, //
};

use crate::registers::Publisher;

/// The layout of what user space passes: the report data goes in, the report comes out.
#[repr(C)]
struct Request {
    report_data: [u8; ReportData::SIZE],
    report: [u8; TdReport::SIZE],
}

const _: () = assert!(size_of::<Request>() == 1088);

/// `TDX_CMD_GET_REPORT0`: TDREPORT of subtype 0.
const GET_REPORT0: u32 = _IOWR::<Request>(b'T' as u32, 1);

/// The ioctls of the device.
pub(crate) enum Command {
    /// `TDX_CMD_GET_REPORT0`.
    GetReport0,
}

/// The device.
pub(crate) struct Device {
    measurements: Arc<KillableMutex<Measurements>>,
    registers: Publisher,
    scratch: CachedBox<ReportBuffer>,
}

impl Device {
    pub(crate) fn new(
        measurements: Arc<KillableMutex<Measurements>>,
        registers: Publisher,
    ) -> Self {
        Self {
            measurements,
            registers,
            scratch: CachedBox::default(),
        }
    }

    fn get_report0(&self, arg: UserPtr) -> Result<isize> {
        let mut scratch = self.scratch.take_or(ReportBuffer::new)?;
        let result = self.report_for(arg, &mut scratch);

        self.scratch.put(scratch);
        if result.is_ok() {
            let _ = self.registers.publish();
        }
        result
    }

    /// Makes the report that user space asks for. While user memory is accessed, which may take as long
    /// as user space likes, no lock is held.
    fn report_for(&self, arg: UserPtr, scratch: &mut ReportBuffer) -> Result<isize> {
        uaccess::read(arg, &mut *scratch.data)?;
        let report = self.measurements.lock_killable()?.report(scratch)?;
        uaccess::write(arg.wrapping_byte_add(offset_of!(Request, report)), report)?;
        Ok(0)
    }
}

impl Ioctl for Device {
    const NAME: &'static CStr = c"tdx_guest";

    type Command = Command;

    fn command(number: u32) -> Option<Command> {
        (number == GET_REPORT0).then_some(Command::GetReport0)
    }

    fn ioctl(&self, command: Command, arg: usize) -> Result<isize> {
        match command {
            Command::GetReport0 => self.get_report0(UserPtr::from_addr(arg)),
        }
    }
}
