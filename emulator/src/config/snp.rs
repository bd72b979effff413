// SPDX-License-Identifier: GPL-2.0

//! Options of an SEV-SNP guest, and what its VMM and the secure processor do.
//!
//! | key | value | default |
//! |---|---|---|
//! | `vmpl` | the VMPL that the guest runs at: `0` to `3`; if not `0`, there is an SVSM | `0` |
//! | `policy` | policy of the guest, hexadecimal, which has to allow threads | `30000` |
//! | `guest_svn` | security version number of the guest | `0` |
//! | `measurement` | 96 hexadecimal digits | the launch digest of the firmware |
//! | `host_data`, `report_id` | 64 hexadecimal digits each | zero; of the emulator's name |
//! | `family_id`, `image_id` | 32 hexadecimal digits each | zero |
//! | `id_key_digest`, `author_key_digest` | 96 hexadecimal digits each | zero, there is no such key |
//! | `report_version` | format of reports: `2` to `5` | `3` |
//! | `messages` | how many there were with each key before, answers included | `0` |
//! | `certs` | the certificates of extended requests, see below | `chain` |
//! | `certs_size` | least size of their table, in bytes, or with `K` or `M` | what it needs |
//! | `guest_request` | how a guest request is answered, see below | `answer` |
//! | `request_error` | answers each guest request with this in `SW_EXITINFO2`, hexadecimal | none |
//! | `request_error_count` | how often it does, until it answers again | always |
//! | `report_status` | the status in reports and derived keys, hexadecimal | what it is |
//! | `report_size` | the size that answers say a report has | what it has |
//! | `busy` | how often the VMM is busy before it handles a request | `0` |
//! | `busy_ms` | how long the VMM is busy before it handles a request | `0` |
//! | `refuse_after` | how many requests are handled before any of this counts | `0` |
//! | `refuse_count` | how many requests are handled wrongly then, until all is right again | all |
//! | `mutate` | changes bytes of each answer at random from this seed | none |
//! | `mutate_count` | how many answers are changed | all |
//! | `mutate_part` | what is changed, see below | `all` |
//! | `trace` | file for a line per VMGEXIT | none |
//!
//! and those of the SVSM, see [`svsm`]. `guest_svn`, `family_id`, `image_id` and `author_key_digest` need
//! an `id_key_digest`.
//!
//! | `guest_request` | answer |
//! |---|---|
//! | `answer` | a right one |
//! | `silent` | success, and no message |
//! | `replay` | the message before, and for the first none |
//! | `sequence` | a message with a number that is 2 too high |
//! | `tag` | a message with another authentication tag |
//! | `truncated`, `oversized` | a message with half of its payload, with as much as a page holds |
//! | `huge` | a message whose size is said to be 65535 |
//! | `kind`, `version` | a message of another type, of another version |
//! | `malformed` | none, as if the request made no sense |
//!
//! | `mutate_part` | what is changed at random |
//! |---|---|
//! | `all` | answers to guest requests: messages, which costs the key, certificates, statuses |
//! | `certs` | the certificates in them, and whether there is room for these |
//! | `payload` | what the firmware says in them, before it is encrypted, which costs no key |
//! | `svsm` | answers of the SVSM to attestation calls |
//!
//! | `certs` | table |
//! |---|---|
//! | `chain` | the VCEK, the ASK, the ARK |
//! | `none` | empty |
//! | `growing` | there is one page too few for it, how ever many there are |
//! | `overlapping` | all entries have the same place |
//! | `overflowing` | the last entry ends behind 4 GiB |
//! | `outside` | the last entry begins behind the buffer |
//! | `unterminated` | nothing but entries |

mod svsm;

use std::{
    path::PathBuf,
    time::Duration, //
};

use tsm_proto::tdx::Digest384;

use super::value::{
    bytes,
    count,
    digest,
    hex,
    number,
    size, //
};

pub(crate) use svsm::{
    AttestService,
    Services,
    SvsmConfig, //
};

/// The format of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ReportVersion {
    /// That of the firmware ABI 1.55.
    V2,
    /// With what CPUID says.
    #[default]
    V3,
    /// The same.
    V4,
    /// With mitigations.
    V5,
}

