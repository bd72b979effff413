// SPDX-License-Identifier: GPL-2.0

//! Objects that are closed before they go.

use kernel::sync::Arc;

/// An object that tasks wait for.
///
/// # Examples
///
/// See [`CloseOnDrop`].
pub trait Close {
    /// Fails the calls that wait, and later ones, so that only those which have begun are waited for.
    fn close(&self);
}

/// Closes an object when it is dropped. Others may have references to the object.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     sync::{
///         atomic::{
///             Atomic,
///             Relaxed, //
///         },
///         Arc, //
///     }, //
/// };
/// use tsm_ext::close_on_drop::{
///     Close,
///     CloseOnDrop, //
/// };
///
/// struct Queue {
///     is_closed: Atomic<bool>,
/// }
///
/// impl Close for Queue {
///     fn close(&self) {
///         self.is_closed.store(true, Relaxed);
///     }
/// }
///
/// let queue = Queue {
///     is_closed: Atomic::new(false),
/// };
/// let queue = Arc::new(queue, GFP_KERNEL)?;
/// let guard = CloseOnDrop::new(queue.clone());
///
/// drop(guard);
/// assert!(queue.is_closed.load(Relaxed));
/// # Ok::<(), Error>(())
/// ```
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
