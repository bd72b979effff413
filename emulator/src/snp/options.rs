// SPDX-License-Identifier: GPL-2.0

//! The options of an SEV-SNP guest: key, meaning, values, default and parser.

mod svsm;
mod tcb;

use std::time::Duration;

use super::config::{
    svsm::SvsmConfig,
    CertificateService,
    Firmware,
    MutatedPart,
    Processor,
    ReportVersion,
    RequestService,
    SnpConfig, //
};
use crate::option::{
    self,
    choice::{
        choose,
        name,
        Choice, //
    },
    put,
    shared::{
        self,
        Fields,
        Shared, //
    },
    value::{
        bytes,
        count,
        digest,
        hex,
        hex32,
        number,
        size, //
    },
    Opt,
    Values, //
};

/// Values of `report_version`.
const REPORT_VERSION: [Choice<ReportVersion>; 4] = [
    Choice::new("2", ReportVersion::V2, ""),
    Choice::new("3", ReportVersion::V3, ""),
    Choice::new("4", ReportVersion::V4, ""),
    Choice::new("5", ReportVersion::V5, ""),
];

/// Values of `processor`.
const PROCESSOR: [Choice<Processor>; 3] = [
    Choice::new("milan", Processor::Milan, ""),
    Choice::new("genoa", Processor::Genoa, ""),
    Choice::new("turin", Processor::Turin, ""),
];

/// Values of `vlek` and `mask_chip_id`.
const SWITCH: [Choice<bool>; 2] = [Choice::new("on", true, ""), Choice::new("off", false, "")];

/// Values of `guest_request`.
const GUEST_REQUEST: [Choice<RequestService>; 12] = [
    Choice::new("answer", RequestService::Answer, "a right one"),
    Choice::new("silent", RequestService::Silent, "success, and no message"),
    Choice::new(
        "replay",
        RequestService::Replay,
        "the message before, and for the first none",
    ),
    Choice::new(
        "sequence",
        RequestService::Sequence,
        "a message with a number that is 2 too high",
    ),
    Choice::new(
        "tag",
        RequestService::Tag,
        "a message with another authentication tag",
    ),
    Choice::new(
        "truncated",
        RequestService::Truncated,
        "a message with half of its payload",
    ),
    Choice::new(
        "oversized",
        RequestService::Oversized,
        "a message with as much payload as a page holds",
    ),
    Choice::new(
        "huge",
        RequestService::Huge,
        "a message whose size is said to be 65535",
    ),
    Choice::new("kind", RequestService::Kind, "a message of another type"),
    Choice::new(
        "version",
        RequestService::Version,
        "a message of another version",
    ),
    Choice::new(
        "racing",
        RequestService::Racing,
        "a message that can be read once: then it is inverted",
    ),
    Choice::new(
        "malformed",
        RequestService::Malformed,
        "none, as if the request made no sense",
    ),
];

/// Values of `mutate_part`.
const MUTATE_PART: [Choice<MutatedPart>; 4] = [
    Choice::new(
        "all",
        MutatedPart::All,
        "answers to guest requests: messages, which costs the key, certificates, statuses",
    ),
    Choice::new(
        "certs",
        MutatedPart::Certificates,
        "the certificates in them, and whether there is room for these",
    ),
    Choice::new(
        "payload",
        MutatedPart::Payload,
        "what the firmware says in them, before it is encrypted, which costs no key",
    ),
    Choice::new(
        "svsm",
        MutatedPart::Attestation,
        "answers of the SVSM to attestation calls",
    ),
];

/// Values of `certs`.
const CERTS: [Choice<CertificateService>; 8] = [
    Choice::new(
        "chain",
        CertificateService::Chain,
        "the VCEK, the ASK, the ARK",
    ),
    Choice::new("none", CertificateService::None, "empty"),
    Choice::new(
        "growing",
        CertificateService::Growing,
        "there is one page too few for it, how ever many there are",
    ),
    Choice::new(
        "overlapping",
        CertificateService::Overlapping,
        "all entries have the same place",
    ),
    Choice::new(
        "overflowing",
        CertificateService::Overflowing,
        "the last entry ends behind 4 GiB",
    ),
    Choice::new(
        "outside",
        CertificateService::Outside,
        "the last entry begins behind the buffer",
    ),
    Choice::new(
        "unterminated",
        CertificateService::Unterminated,
        "nothing but entries",
    ),
    Choice::new(
        "racing",
        CertificateService::Racing,
        "as `chain`, but can be read once: then it is inverted",
    ),
];

