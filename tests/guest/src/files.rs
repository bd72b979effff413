// SPDX-License-Identifier: GPL-2.0

//! What files there are, and their modes.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{
        FileTypeExt,
        MetadataExt, //
    },
    path::Path, //
};

/// Names, and the mode of each.
pub type Modes = BTreeMap<String, u32>;

/// Returns what there is in `folder`.
///
/// # Panics
///
/// If it can't be listed.
pub fn in_folder(folder: impl AsRef<Path>) -> Modes {
    let entries = fs::read_dir(folder).expect("the folder can be read");

    entries
        .map(|entry| {
            let entry = entry.expect("the folder can be read");
            let meta = entry.metadata().expect("the entry is still there");
            let name = entry.file_name().into_string().expect("the name is text");

            (name, meta.mode() & 0o7777)
        })
        .collect()
}

/// Returns the names of what there is in `folder`, in their order.
///
/// # Panics
///
/// If it can't be listed.
pub fn names_in_folder(folder: impl AsRef<Path>) -> Vec<String> {
    in_folder(folder).into_keys().collect()
}

/// Returns what there should be.
pub fn modes<N: Into<String>>(files: impl IntoIterator<Item = (N, u32)>) -> Modes {
    let files = files.into_iter();

    files.map(|(name, mode)| (name.into(), mode)).collect()
}

/// Checks that `path` is a device that is for root only.
///
/// # Panics
///
/// If it is not.
pub fn check_device(path: &str) {
    let meta = fs::metadata(path).expect("the device is there");

    assert!(meta.file_type().is_char_device());
    assert_eq!(
        (meta.mode() & 0o7777, meta.uid(), meta.gid()),
        (0o600, 0, 0)
    );
}