/// How a guest request is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum RequestService {
    /// Rightly.
    #[default]
    Answer,
    /// With success, but no message.
    Silent,
    /// With the message before.
    Replay,
    /// With a wrong number.
    Sequence,
    /// With a wrong tag.
    Tag,
    /// With half of the payload.
    Truncated,
    /// With a payload that fills the page.
    Oversized,
    /// With a size that no page has.
    Huge,
    /// With another type.
    Kind,
    /// With another version of the type.
    Version,
    /// As one that makes no sense.
    Malformed,
}

/// What certificates there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CertificateService {
    /// All that a verifier needs.
    #[default]
    Chain,
    /// None.
    None,
    /// More than fit.
    Growing,
    /// All in one place.
    Overlapping,
    /// With one that ends behind 4 GiB.
    Overflowing,
    /// With one that is not in the buffer.
    Outside,
    /// Entries without end.
    Unterminated,
}

/// What is changed at random.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MutatedPart {
    /// Answers to guest requests: message, certificates and statuses.
    #[default]
    All,
    /// The certificates in them, and whether there is room for these.
    Certificates,
    /// What is encrypted in them, by the firmware itself.
    Payload,
    /// Answers of the SVSM to attestation calls.
    Attestation,
}

/// The options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnpConfig {
    /// The VMPL that the guest runs at.
    pub(crate) vmpl: u8,
    /// The policy.
    pub(crate) policy: u64,
    /// Security version number of the guest.
    pub(crate) guest_svn: u32,
    /// The measurement, if not of the firmware.
    pub(crate) measurement: Option<Digest384>,
    /// `HOST_DATA`.
    pub(crate) host_data: [u8; 32],
    /// `REPORT_ID`.
    pub(crate) report_id: [u8; 32],
    /// `FAMILY_ID`.
    pub(crate) family_id: [u8; 16],
    /// `IMAGE_ID`.
    pub(crate) image_id: [u8; 16],
    /// `ID_KEY_DIGEST`.
    pub(crate) id_key_digest: Digest384,
    /// `AUTHOR_KEY_DIGEST`.
    pub(crate) author_key_digest: Digest384,
    /// The format of reports.
    pub(crate) report_version: ReportVersion,
    /// How many messages there were with each key.
    pub(crate) messages: u32,
    /// The certificates.
    pub(crate) certs: CertificateService,
    /// The least size of their table.
    pub(crate) certs_size: u32,
    /// How requests are answered.
    pub(crate) guest_request: RequestService,
    /// What requests are refused with.
    pub(crate) request_error: Option<u64>,
    /// How many requests are refused.
    pub(crate) request_error_count: u32,
    /// The status in answers.
    pub(crate) report_status: Option<u32>,
    /// The size of a report in answers.
    pub(crate) report_size: Option<u32>,
    /// How often the VMM is busy.
    pub(crate) busy: u32,
    /// How long the VMM is busy.
    pub(crate) busy_for: Duration,
    /// How many requests are handled before any is not.
    pub(crate) refuse_after: u32,
    /// How many requests are handled wrongly then.
    pub(crate) refuse_count: u32,
    /// The seed of random changes.
    pub(crate) mutate: Option<u64>,
    /// How many answers are changed.
    pub(crate) mutate_count: u64,
    /// What is changed.
    pub(crate) mutate_part: MutatedPart,
    /// Where calls are logged.
    pub(crate) trace: Option<PathBuf>,
    /// The SVSM.
    pub(crate) svsm: SvsmConfig,
}

/// Threads may be on, and a bit that has to be set.
const POLICY: u64 = 0x3_0000;

impl Default for SnpConfig {
    fn default() -> Self {
        Self {
            vmpl: 0,
            policy: POLICY,
            guest_svn: 0,
            measurement: None,
            host_data: [0; 32],
            report_id: *b"tsm-emulator: report id of guest",
            family_id: [0; 16],
            image_id: [0; 16],
            id_key_digest: Digest384::ZERO,
            author_key_digest: Digest384::ZERO,
            report_version: ReportVersion::default(),
            messages: 0,
            certs: CertificateService::default(),
            certs_size: 0,
            guest_request: RequestService::default(),
            request_error: None,
            request_error_count: u32::MAX,
            report_status: None,
            report_size: None,
            busy: 0,
            busy_for: Duration::ZERO,
            refuse_after: 0,
            refuse_count: u32::MAX,
            mutate: None,
            mutate_count: u64::MAX,
            mutate_part: MutatedPart::default(),
            trace: None,
            svsm: SvsmConfig::default(),
        }
    }
}

