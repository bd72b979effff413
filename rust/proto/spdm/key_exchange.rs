// SPDX-License-Identifier: GPL-2.0

//! KEY_EXCHANGE and KEY_EXCHANGE_RSP. DSP0274 1.4, tables "KEY_EXCHANGE request message format" and
//! "Successful KEY_EXCHANGE_RSP response message format".

use super::{
    challenge::Summary,
    header::{
        Code,
        Header,
        Request, //
    },
    opaque::{
        self,
        SecuredVersion, //
    },
    Error,
    Layout,
    Nonce,
    Reader,
    Result,
    Slot,
    Writer, //
};

/// The half of a session ID that one side chooses.
pub type HalfSessionId = u16;

/// The ID of a session. DSP0274 1.4, section "Session ID": the requester's half is the low one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionId(u32);

impl SessionId {
    /// Puts two halves together.
    ///
    /// # Errors
    ///
    /// [`Error::SessionId`] when the result is 0, which is reserved. All ones is not: it is the first
    /// session of E.
    pub const fn new(requester: HalfSessionId, responder: HalfSessionId) -> Result<Self> {
        // CAST: 16 bits fit 32.
        match ((responder as u32) << 16) | requester as u32 {
            0 => Err(Error::SessionId),
            id => Ok(Self(id)),
        }
    }

    /// Returns the number.
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// Returns the number as it is in a record.
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }
}

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyExchange<'r> {
    /// The slot of the chain that authenticates.
    pub slot: Slot,
    /// Which measurements to summarize.
    pub summary: Summary,
    /// The requester's half of the session ID.
    pub session_id: HalfSessionId,
    /// A random number.
    pub random: Nonce,
    /// The ephemeral public key: of a curve, X and Y in big-endian, without the byte 4.
    pub public_key: &'r [u8],
    /// The versions of secured messages that are supported. None: no opaque data.
    pub secured_versions: &'r [SecuredVersion],
}

/// Where the public key is in the request.
const PUBLIC_KEY: usize = Header::SIZE + 4 + 32;

impl KeyExchange<'_> {
    /// Returns the public key in a request that was written.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when the request is shorter.
    pub fn public_key<'a>(request: &'a [u8], layout: &Layout) -> Result<&'a [u8]> {
        let key = request.get(PUBLIC_KEY..).ok_or(Error::Truncated)?;

        key.get(..layout.exchange).ok_or(Error::Truncated)
    }
}

/// The response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyExchangeRsp<'a> {
    /// The responder ends the session after this time without a message, in seconds; 0 for never.
    pub heartbeat: u8,
    /// The responder's half of the session ID.
    pub session_id: HalfSessionId,
    /// `MutAuthRequested`: 0 when the requester need not authenticate itself.
    pub mutual: u8,
    /// The ephemeral public key.
    pub public_key: &'a [u8],
    /// The digest of the measurements that were asked for; empty for none.
    pub summary: &'a [u8],
    /// Opaque data, see [`opaque::parse_selection`].
    pub opaque: &'a [u8],
    /// The message before the signature, as it enters the transcript first.
    pub signed: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// `ResponderVerifyData`.
    pub verify_data: &'a [u8],
}

impl Request for KeyExchange<'_> {
    const CODE: Code = Code::KEY_EXCHANGE;
    type Response<'a> = KeyExchangeRsp<'a>;

    /// Fails with [`Error::PublicKey`] when the key has not the negotiated size.
    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        let (version, versions) = (layout.version, self.secured_versions);
        let (summary, slot) = (self.summary.raw(), self.slot.number());
        if self.public_key.len() != layout.exchange {
            return Err(Error::PublicKey);
        }

        Header::new(version, Self::CODE, summary, slot).write(writer)?;
        writer.u16(self.session_id)?;
        // The session policy: a change of firmware ends the session. Reserved before 1.2.
        writer.zeros(2)?;
        writer.bytes(&self.random)?;
        writer.bytes(self.public_key)?;
        if versions.is_empty() {
            return writer.u16(0);
        }
        let size = opaque::supported_size(version, versions);
        writer.u16(u16::try_from(size).map_err(|_| Error::TooLarge)?)?;
        opaque::write_supported(version, versions, writer)
    }

    /// The handshake in clear is not offered, so that `ResponderVerifyData` is always there.
    fn read<'a>(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<KeyExchangeRsp<'a>> {
        let session_id = reader.u16()?;
        let [mutual, _slot] = *reader.array()?;
        let _random: &Nonce = reader.array()?;
        let public_key = reader.bytes(layout.exchange)?;
        let summary = self.summary.read(layout, reader)?;
        let opaque = reader.counted()?;
        let signed = reader.consumed();

        Ok(KeyExchangeRsp {
            heartbeat: header.param1,
            session_id,
            mutual,
            public_key,
            summary,
            opaque,
            signed,
            signature: reader.bytes(layout.signature)?,
            verify_data: reader.bytes(layout.hash)?,
        })
    }
}
