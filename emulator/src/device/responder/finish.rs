// SPDX-License-Identifier: GPL-2.0

//! FINISH and FINISH_RSP: DSP0274, with the opaque data of 1.4. END_SESSION and END_SESSION_ACK.

use super::{
    super::version::Version,
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    session::Stage,
    state::{
        Channel,
        Responder, //
    }, //
};

impl Responder {
    /// Responds to FINISH. There is no mutual authentication, hence no signature in it.
    pub(super) fn finish(&mut self, request: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        let Channel::Session(index) = channel else {
            return Err(Failure::UnexpectedRequest);
        };
        if request[2] & 1 != 0 {
            return Err(Failure::InvalidRequest);
        }
        let mut reader = Reader::new(request);
        if version >= Version::V1_4 {
            reader.counted()?;
        }
        let head = reader.so_far();
        let data = reader.bytes(self.settings.hash.size())?;

        if !self.sessions[index].verify(head, data) {
            return Err(Failure::DecryptError);
        }
        let response = Writer::new(version, 0x65, 0, 0);
        let mut response = match version >= Version::V1_4 {
            true => response.counted(&[]),
            false => response,
        }
        .finish();
        self.adjust(&mut response);
        self.sessions[index].finished(&response);
        Ok(response)
    }

    /// Responds to END_SESSION.
    pub(super) fn end_session(&mut self, _: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        let Channel::Session(index) = channel else {
            return Err(Failure::UnexpectedRequest);
        };
        let mut response = Writer::new(version, 0x6c, 0, 0).finish();

        self.adjust(&mut response);
        self.sessions[index].stage = Stage::Ending;
        Ok(response)
    }
}
