// SPDX-License-Identifier: GPL-2.0

//! The report of an interface. Table 11-15.

use super::{
    lock::Flags,
    Error,
    Result, //
};
use crate::spdm::Reader;

/// A report: what was locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report<'a> {
    /// INTERFACE_INFO, see [`Info`].
    pub info: Info,
    /// Message Control of MSI-X.
    pub msix_control: u16,
    /// Control of Lightweight Notification.
    pub lnr_control: u16,
    /// TPH Requester Control.
    pub tph_control: u32,
    /// The ranges, each as long as [`RawRange::SIZE`].
    ranges: &'a [u8],
    /// What is the vendor's.
    pub device_specific: &'a [u8],
}

/// What an interface does. Bit 0 says that the firmware can **not** be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info(u16);

impl Info {
    /// The firmware can't be updated while the interface is locked.
    pub const NO_FW_UPDATE: Self = Self(1 << 0);
    /// DMA requests have no PASID.
    pub const DMA_WITHOUT_PASID: Self = Self(1 << 1);
    /// DMA requests have a PASID.
    pub const DMA_WITH_PASID: Self = Self(1 << 2);
    /// There are address translation requests.
    pub const ATS: Self = Self(1 << 3);
    /// There are page requests.
    pub const PRS: Self = Self(1 << 4);

    /// Returns the value as it is in a message.
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Tells whether all bits of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Tells whether what `flags` asked for is so, as far as a report says.
    pub const fn agrees(self, flags: Flags) -> bool {
        !flags.has(Flags::NO_FW_UPDATE) || self.has(Self::NO_FW_UPDATE)
    }
}

/// A range of memory-mapped registers, as a report has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawRange {
    /// The number of its first page of 4 KiB: its address on the bus, with the reporting offset.
    pub first_page: u64,
    /// How many such pages it has.
    pub pages: u32,
    /// Its attributes.
    pub attributes: Attributes,
    /// Which range it is: the number of a BAR, or a larger one.
    pub id: u16,
}

/// The attributes of a range. Others are reserved, and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes(u16);

impl Attributes {
    /// It has the table of MSI-X.
    pub const MSIX_TABLE: Self = Self(1 << 0);
    /// It has the pending bits of MSI-X.
    pub const MSIX_PBA: Self = Self(1 << 1);
    /// It is not for the guest alone.
    pub const NON_TEE: Self = Self(1 << 2);
    /// SET_MMIO_ATTRIBUTE may change whether it is.
    pub const UPDATABLE: Self = Self(1 << 3);

    /// Takes the value as it is in a message.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Tells whether all bits of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl RawRange {
    /// Bytes of a range.
    pub const SIZE: usize = 16;

    fn read(bytes: &[u8; Self::SIZE]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;

        Self {
            first_page: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            pages: u32::from_le_bytes([i, j, k, l]),
            attributes: Attributes(u16::from_le_bytes([m, n])),
            id: u16::from_le_bytes([o, p]),
        }
    }
}

impl<'a> Report<'a> {
    /// Bytes of the longest report: offsets in it have 16 bits.
    const MAX: usize = 0xffff;

    /// Parses a whole report. Reserved bits are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Report`] when counts and lengths are not those of the report.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > Self::MAX {
            return Err(Error::Report);
        }
        Self::read(&mut Reader::new(bytes)).map_err(|_| Error::Report)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let info = Info(reader.u16()?);
        let _reserved = reader.u16()?;
        let msix_control = reader.u16()?;
        let lnr_control = reader.u16()?;
        let tph_control = reader.u32()?;
        // CAST: Both widen; the architecture has 64 bits.
        let size = (reader.u32()? as usize).checked_mul(RawRange::SIZE);
        let ranges = reader.bytes(size.ok_or(Error::Report)?)?;
        let size = reader.u32()? as usize;
        let device_specific = reader.bytes(size)?;

        reader.end()?;
        Ok(Self {
            info,
            msix_control,
            lnr_control,
            tph_control,
            ranges,
            device_specific,
        })
    }

    /// Returns each range.
    pub fn ranges(&self) -> impl Iterator<Item = RawRange> + 'a {
        let mut rest = self.ranges;

        core::iter::from_fn(move || {
            let (range, after) = rest.split_first_chunk()?;

            rest = after;
            Some(RawRange::read(range))
        })
    }
}
