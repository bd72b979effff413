// SPDX-License-Identifier: GPL-2.0

//! The secure processor: what its firmware does with a guest request.
//!
//! "SEV Secure Nested Paging Firmware ABI Specification" (56860). The VMM learns from the
//! status of the command what is wrong with a message; the guest learns from the status in the
//! answer what is wrong with the request in the message. Messages are checked in the order in which AMD's
//! firmware checks them.
//!
//! The keys are public: what this processor signs proves nothing.

mod chip;
mod identity;
mod key;
mod launch;
mod message;
mod platform;
mod policy;
mod report;
mod secrets;
mod settings;
mod signer;
mod status;
mod tcb;
mod tsc;

use std::sync::{
    Mutex,
    OnceLock, //
};

use sha2::{
    Digest as _,
    Sha256, //
};
use tsm_proto::Digest384;
use zerocopy::IntoBytes as _;

use crate::{
    machine::{
        lock::lock,
        memory::{
            GuestMemory,
            NoMemory, //
        }, //
    },
    snp::{
        area::Area,
        config::SnpConfig, //
    }, //
};
use identity::ReportId;
use message::Vmpck;
use platform::Platform;
use secrets::SecretsPage;
use settings::Settings;
use tcb::Tcbs;

pub(crate) use launch::{
    LaunchDigest,
    Page, //
};
pub(crate) use message::{
    Header,
    Message,
    PAGE, //
};
pub(crate) use status::Status;

/// What messages are. ABI, table "Message Type Encodings".
pub(crate) mod kind {
    /// `MSG_KEY_REQ`.
    pub(super) const KEY_REQ: u8 = 3;
    /// `MSG_KEY_RSP`.
    pub(super) const KEY_RSP: u8 = 4;
    /// `MSG_REPORT_REQ`.
    pub(crate) const REPORT_REQ: u8 = 5;
    /// `MSG_REPORT_RSP`.
    pub(crate) const REPORT_RSP: u8 = 6;
    /// `MSG_TSC_INFO_REQ`.
    pub(super) const TSC_INFO_REQ: u8 = 17;
    /// `MSG_TSC_INFO_RSP`.
    pub(super) const TSC_INFO_RSP: u8 = 18;
}

/// The certificates of a platform, encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificates<'a> {
    /// Of the root authority.
    pub(crate) ark: &'a [u8],
    /// Of the authority for chips.
    pub(crate) ask: &'a [u8],
    /// Of the key of the chip, which signs reports.
    pub(crate) vcek: &'a [u8],
    /// Of the key that was loaded, which signs reports then.
    pub(crate) vlek: Option<&'a [u8]>,
}

/// The secure processor, with the one guest that it knows.
#[derive(Debug)]
pub(crate) struct SecureProcessor {
    config: SnpConfig,
    report_id: ReportId,
    vmpcks: [Vmpck; 4],
    /// How many messages there were with each key, answers included.
    counts: Mutex<[u64; 4]>,
    /// Made at first use, because that takes long.
    platform: OnceLock<Platform>,
    measurement: OnceLock<Digest384>,
}

impl SecureProcessor {
    /// Launches the guest. The error is for the user.
    pub(crate) fn new(config: &SnpConfig) -> Result<Self, String> {
        let vmpcks = [0u8, 1, 2, 3].map(|vmpl| {
            Sha256::new()
                .chain_update("tsm-emulator VMPCK, known to everybody: ")
                .chain_update([vmpl])
                .finalize()
                .into()
        });
        Settings::of(config).check()?;
        policy::check(config)?;
        Tcbs::of(config).check(config.processor)?;
        Ok(Self {
            report_id: ReportId::new(config.report_id)?,
            vmpcks,
            counts: Mutex::new([config.messages.into(); 4]),
            platform: OnceLock::new(),
            measurement: config
                .measurement
                .map_or_else(OnceLock::new, OnceLock::from),
            config: config.clone(),
        })
    }

