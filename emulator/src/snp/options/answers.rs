// SPDX-License-Identifier: GPL-2.0

//! The options that say what guest requests are answered with, by the VMM and by the firmware: right or wrong.

use crate::{
    option::{
        choice::{
            choose,
            name,
            Choice, //
        },
        put,
        value::{
            count,
            hex,
            hex32,
            size, //
        },
        Opt,
        Values, //
    },
    snp::config::{
        CertificateService,
        MutatedPart,
        RequestService,
        SnpConfig, //
    }, //
};

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

/// The certificates.
pub(super) const CERTIFICATES: Opt<SnpConfig> = Opt {
    key: "certs",
    meaning: "the certificates of extended requests",
    values: Values::Table(&CERTS),
    default: |c| name(&CERTS, &c.certs),
    set: |c, v| put(&mut c.certs, choose(&CERTS, v)),
};

/// How large their table is.
pub(super) const CERTIFICATES_SIZE: Opt<SnpConfig> = Opt {
    key: "certs_size",
    meaning: "least size of their table, in bytes, or with K or M",
    values: Values::Said,
    default: |_| "what it needs".into(),
    set: |c, v| put(&mut c.certs_size, size(v)),
};

/// The answer itself.
pub(super) const REQUEST: Opt<SnpConfig> = Opt {
    key: "guest_request",
    meaning: "how a guest request is answered",
    values: Values::Table(&GUEST_REQUEST),
    default: |c| name(&GUEST_REQUEST, &c.guest_request),
    set: |c, v| put(&mut c.guest_request, choose(&GUEST_REQUEST, v)),
};

/// What is in place of an answer.
pub(super) const REQUEST_ERROR: Opt<SnpConfig> = Opt {
    key: "request_error",
    meaning: "answers each guest request with this in SW_EXITINFO2, hexadecimal",
    values: Values::Said,
    default: |_| "none".into(),
    set: |c, v| put(&mut c.request_error, hex(v).map(Some)),
};

/// How often that is so.
pub(super) const REQUEST_ERROR_COUNT: Opt<SnpConfig> = Opt {
    key: "request_error_count",
    meaning: "how often it does, until it answers again",
    values: Values::Said,
    default: |_| "always".into(),
    set: |c, v| put(&mut c.request_error_count, count(v)),
};

/// The status in an answer.
pub(super) const REPORT_STATUS: Opt<SnpConfig> = Opt {
    key: "report_status",
    meaning: "the status in reports and derived keys, hexadecimal",
    values: Values::Said,
    default: |_| "what it is".into(),
    set: |c, v| put(&mut c.report_status, hex32(v).map(Some)),
};

/// The size in an answer.
pub(super) const REPORT_SIZE: Opt<SnpConfig> = Opt {
    key: "report_size",
    meaning: "the size that answers say a report has",
    values: Values::Said,
    default: |_| "what it has".into(),
    set: |c, v| put(&mut c.report_size, count(v).map(Some)),
};

/// What random changes are made to.
pub(super) const MUTATED: Opt<SnpConfig> = Opt {
    key: "mutate_part",
    meaning: "what is changed",
    values: Values::Table(&MUTATE_PART),
    default: |c| name(&MUTATE_PART, &c.mutate_part),
    set: |c, v| put(&mut c.mutate_part, choose(&MUTATE_PART, v)),
};
