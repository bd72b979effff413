// SPDX-License-Identifier: GPL-2.0

//! GET_VERSION and VERSION: DSP0274.

use super::{
    super::{
        chain::Chain,
        misbehaviour::Wrong,
        version::Version, //
    },
    message::{
        Result,
        Writer, //
    },
    state::{
        Phase,
        Responder, //
    }, //
};

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

    /// Responds to GET_VERSION, which resets the connection: all sessions end.
    pub(super) fn version(&mut self, request: &[u8]) -> Result {
        self.reset();
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
