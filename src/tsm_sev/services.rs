// SPDX-License-Identifier: GPL-2.0

//! Reports by which an SVSM attests services of its own, such as a vTPM.

use kernel::{
    bindings,
    page::PAGE_SIZE,
    prelude::*,
    time::Delta, //
};
use tsm_ext::{
    error::errno,
    pages::PrivatePages,
    sev::{
        Guest,
        Svsm, //
    }, //
};
use tsm_proto::{
    snp::svsm::{
        self,
        Service,
        Sizes,
        Status, //
    },
    ReportData, //
};
use tsm_provider::{
    copy_blob,
    Failure,
    Output,
    Request, //
};

use crate::firmware::{
    too_much,
    Firmware,
    MAX_PAGES, //
};

/// The buffers that are tried first, as large as those of the kernel's own driver.
const FIRST: Sizes = Sizes {
    report: PAGE_SIZE,
    manifest: PAGE_SIZE,
    certificates: 4 * PAGE_SIZE,
};

/// The most that a buffer may have to have, in bytes.
const LIMIT: usize = MAX_PAGES * PAGE_SIZE;

/// How often the SVSM is asked: each of the three may turn out too small by itself.
const TRIES: usize = 4;

/// Returns the SVSM, if there is one.
pub(crate) fn svsm() -> Option<Svsm> {
    Guest::new().ok().and_then(Svsm::new)
}

/// Makes a report that binds `data` and the manifest of what was asked for. Each call of the SVSM is
/// `interval` after the request before.
pub(crate) fn report(
    firmware: &Firmware,
    svsm: Svsm,
    request: &Request<'_>,
    data: ReportData,
    interval: Delta,
) -> Result<Output, Failure> {
    let service = Service::new(*request.service_guid(), request.service_manifest_version());
    let mut sizes = FIRST;

    for _ in 0..TRIES {
        let (status, lengths, buffers) = firmware.attest(svsm, service, data, sizes, interval)?;

        if status == Status::SUCCESS {
            let written = lengths.written(buffers.sizes()).map_err(Failure::of)?;

            return Ok(Output {
                outblob: part(&buffers.report, written.report)?,
                auxblob: part(&buffers.certificates, written.certificates)?,
                manifestblob: part(&buffers.manifest, written.manifest)?,
            });
        }
        let needed = match status {
            Status::INVALID_PARAMETER => lengths.needed(sizes, LIMIT).map_err(Failure::of)?,
            _ => None,
        };
        sizes = needed.ok_or_else(|| Failure::of(svsm::Error::Refused(status)))?;
    }
    // There never is enough room.
    Err(too_much(
        errno(bindings::EPROTO),
        c"room",
        sizes.report + sizes.manifest + sizes.certificates,
    ))
}

/// Copies what was written to a buffer.
fn part(pages: &PrivatePages, written: usize) -> Result<KVVec<u8>> {
    copy_blob(pages.bytes().get(..written).ok_or(EIO)?)
}
