// SPDX-License-Identifier: GPL-2.0

//! The ABI between `tsm.ko` and its providers, from both sides.
//!
//! C headers: `include/tsm/tsm.h`, [`include/linux/tsm.h`](srctree/include/linux/tsm.h)
//!
//! A provider implements [`ReportProvider`] or [`MeasurementProvider`] and keeps a registration.
//! `tsm.ko` keeps what was registered in a [`Slot`] or in a [`Measurement`].

mod blob;
mod desc;
mod failure;
mod flags;
mod late_registration;
mod measurement;
mod measurement_provider;
mod report_id;
mod report_provider;
mod slot;
pub mod trace;

pub use blob::{
    Blob,
    Blobs, //
};
pub use desc::{
    Desc,
    Inblob,
    Privlevel, //
};
pub use failure::{
    Answer,
    Failure, //
};
pub use flags::Flags;
pub use late_registration::{
    LateRegistration,
    Shown, //
};
pub use measurement::{
    Measurement,
    MeasurementId,
    Register, //
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
pub use slot::{
    Asked,
    Call,
    Slot, //
};
