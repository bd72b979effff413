// SPDX-License-Identifier: GPL-2.0

//! The files of a report.

use core::ops::Deref;

use kernel::{
    fmt::Write,
    prelude::*,
    str::{
        CStr,
        CString, //
    },
    sync::Arc, //
};
use tsm_ext::{
    configfs::{
        BinaryFile,
        Commit,
        Files,
        Show,
        Snapshot,
        Store,
        TextFile, //
    },
    kstrtox::parse_u32,
    uuid::Guid, //
};

use crate::{
    blob::{
        Blob,
        Blobs, //
    },
    desc::{
        Inblob,
        Privlevel, //
    }, //
};

use super::{
    Answer,
    Report,
    ServiceChange, //
};

/// The files, in the order of `enum tsm_attr_index` and `enum tsm_bin_attr_index`, because providers
/// name them by their index.
pub(crate) struct ReportFiles;

impl Files<Report> for ReportFiles {
    const TEXT: &'static [TextFile<Report>] = &[
        TextFile::shown::<Generation>(),
        TextFile::shown::<ProviderName>(),
        TextFile::stored::<PrivlevelFile>(),
        TextFile::shown::<PrivlevelFloor>(),
        TextFile::stored::<ServiceProvider>(),
        TextFile::stored::<ServiceGuid>(),
        TextFile::stored::<ServiceManifestVersion>(),
        TextFile::END,
    ];
    const BINARY: &'static [BinaryFile<Report>] = &[
        BinaryFile::commit::<InblobFile>(),
        BinaryFile::snapshot::<Outblob>(),
        BinaryFile::snapshot::<Auxblob>(),
        BinaryFile::snapshot::<Manifestblob>(),
        BinaryFile::END,
    ];

    /// Asks the provider.
    fn has_text(report: &Report, index: i32) -> bool {
        report
            .provider
            .call()
            .is_ok_and(|provider| provider.shows(index))
    }

    /// Asks the provider.
    fn has_binary(report: &Report, index: i32) -> bool {
        report
            .provider
            .call()
            .is_ok_and(|provider| provider.shows_binary(index))
    }
}

struct Generation;

impl Show<Report> for Generation {
    const NAME: &'static CStr = c"generation";

    fn show(report: &Report, out: &mut impl Write) -> Result {
        let generation = report.state.lock().generation.number();

        Ok(writeln!(out, "{generation}")?)
    }
}

struct ProviderName;

impl Show<Report> for ProviderName {
    const NAME: &'static CStr = c"provider";

    fn show(report: &Report, out: &mut impl Write) -> Result {
        let provider = report.provider.call()?;

        Ok(writeln!(out, "{}", provider.name().to_str()?)?)
    }
}

struct PrivlevelFloor;

impl Show<Report> for PrivlevelFloor {
    const NAME: &'static CStr = c"privlevel_floor";

    fn show(report: &Report, out: &mut impl Write) -> Result {
        let floor = report.provider.call()?.privlevel_floor();

        Ok(writeln!(out, "{floor}")?)
    }
}

struct PrivlevelFile;

impl Store<Report> for PrivlevelFile {
    const NAME: &'static CStr = c"privlevel";

    fn store(report: &Report, text: &CStr) -> Result {
        let level = parse_u32(text)?;

        if level < report.provider.call()?.privlevel_floor() {
            return Err(EINVAL);
        }
        let level = Privlevel::new(level).ok_or(EINVAL)?;

        report.write(|request| {
            request.privlevel = Some(level);
            Ok(())
        })
    }
}

struct ServiceProvider;

impl Store<Report> for ServiceProvider {
    const NAME: &'static CStr = c"service_provider";

