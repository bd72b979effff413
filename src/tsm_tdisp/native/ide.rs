// SPDX-License-Identifier: GPL-2.0

//! Integrity and Data Encryption of the link: six keys, one for each sub-stream and direction, that are sent in the
//! session and never used again.

use kernel::{
    bindings,
    prelude::*, //
};
use tsm_ext::{
    crypto::fill_random,
    error::errno,
    pci::ide::Ide,
    secret::Secret, //
};
use tsm_proto::{
    ide::{
        Registers as _,
        Stream,
        CAPABILITY, //
    },
    ide_km::{
        self,
        key_program::KeyProgram,
        key_set::{
            KeySet,
            Use, //
        },
        query::Query,
        Direction,
        KeySlot,
        Keys,
        SubStream, //
    },
    spdm::{
        requester::Event,
        vendor_defined::{
            Protocol,
            VendorDefined, //
        }, //
    },
    tdisp::FunctionId, //
};

use super::{
    connected,
    connection::Connection,
    transport::Transport,
    Native, //
};
use crate::{
    backend::Link,
    failure::Failure, //
};

/// The port of function 0.
const PORT: u8 = 0;
/// Bytes of a key, and of its IV.
const KEY: usize = 32;
const IV: usize = 8;

/// Sends the messages about the keys of a link.
pub(super) struct KeyManagement<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) transport: &'a Transport,
    pub(super) ide: &'a Ide,
}

impl KeyManagement<'_> {
    /// Sends a message, and returns the response.
    fn ask(&mut self, message: &[u8]) -> Result<&[u8], Failure> {
        let message = VendorDefined {
            protocol: Protocol::IDE_KM,
            payload: message,
        };

        self.connection
            .payload(Event::Vendor(message), self.transport)
    }

    /// Finds out by which ID the device knows its function 0, and checks that it shows the same registers as the
    /// function does.
    #[inline(never)]
    pub(super) fn query(&mut self) -> Result<(), Failure> {
        let ide = self.ide;
        let query = Query { port: PORT };
        let mut request = [0; 4];
        let len = query.encode(&mut request)?;
        let response = self.ask(request.get(..len).unwrap_or_default())?;
        let port = query.parse(response)?;
        let mut offset = CAPABILITY;

        for register in port.registers() {
            if ide.read(offset)? != register {
                return Err(ide_km::Error::Registers.into());
            }
            // OVERFLOW: A response is shorter than 4 KiB.
            offset += 4;
        }
        if offset == CAPABILITY {
            return Err(ide_km::Error::Registers.into());
        }
        let function = match port.segment {
            0 => FunctionId::new(port.requester_id),
            segment => FunctionId::in_segment(port.requester_id, segment),
        };

        self.connection.known.function = Some(function);
        Ok(())
    }

    /// Programs a fresh key.
    #[inline(never)]
    fn program(&mut self, slot: KeySlot) -> Result<(), Failure> {
        let mut secret = Secret::zeroed(KEY + IV + KeyProgram::SIZE)?;
        let (random, request) = secret.split_at_mut(KEY + IV);
        fill_random(random);
        let (key, rest) = random.split_first_chunk::<KEY>().ok_or(EINVAL)?;
        let iv = rest.first_chunk::<IV>().ok_or(EINVAL)?;
        let program = KeyProgram { slot, key, iv };

        program.encode(request)?;
        let response = self.ask(request)?;
        Ok(program.parse(response)?)
    }

    /// Starts or stops the use of a key.
    #[inline(never)]
    fn set(&mut self, usage: Use, slot: KeySlot) -> Result<(), Failure> {
        let set = KeySet { usage, slot };
        let mut request = [0; 8];
        let len = set.encode(&mut request)?;
        let response = self.ask(request.get(..len).unwrap_or_default())?;

        Ok(set.parse(response)?)
    }

    /// Programs all keys of a stream, and has the device use them.
    fn start(&mut self, stream: u8) -> Result<(), Failure> {
        for slot in key_slots(stream) {
            self.program(slot)?;
        }
        for slot in key_slots(stream) {
            self.set(Use::Go, slot)?;
        }
        Ok(())
    }

    /// Has the device use no key of a stream.
    fn stop(&mut self, stream: u8) -> Result<(), Failure> {
        for slot in key_slots(stream) {
            self.set(Use::Stop, slot)?;
        }
        Ok(())
    }
}

/// Returns the key slots of a stream.
fn key_slots(stream: u8) -> impl Iterator<Item = KeySlot> {
    let all = Direction::ALL.into_iter().flat_map(|direction| {
        SubStream::ALL
            .into_iter()
            .map(move |sub_stream| (direction, sub_stream))
    });

    all.map(move |(direction, sub_stream)| KeySlot {
        stream,
        port: PORT,
        keys: Keys {
            second_set: false,
            direction,
            sub_stream,
        },
    })
}

impl Native {
    fn keys(&mut self) -> Result<KeyManagement<'_>, Failure> {
        let ide = self
            .ide
            .as_ref()
            .ok_or_else(|| errno(bindings::EOPNOTSUPP))?;

        Ok(KeyManagement {
            connection: connected(&mut self.connection)?,
            transport: &self.transport,
            ide,
        })
    }

    /// See [`Backend::link`](crate::backend::Backend::link).
    pub(super) fn link_state(&self) -> Result<Link> {
        match (&self.stream, &self.ide) {
            (Some(stream), Some(ide)) => Ok(Link::Stream(stream.id(), stream.is_secure(ide)?)),
            _ => Ok(Link::Off),
        }
    }

    /// See [`Backend::stream`](crate::backend::Backend::stream).
    pub(super) fn free_stream(&self, id: u8) -> Result<Stream> {
        if self.stream.is_some() {
            return Err(EBUSY);
        }
        let ide = self
            .ide
            .as_ref()
            .ok_or_else(|| errno(bindings::EOPNOTSUPP))?;

        Stream::find(ide, id)?.ok_or(EBUSY)
    }

    /// See [`Backend::encrypt`](crate::backend::Backend::encrypt).
    pub(super) fn start_link(&mut self, stream: Stream) -> Result<(), Failure> {
        self.stream = Some(stream);
        self.start(stream).inspect_err(|_| {
            self.transport.finish();
            // Keys that are used already are no good. A device that is closed gets no message before its last ones.
            if self.transport.is_open() {
                self.stop_link();
            }
        })
    }

    fn start(&mut self, stream: Stream) -> Result<(), Failure> {
        let mut keys = self.keys()?;

        keys.query()?;
        stream.prepare(keys.ide)?;
        keys.start(stream.id())?;
        match stream.enable(keys.ide)? {
            true => Ok(()),
            false => Err(ide_km::Error::Insecure.into()),
        }
    }

    /// See [`Backend::decrypt`](crate::backend::Backend::decrypt).
    pub(super) fn end_link(&mut self) -> Result<(), Failure> {
        let Some(stream) = self.stream else {
            return Ok(());
        };
        let stopped = self.keys().and_then(|mut keys| keys.stop(stream.id()));

        self.disable();
        stopped
    }

    /// Disables the stream, without a word to the device.
    fn disable(&mut self) {
        if let (Some(stream), Some(ide)) = (self.stream.take(), &self.ide) {
            // A function that is gone has no stream.
            let _ = stream.disable(ide);
        }
    }

    /// Ends the encryption of the link before the session ends, whatever the device answers.
    pub(super) fn stop_link(&mut self) {
        let _ = self.end_link();
    }
}
