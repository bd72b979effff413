// SPDX-License-Identifier: GPL-2.0

//! GET_VERSION and VERSION: DSP0274.

use super::{
    super::{
        chain::Chain,
        misbehaviour::Wrong, //
    },
    message::{
        Result,
        Writer, //
    },
    Connection,
    Phase,
    Responder, //
};

/// A version of SPDM: the major number in the high nibble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// 1.0.
    #[default]
    V1_0,
    /// 1.1.
    V1_1,
    /// 1.2.
    V1_2,
    /// 1.3.
    V1_3,
    /// 1.4.
    V1_4,
}

impl Version {
    /// All versions.
    pub const ALL: [Self; 5] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V1_4];

    /// Returns the version in the first byte of a message.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.byte() == byte)
    }

    /// Returns the first byte of its messages.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::V1_0 => 0x10,
            Self::V1_1 => 0x11,
            Self::V1_2 => 0x12,
            Self::V1_3 => 0x13,
            Self::V1_4 => 0x14,
        }
    }

    /// Returns the version as labels have it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V1_4 => "1.4",
        }
    }
}

impl Responder {
    /// Changes the first chain, if there is to be another one in each connection.
    fn change_chain(&mut self) {
        if let (true, Some((_, chain))) = (
            self.settings.wrong == Some(Wrong::ChainChanges),
            self.chains.first_mut(),
        ) {
            // No slot has these numbers, so their keys are new.
            *chain = Chain::new(&self.settings, 8 + self.connections);
            self.connections = (self.connections + 1) % 0xf0;
        }
    }

    /// Responds to GET_VERSION, which starts anew: all sessions end.
    pub(super) fn version(&mut self, request: &[u8]) -> Result {
        self.connection = Connection::default();
        self.sessions.clear();
        self.change_chain();

        let offered = Version::ALL.iter().filter(|it| **it <= self.settings.spdm);
        let entries: Vec<u16> = offered.map(|it| u16::from(it.byte()) << 8).collect();
        // CAST: There are five at most.
        let response = Writer::new(Version::V1_0, 0x04, 0, 0)
            .u8(0)
            .u8(entries.len() as u8);
        let mut response = entries.into_iter().fold(response, Writer::u16).finish();

        self.adjust(&mut response);
        self.connection.phase = Phase::Version;
        self.connection
            .transcript
            .negotiated(&request[..4], &response);
        Ok(response)
    }
}
