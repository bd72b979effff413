// SPDX-License-Identifier: GPL-2.0

//! The measurement record. DSP0274 1.4, tables "Measurement block format" and "DMTF measurement
//! specification format".

use super::index::{
    Index,
    Indices, //
};
use crate::spdm::{
    Error,
    Reader,
    Result, //
};

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// Its index.
    pub index: Index,
    /// `DMTFSpecMeasurementValueType`. Bit 7: the value is raw, and no digest. Each block has its own
    /// form: E gives some raw and some digested, whatever was asked for.
    pub value_type: u8,
    /// The value.
    pub value: &'a [u8],
}

/// `MeasurementSpecification` of a block: that of the DMTF.
const DMTF: u8 = 1;

impl<'a> Block<'a> {
    /// Tells whether the value is raw.
    pub const fn is_raw(&self) -> bool {
        self.value_type & 0x80 != 0
    }

    /// Reads a block.
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let [index, specification] = *reader.array()?;
        let mut measurement = Reader::new(reader.counted()?);
        let value_type = measurement.u8()?;
        let value = measurement.counted()?;

        measurement.end()?;
        if specification != DMTF {
            return Err(Error::MeasurementBlock);
        }
        Ok(Self {
            index: Index::new(index)?,
            value_type,
            value,
        })
    }
}

/// Measurements, each index once.
///
/// # Invariants
///
/// `bytes` is whole blocks, of which there are `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    bytes: &'a [u8],
    count: u8,
}

impl<'a> Record<'a> {
    /// Borrows the record that `bytes` are.
    ///
    /// # Errors
    ///
    /// [`Error::MeasurementBlock`] when a block is malformed, has an index that is out of range or there
    /// already, or is not specified by the DMTF; [`Error::MeasurementCount`] when there are not `count`
    /// blocks.
    pub fn parse(bytes: &'a [u8], count: u8) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let mut seen = Indices::NONE;
        let mut found = 0_u8;

        while !reader.rest().is_empty() {
            let block = Block::read(&mut reader).map_err(|_| Error::MeasurementBlock)?;
            if !seen.insert(block.index) {
                return Err(Error::MeasurementBlock);
            }
            // OVERFLOW: Each index was there once.
            found += 1;
        }
        match found == count {
            // INVARIANT: The loop has read whole blocks to the end of `bytes`, and has found
            // `count` of them.
            true => Ok(Self { bytes, count }),
            false => Err(Error::MeasurementCount),
        }
    }

    /// Returns the record as it came.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the number of measurements.
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// Returns each measurement.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'a>> {
        Self::blocks_of(self.bytes)
    }

    /// Returns each measurement in `bytes`, which were a record.
    pub fn blocks_of(bytes: &'a [u8]) -> impl Iterator<Item = Block<'a>> {
        let mut reader = Reader::new(bytes);

        core::iter::from_fn(move || Block::read(&mut reader).ok())
    }
}
