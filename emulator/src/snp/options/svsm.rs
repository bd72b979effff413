// SPDX-License-Identifier: GPL-2.0

//! The options of an SVSM: key, meaning, values, default and parser.

use crate::{
    option::{
        self,
        choice::{
            choose,
            name,
            Choice, //
        },
        put,
        value::{
            count,
            hex32,
            number,
            size, //
        },
        Opt,
        Values, //
    },
    snp::config::svsm::{
        AttestService,
        Services,
        SvsmConfig, //
    }, //
};

/// Values of `svsm_services`.
const SERVICES: [Choice<Services>; 2] = [
    Choice::new("vtpm", Services::Vtpm, "which takes no commands"),
    Choice::new("none", Services::None, ""),
];

/// Values of `svsm_attest`.
const ATTEST: [Choice<AttestService>; 4] = [
    Choice::new("answer", AttestService::Answer, "a right one"),
    Choice::new("silent", AttestService::Silent, "success, and nothing else"),
    Choice::new(
        "growing",
        AttestService::Growing,
        "there is one page too few for everything, how ever many there are",
    ),
    Choice::new(
        "skipped",
        AttestService::Skipped,
        "none, because the VMM does not run the SVSM",
    ),
];

/// The options.
const OPTIONS: &[Opt<SvsmConfig>] = &[
    Opt {
        key: "svsm_services",
        meaning: "the services that it lists",
        values: Values::Line(&SERVICES),
        default: |c| name(&SERVICES, &c.services),
        set: |c, v| put(&mut c.services, choose(&SERVICES, v)),
    },
    Opt {
        key: "svsm_manifest_size",
        meaning: "least size of the vTPM's manifest, in bytes, or with K or M",
        values: Values::Said,
        default: |_| "what it has".into(),
        set: |c, v| put(&mut c.manifest_size, size(v)),
    },
    Opt {
        key: "svsm_attest",
        meaning: "how an attestation call is answered",
        values: Values::Table(&ATTEST),
        default: |c| name(&ATTEST, &c.attest),
        set: |c, v| put(&mut c.attest, choose(&ATTEST, v)),
    },
    Opt {
        key: "svsm_status",
        meaning: "answers each attestation call with this result code, hexadecimal",
        values: Values::Said,
        default: |_| "what it is".into(),
        set: |c, v| put(&mut c.status, hex32(v).map(Some)),
    },
    Opt {
        key: "svsm_busy",
        meaning: "how often it is busy before it does an attestation call",
        values: Values::Said,
        default: |c| c.busy.to_string(),
        set: |c, v| put(&mut c.busy, count(v)),
    },
    Opt {
        key: "svsm_report_length",
        meaning: "the length of the report that it says, in place of the right one",
        values: Values::Said,
        default: |_| "the right one".into(),
        set: |c, v| put(&mut c.report_length, number(v).map(Some)),
    },
    Opt {
        key: "svsm_manifest_length",
        meaning: "the length of the manifest that it says",
        values: Values::Said,
        default: |_| "the right one".into(),
        set: |c, v| put(&mut c.manifest_length, number(v).map(Some)),
    },
    Opt {
        key: "svsm_certs_length",
        meaning: "the length of the certificates that it says",
        values: Values::Said,
        default: |_| "the right one".into(),
        set: |c, v| put(&mut c.certs_length, number(v).map(Some)),
    },
];

impl SvsmConfig {
    /// Sets one option. Returns whether there is such a key. The error is what was expected.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<bool, String> {
        option::set(OPTIONS, self, key, value)
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
