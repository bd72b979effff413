// SPDX-License-Identifier: GPL-2.0

//! Captures of conversations, as `tests/vectors/spdm/README.md` describes them.

use kernel::prelude::*;

use crate::hex::bytes;

use super::failure::{
    Failure,
    Result, //
};

/// Bytes of the header of a data object.
const HEADER: usize = 8;

/// Which side sent a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Requester,
    Responder,
}

/// A data object, and the comments above it.
pub(super) struct Object<'a> {
    pub(super) sender: Sender,
    /// Whether it is a record of a session.
    pub(super) is_secured: bool,
    pub(super) payload: KVec<u8>,
    comments: KVec<&'a str>,
}

impl<'a> Object<'a> {
    /// Returns what follows `start` in the comments that start with it.
    pub(super) fn comments<'b>(
        &'b self,
        start: &'static str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        let comments = self.comments.iter();

        comments.filter_map(move |comment| comment.strip_prefix(start))
    }

    /// Returns the bytes in the first such comment.
    pub(super) fn hex(&self, start: &'static str) -> Result<KVec<u8>> {
        let text = self.comments(start).next().ok_or(Failure::Capture)?;
        let word = text.split(' ').next().ok_or(Failure::Capture)?;

        Ok(bytes(word)?)
    }

    /// Returns the message of an object in clear, without padding.
    pub(super) fn message(&self) -> Result<&[u8]> {
        let lengths = self.comments.iter().filter_map(|comment| {
            let (_, len) = comment.split_once(" len=")?;
            len.parse::<usize>().ok()
        });
        let len = lengths.last().unwrap_or(4);

        self.payload.get(..len).ok_or(Failure::Capture)
    }
}

/// The objects of a capture.
pub(super) struct Objects<'a> {
    pub(super) lines: core::str::Lines<'a>,
}

impl<'a> Objects<'a> {
    /// Returns the next object.
    pub(super) fn next(&mut self) -> Result<Option<Object<'a>>> {
        let mut comments = KVec::new();

        for line in self.lines.by_ref() {
            if let Some(comment) = line.strip_prefix("# ") {
                comments.push(comment.trim_start(), GFP_KERNEL)?;
                continue;
            }
            let mut words = line.split(' ');
            let sender = match words.next() {
                Some(">") => Sender::Requester,
                Some("<") => Sender::Responder,
                _ => return Err(Failure::Capture),
            };
            let object_type = words.next().ok_or(Failure::Capture)?;
            let object = bytes(words.next().ok_or(Failure::Capture)?)?;
            let mut payload = KVec::new();
            let after = object.get(HEADER..).ok_or(Failure::Capture)?;
            payload.extend_from_slice(after, GFP_KERNEL)?;
            // Type 0 is discovery, of which there is none in the captures that are replayed here.
            return Ok(Some(Object {
                sender,
                is_secured: object_type == "2",
                payload,
                comments,
            }));
        }
        Ok(None)
    }
}
