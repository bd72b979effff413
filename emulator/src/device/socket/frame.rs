// SPDX-License-Identifier: GPL-2.0

//! A frame is a command, a transport type and a size, three words of 32 bits, big-endian, and then
//! so many bytes: a data object.

use std::io::{
    self,
    Read,
    Write, //
};

/// Transport type: PCI DOE.
pub(super) const PCI_DOE: u32 = 2;
/// Command: an exchange.
pub(super) const NORMAL: u32 = 0x0001;
/// The largest data object there is.
const LARGEST: u32 = 1 << 20;

/// A frame.
pub(super) struct Frame {
    pub(super) command: u32,
    pub(super) transport: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// Reads a frame. There is none at the end of a stream.
    pub(super) fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let Some(command) = word(stream)? else {
            return Ok(None);
        };
        let (Some(transport), Some(size)) = (word(stream)?, word(stream)?) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if size > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // CAST: Widens.
        let mut payload = vec![0; size as usize];

        stream.read_exact(&mut payload)?;
        Ok(Some(Self {
            command,
            transport,
            payload,
        }))
    }

    /// Writes a frame, all at once.
    pub(super) fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        // CAST: No object is longer than `LARGEST`.
        let words = [self.command, self.transport, self.payload.len() as u32];
        let words = words.map(u32::to_be_bytes).concat();

        stream.write_all(&[words, self.payload.clone()].concat())?;
        stream.flush()
    }
}

/// Reads a word. There is none at the end of a stream.
fn word(stream: &mut impl Read) -> io::Result<Option<u32>> {
    let mut bytes = [0; 4];

    match stream.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u32::from_be_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
