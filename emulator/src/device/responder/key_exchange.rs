// SPDX-License-Identifier: GPL-2.0

//! KEY_EXCHANGE and KEY_EXCHANGE_RSP: DSP0274.

use rand_chacha::rand_core::RngCore as _;

use super::{
    super::{
        misbehaviour::Wrong,
        suite::{
            Cipher,
            Group, //
        }, //
    },
    key_schedule::Schedule,
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    opaque,
    requester::ENCRYPT,
    session::Session,
    signing::Purpose,
    state::{
        Channel,
        Responder, //
    }, //
};

/// How many sessions there can be at once.
const SESSIONS: usize = 4;

/// What KEY_EXCHANGE says.
struct KeyExchange<'a> {
    slot: u8,
    /// The requester's half of the session ID.
    half: u16,
    summary: u8,
    point: &'a [u8],
    opaque: &'a [u8],
    /// The request without padding.
    message: &'a [u8],
}

impl<'a> KeyExchange<'a> {
    /// Reads the request.
    fn read(request: &'a [u8], group: Group) -> Result<Self> {
        let mut reader = Reader::new(request);
        let half = reader.u16()?;
        // SessionPolicy, Reserved, RandomData.
        reader.bytes(2 + 32)?;
        let point = reader.bytes(group.size())?;
        let opaque = reader.counted()?;

        Ok(Self {
            slot: request[3],
            half,
            summary: request[2],
            point,
            opaque,
            message: reader.so_far(),
        })
    }
}

/// A response that is only partly made.
struct Answer {
    /// What there is of it.
    response: Vec<u8>,
    id: u32,
    shared: Vec<u8>,
    /// TH up to here.
    th: Vec<u8>,
}

impl Responder {
    /// Responds to KEY_EXCHANGE.
    pub(super) fn key_exchange(&mut self, request: &[u8], channel: Channel) -> Result {
        self.negotiated()?;
        if !self.has_sessions() {
            return Err(Failure::UnsupportedRequest(request[1]));
        }
        if channel != Channel::Plain {
            return Err(Failure::UnexpectedRequest);
        }
        let negotiated = self.connection.negotiated.session();
        let (group, cipher) = negotiated.ok_or(Failure::InvalidRequest)?;
        let exchange = KeyExchange::read(request, group)?;

        if self.sessions.len() >= SESSIONS {
            return Err(Failure::SessionLimitExceeded);
        }
        let answer = self.answer(&exchange, group)?;
        self.sign_exchange(exchange.slot, cipher, answer)
    }

    /// Makes the response up to the signature.
    fn answer(&mut self, exchange: &KeyExchange<'_>, group: Group) -> Result<Answer> {
        let version = self.connection.version;
        let chain_hash = self.chain_hash(exchange.slot)?;
        let summary = self.summary(exchange.summary)?;
        let opaque = match self.connection.negotiated.opaque {
            true => opaque::select(exchange.opaque, version)?,
            false => vec![],
        };
        let (point, shared) = group
            .agree(&mut self.random, exchange.point)
            .ok_or(Failure::InvalidRequest)?;
        let point = self.wrong_point(point, exchange.point);
        let half = self.session_half(exchange.half);
        let random = self.nonce();

        // There is no heartbeat and no mutual authentication.
        let mut response = Writer::new(version, 0x64, 0, 0)
            .u16(half)
            .bytes(&[0, 0])
            .bytes(&random)
            .bytes(&point)
            .bytes(&summary)
            .counted(&opaque)
            .finish();
        self.adjust(&mut response);

        let vca = self.connection.transcript.vca();
        Ok(Answer {
            th: [vca, &chain_hash, exchange.message, &response].concat(),
            response,
            id: (u32::from(half) << 16) | u32::from(exchange.half),
            shared,
        })
    }

    /// Signs the response, starts the session and adds the verify data.
    fn sign_exchange(&mut self, slot: u8, cipher: Cipher, answer: Answer) -> Result {
        let Answer {
            mut response,
            id,
            shared,
            mut th,
        } = answer;
        let connection = &self.connection;
        let schedule = Schedule {
            version: connection.version,
            hash: self.settings.hash,
            cipher,
        };
        let encrypt = connection.requester.flags & ENCRYPT != 0;
        let transcript = connection.transcript.for_session();

        let signature = self.sign(slot, Purpose::KeyExchange, &th)?;
        th.extend_from_slice(&signature);
        response.extend_from_slice(&signature);
        let mut session = Session::new(id, schedule, encrypt, &shared, th, transcript);
        let mut verify_data = session.verify_data();
        match self.settings.wrong {
            Some(Wrong::VerifyDataWrong) => verify_data[0] ^= 1,
            Some(Wrong::ClearHandshake) => verify_data.clear(),
            _ => {}
        }
        response.extend_from_slice(&verify_data);
        session.number = self.next_session();
        self.sessions.push(session);
        Ok(response)
    }

    /// Returns the exchange data, as it is to be wrong.
    fn wrong_point(&self, mut ours: Vec<u8>, theirs: &[u8]) -> Vec<u8> {
        match (self.settings.wrong, ours.last_mut()) {
            // Another y of the same x is only the negative one.
            (Some(Wrong::PointOffCurve), Some(last)) => *last ^= 1,
            (Some(Wrong::PointInfinity), _) => ours.fill(0),
            (Some(Wrong::PointEchoed), _) => return theirs.to_vec(),
            _ => {}
        }
        ours
    }

    /// Finds a half of a session ID with which the ID is new.
    fn session_half(&mut self, theirs: u16) -> u16 {
        match self.settings.wrong {
            Some(Wrong::SessionIdReused) => return 1,
            Some(Wrong::SessionIdZero) => return 0,
            _ => {}
        }
        loop {
            // CAST: Any 16 of the bits are random.
            let half = self.random.next_u32() as u16;
            let id = (u32::from(half) << 16) | u32::from(theirs);

            if self.sessions.iter().all(|session| session.id != id) {
                return half;
            }
        }
    }
}
