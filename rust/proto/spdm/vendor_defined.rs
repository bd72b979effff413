// SPDX-License-Identifier: GPL-2.0

//! VENDOR_DEFINED_REQUEST and VENDOR_DEFINED_RESPONSE, as the PCI-SIG uses them. DSP0274 1.4, tables
//! "VENDOR_DEFINED_REQUEST request message format" and "VENDOR_DEFINED_RESPONSE response message format".

use super::{
    header::{
        Code,
        Header,
        Request, //
    },
    Error,
    Layout,
    Reader,
    Result,
    Writer, //
};
use crate::open_enum::open_enum;

open_enum! {
    /// What a vendor-defined message is about.
    pub struct Protocol(u8) {
        /// Key management of Integrity and Data Encryption.
        IDE_KM = 0,
        /// The TEE Device Interface Security Protocol.
        TDISP = 1,
    }
}

/// StandardID, VendorIDLen and VendorID of the PCI-SIG.
const PCI_SIG: [u8; 5] = [3, 0, 2, 1, 0];

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorDefined<'p> {
    /// What the payload is about.
    pub protocol: Protocol,
    /// The payload.
    pub payload: &'p [u8],
}

impl VendorDefined<'_> {
    /// Where the payload of a response begins: behind the header, [`PCI_SIG`], the length and the protocol.
    pub(super) const PAYLOAD: usize = Header::SIZE + PCI_SIG.len() + 3;
}

impl Request for VendorDefined<'_> {
    const CODE: Code = Code::VENDOR_DEFINED_REQUEST;
    /// The payload, which is of the same protocol.
    type Response<'a> = &'a [u8];

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        // With the ID of the protocol.
        let len = self.payload.len().checked_add(1).ok_or(Error::TooLarge)?;

        Header::new(layout.version, Self::CODE, 0, 0).write(writer)?;
        writer.bytes(&PCI_SIG)?;
        writer.u16(u16::try_from(len).map_err(|_| Error::TooLarge)?)?;
        writer.bytes(&[self.protocol.raw()])?;
        writer.bytes(self.payload)
    }

    /// # Errors
    ///
    /// [`Error::Mismatch`] when the response is of another standard, vendor or protocol.
    fn read<'a>(
        &self,
        _layout: &Layout,
        _header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<&'a [u8]> {
        if *reader.array()? != PCI_SIG {
            return Err(Error::Mismatch);
        }
        match reader.counted()? {
            [] => Err(Error::Truncated),
            [protocol, payload @ ..] if Protocol::new(*protocol) == self.protocol => Ok(payload),
            _ => Err(Error::Mismatch),
        }
    }
}
