// SPDX-License-Identifier: GPL-2.0

//! A limit for lines in the log that the VMM or user space can provoke.
//!
//! C header: [`include/linux/ratelimit.h`](srctree/include/linux/ratelimit.h)

/// Tells whether this module may log now: ten times within five seconds. The kernel reports later how
/// often the answer was no.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::ratelimit::may_log;
///
/// if may_log() {
///     pr_err!("the VMM refused\n");
/// }
/// ```
pub fn may_log() -> bool {
    // SAFETY: The helper has no requirements.
    unsafe { tsm_bindings::tsm_helper_ratelimit() }
}
