// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`, as `linux/sev-guest.h` of the kernel has it.

use kernel::{
    ioctl::_IOWR,
    page::PAGE_SIZE,
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
    uaccess, //
};
use tsm_proto::snp::{
    ioctl::{
        ExtendedReportRequest,
        GuestRequest, //
    },
    message::{
        KeyRequest,
        ReportRequest,
        Request, //
    },
    ExitInfo2, //
};
use zerocopy::{
    FromBytes,
    IntoBytes, //
};

use crate::firmware::{
    Firmware,
    MAX_PAGES, //
};

/// `SNP_GET_REPORT`: a report.
const GET_REPORT: u32 = _IOWR::<GuestRequest>(b'S' as u32, 0);
/// `SNP_GET_DERIVED_KEY`: a key that is derived from one of the chip or of the VM.
const GET_DERIVED_KEY: u32 = _IOWR::<GuestRequest>(b'S' as u32, 1);
/// `SNP_GET_EXT_REPORT`: a report, with the certificates that the host has for it.
const GET_EXT_REPORT: u32 = _IOWR::<GuestRequest>(b'S' as u32, 2);

/// The ioctls of the device.
pub(crate) enum Command {
    /// `SNP_GET_REPORT`.
    Report,
    /// `SNP_GET_DERIVED_KEY`.
    DerivedKey,
    /// `SNP_GET_EXT_REPORT`.
    ExtendedReport,
}

/// The device.
pub(crate) struct Device {
    firmware: Arc<Firmware>,
}

impl Device {
    pub(crate) fn new(firmware: Arc<Firmware>) -> Self {
        Self { firmware }
    }

    /// Passes a request on, and the answer back, of which the firmware's own status is a part.
    fn pass<R: Request + FromBytes>(&self, call: &mut GuestRequest) -> Result {
        let (from, to) = addresses::<R>(call)?;
        let request: R = read(from)?;
        let outcome = self.firmware.ask(&request, None)?;

        call.set_exit_info(outcome.info.unwrap_or(ExitInfo2::NOT_SENT));
        outcome.result?;
        write(to, outcome.message.answer())
    }

    fn extended_report(&self, call: &mut GuestRequest) -> Result {
        let (from, to) = addresses::<ReportRequest>(call)?;
        let mut request: ExtendedReportRequest = read(from)?;
        let wanted = request.certs_len.get() > 0 && request.certs_address.get() > 0;
        let len = usize::try_from(request.certs_len.get())?;

        if wanted && (len % PAGE_SIZE != 0 || len > MAX_PAGES * PAGE_SIZE) {
            return Err(EINVAL);
        }
        let pages = if wanted { len / PAGE_SIZE } else { 0 };
        if wanted {
            uaccess::check(user(request.certs_address.get())?, len)?;
        }
        let outcome = self.firmware.ask(&request.report, Some(pages))?;

        call.set_exit_info(outcome.info.unwrap_or(ExitInfo2::NOT_SENT));
        if let Some(needed) = outcome.needed {
            // What does not fit is no length that could be asked for.
            let needed = needed.checked_mul(PAGE_SIZE);
            let needed = needed.and_then(|needed| u32::try_from(needed).ok());

            request.certs_len = needed.unwrap_or(u32::MAX).into();
            uaccess::write(user(from)?, &request)?;
        }
        outcome.result?;
        if wanted {
            write(request.certs_address.get(), &outcome.certificates)?;
        }
        write(to, outcome.message.answer())
    }
}

impl Ioctl for Device {
    const NAME: &'static CStr = c"sev-guest";

    type Command = Command;

    fn command(number: u32) -> Option<Command> {
        match number {
            GET_REPORT => Some(Command::Report),
            GET_DERIVED_KEY => Some(Command::DerivedKey),
            GET_EXT_REPORT => Some(Command::ExtendedReport),
            _ => None,
        }
    }

    fn ioctl(&self, command: Command, arg: usize) -> Result<isize> {
        let arg = u64::try_from(arg)?;
        let mut call: GuestRequest = read(arg)?;

        if call.msg_version == 0 {
            return Err(EINVAL);
        }
        call.set_exit_info(ExitInfo2::NOT_SENT);
        let result = match command {
            Command::Report => self.pass::<ReportRequest>(&mut call),
            Command::DerivedKey => self.pass::<KeyRequest>(&mut call),
            Command::ExtendedReport => self.extended_report(&mut call),
        };

        // On success as well, so that no caller takes an old error for one of this request.
        uaccess::write(user(arg)?, &call)?;
        result.map(|()| 0)
    }
}

/// Returns the addresses of request and answer, if the structures there are those of the message's
/// version.
fn addresses<R: Request>(call: &GuestRequest) -> Result<(u64, u64)> {
    if call.msg_version != R::VERSION {
        return Err(EINVAL);
    }
    match (call.req_data.get(), call.resp_data.get()) {
        (0, _) | (_, 0) => Err(EINVAL),
        both => Ok(both),
    }
}

/// Copies a structure from user space, once.
fn read<T: FromBytes + IntoBytes>(from: u64) -> Result<T> {
    let mut value = T::new_zeroed();

    uaccess::read(user(from)?, &mut value)?;
    Ok(value)
}

/// Copies bytes to user space.
fn write(to: u64, bytes: &[u8]) -> Result {
    UserSlice::new(user(to)?, bytes.len())
        .writer()
        .write_slice(bytes)
}

/// Takes a number for an address of user space.
fn user(address: u64) -> Result<UserPtr> {
    Ok(UserPtr::from_addr(usize::try_from(address)?))
}
