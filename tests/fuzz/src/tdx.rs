// SPDX-License-Identifier: GPL-2.0

//! The formats of TDX.

mod call;
mod connect;
mod quote;
mod register;
mod report;
mod status;

pub(crate) use call::call;
pub(crate) use connect::connect;
pub(crate) use quote::{
    quote_answer,
    quote_request, //
};
pub(crate) use register::register;
pub(crate) use report::report;
pub(crate) use status::status;
