// SPDX-License-Identifier: GPL-2.0

//! SEV-TIO: guest messages 19 to 26, about devices in the guest's trust, and the blobs that the host gives with the
//! answer to the first of them.
//!
//! The layouts are known from software that was published:
//!
//! - "SEV-TIO Firmware Interface Specification" (58271, revision 0.91, 2025-07-02), tables 60 to 69, as OpenVMM has them
//!   in `sev_guest_device_tio`, here "TIO". Messages have version 1, and begin with a guest device ID of 16 bits.
//! - "coco/sev-guest: Implement the guest support for SEV TIO", RFC v2, 18/22, 2025-02-18, and "(phase2)", 7/9,
//!   2026-02-25, by AMD, here "RFC 2025" and "RFC 2026". The layouts are the same. The status codes of MMIO_VALIDATE are
//!   those of the latter; the former has neither `NOT_IO` nor `NOT_4K`, and other numbers from 4 on.
//! - AMD's `drivers/virt/coco/sev-guest/tio.c` in its trees linux-iommu at cccfdda0f2e8 and linux-kvm at ae5f6b5b930b,
//!   which are later, here "AMD 2". Messages have version 2, and begin with a TDI ID of 64 bits.
//!
//! Each name of a TDI has its layout: see [`Tdi`]. For MMIO_CONFIG there is that of version 1 alone: the driver in
//! linux-iommu still has the old structure, in code that is not compiled, and the longer name does not fit it.
//!
//! Reserved bytes are written as zeros and ignored when read.

pub mod algorithms;
mod blob;
mod error;
mod info;
mod mmio_config;
mod mmio_validate;
mod range;
mod request;
mod sdte;
mod sdte_write;
mod table;
mod tdi;

pub use blob::Blob;
pub use error::{
    Error,
    Result, //
};
pub use info::{
    Info,
    Kind,
    TdiInfo,
    TdiStatus, //
};
pub use mmio_config::{
    MmioConfig,
    MmioConfigStatus,
    Operation, //
};
pub use mmio_validate::{
    MmioValidate,
    MmioValidateStatus,
    Validated, //
};
pub use range::{
    RangeId,
    Subrange, //
};
pub use request::Request;
pub use sdte::{
    Access,
    Sdte,
    Vtom, //
};
pub use sdte_write::{
    SdteStatus,
    SdteWrite, //
};
pub use table::{
    Entry,
    Guid,
    Table, //
};
pub use tdi::{
    GuestDeviceId,
    MessageVersion,
    Tdi,
    TdiId, //
};
