// SPDX-License-Identifier: GPL-2.0

//! FINISH and FINISH_RSP. DSP0274 1.4, tables "FINISH request message format" and "Successful FINISH_RSP
//! response message format".
//!
//! Without mutual authentication there is no signature, and in a session no `ResponderVerifyData`.

use super::{
    header::{
        Code,
        Header,
        Request, //
    },
    Layout,
    Reader,
    Result,
    Writer, //
};

/// The request up to `RequesterVerifyData`, which is over this part: the caller appends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish;

impl Request for Finish {
    const CODE: Code = Code::FINISH;
    type Response<'a> = ();

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        Header::new(layout.version, Self::CODE, 0, 0).write(writer)?;
        match layout.version.has_finish_opaque() {
            true => writer.u16(0),
            false => Ok(()),
        }
    }

    /// Opaque data is ignored.
    fn read(&self, layout: &Layout, _header: &Header, reader: &mut Reader<'_>) -> Result {
        if layout.version.has_finish_opaque() {
            reader.counted()?;
        }
        Ok(())
    }
}

impl Finish {
    /// Appends `RequesterVerifyData` to the `len` bytes of the request in `buffer`, and returns the length
    /// of both.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`](super::Error::TooLarge) when there is no room.
    pub fn append(buffer: &mut [u8], len: usize, verify_data: &[u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);

        writer.room(len)?;
        writer.bytes(verify_data)?;
        Ok(writer.len())
    }
}
