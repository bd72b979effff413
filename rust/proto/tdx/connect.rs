// SPDX-License-Identifier: GPL-2.0

//! TDX Connect: calls of the TDX module, and one of the VMM, about devices in the trust of a TD.
//!
//! The numbers and layouts are known from software that was published:
//!
//! - Intel's kernel tree intel-staging/tdx at 20d1ddcbff9f and 089d07440e7d (2026), here "Intel":
//!   `arch/x86/include/asm/{shared/,}tdx.h`, `arch/x86/coco/tdx/tdx_connect.c` and
//!   `drivers/virt/coco/tdx-guest/connect.c`.
//! - OpenVMM in will-j-wright/openvmm at 0f8346b5113e (2026), here "OpenVMM": `x86defs`, `tdcall` and `openhcl_tdisp`,
//!   by the TDX Connect ABI, EAS 2.1, revision 0.61. Upstream it is in microsoft/openvmm at d8418f38becd.
//! - Intel's TDX module, intel/tdx-module at 1666adc494db, with interfaces that came before these: its statuses have
//!   the same numbers, and so have the functions that became `TDG.TDI.RD`, `TDG.DMAR.ACCEPT` and `TDG.TDI.MMIO.ACCEPT`.
//!
//! Where both of the first two have a number it is the same, but for bit 63 of that of `CONFIG_FLAGS`, which the module
//! ignores. The functions of the TDX module are in both, and so are two statuses,
//! [`TDI_NOT_PRESENT`](super::Status::TDI_NOT_PRESENT) and
//! [`TDI_INVALID_METADATA`](super::Status::TDI_INVALID_METADATA); the other statuses are in the second and third. The
//! call of the VMM is in the first alone.
//!
//! Not known from any of them, and therefore not here: what exactly the two hashes are of; in what unit
//! `TDG.TDI.MMIO.ACCEPT` counts at levels above 4 KiB; what `GET_TDISP_VERSION` returns; what is in the answers to
//! `GET_DEV_INFO` and `GET_TDI_STATE` of the VMM; what a request to the VMM may have for data, and other versions of
//! it than 0.

mod acceptance;
mod bind_session;
mod config_flags;
mod dmar;
mod error;
mod evidence;
mod hash;
mod mmio;
mod read;
mod tdcm;

pub use acceptance::{
    Acceptance,
    Progress, //
};
pub use bind_session::{
    BindSessionId,
    ReadBindSession,
    Start, //
};
pub use config_flags::ConfigFlags;
pub use dmar::{
    DmarAccept,
    DmarTarget, //
};
pub use error::{
    Error,
    Result, //
};
pub use evidence::{
    Checked,
    Unchecked, //
};
pub use hash::{
    Hash,
    HashLength,
    HashPage,
    Kind,
    ReadHash, //
};
pub use mmio::{
    Level,
    MmioAccept,
    Page,
    Subrange, //
};
pub use read::{
    ReadState,
    TdiField, //
};
pub use tdcm::{
    Bind,
    CheckTeeIo,
    DeviceId,
    GetDeviceInfo,
    GetReport,
    Operation,
    Request,
    StartTdi,
    Tdcm,
    TdcmError,
    TdcmStatus,
    Unbind, //
};
