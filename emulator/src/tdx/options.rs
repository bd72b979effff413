// SPDX-License-Identifier: GPL-2.0

//! The options of a TD: key, meaning, values, default and parser.

mod boot;

use std::time::Duration;

use super::config::{
    Busy,
    Firmware,
    MapFrom,
    MapService,
    QuoteService,
    QuoteUntil,
    ReportService,
    TdxConfig, //
};
use crate::{
    option::{
        self,
        choice::{
            choose,
            name,
            names,
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
            number,
            size, //
        },
        Opt,
        Values, //
    },
    tdx::quoting::{
        Version,
        Zeros, //
    }, //
};

/// Values of `quote`. `quote_status` has its own.
const QUOTE: [Choice<QuoteService>; 14] = [
    Choice::new("answer", QuoteService::Answer, "a quote"),
    Choice::new("error", QuoteService::Error, "the status that means this"),
    Choice::new(
        "unavailable",
        QuoteService::Unavailable,
        "the status that means this",
    ),
    Choice::new("never", QuoteService::Never, "the request stays in flight"),
    Choice::new("empty", QuoteService::Empty, "success, and no length"),
    Choice::new(
        "long",
        QuoteService::Long,
        "success, and a length of one byte more than fits",
    ),
    Choice::new("huge", QuoteService::Huge, "success, and a length of 4 GiB"),
    Choice::new(
        "version",
        QuoteService::Version,
        "a quote, in a buffer of version 2",
    ),
    Choice::new(
        "garbage",
        QuoteService::Garbage,
        "success, and bytes of no meaning",
    ),
    Choice::new(
        "noise",
        QuoteService::Noise,
        "a quote, but all else that the guest need not read has no meaning",
    ),
    Choice::new(
        "changing",
        QuoteService::Changing,
        "a quote, whose length goes on changing",
    ),
    Choice::new(
        "flipping",
        QuoteService::Flipping,
        "a quote, and in flight again, and so on",
    ),
    Choice::new(
        "once",
        QuoteService::Once,
        "a quote, but its status and length can be read once: then they are inverted",
    ),
    Choice::new(
        "racing",
        QuoteService::Racing,
        "a quote, but all that the VMM writes can be read once: then it is inverted",
    ),
];

/// Makes what a quote is in flight until. The argument is `N`; a name without `:N` ignores it.
type Until = fn(u32) -> QuoteUntil;

/// Values of `quote_until`. `N` is a number.
const QUOTE_UNTIL: [Choice<Until>; 3] = [
    Choice::new(
        "extend",
        |_| QuoteUntil::Extend,
        "the guest extends a register",
    ),
    Choice::new("requests:N", QuoteUntil::Requests, "so many are in flight"),
    Choice::new(
        "reads:N",
        QuoteUntil::Reads,
        "the guest has looked at one so often",
    ),
];

/// Values of `quote_version`.
const QUOTE_VERSION: [Choice<Version>; 4] = [
    Choice::new("4", Version::V4, "TDX 1.0"),
    Choice::new("5", Version::V5, "TDX 1.5"),
    Choice::new("5:1.0", Version::V5Td10, "version 5 with a body of TDX 1.0"),
    Choice::new(
        "5:1.5ex",
        Version::V5Td15Ex,
        "version 5 with the longer body of TDX 1.5, what it has more being zero",
    ),
];

/// Values of `quote_nul`.
const QUOTE_NUL: [Choice<bool>; 2] = [
    Choice::new("on", true, "as on most machines"),
    Choice::new("off", false, ""),
];

/// Values of `firmware`.
const FIRMWARE: [Choice<Firmware>; 2] = [
    Choice::new(
        "pc",
        Firmware::Pc,
        "QEMU's own, which starts a kernel as no TD",
    ),
    Choice::new(
        "tdvf",
        Firmware::Tdvf,
        "that of -bios, which is one for TDs",
    ),
];

