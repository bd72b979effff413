// SPDX-License-Identifier: GPL-2.0

//! Fuzz targets: what has to hold for whatever bytes a parser is given.
//!
//! Each target has the specification's tables again, as offsets, and asserts that the parser
//! decides and reads as they say. What is asserted besides is that nothing panics.

mod bytes;
mod doe;
mod snp;
mod spdm;
mod tdisp;
mod tdx;

/// A target: takes any bytes, and tells whether they were accepted.
pub type Target = fn(&[u8]) -> bool;

/// Every target, by name. The name is that of its folder in `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("doe_discovery", doe::discovery),
    ("doe_object", doe::object),
    ("ide_km", tdisp::ide_km),
    ("snp_certificates", snp::certificates),
    ("snp_ioctl", snp::ioctl),
    ("snp_key_answer", snp::key_answer),
    ("snp_report", snp::report),
    ("snp_report_answer", snp::report_answer),
    ("snp_status", snp::status),
    ("snp_svsm", snp::svsm),
    ("snp_tio", snp::tio),
    ("spdm_algorithms", spdm::algorithms),
    ("spdm_capabilities", spdm::capabilities),
    ("spdm_certificate", spdm::certificate),
    ("spdm_chain", spdm::chain),
    ("spdm_challenge", spdm::challenge),
    ("spdm_digests", spdm::digests),
    ("spdm_end_session", spdm::end_session),
    ("spdm_error", spdm::error),
    ("spdm_finish", spdm::finish),
    ("spdm_key_exchange", spdm::key_exchange),
    ("spdm_measurements", spdm::measurements),
    ("spdm_opaque", spdm::opaque),
    ("spdm_requester", spdm::requester),
    ("spdm_secured", spdm::secured),
    ("spdm_vendor_defined", spdm::vendor_defined),
    ("spdm_version", spdm::version),
    ("tdisp_message", tdisp::message),
    ("tdisp_report", tdisp::report),
    ("tdx_call", tdx::call),
    ("tdx_connect", tdx::connect),
    ("tdx_quote_answer", tdx::quote_answer),
    ("tdx_quote_request", tdx::quote_request),
    ("tdx_register", tdx::register),
    ("tdx_report", tdx::report),
    ("tdx_status", tdx::status),
];

/// Returns the target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, target)| *target)
}
