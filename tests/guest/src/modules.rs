// SPDX-License-Identifier: GPL-2.0

//! Loading and unloading.

use std::{
    ffi::CString,
    fs::{
        self,
        File, //
    },
    io,
    path::PathBuf, //
};

use nix::{
    errno::Errno,
    kmod::{
        delete_module,
        finit_module,
        DeleteModuleFlags,
        ModuleInitFlags, //
    },
};

use crate::Drivers;

/// Loads the module `name`.
///
/// # Panics
///
/// If the guest's image does not have it.
pub fn load(name: &str) -> Result<(), Errno> {
    load_with(name, "")
}

/// Loads the module `name` with parameters.
///
/// # Panics
///
/// If the guest's image does not have it, or there is a null byte in `parameters`.
pub fn load_with(name: &str, parameters: &str) -> Result<(), Errno> {
    let file = open(name).expect("the module is in the image");
    let parameters = CString::new(parameters).expect("no null byte");

    finit_module(&file, &parameters, ModuleInitFlags::empty())
}

/// Opens the file of the module `name`.
pub fn open(name: &str) -> io::Result<File> {
    File::open(path(name))
}

/// Unloads the module `name`, without waiting.
///
/// # Panics
///
/// If `name` has a null byte.
pub fn unload(name: &str) -> Result<(), Errno> {
    let name = CString::new(name).expect("no null byte");

    delete_module(&name, DeleteModuleFlags::O_NONBLOCK)
}

/// Says whether the module `name` is loaded.
///
/// # Panics
///
/// Without `/proc`.
pub fn is_loaded(name: &str) -> bool {
    let modules = fs::read_to_string("/proc/modules").expect("/proc is mounted");

    modules
        .lines()
        .any(|line| line.split(' ').next() == Some(name))
}

/// Puts all modules of the drivers under test back in their place.
///
/// # Panics
///
/// If one can't be loaded.
pub fn restore() {
    let (core, provider) = Drivers::get().modules();

    for name in [core, provider] {
        if !is_loaded(name) {
            load(name).expect("the module loads");
        }
    }
}

/// Runs a test with the names of the core and the provider, and has all modules loaded again after
/// it.
pub fn with(test: impl FnOnce(&str, &str)) {
    struct Restore;

    impl Drop for Restore {
        fn drop(&mut self) {
            restore();
        }
    }

    let (core, provider) = Drivers::get().modules();
    let _restore = Restore;
    test(core, provider);
}

fn path(name: &str) -> PathBuf {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")
        .ok()
        .map(|release| release.trim().to_owned());
    let root = PathBuf::from("/lib/modules");
    let versions = fs::read_dir(&root).into_iter().flatten().flatten();

    versions
        .map(|version| version.path())
        .filter(|version| {
            release
                .as_ref()
                .is_none_or(|release| version.ends_with(release))
        })
        .flat_map(|version| [version.join("updates"), version.join("kernel")])
        .flat_map(|folder| [name.to_owned(), name.replace('_', "-")].map(|n| (folder.clone(), n)))
        .map(|(folder, name)| folder.join(name).with_extension("ko"))
        .find(|path| path.exists())
        .unwrap_or_default()
}