    /// Makes the secrets page as the firmware writes it at launch. An SVSM that has taken over then
    /// clears the keys of VMPLs that the guest does not run at, and says where it is.
    pub(crate) fn secrets_page(&self, svsm: Option<&Area>) -> Box<[u8; PAGE]> {
        let mut vmpcks = self.vmpcks;
        let mut page = Box::new([0; PAGE]);

        for vmpck in vmpcks.iter_mut().take(self.config.vmpl.into()) {
            *vmpck = [0; 32];
        }
        let mitigations = settings::mitigations(&self.config);
        let fms = self.config.processor.fms();
        let mut secrets = SecretsPage::new(fms, vmpcks, mitigations);
        secrets.set_messages(self.config.messages);
        if let Some(area) = svsm {
            secrets.set_svsm(area, self.config.vmpl);
        }
        page.copy_from_slice(secrets.as_bytes());
        page
    }

    /// `SNP_LAUNCH_FINISH`: the guest has this launch digest, if the user wants no other one.
    pub(crate) fn launched(&self, measurement: Digest384) {
        self.measurement.get_or_init(|| measurement);
    }

    /// Returns the certificates.
    pub(crate) fn certificates(&self) -> Certificates<'_> {
        let platform = self.platform();

        Certificates {
            ark: &platform.ark,
            ask: &platform.ask,
            vcek: &platform.vcek.certificate,
            vlek: platform
                .vlek
                .as_ref()
                .map(|vlek| vlek.certificate.as_slice()),
        }
    }

    /// `SNP_GUEST_REQUEST`: answers the message in a page. `inject` may change the answer before it
    /// is encrypted.
    pub(crate) fn request(
        &self,
        memory: &dyn GuestMemory,
        page: &[u8],
        inject: impl FnOnce(&mut Message),
    ) -> Result<Vec<u8>, Status> {
        let measurement = self
            .measurement(memory)
            .map_err(|NoMemory| Status::INVALID_PARAM)?;
        let key = |vmpck| self.vmpcks.get(usize::from(vmpck)).copied();
        let request = Message::open(page, key)?;
        let (header, payload) = (&request.header, request.payload.as_slice());
        let sequence = header.sequence.get();
        let vmpck = key(header.vmpck).ok_or(Status::INVALID_PARAM)?;
        // Not held over an access to guest memory.
        let mut counts = lock(&self.counts);
        let count = counts
            .get_mut(usize::from(header.vmpck))
            .ok_or(Status::INVALID_PARAM)?;

        // The last number is the answer's.
        let next = count.checked_add(2).ok_or(Status::AEAD_OFLOW)?;
        if sequence != next - 1 {
            return Err(Status::AEAD_OFLOW);
        }
        let version = header.kind_version;
        let (kind, payload) = match (header.kind, version) {
            (kind::KEY_REQ, version) => (
                kind::KEY_RSP,
                key::answer(
                    &self.config,
                    &self.report_id,
                    measurement,
                    header.vmpck,
                    version,
                    payload,
                )?,
            ),
            (kind::REPORT_REQ, 1) => (
                kind::REPORT_RSP,
                report::answer(
                    &self.config,
                    self.platform(),
                    &self.report_id,
                    measurement,
                    header.vmpck,
                    payload,
                )?,
            ),
            (kind::TSC_INFO_REQ, 1) => (kind::TSC_INFO_RSP, tsc::answer(payload)?),
            _ => return Err(Status::INVALID_PARAM),
        };
        let mut answer = Message::new(kind, header.vmpck, next, payload);

        answer.header.kind_version = version;
        *count = next;
        inject(&mut answer);
        Ok(answer.seal(&vmpck))
    }

    /// Returns a report of VMPL 0 that binds `data`, as an SVSM gets it. What an SVSM asks for is not
    /// seen by the VMM, or answered in a wrong way.
    pub(crate) fn own_report(
        &self,
        memory: &dyn GuestMemory,
        data: [u8; 64],
    ) -> Result<Vec<u8>, Status> {
        let measurement = self
            .measurement(memory)
            .map_err(|NoMemory| Status::INVALID_PARAM)?;

        report::own(
            &self.config,
            self.platform(),
            &self.report_id,
            measurement,
            data,
        )
    }

    /// Returns what certifies the platform.
    fn platform(&self) -> &Platform {
        self.platform.get_or_init(|| Platform::new(&self.config))
    }

    /// Returns the measurement.
    pub(crate) fn measurement(&self, memory: &dyn GuestMemory) -> Result<Digest384, NoMemory> {
        match self.measurement.get() {
            Some(measurement) => Ok(*measurement),
            None => {
                let measurement = launch::measure(memory)?;
                Ok(*self.measurement.get_or_init(|| measurement))
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
