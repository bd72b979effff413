// SPDX-License-Identifier: GPL-2.0

//! The link of a device.

use kernel::prelude::*;

use super::Manager;
use crate::backend::{
    Backend,
    Link, //
};

impl<B: Backend> Manager<B> {
    /// Returns what the link does.
    pub(crate) fn link(&self) -> Result<Link> {
        let _awake = self.backend.device().wake();

        self.backend.link()
    }

    /// Encrypts the link, by a stream with this ID, unless an interface is bound: a device that lets one be locked without
    /// keys would see a change of its stream as an error of that interface.
    pub(crate) fn encrypt(&mut self, id: u8) -> Result {
        let _awake = self.begin();
        let stream = self.backend.stream(id)?;
        if self.has_bound() {
            return Err(EBUSY);
        }

        self.backend
            .encrypt(stream)
            .map_err(|failure| self.refused(c"ide", &failure))
    }

    /// Ends the encryption of the link, if nothing needs it.
    pub(crate) fn decrypt(&mut self) -> Result {
        if !self.backend.has_stream() {
            return Ok(());
        }
        if self.has_bound() {
            return Err(EBUSY);
        }
        let _awake = self.begin();

        self.backend
            .decrypt()
            .map_err(|failure| self.refused(c"ide", &failure))
    }
}
