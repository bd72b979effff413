// SPDX-License-Identifier: GPL-2.0

//! Identifiers of fields, in metadata of any scope.

/// Stands for no field: before the first one, and after the last.
pub(super) const NO_FIELD: u64 = !0;

/// Bits 63, 61:56 and 23:0: what identifies a field are its class and its code.
pub(super) const IDENTITY: u64 = 0xbf00_0000_00ff_ffff;

/// Bits 50:34: last element in field, last field in sequence, and a flag for lists. A single element
/// has none of them.
pub(super) const LIST: u64 = 0x0007_fffc_0000_0000;
