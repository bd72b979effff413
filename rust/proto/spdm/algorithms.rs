// SPDX-License-Identifier: GPL-2.0

//! NEGOTIATE_ALGORITHMS and ALGORITHMS. DSP0274 1.4, tables "NEGOTIATE_ALGORITHMS request message
//! format" and "Successful ALGORITHMS response message format".

mod set;
mod tables;

pub use set::{
    Aead,
    BaseAsym,
    BaseHash,
    Dhe,
    KeySchedule,
    MeasurementHash, //
};
pub use tables::{
    Table,
    Tables, //
};

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
    Version,
    Writer, //
};

/// `MeasurementSpecification`, bit 0: that of the DMTF.
pub const DMTF_MEASUREMENTS: u8 = 1;
/// `OtherParamsSupport`, bit 1: the general format of opaque data, from version 1.2 on.
pub const OPAQUE_FORMAT_1: u8 = 1 << 1;
/// Bits of `OtherParamsSelection` that choose a format of opaque data.
const OPAQUE_FORMATS: u8 = 0x0f;

/// The request: each field is a set, of which the responder selects one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiateAlgorithms {
    /// `MeasurementSpecification`.
    pub measurement_specification: u8,
    /// `OtherParamsSupport`. Written as 0 where the version has none.
    pub other_params: u8,
    /// Signatures of the responder.
    pub base_asym: BaseAsym,
    /// Hashes.
    pub base_hash: BaseHash,
    /// `MELspecification`. Written as 0 where the version has none.
    pub measurement_log: u8,
    /// What is in tables, from version 1.1 on.
    pub tables: Tables,
}

/// The response: what the responder selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithms {
    /// `MeasurementSpecificationSel`: 0, or one that was offered.
    pub measurement_specification: u8,
    /// `OtherParamsSelection`.
    pub other_params: u8,
    /// The hash of measurements, which is not offered but chosen by the responder.
    pub measurement_hash: MeasurementHash,
    /// The one signature.
    pub base_asym: BaseAsym,
    /// The one hash.
    pub base_hash: BaseHash,
    /// `PqcAsymSel`, from 1.4 on. There is no offer for it.
    pub post_quantum: u32,
    /// `MELspecificationSel`, from 1.3 on.
    pub measurement_log: u8,
    /// What was selected from tables, at most one for each.
    pub tables: Tables,
}

impl Algorithms {
    /// Returns the layout of the messages that follow.
    ///
    /// # Errors
    ///
    /// [`Error::NotOffered`] when this crate does not know the size of an algorithm.
    pub fn layout(&self, version: Version) -> Result<Layout> {
        let exchange = match self.tables.dhe() {
            None => Some(0),
            Some(dhe) => dhe.size(),
        };

        Ok(Layout {
            version,
            hash: self.base_hash.size().ok_or(Error::NotOffered)?,
            signature: self.base_asym.size().ok_or(Error::NotOffered)?,
            exchange: exchange.ok_or(Error::NotOffered)?,
        })
    }
}

impl NegotiateAlgorithms {
    /// Checks that each selection is exactly one of those that were offered.
    fn check(&self, selected: &Algorithms, version: Version) -> Result {
        // A responder that has nothing of what is offered selects nothing.
        if selected.base_asym.raw() == 0 || selected.base_hash.raw() == 0 {
            return Err(Error::NoAlgorithm);
        }
        let measurements = selected.measurement_specification;
        let has_one = set::is_one_of(selected.base_asym.raw(), self.base_asym.raw())
            && set::is_one_of(selected.base_hash.raw(), self.base_hash.raw());
        let has_measurements = measurements == 0
            || set::is_one_of(measurements.into(), self.measurement_specification.into());
        let opaque = selected.other_params & OPAQUE_FORMATS;
        let has_opaque = opaque == 0 || set::is_one_of(opaque.into(), self.other_params.into());

        // Other bits of OtherParams select features, of which none may be used that was not offered.
        let has_features = selected.other_params & !OPAQUE_FORMATS & !self.other_params == 0;

        // What other versions have in these bytes is reserved, and ignored: E leaves some of its own not cleared.
        let log = selected.measurement_log;
        let has_log = !version.has_measurement_log()
            || log == 0
            || set::is_one_of(log.into(), self.measurement_log.into());
        let has_post_quantum = version.has_post_quantum() && selected.post_quantum != 0;

        match has_one
            && has_measurements
            && has_log
            && !has_post_quantum
            && selected.measurement_hash.is_at_most_one()
            && (!version.has_opaque_format() || (has_opaque && has_features))
        {
            true => Ok(()),
            false => Err(Error::NotOffered),
        }
    }
}

/// Bytes of the request before its tables.
const REQUEST_SIZE: usize = 32;

impl Request for NegotiateAlgorithms {
    const CODE: Code = Code::NEGOTIATE_ALGORITHMS;
    type Response<'a> = Algorithms;

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        let tables = match layout.version.has_sessions() {
            true => self.tables,
            false => Tables::NONE,
        };
        let other = match layout.version.has_opaque_format() {
            true => self.other_params,
            false => 0,
        };
        let (count, size) = tables.size();
        let length = u16::try_from(REQUEST_SIZE + size).map_err(|_| Error::TooLarge)?;

        Header::new(layout.version, Self::CODE, count, 0).write(writer)?;
        writer.u16(length)?;
        writer.bytes(&[self.measurement_specification, other])?;
        writer.u32(self.base_asym.raw())?;
        writer.u32(self.base_hash.raw())?;
        // Reserved, or post-quantum signatures; the counts of external algorithms.
        writer.zeros(15)?;
        writer.bytes(&[match layout.version.has_measurement_log() {
            true => self.measurement_log,
            false => 0,
        }])?;
        tables.write(writer)
    }

    /// Fails with [`Error::NoAlgorithm`] when no signature or no hash is selected, with
    /// [`Error::NotOffered`] when a selection is not exactly one of those that were offered, with
    /// [`Error::AlgorithmTable`] when there are external algorithms or tables out of order, with
    /// [`Error::Truncated`] or [`Error::Trailing`] when the length is another.
    fn read(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'_>,
    ) -> Result<Algorithms> {
        let length = usize::from(reader.u16()?);
        // The length counts the header and itself.
        let rest = length
            .checked_sub(Header::SIZE + 2)
            .ok_or(Error::Truncated)?;
        let mut reader = Reader::new(reader.bytes(rest)?);

        let [measurement_specification, other_params] = *reader.array()?;
        let measurement_hash = MeasurementHash::new(reader.u32()?);
        let base_asym = BaseAsym::new(reader.u32()?);
        let base_hash = BaseHash::new(reader.u32()?);
        let post_quantum = reader.u32()?;
        let [_, _, _, _, _, _, _, measurement_log] = *reader.array()?;
        let [external_asym, external_hash, _, _] = *reader.array()?;
        if external_asym != 0 || external_hash != 0 {
            return Err(Error::AlgorithmTable);
        }
        let tables = match layout.version.has_sessions() {
            true => Tables::read(&mut reader, header.param1)?,
            false => Tables::NONE,
        };
        reader.end()?;
        self.tables.check(&tables)?;
        let selected = Algorithms {
            measurement_specification,
            other_params,
            measurement_hash,
            base_asym,
            base_hash,
            post_quantum,
            measurement_log,
            tables,
        };
        self.check(&selected, layout.version)?;
        Ok(selected)
    }
}
