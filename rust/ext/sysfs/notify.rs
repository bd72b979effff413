// SPDX-License-Identifier: GPL-2.0

//! Files whose changes can be waited for.

use core::ptr::null;

use kernel::{
    bindings,
    prelude::*,
    str::CStr, //
};

use super::Directory;

impl Directory {
    /// Wakes the tasks that wait by `poll(2)` for the file `name` of this directory to change.
    ///
    /// # Examples
    ///
    /// ```
    /// use tsm_ext::sysfs::Directory;
    ///
    /// let dir = Directory::new_in_kernel(c"example")?;
    /// // There is no such file, so there is no task to wake.
    /// dir.notify(c"state");
    /// # Ok::<(), kernel::error::Error>(())
    /// ```
    pub fn notify(&self, name: &CStr) {
        // SAFETY: By the type invariant of `Inner`, the object is valid and in sysfs. A name of a file that is not
        // there does nothing.
        unsafe { bindings::sysfs_notify(self.as_raw(), null(), name.as_char_ptr()) };
    }
}
