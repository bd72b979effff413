// SPDX-License-Identifier: GPL-2.0

//! The options of an SEV-SNP guest: key, meaning, values, default and parser.

mod answers;
mod bios;
mod svsm;
mod tcb;

use std::time::Duration;

use super::config::{
    svsm::SvsmConfig,
    Firmware,
    Month,
    Processor,
    ReportVersion,
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
        number, //
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

/// Values of `vlek`, `vcek_disabled` and `mask_chip_id`.
const SWITCH: [Choice<bool>; 2] = [Choice::new("on", true, ""), Choice::new("off", false, "")];

/// The options.
const OPTIONS: &[Opt<SnpConfig>] = &[
    bios::BIOS,
    bios::KERNEL_HASHES,
    Opt {
        key: "vmpl",
        meaning: "the VMPL that the guest runs at: 0 to 3; if not 0, there is an SVSM",
        values: Values::Said,
        default: |c| c.vmpl.to_string(),
        set: |c, v| put(&mut c.vmpl, vmpl(v)),
    },
    Opt {
        key: "policy",
        meaning: "policy of the guest, hexadecimal, which the platform has to be able to keep",
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
            "what reports, certificates and the secrets page are of; `run` has QEMU's CPUID say so",
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
        key: "vlek_since",
        meaning: "the month from which on the certificate of a VLEK is valid for a year, YYYY-MM",
        values: Values::Said,
        default: |_| "this month".into(),
        set: |c, v| {
            let parsed = Month::parse(v).ok_or("YYYY-MM, 1950-01 to 2048-12");
            put(&mut c.vlek_since, parsed.map(Some))
        },
    },
    Opt {
        key: "vcek_disabled",
        meaning: "whether the guest is launched without the VCEK, so that only a VLEK signs and is a root of keys",
        values: Values::Line(&SWITCH),
        default: |c| name(&SWITCH, &c.vcek_disabled),
        set: |c, v| put(&mut c.vcek_disabled, choose(&SWITCH, v)),
    },
    Opt {
        key: "mask_chip_id",
        meaning: "whether reports have zeros for the number of the chip",
        values: Values::Line(&SWITCH),
        default: |c| name(&SWITCH, &c.mask_chip_id),
        set: |c, v| put(&mut c.mask_chip_id, choose(&SWITCH, v)),
    },
    Opt {
        key: "platform_info",
        meaning: "PLATFORM_INFO, hexadecimal: what of the platform is on, such as threads by bit 0",
        values: Values::Said,
        default: |_| "25: threads, error correction, alias check; 5 if report_version=2".into(),
        set: |c, v| put(&mut c.platform_info, hex(v).map(Some)),
    },
    Opt {
        key: "mit_vector",
        meaning: "what was done at launch and is done now against flaws of the processor, hexadecimal; for report_version=5",
        values: Values::Said,
        default: |_| "f".into(),
        set: |c, v| put(&mut c.mit_vector, hex(v).map(Some)),
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
    answers::CERTIFICATES,
    answers::CERTIFICATES_SIZE,
    answers::REQUEST,
    answers::REQUEST_ERROR,
    answers::REQUEST_ERROR_COUNT,
    answers::REPORT_STATUS,
    answers::REPORT_SIZE,
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
    answers::MUTATED,
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
