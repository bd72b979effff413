// SPDX-License-Identifier: GPL-2.0

//! Responders that are not ready.

use crate::spdm::{
    Code,
    Error,
    ErrorCode,
    ErrorResponse,
    Header,
    NotReady,
    Reader,
    Result, //
};

/// How often one request is repeated at most.
const ATTEMPTS: u32 = 8;
/// How long one request is repeated at most, in microseconds.
const LIMIT: u32 = 2_000_000;
/// How long to wait after the first Busy; each further one doubles it.
const BUSY_DELAY: u32 = 10_000;

/// Repetitions of one request.
pub(super) struct Retry {
    attempts: u32,
    waited: u32,
    delay: u32,
    not_ready: Option<NotReady>,
}

impl Retry {
    /// Starts with a new request.
    pub(super) const fn new() -> Self {
        Self {
            attempts: 0,
            waited: 0,
            delay: 0,
            not_ready: None,
        }
    }

    /// Returns how many microseconds to wait.
    pub(super) const fn last_delay(&self) -> u32 {
        self.delay
    }

    /// Tells whether the responder has had the request and was not ready. It may have done what was asked for.
    pub(super) const fn is_accepted(&self) -> bool {
        self.not_ready.is_some()
    }

    /// Tells whether the responder is not ready.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`] when the limit is reached, [`Error::Mismatch`] when the responder names another
    /// request.
    pub(super) fn has_to_wait(&mut self, request: &[u8], response: &[u8]) -> Result<bool> {
        let mut reader = Reader::new(response);
        let header = Header::read(&mut reader)?;
        if header.code() != Code::ERROR {
            return Ok(false);
        }
        let error = ErrorResponse::read(&header, &mut reader)?;
        let delay = match (error.code, error.not_ready) {
            (ErrorCode::BUSY, _) => BUSY_DELAY.checked_shl(self.attempts),
            (_, Some(not_ready)) if request.get(1) != Some(&not_ready.request.raw()) => {
                return Err(Error::Mismatch);
            }
            (_, Some(not_ready)) => not_ready.delay(),
            _ => return Ok(false),
        };

        // A responder that is busy at RESPOND_IF_READY still has the request.
        self.not_ready = error.not_ready.or(self.not_ready);
        self.attempts += 1;
        let waited = delay.and_then(|delay| self.waited.checked_add(delay));
        self.waited = waited
            .filter(|waited| *waited <= LIMIT && self.attempts <= ATTEMPTS)
            .ok_or(Error::NotReady)?;
        self.delay = delay.unwrap_or_default();
        Ok(true)
    }

    /// Returns RESPOND_IF_READY, if the responder wants that instead of the request again.
    pub(super) fn request(&self, request: &[u8]) -> Option<[u8; 4]> {
        let not_ready = self.not_ready?;
        let version = *request.first()?;
        let code = Code::RESPOND_IF_READY.raw();

        Some([version, code, not_ready.request.raw(), not_ready.token])
    }
}
