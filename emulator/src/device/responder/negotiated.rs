// SPDX-License-Identifier: GPL-2.0

//! What was negotiated.

use super::super::suite::{
    Cipher,
    Group, //
};

/// `AlgSupported` of the key schedule: SPDM's.
const SPDM_SCHEDULE: u16 = 1 << 0;

/// `AlgType`: groups.
const DHE: u8 = 2;
/// `AlgType`: ciphers.
const AEAD: u8 = 3;
/// `AlgType`: the key schedule.
const KEY_SCHEDULE: u8 = 5;

/// What was negotiated beyond hash and signature, of which the device has one each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Negotiated {
    /// Whether measurements are in DMTF's format. If not there are none.
    pub(super) measurements: bool,
    /// Whether there may be opaque data. Before version 1.2 there may.
    pub(super) opaque: bool,
    /// The group, unless no session is possible.
    pub(super) group: Option<Group>,
    /// The cipher, unless no session is possible.
    pub(super) cipher: Option<Cipher>,
    /// Whether keys are made as SPDM says.
    pub(super) schedule: bool,
}

impl Negotiated {
    /// Takes one of the algorithms that a structure offers, and returns its bit.
    pub(super) fn choose(&mut self, kind: u8, offered: u16) -> u16 {
        match kind {
            DHE => {
                self.group = Group::ALL.into_iter().find(|it| offered & it.bit() != 0);
                self.group.map_or(0, Group::bit)
            }
            AEAD => {
                self.cipher = Cipher::ALL.into_iter().find(|it| offered & it.bit() != 0);
                self.cipher.map_or(0, Cipher::bit)
            }
            KEY_SCHEDULE => {
                self.schedule = offered & SPDM_SCHEDULE != 0;
                offered & SPDM_SCHEDULE
            }
            // There is no mutual authentication.
            _ => 0,
        }
    }

    /// Returns whether a session can be made.
    pub(super) fn session(&self) -> Option<(Group, Cipher)> {
        self.group.zip(self.cipher).filter(|_| self.schedule)
    }
}