/// Values of `mr_report`.
const MR_REPORT: [Choice<ReportService>; 3] = [
    Choice::new("answer", ReportService::Answer, ""),
    Choice::new("invalid", ReportService::Invalid, ""),
    Choice::new("reserved", ReportService::Reserved, "sets what is reserved"),
];

/// Values of `rtmr_extend`: whether it is invalid.
const RTMR_EXTEND: [Choice<bool>; 2] = [
    Choice::new("answer", false, ""),
    Choice::new("invalid", true, ""),
];

/// Values of `map`.
const MAP: [Choice<MapService>; 4] = [
    Choice::new("answer", MapService::Answer, "pages are converted"),
    Choice::new(
        "keep_shared",
        MapService::KeepShared,
        "the VMM says that pages are private, and leaves them shared",
    ),
    Choice::new(
        "keep_private",
        MapService::KeepPrivate,
        "it says that they are shared, and leaves them private",
    ),
    Choice::new(
        "refuse",
        MapService::Refuse,
        "it refuses to make pages shared",
    ),
];

/// Values of `map_from`.
const MAP_FROM: [Choice<MapFrom>; 3] = [
    Choice::new("start", MapFrom::Start, "any"),
    Choice::new("quote", MapFrom::Quote, ""),
    Choice::new("report", MapFrom::Report, ""),
];

/// Values of `busy_status`.
const BUSY_STATUS: [Choice<Busy>; 3] = [
    Choice::new("operand", Busy::Operand, ""),
    Choice::new("host_priority", Busy::HostPriority, ""),
    Choice::new("system", Busy::System, ""),
];

