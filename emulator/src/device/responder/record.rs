// SPDX-License-Identifier: GPL-2.0

//! The response in a session, as it is to be wrong.

use super::{
    super::misbehaviour::Wrong,
    message::Failure,
    session::{
        Session,
        Stage, //
    }, //
};

/// A response, in the clear or as a record of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Response {
    /// A message.
    Plain(Vec<u8>),
    /// A record.
    Secured(Vec<u8>),
}

/// Makes the response to FINISH, in a record.
pub(super) fn seal_handshake(
    wrong: Option<Wrong>,
    session: &mut Session,
    response: &[u8],
) -> Response {
    let record = session.seal(response, Stage::Handshake);

    match wrong {
        Some(Wrong::FinishInClear) if session.stage == Stage::Application => {
            Response::Plain(response.to_vec())
        }
        _ => Response::Secured(record),
    }
}

/// Makes the response to a request of the application phase.
pub(super) fn seal(wrong: Option<Wrong>, session: &mut Session, response: &[u8]) -> Response {
    let mut seal = |message: &[u8]| session.seal(message, Stage::Application);
    let version = session_version(response);

    Response::Secured(match wrong {
        Some(Wrong::RecordPlain) => return Response::Plain(response.to_vec()),
        Some(Wrong::RecordError) => {
            return Response::Plain(vec![version, 0x7f, Failure::UNSPECIFIED, 0])
        }
        Some(Wrong::EndSessionUnasked) => seal(&[version, 0xec, 0, 0]),
        Some(Wrong::KeyUpdateUnasked) => seal(&[version, 0xe9, 1, 0]),
        Some(Wrong::RecordGap) => {
            seal(response);
            seal(response)
        }
        Some(Wrong::RecordReplay) => session.seal_again(response),
        Some(Wrong::RecordSession) => session.seal_as(session.id ^ 1, response),
        Some(Wrong::RecordApplicationLength) => session.seal_longer(response),
        Some(Wrong::RecordLength) => {
            let mut record = seal(response);
            record[4..6].copy_from_slice(&[15, 0]);
            record
        }
        Some(Wrong::RecordMac) => {
            let mut record = seal(response);
            if let Some(last) = record.last_mut() {
                *last ^= 1;
            }
            record
        }
        Some(Wrong::RecordTrailing) => [&seal(response)[..], &[0; 8]].concat(),
        _ => seal(response),
    })
}

/// Returns the version of a message.
fn session_version(message: &[u8]) -> u8 {
    message.first().copied().unwrap_or(0)
}
