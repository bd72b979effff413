// SPDX-License-Identifier: GPL-2.0

//! A report provider for tests, in Rust, which does what its parameters say.
//!
//! `Documentation/writing-a-provider.md` explains it.

#![deny(unsafe_code)]

use core::borrow::Borrow;

use kernel::{
    ioctl::_IO,
    prelude::*,
    str::{
        CStr,
        CString, //
    },
    time::Delta, //
};
use tsm_ext::{
    cached_box::CachedBox,
    miscdevice::{
        Ioctl,
        MiscDevice, //
    },
    time::sleep_killable, //
};
use tsm_provider::{
    Failure,
    Files,
    Output,
    ReportProvider,
    ReportRegistration,
    Request, //
};

module! {
    type: TsmFakeRust,
    name: "tsm_fake_rust",
    authors: ["The tsm-rs authors"],
    description: "Report provider for tests",
    license: "GPL",
    params: {
        delay_ms: u32 {
            default: 0,
            description: "how long a call takes",
        },
        error: i32 {
            default: 0,
            description: "errno that calls fail with, 0 for none",
        },
        outblob_size: u32 {
            default: 1000,
            description: "size of the outblob",
        },
        auxblob_size: u32 {
            default: 0,
            description: "size of the auxblob, 0 for none",
        },
        privlevel_floor: u32 {
            default: 0,
            description: "lowest privilege level",
        },
    },
}

/// The module.
struct TsmFakeRust {
    _reports: ReportRegistration<Fake>,
}

impl kernel::Module for TsmFakeRust {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self {
            _reports: ReportRegistration::new(Fake::default())?,
        })
    }
}

/// The provider. Its blobs are lines of text that say what was asked for, and then the inblob over
/// and over again. An inblob of `make` makes a device before, and one of `drop` drops it.
#[derive(Default)]
struct Fake {
    device: CachedBox<MiscDevice<Device>>,
}

/// A device for tests. It has one ioctl, which returns its argument.
struct Device;

impl Ioctl for Device {
    const NAME: &'static CStr = c"tsm-fake";
    type Command = ();

    fn command(number: u32) -> Option<()> {
        (number == _IO(b'F'.into(), 1)).then_some(())
    }

    fn ioctl(&self, _command: (), arg: usize) -> Result<isize> {
        Ok(isize::try_from(arg)?)
    }
}

impl ReportProvider for Fake {
    const NAME: &'static CStr = c"fake_rust";

    fn files() -> Files {
        Files::PRIVLEVEL.with(Files::SERVICE).with(Files::AUXBLOB)
    }

    fn privlevel_floor(&self) -> u32 {
        param(module_parameters::privlevel_floor.value())
    }

    fn report(&self, request: &Request<'_>) -> Result<Output, Failure> {
        match request.inblob() {
            b"make" => self
                .device
                .put(KBox::new(MiscDevice::new(Device)?, GFP_KERNEL)?),
            b"drop" => drop(self.device.take()),
            _ => {}
        }
        sleep_killable(Delta::from_millis(
            param::<u32>(module_parameters::delay_ms.value()).into(),
        ))?;
        match param(module_parameters::error.value()) {
            0 => Ok(Output {
                outblob: blob(request, param(module_parameters::outblob_size.value()))?,
                auxblob: blob(request, param(module_parameters::auxblob_size.value()))?,
                manifestblob: KVVec::new(),
            }),
            errno => Err(Error::from_errno(-errno).into()),
        }
    }
}

/// Returns the value of a parameter. Linux 7.2 gives a reference to it.
fn param<T: Copy>(value: impl Borrow<T>) -> T {
    *value.borrow()
}

/// Makes a blob of `size` bytes, which has no more of the text than fits.
fn blob(request: &Request<'_>, size: u32) -> Result<KVVec<u8>> {
    let text = CString::try_from_fmt(fmt!(
        "privlevel {}\nservice {} {:02x?} {}\n",
        request.privlevel(),
        request.service_provider().unwrap_or(c"-").to_str()?,
        request.service_guid(),
        request.service_manifest_version(),
    ))?;
    let size = usize::try_from(size)?;
    let mut blob = KVVec::with_capacity(size, GFP_KERNEL)?;

    blob.extend_from_slice(
        text.to_bytes().get(..size).unwrap_or(text.to_bytes()),
        GFP_KERNEL,
    )?;
    for byte in request.inblob().iter().cycle().take(size - blob.len()) {
        blob.push(*byte, GFP_KERNEL)?;
    }
    Ok(blob)
}
