// SPDX-License-Identifier: GPL-2.0

//! The ABI between `tsm.ko` and its providers, as a provider uses it.
//!
//! C headers: `include/tsm/tsm.h`, [`include/linux/tsm.h`](srctree/include/linux/tsm.h)
//!
//! A provider implements [`ReportProvider`] or [`MeasurementProvider`] and keeps a registration.
//! [`Flags`] and [`ReportId`] are for `tsm.ko` as well.

mod failure;
mod flags;
mod late_registration;
mod measurement_provider;
mod report_id;
mod report_provider;

pub use failure::{
    Answer,
    Failure, //
};
pub use flags::Flags;
pub use late_registration::{
    LateRegistration,
    Shown, //
};
pub use measurement_provider::{
    MeasurementProvider,
    MeasurementRegistration,
    RegisterSpec,
    Values, //
};
pub use report_id::ReportId;
pub use report_provider::{
    Files,
    Output,
    ReportProvider,
    ReportRegistration,
    Request, //
};
