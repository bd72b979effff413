// SPDX-License-Identifier: GPL-2.0

//! Module parameters.

use core::borrow::Borrow;

/// Returns what `ModuleParamAccess::value()` of a parameter does: on 7.2 a reference to the value, on
/// 7.3 the value.
pub fn value<T: Copy>(value: impl Borrow<T>) -> T {
    *value.borrow()
}
