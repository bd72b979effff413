// SPDX-License-Identifier: GPL-2.0

//! The provider's side of the ABI between `tsm.ko` and its providers.
//!
//! C headers: `include/tsm/tsm.h`, [`include/linux/tsm.h`](srctree/include/linux/tsm.h)
//!
//! A provider implements [`ReportProvider`] or [`MeasurementProvider`] and keeps a registration.
//! [`Flags`] and [`ReportId`] are for `tsm.ko` as well.

#![deny(unsafe_code)]

mod failure;
mod flags;
#[expect(unsafe_code, reason = "a pointer to a device of another crate")]
mod late_registration;
#[expect(unsafe_code, reason = "the C ABI")]
mod measurement_provider;
mod report_id;
#[expect(unsafe_code, reason = "the C ABI")]
mod report_provider;

pub use failure::{
    Answer,
    Failure, //
};
pub use flags::Flags;
pub use late_registration::{
    DeviceRegisters,
    LateRegistration, //
};
pub use measurement_provider::{
    MeasurementProvider,
    MeasurementRegistration,
    RegisterSpec,
    Values, //
};
pub use report_id::ReportId;
pub use report_provider::{
    copy_blob,
    Files,
    Output,
    ReportProvider,
    ReportRegistration,
    Request, //
};

/// What `pr_err!` looks for in the root of a crate, and only `module!` defines by itself.
const __LOG_PREFIX: &[u8] = b"tsm_provider\0";
