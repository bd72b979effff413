// SPDX-License-Identifier: GPL-2.0

//! The formats of SEV-SNP.

mod certificates;
mod ioctl;
mod message;
mod report;
mod status;
mod svsm;
mod tio;

pub(crate) use certificates::certificates;
pub(crate) use ioctl::ioctl;
pub(crate) use message::{
    key_answer,
    report_answer, //
};
pub(crate) use report::report;
pub(crate) use status::status;
pub(crate) use svsm::svsm;
pub(crate) use tio::tio;
