// SPDX-License-Identifier: GPL-2.0

//! A responder in another process, as the mailbox of a device sees it.

use std::{
    io,
    net::{
        SocketAddr,
        TcpStream, //
    },
    sync::mpsc::{
        self,
        Receiver,
        Sender, //
    },
    thread,
    time::Duration, //
};

use super::{
    super::doe,
    frame::{
        Frame,
        NORMAL,
        PCI_DOE, //
    }, //
};

/// How long a responder may take. The mailbox has been given up long before.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// An object, and the number of the request.
type Numbered = (u64, Vec<u8>);

/// Sends data objects to a responder. A thread waits for the responses.
#[derive(Debug)]
pub(crate) struct Relay {
    requests: Sender<Numbered>,
    responses: Receiver<Numbered>,
    /// The number of the last request.
    number: u64,
}

impl Relay {
    /// Starts the thread. It connects at the first request, and again after an error.
    pub(crate) fn start(address: SocketAddr) -> io::Result<Self> {
        let (requests, taken) = mpsc::channel();
        let (given, responses) = mpsc::channel();
        let thread = thread::Builder::new().name("tdi relay".into());

        thread.spawn(move || run(address, &taken, &given))?;
        Ok(Self {
            requests,
            responses,
            number: 0,
        })
    }

    /// Sends a request. The response to an earlier one is dropped from now on.
    pub(crate) fn send(&mut self, object: Vec<u8>) {
        self.number += 1;
        // The thread ends with this.
        let _ = self.requests.send((self.number, object));
    }

    /// Returns the response to the last request, if it has come, once.
    pub(crate) fn receive(&self) -> Option<Vec<u8>> {
        let mut responses = self.responses.try_iter();

        responses
            .find(|(number, _)| *number == self.number)
            .map(|(_, object)| object)
    }
}

/// Does one exchange after the other. What goes wrong is for the user, and has no response.
fn run(address: SocketAddr, requests: &Receiver<Numbered>, responses: &Sender<Numbered>) {
    let mut connection = None;

    for first in requests {
        // Those before the last have no use for a response.
        let (number, object) = requests.try_iter().last().unwrap_or(first);

        match exchange(&mut connection, address, object) {
            Ok(response) => {
                // Without a receiver there are no further requests.
                let _ = responses.send((number, response));
            }
            Err(error) => {
                connection = None;
                eprintln!("tsm-emulator: responder at {address}: {error}");
            }
        }
    }
}

/// Does an exchange.
fn exchange(
    connection: &mut Option<TcpStream>,
    address: SocketAddr,
    object: Vec<u8>,
) -> io::Result<Vec<u8>> {
    let invalid = |text| io::Error::new(io::ErrorKind::InvalidData, text);
    let stream = match connection {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(READ_TIMEOUT))?;
            connection.insert(stream)
        }
    };
    let request = Frame {
        command: NORMAL,
        transport: PCI_DOE,
        payload: object,
    };

    request.write(stream)?;
    let response = Frame::read(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    match response {
        Frame {
            command: NORMAL,
            transport: PCI_DOE,
            payload,
        } if doe::is_whole(&payload) => Ok(payload),
        Frame { payload, .. } if payload.is_empty() => Err(invalid("no response")),
        _ => Err(invalid("the response is no data object")),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::TcpListener,
        time::Instant, //
    };

    use super::*;

    /// Objects with the types 1 and 2.
    const FIRST: [u8; 8] = [1, 0, 1, 0, 2, 0, 0, 0];
    const SECOND: [u8; 8] = [1, 0, 2, 0, 2, 0, 0, 0];

    /// Makes a relay, and the listener that it connects to.
    fn relay() -> (Relay, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();

        (
            Relay::start(listener.local_addr().unwrap()).unwrap(),
            listener,
        )
    }

    /// Responds to a request.
    fn respond(stream: &mut TcpStream, wanted: &[u8], response: &[u8]) {
        let request = Frame::read(stream).unwrap().unwrap();
        assert_eq!((request.command, request.transport), (NORMAL, PCI_DOE));
        assert_eq!(request.payload, wanted);
        let response = Frame {
            payload: response.to_vec(),
            ..request
        };
        response.write(stream).unwrap();
    }

    /// Waits for a response.
    fn wait(relay: &Relay) -> Vec<u8> {
        let end = Instant::now() + Duration::from_secs(60);

        loop {
            match relay.receive() {
                Some(response) => return response,
                None => assert!(Instant::now() < end),
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn relays_requests_and_responses() {
        let (mut relay, listener) = relay();

        relay.send(FIRST.to_vec());
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(relay.receive(), None);
        respond(&mut stream, &FIRST, &SECOND);
        assert_eq!(wait(&relay), SECOND);
        relay.send(SECOND.to_vec());
        respond(&mut stream, &SECOND, &FIRST);
        assert_eq!(wait(&relay), FIRST);
        assert_eq!(relay.receive(), None);
    }

    #[test]
    fn drops_the_response_to_an_earlier_request() {
        let (mut relay, listener) = relay();

        relay.send(FIRST.to_vec());
        let (mut stream, _) = listener.accept().unwrap();
        let request = Frame::read(&mut stream).unwrap().unwrap();
        // Of these, only the last is of use when the first has its response.
        for _ in 0..3 {
            relay.send(FIRST.to_vec());
        }
        relay.send(SECOND.to_vec());
        request.write(&mut stream).unwrap();
        respond(&mut stream, &SECOND, &SECOND);
        assert_eq!(wait(&relay), SECOND);
    }

    #[test]
    fn connects_again_after_an_error() {
        let (mut relay, listener) = relay();

        for wrong in [&[][..], &FIRST[..7], &[1, 0, 1, 0, 3, 0, 0, 0]] {
            relay.send(FIRST.to_vec());
            let (mut stream, _) = listener.accept().unwrap();
            respond(&mut stream, &FIRST, wrong);
        }
        relay.send(SECOND.to_vec());
        let (mut stream, _) = listener.accept().unwrap();
        respond(&mut stream, &SECOND, &SECOND);
        assert_eq!(wait(&relay), SECOND);
    }
}
