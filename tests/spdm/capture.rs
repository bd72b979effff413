// SPDX-License-Identifier: GPL-2.0

//! Captures of conversations, as `tests/vectors/spdm/README.md` describes them.

use std::{
    env, fs,
    path::{
        Path,
        PathBuf, //
    },
};

/// Which side sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Requester,
    Responder,
}

/// A data object, and the comments above it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) sender: Sender,
    pub(crate) object_type: u8,
    pub(crate) bytes: Vec<u8>,
    pub(crate) comments: Vec<String>,
}

impl Object {
    /// Returns what follows `start` in the first comment that starts with it.
    pub(crate) fn comment(&self, start: &str) -> Option<&str> {
        self.comments
            .iter()
            .find_map(|comment| comment.strip_prefix(start))
    }

    /// Returns the bytes in such a comment.
    pub(crate) fn hex(&self, start: &str) -> Option<Vec<u8>> {
        self.comment(start)
            .map(|text| bytes(text.split_whitespace().next().unwrap_or_default()))
    }

    /// Returns the length of the message without padding, of a message in clear.
    pub(crate) fn len(&self) -> usize {
        self.comments
            .iter()
            .filter_map(|comment| comment.split_once(" len="))
            .next_back()
            .and_then(|(_, len)| len.parse().ok())
            .unwrap_or(4)
    }
}

/// Returns the bytes that hexadecimal digits stand for.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|index| u8::from_str_radix(&hex[2 * index..][..2], 16).expect("these are digits"))
        .collect()
}

/// Reads a capture.
fn read(path: &Path) -> Vec<Object> {
    let mut comments = Vec::new();
    let mut objects = Vec::new();

    for line in fs::read_to_string(path).expect("it is a file").lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            comments.push(String::from(comment.trim_start()));
            continue;
        }
        let (sender, rest) = match line.split_at(2) {
            ("> ", rest) => (Sender::Requester, rest),
            ("< ", rest) => (Sender::Responder, rest),
            _ => panic!("{line} is no message"),
        };
        let (object_type, hex) = rest.split_once(' ').expect("there are three fields");
        objects.push(Object {
            sender,
            object_type: object_type.parse().expect("it is a number"),
            bytes: bytes(hex),
            comments: std::mem::take(&mut comments),
        });
    }
    objects
}

/// Where the captures are: `TSM_SPDM_CAPTURES`, or those of this repository.
fn folder() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/spdm");

    env::var_os("TSM_SPDM_CAPTURES").map_or_else(own, PathBuf::from)
}

/// Returns the capture of this name.
pub(crate) fn named(name: &str) -> Vec<Object> {
    read(&folder().join(name).with_extension("txt"))
}

/// Returns the names of the captures.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name())
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".txt")?.to_owned()))
        .collect();

    names.sort();
    names
}
