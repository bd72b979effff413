// SPDX-License-Identifier: GPL-2.0

//! What each request has, and what most of them have in common.

use zerocopy::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    Error,
    MessageVersion,
    Result,
    Tdi, //
};
use crate::{
    length::whole,
    snp::message::MessageType,
    LengthError, //
};

/// The payload of a request about a TDI that is named by `T`, which names its answer.
pub trait Request<T: Tdi> {
    /// The type of the message.
    const TYPE: MessageType;
    /// Bytes of the request.
    const SIZE: usize;
    /// Bytes of the answer.
    const ANSWER_SIZE: usize;
    /// What the answer says.
    type Answer<'a>;

    /// Writes the request to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    fn encode(&self, tdi: T, buffer: &mut [u8]) -> Result<usize>;

    /// Parses the payload of an answer whose header has this version.
    ///
    /// A status that is no success is returned even if the answer names another TDI: its name may be what is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Version`] when the answer has another version than the request, [`Error::Truncated`] or
    /// [`Error::Trailing`] when it is not as long as an answer, [`Error::OtherTdi`] when it is about another TDI; those of
    /// the request.
    fn parse<'a>(
        &self,
        tdi: T,
        version: MessageVersion,
        payload: &'a [u8],
    ) -> Result<Self::Answer<'a>>;
}

/// Writes a structure to the start of `buffer` and returns its length.
pub(super) fn write<B: IntoBytes + Immutable>(body: &B, buffer: &mut [u8]) -> Result<usize> {
    body.write_to_prefix(buffer).map_err(|_| Error::TooLarge)?;
    Ok(size_of::<B>())
}

/// Writes a request to the start of `buffer` that has `body` after the name, and returns its length.
pub(super) fn encode<T, B>(tdi: T, body: &B, buffer: &mut [u8]) -> Result<usize>
where
    T: Tdi,
    B: IntoBytes + Immutable,
{
    let (head, rest) = buffer
        .split_at_mut_checked(size_of::<T::Head>())
        .ok_or(Error::TooLarge)?;
    let len = write(body, rest)?;

    write(&tdi.head(), head)?;
    // OVERFLOW: As many bytes are in `buffer`.
    Ok(size_of::<T::Head>() + len)
}

/// Checks that an answer has the version of the request.
pub(super) fn check<T: Tdi>(version: MessageVersion) -> Result {
    match version {
        _ if version == T::VERSION => Ok(()),
        _ => Err(Error::Version(version)),
    }
}

/// An answer, split.
pub(super) struct Split<'a, T, B> {
    /// The TDI that it is about.
    found: T,
    /// How the request ended.
    pub(super) status: u16,
    /// What follows the name and the status.
    body: &'a B,
}

impl<'a, T, B> Split<'a, T, B>
where
    T: Tdi,
    B: FromBytes + Immutable + KnownLayout + Unaligned,
{
    /// Splits the payload of an answer.
    pub(super) fn new(version: MessageVersion, payload: &'a [u8]) -> Result<Self> {
        check::<T>(version)?;
        let (head, body) = T::Head::ref_from_prefix(payload).map_err(|_| LengthError::Truncated)?;
        let (found, status) = T::named(head);

        Ok(Self {
            found,
            status,
            body: whole(body)?,
        })
    }

    /// Returns what follows the name and the status, if the answer is about `tdi`.
    pub(super) fn about(self, tdi: T) -> Result<&'a B> {
        match self.found {
            found if found == tdi => Ok(self.body),
            _ => Err(Error::OtherTdi),
        }
    }
}
