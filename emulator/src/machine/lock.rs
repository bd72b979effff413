// SPDX-License-Identifier: GPL-2.0

//! A mutex whose poisoning is ignored.

use std::sync::{
    Mutex,
    MutexGuard,
    PoisonError, //
};

/// Locks `mutex`.
///
/// QEMU's callbacks can't unwind, so a panic ends the process: no thread sees what it left half
/// done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