    fn store(report: &Report, text: &CStr) -> Result {
        let name = text.to_bytes();
        let name = name.strip_suffix(b"\n").unwrap_or(name);
        let mut bytes = KVec::with_capacity(name.len() + 1, GFP_KERNEL)?;

        bytes.extend_from_slice(name, GFP_KERNEL)?;
        bytes.push(0, GFP_KERNEL)?;
        let name = CString::try_from(CStr::from_bytes_with_nul(&bytes).map_err(|_| EINVAL)?)?;

        report.write_service(ServiceChange::Provider(Arc::new(name, GFP_KERNEL)?))
    }
}

struct ServiceGuid;

impl Store<Report> for ServiceGuid {
    const NAME: &'static CStr = c"service_guid";

    fn store(report: &Report, text: &CStr) -> Result {
        report.write_service(ServiceChange::Guid(Guid::parse(text)?))
    }
}

struct ServiceManifestVersion;

impl Store<Report> for ServiceManifestVersion {
    const NAME: &'static CStr = c"service_manifest_version";

    fn store(report: &Report, text: &CStr) -> Result {
        report.write_service(ServiceChange::ManifestVersion(parse_u32(text)?))
    }
}

struct InblobFile;

impl Commit<Report> for InblobFile {
    const NAME: &'static CStr = c"inblob";
    const MAX_SIZE: u32 = Inblob::MAX_SIZE;

    fn commit(report: &Report, data: &[u8]) -> Result {
        let inblob = Inblob::new(data)?;

        report.write(|request| {
            request.inblob = Some(inblob);
            Ok(())
        })
    }
}

/// The most bytes of one blob that open files may hold, if a task without privileges is to read it: two
/// of the largest.
// CAST: `usize` has at least 32 bits where configfs exists.
const MAX_HELD: usize = 2 * Blob::MAX_SIZE as usize;

struct Outblob;

impl Snapshot<Report> for Outblob {
    const NAME: &'static CStr = c"outblob";
    const MAX_SIZE: u32 = Blob::MAX_SIZE;
    const MAX_HELD: usize = MAX_HELD;

    fn snapshot(report: &Report) -> Result<impl Deref<Target = [u8]>> {
        Ok(Contents(report.answer()?, outblob))
    }

    fn latest(report: &Report) -> Option<impl Deref<Target = [u8]>> {
        Some(Contents(report.last_answer()?, outblob))
    }
}

struct Auxblob;

impl Snapshot<Report> for Auxblob {
    const NAME: &'static CStr = c"auxblob";
    const MAX_SIZE: u32 = Blob::MAX_SIZE;
    const MAX_HELD: usize = MAX_HELD;

    fn snapshot(report: &Report) -> Result<impl Deref<Target = [u8]>> {
        Ok(Contents(report.answer()?, auxblob))
    }

    fn latest(report: &Report) -> Option<impl Deref<Target = [u8]>> {
        Some(Contents(report.last_answer()?, auxblob))
    }
}

struct Manifestblob;

impl Snapshot<Report> for Manifestblob {
    const NAME: &'static CStr = c"manifestblob";
    const MAX_SIZE: u32 = Blob::MAX_SIZE;
    const MAX_HELD: usize = MAX_HELD;

    fn snapshot(report: &Report) -> Result<impl Deref<Target = [u8]>> {
        Ok(Contents(report.answer()?, manifestblob))
    }

    fn latest(report: &Report) -> Option<impl Deref<Target = [u8]>> {
        Some(Contents(report.last_answer()?, manifestblob))
    }
}

fn outblob(blobs: &Blobs) -> &[u8] {
    &blobs.outblob
}

// A provider need not make the others; what it did not make is empty.

fn auxblob(blobs: &Blobs) -> &[u8] {
    blobs.auxblob.as_deref().unwrap_or_default()
}

fn manifestblob(blobs: &Blobs) -> &[u8] {
    blobs.manifestblob.as_deref().unwrap_or_default()
}

/// One blob of an answer, which stays as it is as long as it has a reader.
struct Contents(Arc<Answer>, fn(&Blobs) -> &[u8]);

impl Deref for Contents {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        (self.1)(&self.0.blobs)
    }
}
