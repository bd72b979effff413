// SPDX-License-Identifier: GPL-2.0

//! What the current task may do.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

/// Tells whether the current task has `CAP_SYS_ADMIN`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::capability;
///
/// if !capability::has_sys_admin() {
///     return Err(EPERM);
/// }
/// # Ok::<(), Error>(())
/// ```
pub fn has_sys_admin() -> bool {
    // SAFETY: The helper only looks at the current task.
    unsafe { tsm_bindings::tsm_helper_capable(tsm_bindings::CAP_SYS_ADMIN) }
}

/// The same, where a task without it is not refused but served otherwise, which is not audited.
pub fn has_sys_admin_noaudit() -> bool {
    // SAFETY: The helper only looks at the current task.
    unsafe { tsm_bindings::tsm_helper_capable_noaudit(tsm_bindings::CAP_SYS_ADMIN) }
}

/// Tells whether the current task has `CAP_SYS_RESOURCE`: limits for resources do not apply to it. A refusal
/// is not audited, so a caller may ask before a limit is reached.
pub fn has_sys_resource() -> bool {
    // SAFETY: The helper only looks at the current task.
    unsafe { tsm_bindings::tsm_helper_capable_noaudit(tsm_bindings::CAP_SYS_RESOURCE) }
}
