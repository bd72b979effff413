// SPDX-License-Identifier: GPL-2.0

//! A mailbox behind a socket, in the framing of `spdm_emu_common/command.h` of DMTF/spdm-emu.
//!
//! `frame.rs` is a frame, `relay.rs` the other side: a requester's.

mod frame;
mod relay;

pub(crate) use relay::Relay;

use std::io::{
    self,
    Read,
    Write, //
};

use self::frame::{
    Frame,
    NORMAL,
    PCI_DOE, //
};
use super::doe::Mailbox;

/// Command: the connection ends, the responder goes on.
const CONTINUE: u32 = 0xfffd;
/// Command: the responder ends.
const SHUTDOWN: u32 = 0xfffe;
/// Command of a response: the command of the request is unknown.
const UNKNOWN: u32 = 0xffff;
/// Command: a greeting.
const TEST: u32 = 0xdead;

/// What becomes of the responder after a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It takes another connection.
    Continue,
    /// It ends.
    Shutdown,
}

/// Serves one connection with the mailbox of a device.
///
/// # Errors
///
/// Those of the stream, and `InvalidData` for a frame that is longer than any data object.
pub fn serve(stream: &mut (impl Read + Write), mailbox: &mut Mailbox) -> io::Result<Next> {
    while let Some(frame) = Frame::read(stream)? {
        let (command, payload) = match frame.command {
            _ if frame.transport != PCI_DOE => (UNKNOWN, vec![]),
            // An object that the device discards has no response: the frame is empty.
            NORMAL => (NORMAL, mailbox.exchange(&frame.payload).unwrap_or_default()),
            TEST => (TEST, b"Server Hello!\0".to_vec()),
            CONTINUE | SHUTDOWN => (frame.command, vec![]),
            _ => (UNKNOWN, vec![]),
        };
        let response = Frame {
            command,
            transport: frame.transport,
            payload,
        };

        response.write(stream)?;
        match command {
            CONTINUE => return Ok(Next::Continue),
            SHUTDOWN => return Ok(Next::Shutdown),
            _ => {}
        }
    }
    Ok(Next::Continue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Settings;

    /// A connection: what the peer sends, and what it gets.
    struct Stream {
        sent: io::Cursor<Vec<u8>>,
        got: Vec<u8>,
    }

    impl Read for Stream {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.sent.read(buffer)
        }
    }

    impl Write for Stream {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.got.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Makes a frame.
    fn frame(command: u16, transport: u8, payload: &[u8]) -> Vec<u8> {
        let [high, low] = command.to_be_bytes();
        let size = u8::try_from(payload.len()).unwrap();

        [
            &[0, 0, high, low, 0, 0, 0, transport, 0, 0, 0, size],
            payload,
        ]
        .concat()
    }

    /// Serves a connection.
    fn run(sent: &[&[u8]]) -> (io::Result<Next>, Vec<u8>) {
        let mut stream = Stream {
            sent: io::Cursor::new(sent.concat()),
            got: vec![],
        };
        let mut mailbox = Mailbox::new(Settings {
            slots: 0,
            ..Settings::default()
        });

        (serve(&mut stream, &mut mailbox), stream.got)
    }

    /// Discovery of the first type, and its response.
    const DISCOVERY: [u8; 12] = [1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
    const DISCOVERED: [u8; 12] = [1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 1];

    #[test]
    fn greets_exchanges_and_shuts_down() {
        let (next, got) = run(&[
            &frame(0xdead, 2, b"Client Hello!\0"),
            &frame(1, 2, &DISCOVERY),
            &frame(0xfffe, 2, &[]),
        ]);

        assert_eq!(next.unwrap(), Next::Shutdown);
        assert_eq!(
            got,
            [
                frame(0xdead, 2, b"Server Hello!\0"),
                frame(1, 2, &DISCOVERED),
                frame(0xfffe, 2, &[]),
            ]
            .concat()
        );
    }

    #[test]
    fn goes_on_after_a_connection() {
        assert_eq!(run(&[]).0.unwrap(), Next::Continue);
        let (next, got) = run(&[&frame(0xfffd, 2, &[]), &frame(0xfffe, 2, &[])]);
        assert_eq!(next.unwrap(), Next::Continue);
        assert_eq!(got, frame(0xfffd, 2, &[]));
    }

    #[test]
    fn knows_neither_other_commands_nor_other_transports() {
        let (_, got) = run(&[&frame(2, 2, &[]), &frame(1, 1, &[5, 0x10, 0x84, 0, 0])]);

        assert_eq!(got, [frame(0xffff, 2, &[]), frame(0xffff, 1, &[])].concat());
    }

    #[test]
    fn has_no_response_to_a_malformed_object() {
        let (_, got) = run(&[&frame(1, 2, &[1, 0, 0, 0, 9, 0, 0, 0])]);

        assert_eq!(got, frame(1, 2, &[]));
    }

    #[test]
    fn refuses_frames_that_are_cut_off_or_too_long() {
        let error = |sent: &[u8]| run(&[sent]).0.unwrap_err().kind();

        assert_eq!(error(&[0, 0, 0, 1, 0, 0]), io::ErrorKind::UnexpectedEof);
        assert_eq!(
            error(&[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1]),
            io::ErrorKind::UnexpectedEof
        );
        assert_eq!(
            error(&[0, 0, 0, 1, 0, 0, 0, 2, 0, 0x10, 0, 1]),
            io::ErrorKind::InvalidData
        );
    }
}
