// SPDX-License-Identifier: GPL-2.0

//! What the layout of a message depends on.

use super::Version;

/// The negotiated version, and sizes of fields that depend on the negotiated algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The version.
    pub version: Version,
    /// Bytes of the base hash.
    pub hash: usize,
    /// Bytes of a signature of the responder.
    pub signature: usize,
    /// Bytes of a public key of the key exchange.
    pub exchange: usize,
}

impl Layout {
    /// Makes the layout of messages before the algorithms are negotiated.
    pub const fn new(version: Version) -> Self {
        Self {
            version,
            hash: 0,
            signature: 0,
            exchange: 0,
        }
    }
}