/// The options.
const OPTIONS: &[Opt<TdxConfig>] = &[
    Opt {
        key: "firmware",
        meaning: "what the TD starts with",
        values: Values::Table(&FIRMWARE),
        default: |c| name(&FIRMWARE, &c.firmware),
        set: |c, v| put(&mut c.firmware, choose(&FIRMWARE, v)),
    },
    boot::LAUNCHED,
    boot::HOB,
    boot::PROCESSORS,
    boot::APIC,
    boot::PORT,
    Opt {
        key: "attributes",
        meaning: "attributes of the TD, hexadecimal",
        values: Values::Said,
        default: |c| format!("{:x}, SEPT_VE_DISABLE", c.attributes),
        set: |c, v| put(&mut c.attributes, hex(v)),
    },
    Opt {
        key: "xfam",
        meaning: "extended features of the TD, hexadecimal",
        values: Values::Said,
        default: |c| format!("{:x}: x87, SSE, AVX, AVX-512, PKRU, AMX", c.xfam),
        set: |c, v| put(&mut c.xfam, hex(v)),
    },
    Opt {
        key: "mrtd",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "the measurement of the firmware".into(),
        set: |c, v| put(&mut c.mrtd, digest(v).map(Some)),
    },
    Opt {
        key: "tee_tcb_svn",
        meaning: "of the TDX module, its version, and of the SEAM loader, 32 hexadecimal digits",
        values: Values::Said,
        default: |_| "050102, and zeros".into(),
        set: |c, v| put(&mut c.tee_tcb_svn, bytes(v).ok_or("32 hexadecimal digits")),
    },
    Opt {
        key: "tee_tcb_svn2",
        meaning: "the same of the TDX module that runs now, which was updated since the TD was launched",
        values: Values::Said,
        default: |_| "tee_tcb_svn, it was not".into(),
        set: |c, v| {
            let parsed = bytes(v).ok_or("32 hexadecimal digits");
            put(&mut c.tee_tcb_svn2, parsed.map(Some))
        },
    },
    Opt {
        key: "mrseam",
        meaning: "of the TDX module, 96 hexadecimal digits",
        values: Values::Said,
        default: |_| "of the emulator's name".into(),
        set: |c, v| put(&mut c.mrseam, digest(v).map(Some)),
    },
    Opt {
        key: "mrsignerseam",
        meaning: "of the TDX module, 96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.mrsignerseam, digest(v)),
    },
    Opt {
        key: "mrconfigid",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.mrconfigid, digest(v)),
    },
    Opt {
        key: "mrowner",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.mrowner, digest(v)),
    },
    Opt {
        key: "mrownerconfig",
        meaning: "96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero".into(),
        set: |c, v| put(&mut c.mrownerconfig, digest(v)),
    },
    Opt {
        key: "servtd_hash",
        meaning: "of the service TDs, as one for migration is: 96 hexadecimal digits",
        values: Values::Said,
        default: |_| "zero, there are none".into(),
        set: |c, v| put(&mut c.servtd_hash, digest(v)),
    },
    Opt {
        key: "quote",
        meaning: "how the VMM answers GetQuote",
        values: Values::Table(&QUOTE),
        default: |c| name(&QUOTE, &c.quote),
        set: |c, v| put(&mut c.quote, choose(&QUOTE, v)),
    },
    Opt {
        key: "quote_status",
        meaning: "answers GetQuote with this status and no quote, hexadecimal",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| put(&mut c.quote, hex(v).map(QuoteService::Status)),
    },
    Opt {
        key: "quote_call",
        meaning: "refuses GetQuote with this in R10, hexadecimal",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| put(&mut c.quote_call, hex(v).map(Some)),
    },
    Opt {
        key: "quote_delay_us",
        meaning: "how long a quote is in flight",
        values: Values::Said,
        default: |c| format!("{}, answered in the call", c.quote_delay.as_micros()),
        set: |c, v| put(&mut c.quote_delay, number(v).map(Duration::from_micros)),
    },
    Opt {
        key: "quote_delay_ms",
        meaning: "how long a quote is in flight",
        values: Values::Said,
        default: |c| format!("{}, answered in the call", c.quote_delay.as_millis()),
        set: |c, v| put(&mut c.quote_delay, number(v).map(Duration::from_millis)),
    },
    Opt {
        key: "quote_until",
        meaning: "what a quote is in flight until, however long that takes",
        values: Values::Table(&QUOTE_UNTIL),
        default: |_| "the delay".into(),
        set: |c, v| put(&mut c.quote_until, quote_until(v).map(Some)),
    },
    Opt {
        key: "quote_version",
        meaning: "format of quotes",
        values: Values::Line(&QUOTE_VERSION),
        default: |c| name(&QUOTE_VERSION, &c.quote_version),
        set: |c, v| put(&mut c.quote_version, choose(&QUOTE_VERSION, v)),
    },
    Opt {
        key: "quote_size",
        meaning: "least size of a quote, in bytes, or with K or M",
        values: Values::Said,
        default: |_| "what it needs".into(),
        set: |c, v| put(&mut c.quote_size, size(v)),
    },
    Opt {
        key: "qe_id",
        meaning: "number of the quoting enclave in the header of a quote, 32 hexadecimal digits; zero on GCP",
        values: Values::Said,
        default: |_| "of the emulator's name".into(),
        set: |c, v| {
            let parsed = bytes(v).ok_or("32 hexadecimal digits");
            put(&mut c.qe_id, parsed.map(Some))
        },
    },
    Opt {
        key: "quote_nul",
        meaning: "whether a zero byte ends the certificates in a quote",
        values: Values::Line(&QUOTE_NUL),
        default: |c| name(&QUOTE_NUL, &c.quote_ending.nul),
        set: |c, v| put(&mut c.quote_ending.nul, choose(&QUOTE_NUL, v)),
    },
    Opt {
        key: "quote_zeros",
        meaning: "how many zero bytes are behind the signature, or with up_to: before the number, the size of the quote with them, in bytes, or with K or M",
        values: Values::Said,
        default: |_| "70, or none if quote_version=5".into(),
        set: |c, v| put(&mut c.quote_ending.zeros, zeros(v)),
    },
    Opt {
        key: "quote_size_field",
        meaning: "what the TD's metadata says of the size of quotes, or absent",
        values: Values::Said,
        default: |_| "absent".into(),
        set: |c, v| put(&mut c.quote_size_field, size_field(v)),
    },
    shared::busy("how often MR.REPORT and MR.RTMR.EXTEND are each busy before they are done"),
    Opt {
        key: "busy_status",
        meaning: "what of the TDX module is busy then: the operand, that with priority of the host, or all of it",
        values: Values::Line(&BUSY_STATUS),
        default: |c| name(&BUSY_STATUS, &c.busy_status),
        set: |c, v| put(&mut c.busy_status, choose(&BUSY_STATUS, v)),
    },
    Opt {
        key: "mr_report",
        meaning: "what MR.REPORT does",
        values: Values::Line(&MR_REPORT),
        default: |c| name(&MR_REPORT, &c.mr_report),
        set: |c, v| put(&mut c.mr_report, choose(&MR_REPORT, v)),
    },
    Opt {
        key: "rtmr_extend",
        meaning: "what MR.RTMR.EXTEND does",
        values: Values::Line(&RTMR_EXTEND),
        default: |c| name(&RTMR_EXTEND, &c.extend_invalid),
        set: |c, v| put(&mut c.extend_invalid, choose(&RTMR_EXTEND, v)),
    },
    shared::refuse_after("how many calls of each are done before busy and invalid count"),
    shared::refuse_count("how many calls of each are invalid, until they are done again"),
    Opt {
        key: "map",
        meaning: "what the VMM does with MapGPA, from the call of map_from on",
        values: Values::Table(&MAP),
        default: |c| name(&MAP, &c.map),
        set: |c, v| put(&mut c.map, choose(&MAP, v)),
    },
    Opt {
        key: "map_from",
        meaning: "from which call on it does so: the first GetQuote, when the guest has booted, the first MR.REPORT, or any",
        values: Values::Line(&MAP_FROM),
        default: |c| name(&MAP_FROM, &c.map_from),
        set: |c, v| put(&mut c.map_from, choose(&MAP_FROM, v)),
    },
    shared::mutate(
        "changes bytes of each answer to GetQuote, and its R10, from this seed, or has it be late",
    ),
    Opt {
        key: "mutate_map",
        meaning: "changes answers to MapGPA from this seed, from the call of map_from on",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| put(&mut c.mutate_map, number(v).map(Some)),
    },
    shared::mutate_count(),
    shared::trace("file for a line per TDCALL"),
];

