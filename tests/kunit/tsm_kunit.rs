// SPDX-License-Identifier: GPL-2.0

//! The KUnit suites. Those of `tsm_proto` run by cargo as well.

use kernel::prelude::*;

mod cached_box;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
mod crypto;
mod desc;
mod doe;
mod errno;
mod examples;
mod generation;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
mod hashes;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
mod hex;
mod ide;
mod ide_km;
mod output_buffer;
mod seq_bytes;
mod snp_certificates;
mod snp_ioctl;
mod snp_message;
mod snp_report;
mod snp_svsm;
mod snp_tio;
mod snp_tio_blobs;
mod spdm_certificates;
mod spdm_evidence;
mod spdm_negotiation;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
mod spdm_replay;
mod spdm_requester;
mod spdm_session;
#[cfg(CONFIG_TSM_RS_CRYPTO)]
#[path = "../../src/tsm_tdisp/suite.rs"]
mod suite;
mod tdisp;
mod tdisp_report;
mod tdx_buffer_limits;
mod tdx_call;
mod tdx_connect;
mod tdx_connect_mmio;
mod tdx_connect_tdcm;
mod tdx_guest;
mod tdx_poll;
mod tdx_quote;
mod tdx_report;
mod tdx_status;
mod values;
mod volatile;

module! {
    type: TsmKunit,
    name: "tsm_kunit",
    authors: ["The tsm-rs authors"],
    description: "KUnit suites of the attestation stack",
    license: "GPL",
}

/// The module: the suites are all there is.
struct TsmKunit;

impl kernel::Module for TsmKunit {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
