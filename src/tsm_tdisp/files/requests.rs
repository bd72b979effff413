// SPDX-License-Identifier: GPL-2.0

//! What is written to files, and `connect`, `disconnect` and `ide`.

use kernel::{
    bindings,
    prelude::*,
    sync::Arc, //
};
use tsm_ext::{
    error::errno,
    output_buffer::OutputBuffer,
    sysfs::Mark, //
};
use tsm_proto::spdm::Slot;

use super::{
    evidence::Read,
    file::FileOps, //
};
use crate::{
    backend::Link,
    device::Device, //
};

/// Parses a digit, which a line feed may follow, as all of what is written.
///
/// # Errors
///
/// [`EINVAL`] if it is none.
fn digit(offset: usize, data: &[u8]) -> Result<u8> {
    match (offset, data) {
        (0, [digit @ b'0'..=b'9'] | [digit @ b'0'..=b'9', b'\n']) => Ok(digit - b'0'),
        _ => Err(EINVAL),
    }
}

/// Parses a decimal number, which a line feed may follow, as all of what is written.
///
/// # Errors
///
/// [`EINVAL`] if it is none, or too large.
pub(super) fn number(offset: usize, data: &[u8]) -> Result<u64> {
    let digits = data.strip_suffix(b"\n").unwrap_or(data);

    if offset != 0 || digits.is_empty() {
        return Err(EINVAL);
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => u64::from(digit - b'0'),
            _ => return Err(EINVAL),
        };

        number
            .checked_mul(10)
            .and_then(|number| number.checked_add(digit))
            .ok_or(EINVAL)
    })
}

/// `connect`: a slot.
pub(super) struct ConnectFile(pub(super) Arc<Device>);

impl FileOps for ConnectFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let slot = Slot::new(digit(offset, data)?)?;

        self.0.connect(slot)
    }
}

/// `disconnect`: 1.
pub(super) struct DisconnectFile(pub(super) Arc<Device>);

impl FileOps for DisconnectFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        match digit(offset, data)? {
            1 => self.0.disconnect(),
            _ => Err(EINVAL),
        }
    }
}

/// `ide`: the ID of the stream by which the link is encrypted, or `off`. A reader that has begun gets the rest of what it
/// began with.
pub(crate) struct IdeFile {
    pub(crate) device: Arc<Device>,
    /// Whether keys may be sent although the other end of the link does not get them from here.
    pub(crate) is_unpaired: bool,
}

impl FileOps for IdeFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        // No version is 0; that of a stream has its ID, and whether it is secure, above a bit that is set.
        let current = match self.device.link()? {
            Link::Off => 1,
            Link::Stream(id, is_secure) => {
                (1 << 9) | (usize::from(is_secure) << 8) | usize::from(id)
            }
        };
        let number = mark.keep(current, offset);
        let (id, is_secure) = (number & 0xff, number & (1 << 8) != 0);
        let read = Read { mark, offset, out };

        match (number >> 9 != 0, is_secure) {
            (false, _) => read.text(number, fmt!("off\n")),
            (true, true) => read.text(number, fmt!("{id} secure\n")),
            (true, false) => read.text(number, fmt!("{id} insecure\n")),
        }
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let stream = match (offset, data) {
            (0, b"off" | b"off\n") => None,
            _ => Some(u8::try_from(number(offset, data)?).map_err(|_| EINVAL)?),
        };

        match stream {
            Some(_) if !self.is_unpaired => Err(errno(bindings::EOPNOTSUPP)),
            stream => self.device.set_link(stream),
        }
    }
}