impl Shared for TdxConfig {
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

impl TdxConfig {
    /// Sets one option. The error is what was expected.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match option::set(OPTIONS, self, key, value)? {
            true => Ok(()),
            false => Err(option::another(Self::keys())),
        }
    }

    /// Returns the keys.
    pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
        option::keys(OPTIONS)
    }

    /// Returns the help on all options.
    pub(crate) fn help() -> String {
        option::help(OPTIONS)
    }
}

/// Parses what a quote is in flight until.
fn quote_until(value: &str) -> Result<QuoteUntil, String> {
    let (name, number) = match value.split_once(':') {
        Some((word, number)) => {
            let number = count(number).ok().filter(|number| *number > 0);
            (format!("{word}:N"), number)
        }
        None => (value.into(), Some(0)),
    };
    let new = choose(&QUOTE_UNTIL, &name).ok();

    new.zip(number)
        .map(|(new, number)| new(number))
        .ok_or_else(|| format!("{}, where N is at least 1", names(&QUOTE_UNTIL)))
}

/// Parses how many zero bytes a quote ends with.
fn zeros(value: &str) -> Result<Zeros, &'static str> {
    match value.strip_prefix("up_to:") {
        Some(value) => size(value).map(Zeros::UpTo),
        None => size(value).map(Zeros::Count),
    }
}

/// Parses the size of quotes in the metadata, where it may be absent.
fn size_field(value: &str) -> Result<Option<u64>, &'static str> {
    match value {
        "absent" => Ok(None),
        _ => size(value).map(|size| Some(size.into())),
    }
}
