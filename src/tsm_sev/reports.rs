// SPDX-License-Identifier: GPL-2.0

//! Reports that the firmware has signed, with the certificates that the host has for them. Under an
//! SVSM it can be asked in place of the firmware, see `services.rs`.

use kernel::{
    bindings,
    prelude::*,
    str::CStr,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::Delta, //
};
use tsm_ext::error::errno;
use tsm_proto::{
    snp::{
        certificates::Table,
        message::{
            ReportAnswer,
            ReportRequest, //
        },
        Vmpl, //
    },
    ReportData, //
};
use tsm_provider::{
    copy_blob,
    Failure,
    Files,
    Output,
    ReportProvider,
    Request, //
};

use crate::{
    firmware::{
        failure,
        too_much,
        Firmware,
        MAX_PAGES, //
    },
    services, //
};

/// Pages for certificates that are tried first, as many as the kernel's own driver has.
const FIRST_PAGES: usize = 4;

/// How often the host may want to have more pages.
const TRIES: usize = 3;

/// The provider of reports.
pub(crate) struct Reports {
    firmware: Arc<Firmware>,
    /// How many pages the certificates had room in last time. Each time that they have not, there is a
    /// message more.
    pages: Atomic<usize>,
    svsm_interval: Delta,
}

impl Reports {
    pub(crate) fn new(firmware: Arc<Firmware>, svsm_interval: Delta) -> Self {
        Self {
            firmware,
            pages: Atomic::new(FIRST_PAGES),
            svsm_interval,
        }
    }
}

impl ReportProvider for Reports {
    const NAME: &'static CStr = c"sev_guest";

    fn files() -> Files {
        let files = Files::PRIVLEVEL.with(Files::AUXBLOB);

        match services::svsm() {
            Some(_) => files.with(Files::SERVICE).with(Files::MANIFESTBLOB),
            None => files,
        }
    }

    fn privlevel_floor(&self) -> u32 {
        self.firmware.key().floor().number().into()
    }

    fn report(&self, request: &Request<'_>) -> Result<Output, Failure> {
        let data = *ReportData::parse(request.inblob()).map_err(|_| EINVAL)?;
        let vmpl = Vmpl::try_from(request.privlevel()).map_err(|_| EINVAL)?;

        match (request.service_provider(), services::svsm()) {
            (None, _) => {}
            (Some(name), Some(svsm)) if name == c"svsm" => {
                return services::report(&self.firmware, svsm, request, data, self.svsm_interval);
            }
            _ => return Err(EINVAL.into()),
        }
        let request = ReportRequest::new(data, vmpl);
        let mut pages = self.pages.load(Relaxed);

        for _ in 0..TRIES {
            let outcome = self.firmware.ask(&request, Some(pages))?;

            if let Some(needed) = outcome.needed.filter(|needed| *needed > pages) {
                pages = needed;
                if pages > MAX_PAGES {
                    return Err(too_much(EFBIG, c"pages", pages));
                }
                continue;
            }
            outcome.result.map_err(|err| failure(err, outcome.info))?;

            self.pages.store(pages, Relaxed);

            let report = ReportAnswer::parse(outcome.message.received()).map_err(Failure::of)?;
            let mut output = Output::from(copy_blob(report)?);
            if let Some(table) = Table::parse(&outcome.certificates).map_err(Failure::of)? {
                output.auxblob = copy_blob(table.as_bytes())?;
            }
            return Ok(output);
        }
        // The host never has enough.
        Err(too_much(errno(bindings::EPROTO), c"pages", pages))
    }
}
