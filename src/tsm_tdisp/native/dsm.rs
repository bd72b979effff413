// SPDX-License-Identifier: GPL-2.0

//! The messages to the device security manager in a session: TDISP.

use kernel::prelude::*;
use tsm_ext::{
    error::errno,
    pci::{
        ide::Ide,
        Location, //
    }, //
};
use tsm_proto::{
    spdm::{
        requester::Event,
        vendor_defined::{
            Protocol,
            VendorDefined, //
        }, //
    },
    tdisp::{
        self,
        capabilities::GetCapabilities,
        lock::{
            Flags,
            LockInterface, //
        },
        report_portion::GetReport,
        start::StartInterface,
        state::{
            GetState,
            State, //
        },
        stop::StopInterface,
        version::GetVersion,
        FunctionId,
        Request,
        StartNonce, //
    }, //
};

use super::{
    connection::Connection,
    ide::KeyManagement,
    transport::Transport, //
};
use crate::failure::Failure;

/// Bytes of the longest request: START_INTERFACE_REQUEST.
const LONGEST: usize = 48;

/// What was found out in this session.
#[derive(Default)]
pub(super) struct Known {
    /// Whether there is a common version.
    has_version: bool,
    /// The ID by which the device knows its function 0, if it has reported it.
    pub(super) function: Option<FunctionId>,
    /// The functions whose capabilities were asked for, by their numbers, and the flags that they have.
    flags: [Option<Flags>; 8],
}

/// Sends the messages about one interface.
pub(super) struct Dsm<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) transport: &'a Transport,
    pub(super) location: Location,
    /// The registers of the streams of function 0.
    pub(super) ide: Option<&'a Ide>,
    /// The stream by which the link is encrypted.
    pub(super) stream: Option<u8>,
}

impl Dsm<'_> {
    /// Returns the ID of the function.
    fn function(&self) -> FunctionId {
        match self.connection.known.function {
            Some(first) => first.sibling(self.location.function()),
            None => FunctionId::new(self.location.requester_id()),
        }
    }

    /// Finds out by which ID the device knows its function 0, once in a session. A device without IDE does not report it.
    #[inline(never)]
    fn identify(&mut self) -> Result<(), Failure> {
        let (None, Some(ide)) = (self.connection.known.function, self.ide) else {
            return Ok(());
        };
        let mut keys = KeyManagement {
            connection: &mut *self.connection,
            transport: self.transport,
            ide,
        };

        keys.query()
    }

    /// Sends a message about the function, and returns the response.
    fn ask<R: Request>(&mut self, request: &R) -> Result<R::Response<'_>, Failure> {
        let function = self.function();
        let mut bytes = [0; LONGEST];
        let len = request.encode(function, &mut bytes)?;
        let message = VendorDefined {
            protocol: Protocol::TDISP,
            payload: bytes.get(..len).unwrap_or_default(),
        };
        let payload = self
            .connection
            .payload(Event::Vendor(message), self.transport)?;

        Ok(request.parse(function, payload)?)
    }

    /// Finds a common version, once in a session.
    #[inline(never)]
    fn negotiate(&mut self) -> Result<(), Failure> {
        self.identify()?;
        if !self.connection.known.has_version {
            self.ask(&GetVersion)?;
            self.connection.known.has_version = true;
        }
        Ok(())
    }

    /// Returns the flags that the function can be locked with. It is asked once in a session.
    #[inline(never)]
    fn flags(&mut self) -> Result<Flags, Failure> {
        let number = usize::from(self.location.function());
        let known = self.connection.known.flags.get(number).copied().flatten();
        if let Some(flags) = known {
            return Ok(flags);
        }
        let flags = self.ask(&GetCapabilities)?.lock_flags;

        if let Some(known) = self.connection.known.flags.get_mut(number) {
            *known = Some(flags);
        }
        Ok(flags)
    }

    /// Asks for the state.
    #[inline(never)]
    pub(super) fn state(&mut self) -> Result<State, Failure> {
        self.negotiate()?;
        self.ask(&GetState)
    }

    /// Checks that the interface is in a state, after it was asked to go there.
    fn is_in(&mut self, expected: State) -> Result<(), Failure> {
        match self.ask(&GetState)? {
            state if state == expected => Ok(()),
            state => Err(tdisp::Error::Unmoved(state).into()),
        }
    }

    /// Has the device lock the interface, which has to be unlocked.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when the device does not have the flags, [`EBUSY`] when the interface is not unlocked, and those
    /// of the exchange: [`Failure::Unanswered`] when the device may have locked the interface.
    #[inline(never)]
    pub(super) fn lock(&mut self, flags: Flags) -> Result<StartNonce, Failure> {
        self.negotiate()?;
        if !self.flags()?.has(flags) {
            return Err(errno(kernel::bindings::EOPNOTSUPP).into());
        }
        match self.state()? {
            State::Unlocked => {}
            State::Locked | State::Run | State::Error => return Err(EBUSY.into()),
        }
        let request = LockInterface {
            flags,
            stream: self.stream.unwrap_or_default(),
        };

        self.ask(&request).copied().map_err(Failure::unanswered)
    }

    /// Reads the report of the interface, and checks that it is locked then.
    #[inline(never)]
    pub(super) fn report(&mut self) -> Result<KVVec<u8>, Failure> {
        // What a portion is in: the message, its header, the length and the remainder.
        const PORTION: u16 = Transport::LONGEST - 64;
        let mut report = KVVec::new();
        let mut next = Some(GetReport::first(PORTION));

        while let Some(request) = next {
            let portion = self.ask(&request)?;
            next = request.next(&portion)?;
            report.extend_from_slice(portion.bytes, GFP_KERNEL)?;
        }
        self.is_in(State::Locked)?;
        Ok(report)
    }

    /// Has the device start the interface, which it has to have locked still.
    ///
    /// # Errors
    ///
    /// `ESTALE` when it has not, and those of the exchange.
    #[inline(never)]
    pub(super) fn start(&mut self, nonce: &StartNonce) -> Result<(), Failure> {
        match self.ask(&GetState)? {
            State::Locked => {}
            State::Unlocked | State::Run | State::Error => {
                return Err(errno(kernel::bindings::ESTALE).into())
            }
        }
        self.ask(&StartInterface(nonce))?;
        self.is_in(State::Run)
    }

    /// Has the device stop the interface.
    #[inline(never)]
    pub(super) fn stop(&mut self) -> Result<(), Failure> {
        self.negotiate()?;
        self.ask(&StopInterface)
    }
}
