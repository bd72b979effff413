// SPDX-License-Identifier: GPL-2.0

//! Captured conversations as files: see `tests/spdm/README.md`.

use std::collections::HashMap;

/// A message of a capture: a line of its file, with the comments above it.
#[derive(Default)]
pub(super) struct CapturedMessage {
    pub(super) from_requester: bool,
    /// Type of the data object.
    pub(super) kind: u8,
    /// Payload of the object, padding included.
    pub(super) payload: Vec<u8>,
    /// Size of the message.
    size: usize,
    /// `NAME hex` of the comments.
    pub(super) values: HashMap<String, Vec<u8>>,
}

impl CapturedMessage {
    /// Returns the message in the clear.
    pub(super) fn message(&self) -> &[u8] {
        &self.payload[..self.size]
    }
}

/// Decodes hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// Reads a capture: the algorithms, and the lines.
pub(super) fn read(text: &str) -> (HashMap<String, String>, Vec<CapturedMessage>) {
    let mut algorithms = HashMap::new();
    let mut lines = vec![];
    let mut line = CapturedMessage::default();

    for text in text.lines() {
        if let Some(comment) = text.strip_prefix("# ") {
            let words: Vec<_> = comment.split(' ').collect();
            match *words {
                ["negotiated:", ref pairs @ ..] => algorithms.extend(pairs.iter().map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap();
                    (name.into(), value.into())
                })),
                ["plaintext", value] | ["M1", "hash", value] | ["L1", "hash", value] => {
                    line.values.insert(words[0].into(), hex(value));
                }
                ["secret", .., name, value] => {
                    line.values.insert(name.into(), hex(value));
                }
                [.., last] if last.starts_with("len=") => line.size = last[4..].parse().unwrap(),
                _ => {}
            }
            continue;
        }
        let words: Vec<_> = text.split(' ').collect();
        line.from_requester = words[0] == ">";
        line.kind = words[1].parse().unwrap();
        line.payload = hex(words[2])[8..].to_vec();
        lines.push(std::mem::take(&mut line));
    }
    (algorithms, lines)
}
