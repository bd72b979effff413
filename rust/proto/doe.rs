// SPDX-License-Identifier: GPL-2.0

//! Data Object Exchange. PCI Express Base Specification, revision 6, section 6.30.
//!
//! A data object is whole dwords: a header of two, and a payload that ends with padding. Nothing in the
//! object says how much of it is padding; the content of the payload does.

mod discovery;
mod error;
mod header;
mod padded;

pub use discovery::{
    Discovery,
    Feature, //
};
pub use error::{
    Error,
    Result, //
};
pub use header::{
    Header,
    ObjectType,
    Vendor, //
};
pub use padded::Padded;
