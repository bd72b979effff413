// SPDX-License-Identifier: GPL-2.0

//! The symbol that QEMU looks up in the plugin: it joins QEMU's side to the emulator's.

#![expect(unsafe_code, reason = "QEMU calls it by its C name")]

use std::ffi::{
    c_char,
    c_int, //
};

use crate::{
    plugin::Plugin,
    qemu::{
        self,
        Info, //
    }, //
};

/// QEMU loads the plugin.
///
/// # Safety
///
/// `id` is the number that QEMU has given this plugin. `info` points to what QEMU says of itself,
/// `argv` to `argc` C strings.
#[no_mangle]
unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    info: *const Info,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: The caller guarantees that `id` is this plugin's, and that `info` and `argv` are what
    // QEMU says of itself and `argc` C strings.
    unsafe { qemu::install::<Plugin>(id, info, argc, argv) }
}
