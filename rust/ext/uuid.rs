// SPDX-License-Identifier: GPL-2.0

//! Globally unique identifiers.
//!
//! C header: [`include/linux/uuid.h`](srctree/include/linux/uuid.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    str::CStr, //
};

/// A GUID, `guid_t`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::uuid::Guid;
///
/// let guid = Guid::parse(c"c476f1eb-0123-45a5-9641-b4e7dde5bfe3")?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Guid(bindings::guid_t);

impl Guid {
    /// All zeros.
    pub const NULL: Self = Self(bindings::guid_t { b: [0; 16] });

    /// Parses the usual form of 36 characters. What follows them is not looked at.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it does not have that form.
    pub fn parse(text: &CStr) -> Result<Self> {
        let mut guid = Self::NULL;

        // SAFETY: `text` is a C string, and reading stops at its end.
        to_result(unsafe { bindings::guid_parse(text.as_char_ptr(), &mut guid.0) })?;
        Ok(guid)
    }

    /// Returns the value that C code uses.
    pub const fn as_raw(self) -> bindings::guid_t {
        self.0
    }
}
