// SPDX-License-Identifier: GPL-2.0

//! Opaque data of a key exchange: versions of secured messages. DSP0274 1.4, section "General opaque data
//! format"; DSP0277 1.2, section "Secured Message opaque data format".
//!
//! Before SPDM 1.2 the elements have another header, that of DSP0277 1.0.

use super::{
    Error,
    Reader,
    Result,
    Version,
    Writer, //
};
use crate::open_enum::open_enum;

open_enum! {
    /// A version of DSP0277.
    pub struct SecuredVersion(u16) {
        /// 1.0.
        V1_0 = 0x1000,
        /// 1.1.
        V1_1 = 0x1100,
        /// 1.2.
        V1_2 = 0x1200,
    }
}

/// `SpecID` of the header before 1.2: "DMTF", the last letter first.
const SPEC_ID: &[u8; 4] = b"FTMD";
/// `SMDataVersion`.
const DATA_VERSION: u8 = 1;
/// `SMDataID` of the version that was selected.
const SELECTION: u8 = 0;
/// `SMDataID` of the versions that are supported.
const SUPPORTED: u8 = 1;

/// Writes the list of `versions`, without the length before opaque data.
///
/// # Errors
///
/// [`Error::TooLarge`] when there is no room, or there are more than 255 versions.
pub fn write_supported(
    version: Version,
    versions: &[SecuredVersion],
    writer: &mut Writer<'_>,
) -> Result {
    let count = u8::try_from(versions.len()).map_err(|_| Error::TooLarge)?;
    // OVERFLOW: At most 255 versions.
    let len = 3 + 2 * u16::from(count);

    match version.has_opaque_format() {
        true => writer.bytes(&[1, 0, 0, 0])?,
        false => {
            writer.bytes(SPEC_ID)?;
            writer.bytes(&[1, 1, 0, 0])?;
        }
    }
    // The registry is the DMTF's (0), and there is no vendor.
    writer.bytes(&[0, 0])?;
    writer.u16(len)?;
    writer.bytes(&[DATA_VERSION, SUPPORTED, count])?;
    for version in versions {
        writer.u16(version.raw())?;
    }
    writer.zeros(padding(len.into()))
}

/// Returns the size of the list of as many versions, without the length before opaque data.
pub fn supported_size(version: Version, versions: &[SecuredVersion]) -> usize {
    let header = if version.has_opaque_format() { 4 } else { 8 };
    // OVERFLOW: A slice has at most `isize::MAX` bytes.
    let len = 3 + 2 * versions.len();

    header + 4 + len + padding(len)
}

/// Returns the version that `opaque` selects.
///
/// # Errors
///
/// [`Error::Opaque`] when the data is malformed, or selects no version or two.
pub fn parse_selection(version: Version, opaque: &[u8]) -> Result<SecuredVersion> {
    let mut reader = Reader::new(opaque);
    let mut selected = None;

    for _ in 0..read_header(version, &mut reader).map_err(|_| Error::Opaque)? {
        let element = read_element(&mut reader).map_err(|_| Error::Opaque)?;
        let found = element.and_then(selection);

        if found.is_some() && selected.is_some() {
            return Err(Error::Opaque);
        }
        selected = selected.or(found);
    }
    match reader.rest() {
        [] => selected.ok_or(Error::Opaque),
        _ => Err(Error::Opaque),
    }
}

/// Reads the header and returns the number of elements.
fn read_header(version: Version, reader: &mut Reader<'_>) -> Result<u8> {
    if version.has_opaque_format() {
        let [count, _, _, _] = *reader.array()?;
        return Ok(count);
    }
    let spec_id: &[u8; 4] = reader.array()?;
    let [opaque_version, count, _, _] = *reader.array()?;
    match spec_id == SPEC_ID && opaque_version == 1 {
        true => Ok(count),
        false => Err(Error::Opaque),
    }
}

/// Reads an element and returns its data if it is the DMTF's. The length is without the padding.
fn read_element<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>> {
    let [registry, vendor_len] = *reader.array()?;
    let vendor = reader.bytes(vendor_len.into())?;
    let data = reader.counted()?;
    // OVERFLOW: All of it is in memory.
    let len = 4 + vendor.len() + data.len();

    reader.bytes(padding(len))?;
    Ok((registry == 0 && vendor.is_empty()).then_some(data))
}

/// Returns the version in the data of an element, if it is a selection.
fn selection(data: &[u8]) -> Option<SecuredVersion> {
    match *data {
        [DATA_VERSION, SELECTION, low, high] => {
            Some(SecuredVersion(u16::from_le_bytes([low, high])))
        }
        _ => None,
    }
}

/// Returns how many bytes follow `len` bytes up to the next dword.
const fn padding(len: usize) -> usize {
    len.wrapping_neg() % 4
}
