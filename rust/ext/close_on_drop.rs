// SPDX-License-Identifier: GPL-2.0

//! Objects that are closed before they go.

use kernel::sync::Arc;

/// An object that tasks wait for.
pub trait Close {
    /// Fails the calls that wait, and later ones, so that only those which have begun are waited for.
    fn close(&self);
}

/// Closes an object when it is dropped. Others may have references to the object.
pub struct CloseOnDrop<T: Close>(Arc<T>);

impl<T: Close> CloseOnDrop<T> {
    /// Has `object` closed when the guard is dropped.
    pub fn new(object: Arc<T>) -> Self {
        Self(object)
    }
}

impl<T: Close> Drop for CloseOnDrop<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}
