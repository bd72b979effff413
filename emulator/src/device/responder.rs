// SPDX-License-Identifier: GPL-2.0

//! One SPDM connection, seen from the responder: DSP0274.

mod algorithms;
mod capabilities;
mod certificates;
mod challenge;
mod finish;
mod get_version;
mod ide_km;
mod key_exchange;
mod key_schedule;
mod measurements;
mod message;
mod negotiated;
mod opaque;
mod record;
mod requester;
mod secured;
mod session;
mod signing;
mod state;
mod tdisp;
mod transcript;
mod vendor_defined;

use self::{
    message::{
        Failure,
        Result, //
    },
    session::Stage,
    state::{
        Channel,
        Phase, //
    }, //
};
use super::{
    misbehaviour::Wrong,
    version::Version, //
};
use crate::machine::mutator::Mutator;

pub(crate) use record::Response;
pub(crate) use state::Responder;

impl Responder {
    /// Responds to a request in the clear.
    pub(crate) fn plain(&mut self, request: &[u8]) -> Vec<u8> {
        self.respond(request, Channel::Plain)
    }

    /// Responds to a record. One that is not of a session, or has a wrong MAC, gets an error in the
    /// clear, and its session ends: DSP0277 1.1.
    pub(crate) fn secured(&mut self, record: &[u8]) -> Response {
        let id = secured::session_of(record);
        let index = self.sessions.iter().position(|it| Some(it.id) == id);
        let Some(index) = index else {
            return self.refuse(Failure::InvalidSession);
        };
        let session = &mut self.sessions[index];
        let before = session.stage;
        if self.settings.wrong == Some(Wrong::SessionForgotten) && before != Stage::Handshake {
            self.reset();
            return self.refuse(Failure::InvalidSession);
        }
        let Some(request) = session.open(record) else {
            self.drop_session(index);
            return self.refuse(Failure::DecryptError);
        };

        let response = self.respond(&request, Channel::Session(index));
        let session = &mut self.sessions[index];
        let sealed = match before {
            Stage::Handshake => record::seal_handshake(self.settings.wrong, session, &response),
            _ => record::seal(self.settings.wrong, session, &response),
        };
        // A handshake that has failed is over.
        if session.stage == Stage::Ending || session.stage == Stage::Handshake {
            self.drop_session(index);
        }
        sealed
    }

    /// Makes an error in the clear.
    fn refuse(&self, failure: Failure) -> Response {
        Response::Plain(failure.message(self.connection.version))
    }

    /// Makes the response to a request, wherever it was made.
    fn respond(&mut self, request: &[u8], channel: Channel) -> Vec<u8> {
        let response = self.dispatch(request, channel);
        let size = self.connection.requester.transfer_size;

        let response = match response {
            // CAST: Widens.
            Ok(response) if response.len() > size as usize && !self.is(Wrong::MeasurementsHuge) => {
                // CAST: No response is longer than a chain.
                Err(Failure::ResponseTooLarge(response.len() as u32))
            }
            other => other,
        };
        let mut message =
            response.unwrap_or_else(|failure| failure.message(self.connection.version));
        if let Some(mut random) = self.mutator.as_ref().and_then(Mutator::next) {
            let size = message.len().min(8);
            let (header, data) = message.split_at_mut(size);
            random.mutate(header, data);
        }
        message
    }

    /// Hands a request to the function for its code.
    fn dispatch(&mut self, request: &[u8], channel: Channel) -> Result {
        let &[version, code, param1, _, ..] = request else {
            return Err(Failure::InvalidRequest);
        };
        self.begin(version, code, channel)?;
        if self.connection.phase == Phase::Negotiated && code != 0x84 {
            // RESPOND_IF_READY has the code of the request that it is about.
            let about = if code == 0xff { param1 } else { code };
            self.refuse_all(about)?;
        }
        // It is kept until the next request.
        let late = self.late.take();

        match code {
            0x84 => self.version(request),
            0xe1 => self.capabilities(request),
            0xe3 => self.algorithms(request),
            0x81 => self.digests(request, channel),
            0x82 => self.certificate(request, channel),
            0x83 => self.challenge(request, channel),
            0xe0 => self.measurements(request, channel),
            0xe4 => self.key_exchange(request, channel),
            0xe5 => self.finish(request, channel),
            0xec => self.end_session(request, channel),
            0xfe => self.vendor_defined(request, channel),
            0xff => late.ok_or(Failure::UnsupportedRequest(code)),
            _ => Err(Failure::UnsupportedRequest(code)),
        }
    }

    /// Refuses a request if the device refuses all.
    fn refuse_all(&self, code: u8) -> Result<()> {
        match self.settings.wrong {
            Some(Wrong::ErrorBusy) => Err(Failure::Busy),
            Some(Wrong::ErrorNotReady) => Err(Failure::ResponseNotReady { code, exponent: 1 }),
            Some(Wrong::ErrorResynch) => Err(Failure::RequestResynch),
            _ => Ok(()),
        }
    }

    /// Checks whether a request is legal now, by what is in its header.
    fn begin(&mut self, version: u8, code: u8, channel: Channel) -> Result<()> {
        let expected = match code {
            0x84 => Version::V1_0.byte(),
            // It makes the version.
            0xe1 => version,
            _ => self.connection.version.byte(),
        };
        if version != expected {
            return Err(Failure::VersionMismatch);
        }
        let Channel::Session(index) = channel else {
            self.connection.transcript.begin(code);
            return Ok(());
        };
        let session = &mut self.sessions[index];

        session.transcript.begin(code);
        let legal = match session.stage {
            Stage::Handshake => code == 0xe5,
            // Negotiation would end the session.
            Stage::Application | Stage::Ending => !matches!(code, 0xe5 | 0x84 | 0xe1 | 0xe3),
        };
        match legal {
            true => Ok(()),
            false => Err(Failure::UnexpectedRequest),
        }
    }
}

/// What the tests of other files look into.
#[cfg(test)]
pub(super) mod testing {
    pub(in crate::device) use super::{
        key_schedule::{
            Handshake,
            Schedule, //
        },
        opaque::select,
        secured::Direction,
        session::{
            Session,
            Stage, //
        },
        signing::Purpose,
        transcript::Transcript, //
    };
}
