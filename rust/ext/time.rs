// SPDX-License-Identifier: GPL-2.0

//! Time, and sleeping.
//!
//! C header: [`include/linux/hrtimer.h`](srctree/include/linux/hrtimer.h)

use kernel::{
    bindings,
    prelude::*,
    time::Delta, //
};

/// Returns how many nanoseconds the machine has been up, without sleep.
///
/// # Examples
///
/// ```
/// use tsm_ext::time::now;
///
/// let before = now();
/// assert!(now() >= before);
/// ```
pub fn now() -> u64 {
    // SAFETY: `ktime_get()` has no conditions once a module can be loaded.
    let nanoseconds = unsafe { bindings::ktime_get() };

    // CAST: It is not negative.
    nanoseconds as u64
}

/// Sleeps for `delta`, to the precision of a high-resolution timer, or until the task is killed.
///
/// # Errors
///
/// [`EINTR`] when the task was killed.
///
/// # Examples
///
/// ```
/// use kernel::time::Delta;
/// use tsm_ext::time::sleep_killable;
///
/// sleep_killable(Delta::from_millis(5))?;
/// # Ok::<(), kernel::error::Error>(())
/// ```
pub fn sleep_killable(delta: Delta) -> Result {
    let mut expires = delta.as_nanos();
    // CAST: A quarter of a duration that was clamped to be positive fits an `u64`.
    let slack = (expires.max(0) / 4) as u64;

    // SAFETY: The state is that of the current task, which this function puts to sleep right after.
    unsafe { tsm_bindings::tsm_helper_set_current_state(bindings::TASK_KILLABLE) };
    // SAFETY: `expires` is a valid `ktime_t` that lives through the call. What it returns does not
    // matter: a wake-up before time is harmless, and a kill is asked for below.
    unsafe {
        tsm_bindings::schedule_hrtimeout_range(
            &mut expires,
            slack,
            bindings::hrtimer_mode_HRTIMER_MODE_REL,
        )
    };
    // SAFETY: The helper only looks at the current task.
    if unsafe { tsm_bindings::tsm_helper_fatal_signal_pending() } {
        return Err(EINTR);
    }
    Ok(())
}