/// The options.
const OPTIONS: &[Opt<SnpConfig>] = &[
    Opt {
        key: "vmpl",
        meaning: "the VMPL that the guest runs at: 0 to 3; if not 0, there is an SVSM",
        values: Values::Said,
        default: |c| c.vmpl.to_string(),
        set: |c, v| put(&mut c.vmpl, vmpl(v)),
    },
    Opt {
        key: "policy",
        meaning: "policy of the guest, hexadecimal, which has to allow threads",
        values: Values::Said,
        default: |c| format!("{:x}", c.policy),
        set: |c, v| put(&mut c.policy, hex(v)),
    },
    Opt {
        key: "guest_svn",
        meaning: "security version number of the guest",
        values: Values::Said,
        default: |c| c.guest_svn.to_string(),
        set: |c, v| put(&mut c.guest_svn, count(v)),
    },
    Opt {
        key: "measurement",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "the launch digest of the firmware".into(),
        set: |c, v| put(&mut c.measurement, digest(v).map(Some)),
    },
    Opt {
        key: "host_data",
        meaning: "64 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.host_data, bytes(v).ok_or("64 hexadecimal digits")),
    },
    Opt {
        key: "report_id",
        meaning: "the launch, from which the VMRK follows: 64 hexadecimal digits",
        values: Values::Said,
        default: |_| "another one at each launch".into(),
        set: |c, v| {
            let parsed = bytes(v).ok_or("64 hexadecimal digits");
            put(&mut c.report_id, parsed.map(Some))
        },
    },
    Opt {
        key: "family_id",
        meaning: "32 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.family_id, bytes(v).ok_or("32 hexadecimal digits")),
    },
    Opt {
        key: "image_id",
        meaning: "32 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.image_id, bytes(v).ok_or("32 hexadecimal digits")),
    },
    Opt {
        key: "id_key_digest",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero, there is no such key".into(),
        set: |c, v| put(&mut c.id_key_digest, digest(v)),
    },
    Opt {
        key: "author_key_digest",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero, there is no such key".into(),
        set: |c, v| put(&mut c.author_key_digest, digest(v)),
    },
    Opt {
        key: "processor",
        meaning:
            "what reports, certificates and the secrets page are of; CPUID says Milan in any case",
        values: Values::Line(&PROCESSOR),
        default: |c| name(&PROCESSOR, &c.processor),
        set: |c, v| put(&mut c.processor, choose(&PROCESSOR, v)),
    },
    tcb::CURRENT,
    tcb::COMMITTED,
    tcb::REPORTED,
    tcb::LAUNCH,
    Opt {
        key: "vlek",
        meaning:
            "whether a VLEK was loaded, which signs by default then, and has the only certificate",
        values: Values::Line(&SWITCH),
        default: |c| name(&SWITCH, &c.vlek),
        set: |c, v| put(&mut c.vlek, choose(&SWITCH, v)),
    },
    Opt {
        key: "mask_chip_id",
        meaning: "whether reports have zeros for the number of the chip",
        values: Values::Line(&SWITCH),
        default: |c| name(&SWITCH, &c.mask_chip_id),
        set: |c, v| put(&mut c.mask_chip_id, choose(&SWITCH, v)),
    },
    Opt {
        key: "report_version",
        meaning: "format of reports",
        values: Values::Line(&REPORT_VERSION),
        default: |c| name(&REPORT_VERSION, &c.report_version),
        set: |c, v| put(&mut c.report_version, choose(&REPORT_VERSION, v)),
    },
    Opt {
        key: "firmware",
        meaning: "version of the firmware and of its ABI, MAJOR.MINOR.BUILD",
        values: Values::Said,
        default: |_| "as on machines with such reports".into(),
        set: |c, v| {
            let parsed = Firmware::parse(v).ok_or("MAJOR.MINOR.BUILD");
            put(&mut c.firmware, parsed.map(Some))
        },
    },
    Opt {
        key: "messages",
        meaning: "how many there were with each key before, answers included",
        values: Values::Said,
        default: |c| c.messages.to_string(),
        set: |c, v| put(&mut c.messages, count(v)),
    },
    Opt {
        key: "certs",
        meaning: "the certificates of extended requests",
        values: Values::Table(&CERTS),
        default: |c| name(&CERTS, &c.certs),
        set: |c, v| put(&mut c.certs, choose(&CERTS, v)),
    },
    Opt {
        key: "certs_size",
        meaning: "least size of their table, in bytes, or with K or M",
        values: Values::Said,
        default: |_| "what it needs".into(),
        set: |c, v| put(&mut c.certs_size, size(v)),
    },
    Opt {
        key: "guest_request",
        meaning: "how a guest request is answered",
        values: Values::Table(&GUEST_REQUEST),
        default: |c| name(&GUEST_REQUEST, &c.guest_request),
        set: |c, v| put(&mut c.guest_request, choose(&GUEST_REQUEST, v)),
    },
    Opt {
        key: "request_error",
        meaning: "answers each guest request with this in SW_EXITINFO2, hexadecimal",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| put(&mut c.request_error, hex(v).map(Some)),
    },
    Opt {
        key: "request_error_count",
        meaning: "how often it does, until it answers again",
        values: Values::Said,
        default: |_| "always".into(),
        set: |c, v| put(&mut c.request_error_count, count(v)),
    },
    Opt {
        key: "report_status",
        meaning: "the status in reports and derived keys, hexadecimal",
        values: Values::Said,
        default: |_| "what it is".into(),
        set: |c, v| put(&mut c.report_status, hex32(v).map(Some)),
    },
    Opt {
        key: "report_size",
        meaning: "the size that answers say a report has",
        values: Values::Said,
        default: |_| "what it has".into(),
        set: |c, v| put(&mut c.report_size, count(v).map(Some)),
    },
    shared::busy("how often the VMM is busy before it handles a request"),
    Opt {
        key: "busy_ms",
        meaning: "how long the VMM is busy before it handles a request",
        values: Values::Said,
        default: |c| c.busy_for.as_millis().to_string(),
        set: |c, v| put(&mut c.busy_for, number(v).map(Duration::from_millis)),
    },
    shared::refuse_after("how many requests are handled before any of this counts"),
    shared::refuse_count("how many requests are handled wrongly then, until all is right again"),
    shared::mutate("changes bytes of each answer at random from this seed"),
    shared::mutate_count(),
    Opt {
        key: "mutate_part",
        meaning: "what is changed",
        values: Values::Table(&MUTATE_PART),
        default: |c| name(&MUTATE_PART, &c.mutate_part),
        set: |c, v| put(&mut c.mutate_part, choose(&MUTATE_PART, v)),
    },
    shared::trace("file for a line per VMGEXIT"),
];

impl Shared for SnpConfig {
    fn fields(&mut self) -> Fields<'_> {
        Fields {
            busy: &mut self.busy,
            refuse_after: &mut self.refuse_after,
            refuse_count: &mut self.refuse_count,
            mutate: &mut self.mutate,
            mutate_count: &mut self.mutate_count,
            trace: &mut self.trace,
        }
    }
}

impl SnpConfig {
    /// Sets one option. The error is what was expected.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match option::set(OPTIONS, self, key, value)? || self.svsm.set(key, value)? {
            true => Ok(()),
            false => Err(option::another(Self::keys())),
        }
    }

    /// Returns the keys, with those of the SVSM.
    pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
        option::keys(OPTIONS).chain(SvsmConfig::keys())
    }

    /// Returns the help on all options.
    pub(crate) fn help() -> String {
        format!("{}\n{}", option::help(OPTIONS), SvsmConfig::help())
    }
}

/// Parses a VMPL.
fn vmpl(value: &str) -> Result<u8, &'static str> {
    match value {
        "0" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        "3" => Ok(3),
        _ => Err("0 to 3"),
    }
}
