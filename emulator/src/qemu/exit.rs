// SPDX-License-Identifier: GPL-2.0

//! How the process ends. QEMU's own way out could wait for the thread that asks for it.

use std::{
    ffi::c_int,
    io::{
        self,
        Write as _, //
    },
};

/// Exit status when the machine is stopped.
const EXIT_STOPPED: c_int = 70;

extern "C" {
    fn _exit(status: c_int) -> !;
}

/// Prints a message and ends the machine.
pub(crate) fn stop(message: &str) -> ! {
    eprintln!("tsm-emulator: {message}");
    // SAFETY: `_exit()` has no conditions.
    unsafe { _exit(EXIT_STOPPED) }
}

/// Prints the help and ends QEMU before it starts a machine.
pub(super) fn print_help(text: &str) -> ! {
    let mut stdout = io::stdout().lock();
    let printed = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());

    if let Err(error) = printed {
        stop(&format!("the help cannot be printed: {error}"));
    }
    // SAFETY: `_exit()` has no conditions.
    unsafe { _exit(0) }
}
