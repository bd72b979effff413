// SPDX-License-Identifier: GPL-2.0

//! GET_VERSION and VERSION. DSP0274 1.4, table "VERSION response message format".

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

/// The request. It and its response have version 1.0 in their headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetVersion;

impl Request for GetVersion {
    const CODE: Code = Code::GET_VERSION;
    type Response<'a> = Versions<'a>;

    fn version(&self, _layout: &Layout) -> Version {
        Version::V1_0
    }

    fn write(&self, _layout: &Layout, writer: &mut Writer<'_>) -> Result {
        Header::new(Version::V1_0, Self::CODE, 0, 0).write(writer)
    }

    /// Fails with [`Error::Truncated`] when there are fewer versions than announced.
    fn read<'a>(
        &self,
        _layout: &Layout,
        _header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<Versions<'a>> {
        let [_reserved, count] = *reader.array()?;

        reader.bytes(2 * usize::from(count)).map(Versions)
    }
}

/// The versions of a responder: 16 bits each, with the major version in bits 15 to 12, then minor,
/// update and alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions<'a>(&'a [u8]);

impl Versions<'_> {
    /// Returns the highest version up to `highest` that this crate knows and that is no draft (alpha 0).
    ///
    /// # Errors
    ///
    /// [`Error::NoCommonVersion`] when there is none.
    pub fn select(&self, highest: Version) -> Result<Version> {
        self.0
            .chunks_exact(2)
            .filter_map(|entry| match entry {
                [draft, raw] if draft & 0x0f == 0 => Version::new(*raw),
                _ => None,
            })
            .filter(|version| *version <= highest)
            .max()
            .ok_or(Error::NoCommonVersion)
    }

    /// Returns the number of versions.
    pub const fn count(&self) -> usize {
        self.0.len() / 2
    }
}