impl SnpConfig {
    /// Sets one option. The error is what was expected.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "vmpl" => {
                self.vmpl = match value {
                    "0" => 0,
                    "1" => 1,
                    "2" => 2,
                    "3" => 3,
                    _ => return Err("0 to 3".into()),
                }
            }
            "policy" => self.policy = hex(value)?,
            "guest_svn" => self.guest_svn = count(value)?,
            "measurement" => self.measurement = Some(digest(value)?),
            "host_data" => self.host_data = bytes(value).ok_or("64 hexadecimal digits")?,
            "report_id" => self.report_id = bytes(value).ok_or("64 hexadecimal digits")?,
            "family_id" => self.family_id = bytes(value).ok_or("32 hexadecimal digits")?,
            "image_id" => self.image_id = bytes(value).ok_or("32 hexadecimal digits")?,
            "id_key_digest" => self.id_key_digest = digest(value)?,
            "author_key_digest" => self.author_key_digest = digest(value)?,
            "report_version" => {
                self.report_version = match value {
                    "2" => ReportVersion::V2,
                    "3" => ReportVersion::V3,
                    "4" => ReportVersion::V4,
                    "5" => ReportVersion::V5,
                    _ => return Err("2 to 5".into()),
                }
            }
            "messages" => self.messages = count(value)?,
            "certs" => self.certs = certificate_service(value)?,
            "certs_size" => self.certs_size = size(value)?,
            "guest_request" => self.guest_request = request_service(value)?,
            "request_error" => self.request_error = Some(hex(value)?),
            "request_error_count" => self.request_error_count = count(value)?,
            "report_status" => {
                let status = u32::try_from(hex(value)?);
                self.report_status = Some(status.map_err(|_| "32 bits")?);
            }
            "report_size" => self.report_size = Some(count(value)?),
            "busy" => self.busy = count(value)?,
            "busy_ms" => self.busy_for = Duration::from_millis(number(value)?),
            "refuse_after" => self.refuse_after = count(value)?,
            "refuse_count" => self.refuse_count = count(value)?,
            "mutate" => self.mutate = Some(number(value)?),
            "mutate_count" => self.mutate_count = number(value)?,
            "mutate_part" => {
                self.mutate_part = match value {
                    "all" => MutatedPart::All,
                    "certs" => MutatedPart::Certificates,
                    "payload" => MutatedPart::Payload,
                    "svsm" => MutatedPart::Attestation,
                    _ => return Err("all, certs, payload or svsm".into()),
                }
            }
            "trace" => self.trace = Some(value.into()),
            _ if self.svsm.set(key, value)? => {}
            _ => {
                return Err(format!(
                    "another key: vmpl, policy, guest_svn, measurement, host_data, \
                     report_id, family_id, image_id, id_key_digest, author_key_digest, \
                     report_version, messages, certs, certs_size, guest_request, request_error, \
                     request_error_count, \
                     report_status, report_size, busy, busy_ms, refuse_after, \
                     refuse_count, mutate, mutate_count, mutate_part, {} or trace",
                    SvsmConfig::KEYS
                ))
            }
        }
        Ok(())
    }
}

/// Parses how a guest request is answered.
fn request_service(value: &str) -> Result<RequestService, &'static str> {
    Ok(match value {
        "answer" => RequestService::Answer,
        "silent" => RequestService::Silent,
        "replay" => RequestService::Replay,
        "sequence" => RequestService::Sequence,
        "tag" => RequestService::Tag,
        "truncated" => RequestService::Truncated,
        "oversized" => RequestService::Oversized,
        "huge" => RequestService::Huge,
        "kind" => RequestService::Kind,
        "version" => RequestService::Version,
        "malformed" => RequestService::Malformed,
        _ => {
            return Err(
                "answer, silent, replay, sequence, tag, truncated, oversized, huge, kind, \
                        version or malformed",
            )
        }
    })
}

/// Parses what certificates there are.
fn certificate_service(value: &str) -> Result<CertificateService, &'static str> {
    Ok(match value {
        "chain" => CertificateService::Chain,
        "none" => CertificateService::None,
        "growing" => CertificateService::Growing,
        "overlapping" => CertificateService::Overlapping,
        "overflowing" => CertificateService::Overflowing,
        "outside" => CertificateService::Outside,
        "unterminated" => CertificateService::Unterminated,
        _ => return Err("chain, none, growing, overlapping, overflowing, outside or unterminated"),
    })
}

#[cfg(test)]
mod tests;
