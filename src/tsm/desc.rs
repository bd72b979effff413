// SPDX-License-Identifier: GPL-2.0

//! What a report is asked to be, `struct tsm_report_desc`.

use core::{
    ops::Deref,
    ptr::null_mut, //
};

use kernel::{
    prelude::*,
    str::CStr, //
};
use tsm_ext::uuid::Guid;

/// What a report is to bind: up to 64 bytes of the caller's choice.
#[derive(Clone, Copy)]
pub(crate) struct Inblob {
    bytes: [u8; Self::MAX_SIZE as usize],
    /// As small as can be, because each report has one.
    len: u8,
}

impl Inblob {
    /// The most bytes there can be.
    pub(crate) const MAX_SIZE: u32 = tsm_bindings::TSM_REPORT_INBLOB_MAX;

    /// Copies `data`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is empty, [`EFBIG`] if it is too long.
    pub(crate) fn new(data: &[u8]) -> Result<Self> {
        let mut bytes = [0; Self::MAX_SIZE as usize];

        if data.is_empty() {
            return Err(EINVAL);
        }
        bytes
            .get_mut(..data.len())
            .ok_or(EFBIG)?
            .copy_from_slice(data);
        Ok(Self {
            bytes,
            len: u8::try_from(data.len())?,
        })
    }
}

impl Deref for Inblob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A privilege level that a report can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Privlevel(u8);

impl Privlevel {
    /// Takes `level` if it is one, which says nothing of the provider's floor.
    pub(crate) fn new(level: u32) -> Option<Self> {
        let max = tsm_bindings::TSM_REPORT_PRIVLEVEL_MAX;

        u8::try_from(level).ok().filter(|_| level <= max).map(Self)
    }

    /// Returns the level as a number.
    pub(crate) const fn get(self) -> u32 {
        self.0 as u32
    }
}

/// What a report is asked to be.
pub(crate) struct Desc<'a> {
    /// What it is to bind.
    pub(crate) inblob: &'a Inblob,
    /// The privilege level, or [`None`] for the provider's floor.
    pub(crate) privlevel: Option<Privlevel>,
    /// Where it is to come from, if not from the platform itself.
    pub(crate) service_provider: Option<&'a CStr>,
    /// The service to attest, all zeros for all services.
    pub(crate) service_guid: Guid,
    /// The version of the service's manifest.
    pub(crate) service_manifest_version: u32,
}

impl Desc<'_> {
    /// Returns what C code expects.
    pub(crate) fn to_raw(&self, floor: u32) -> tsm_bindings::tsm_report_desc {
        tsm_bindings::tsm_report_desc {
            privlevel: self.privlevel.map_or(floor, Privlevel::get),
            inblob_len: self.inblob.len(),
            inblob: self.inblob.bytes,
            // CAST: Providers only read it; the field is not `const` because the kernel's core
            // frees what it has there.
            service_provider: self
                .service_provider
                .map_or(null_mut(), |name| name.as_char_ptr().cast_mut()),
            service_guid: self.service_guid.as_raw(),
            service_manifest_version: self.service_manifest_version,
        }
    }
}
