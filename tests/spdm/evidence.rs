// SPDX-License-Identifier: GPL-2.0

//! Evidence in memory.

use tsm_proto::spdm::{
    transcript::{
        Evidence,
        Part, //
    },
    Error,
    Result, //
};

/// Parts of evidence.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<(Part, Vec<u8>)>);

impl Evidence for Memory {
    fn append(&mut self, part: Part, bytes: &[u8]) -> Result {
        let place = match self.0.iter().position(|(found, _)| *found == part) {
            Some(place) => place,
            None => {
                self.0.push((part, Vec::new()));
                self.0.len() - 1
            }
        };
        let (_, to) = &mut self.0[place];

        if to.len() + bytes.len() > 0xffff {
            return Err(Error::TooLarge);
        }
        to.extend_from_slice(bytes);
        Ok(())
    }

    fn clear(&mut self, part: Part) {
        self.0.retain(|(found, _)| *found != part);
    }

    fn get(&self, part: Part) -> &[u8] {
        self.0
            .iter()
            .find(|(found, _)| *found == part)
            .map_or(&[], |(_, bytes)| bytes)
    }
}
