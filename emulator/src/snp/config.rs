// SPDX-License-Identifier: GPL-2.0

//! Options of an SEV-SNP guest, and what its VMM and the secure processor do: see `options` for
//! each, and [`svsm`] for those of the SVSM.
//!
//! `guest_svn`, `family_id`, `image_id` and `author_key_digest` need an `id_key_digest`.

mod month;
pub(crate) mod svsm;

use std::{
    path::PathBuf,
    time::Duration, //
};

use tsm_proto::Digest384;

pub(crate) use month::Month;
use svsm::SvsmConfig;

/// The processor that a report is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Processor {
    /// EPYC 7003.
    #[default]
    Milan,
    /// EPYC 9004.
    Genoa,
    /// EPYC 9005.
    Turin,
}

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

/// The version of the firmware, which is that of its ABI, and its build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Firmware {
    /// Major version.
    pub(crate) major: u8,
    /// Minor version.
    pub(crate) minor: u8,
    /// The build.
    pub(crate) build: u8,
}

impl Firmware {
    /// Returns one that writes reports of a version, as on real machines.
    fn of(version: ReportVersion) -> Self {
        let build = match version {
            ReportVersion::V2 => 21,
            ReportVersion::V3 => 29,
            ReportVersion::V4 => 31,
            ReportVersion::V5 => 65,
        };

        Self {
            major: 1,
            minor: 55,
            build,
        }
    }

    /// Parses `MAJOR.MINOR.BUILD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let numbers = text.split('.').map(str::parse);

        match numbers.collect::<Result<Vec<_>, _>>().ok()?[..] {
            [major, minor, build] => Some(Self {
                major,
                minor,
                build,
            }),
            _ => None,
        }
    }
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
    /// With a message of which each byte is another one as soon as the guest has read it.
    Racing,
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
    /// All that a verifier needs, of which each byte is another one as soon as the guest has read it.
    Racing,
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

/// What a guest starts with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Bios {
    /// QEMU's own firmware, which knows nothing of SEV-SNP.
    #[default]
    Pc,
    /// OvmfPkg/AmdSev of EDK2.
    AmdSev,
}

/// The hashes of kernel, initrd and command line that OvmfPkg/AmdSev finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum KernelHashes {
    /// Right ones.
    #[default]
    Right,
    /// A wrong one of the kernel.
    WrongKernel,
    /// A wrong one of the initrd.
    WrongInitrd,
    /// A wrong one of the command line.
    WrongCommandLine,
    /// None.
    None,
}

/// The options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnpConfig {
    /// What the guest starts with.
    pub(crate) bios: Bios,
    /// The hashes that its firmware finds.
    pub(crate) kernel_hashes: KernelHashes,
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
    /// `REPORT_ID`, if not a new one.
    pub(crate) report_id: Option<[u8; 32]>,
    /// `FAMILY_ID`.
    pub(crate) family_id: [u8; 16],
    /// `IMAGE_ID`.
    pub(crate) image_id: [u8; 16],
    /// `ID_KEY_DIGEST`.
    pub(crate) id_key_digest: Digest384,
    /// `AUTHOR_KEY_DIGEST`.
    pub(crate) author_key_digest: Digest384,
    /// The processor, as reports and certificates say.
    pub(crate) processor: Processor,
    /// How new what runs is, if not as new as on real machines.
    pub(crate) current_tcb: Option<u64>,
    /// How new what was committed is, if not as new.
    pub(crate) committed_tcb: Option<u64>,
    /// How new the platform is said to be, if not as new.
    pub(crate) reported_tcb: Option<u64>,
    /// How new what the guest was launched with is, if not as new.
    pub(crate) launch_tcb: Option<u64>,
    /// Whether a VLEK was loaded.
    pub(crate) vlek: bool,
    /// The month that it was certified in, if not this one.
    pub(crate) vlek_since: Option<Month>,
    /// Whether the VMM launches the guest without the VCEK.
    pub(crate) vcek_disabled: bool,
    /// Whether reports do not say which chip they are of.
    pub(crate) mask_chip_id: bool,
    /// `PLATFORM_INFO`, if not that of most machines.
    pub(crate) platform_info: Option<u64>,
    /// What is done against flaws of the processor, if not as on most machines.
    pub(crate) mit_vector: Option<u64>,
    /// The format of reports.
    pub(crate) report_version: ReportVersion,
    /// The firmware, if not one that usually writes such reports.
    pub(crate) firmware: Option<Firmware>,
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
            bios: Bios::default(),
            kernel_hashes: KernelHashes::default(),
            vmpl: 0,
            policy: POLICY,
            guest_svn: 0,
            measurement: None,
            host_data: [0; 32],
            report_id: None,
            family_id: [0; 16],
            image_id: [0; 16],
            id_key_digest: Digest384::ZERO,
            author_key_digest: Digest384::ZERO,
            processor: Processor::default(),
            current_tcb: None,
            committed_tcb: None,
            reported_tcb: None,
            launch_tcb: None,
            vlek: false,
            vlek_since: None,
            vcek_disabled: false,
            mask_chip_id: false,
            platform_info: None,
            mit_vector: None,
            report_version: ReportVersion::default(),
            firmware: None,
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

#[cfg(test)]
mod tests;

impl SnpConfig {
    /// Returns the version of the firmware.
    pub(crate) fn firmware(&self) -> Firmware {
        self.firmware
            .unwrap_or_else(|| Firmware::of(self.report_version))
    }
}
