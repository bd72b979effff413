// SPDX-License-Identifier: GPL-2.0

//! The options that say what the VMM does for a firmware for TDs: right or wrong.

use crate::{
    option::{
        choice::{
            choose,
            name,
            Choice, //
        },
        put,
        value::hex,
        Opt,
        Values, //
    },
    tdx::config::{
        ApicBase,
        CpuidService,
        HandOffService,
        LaunchService,
        TdxConfig, //
    }, //
};

/// Values of `launch`.
const LAUNCH: [Choice<LaunchService>; 3] = [
    Choice::new("right", LaunchService::Right, "as its metadata say"),
    Choice::new(
        "unmeasured",
        LaunchService::Unmeasured,
        "what is in its sections is not measured, only where they are",
    ),
    Choice::new(
        "variables",
        LaunchService::Variables,
        "the last bit of its variables is another one",
    ),
];

/// Values of `hob`.
const HAND_OFF: [Choice<HandOffService>; 4] = [
    Choice::new("right", HandOffService::Right, "where RAM is"),
    Choice::new(
        "less",
        HandOffService::Less,
        "the upper half of the RAM below 4 GiB is missing",
    ),
    Choice::new(
        "twice",
        HandOffService::Twice,
        "RAM that the TD has is also RAM that it has to accept",
    ),
    Choice::new(
        "accepted",
        HandOffService::Accepted,
        "the TD has the RAM above 4 GiB and need not accept it",
    ),
];

/// Values of `cpuid`.
const CPUID: [Choice<CpuidService>; 2] = [
    Choice::new("answer", CpuidService::Answer, ""),
    Choice::new("empty", CpuidService::Empty, "each is number 0"),
];

/// How the firmware is launched.
pub(super) const LAUNCHED: Opt<TdxConfig> = Opt {
    key: "launch",
    meaning: "how the VMM launches a firmware for TDs",
    values: Values::Table(&LAUNCH),
    default: |c| name(&LAUNCH, &c.launch),
    set: |c, v| put(&mut c.launch, choose(&LAUNCH, v)),
};

/// What the VMM says of RAM to the firmware.
pub(super) const HOB: Opt<TdxConfig> = Opt {
    key: "hob",
    meaning: "what the TD HOB says of RAM to that firmware",
    values: Values::Table(&HAND_OFF),
    default: |c| name(&HAND_OFF, &c.hand_off),
    set: |c, v| put(&mut c.hand_off, choose(&HAND_OFF, v)),
};

/// What the VMM answers when processors of the firmware ask for their numbers.
pub(super) const PROCESSORS: Opt<TdxConfig> = Opt {
    key: "cpuid",
    meaning: "what the VMM answers when a processor of that firmware asks for its number",
    values: Values::Line(&CPUID),
    default: |c| name(&CPUID, &c.cpuid),
    set: |c, v| put(&mut c.cpuid, choose(&CPUID, v)),
};

/// What the VMM answers when they ask for the address of their APIC.
pub(super) const APIC: Opt<TdxConfig> = Opt {
    key: "apic_base",
    meaning:
        "what the VMM answers a read of IA32_APIC_BASE by that firmware, hexadecimal, or refuse",
    values: Values::Said,
    default: |_| "as it is".into(),
    set: |c, v| put(&mut c.apic_base, apic_base(v).map(Some)),
};

/// The port that the VMM refuses to the firmware.
pub(super) const PORT: Opt<TdxConfig> = Opt {
    key: "refuse_port",
    meaning: "refuses I/O of that firmware on this port, hexadecimal",
    values: Values::Said,
    default: |_| "none".into(),
    set: |c, v| put(&mut c.refuse_port, port(v).map(Some)),
};

/// Parses what the VMM says of `IA32_APIC_BASE`.
fn apic_base(value: &str) -> Result<ApicBase, &'static str> {
    match value {
        "refuse" => Ok(ApicBase::Refused),
        _ => hex(value)
            .map(ApicBase::Value)
            .map_err(|_| "a hexadecimal number, or refuse"),
    }
}

/// Parses the number of a port.
fn port(value: &str) -> Result<u16, &'static str> {
    u16::try_from(hex(value)?).map_err(|_| "16 bits")
}
