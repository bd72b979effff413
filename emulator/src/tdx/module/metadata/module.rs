// SPDX-License-Identifier: GPL-2.0

//! Metadata of the TDX module itself.
//!
//! ABI, metadata of global scope: the classes "TDX Module Version" and "TDX Module Info".

use super::identifier::{
    IDENTITY,
    LIST,
    NO_FIELD, //
};

/// A field, which has one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    id: u64,
    /// The value, which never changes.
    pub(super) value: u64,
}

/// All of them, in the order of their classes and codes.
const FIELDS: [Field; 5] = [
    // VENDOR_ID: Intel's, on PCI.
    field(0x0800_0002_0000_0000, 0x8086),
    // MINOR_VERSION and MAJOR_VERSION: the module that has what the emulator has.
    field(0x0800_0001_0000_0003, 5),
    field(0x0800_0001_0000_0004, 1),
    // UPDATE_VERSION.
    field(0x0800_0001_0000_0005, 0),
    // TDX_FEATURES0: of all that there may be, nothing.
    field(0x0a00_0003_0000_0008, 0),
];

const fn field(id: u64, value: u64) -> Field {
    Field { id, value }
}

/// Finds a field by its identifier.
pub(super) fn find(id: u64) -> Option<Field> {
    let same = |field: &Field| (field.id ^ id) & IDENTITY == 0;

    FIELDS.into_iter().find(same).filter(|_| id & LIST == 0)
}

/// Returns the identifier of the first field, or of the first one after another.
pub(super) fn first(after: Option<Field>) -> u64 {
    let mut fields = FIELDS.into_iter();
    if let Some(after) = after {
        fields.find(|field| *field == after);
    }
    fields.next().map_or(NO_FIELD, |field| field.id)
}
