// SPDX-License-Identifier: GPL-2.0

//! The requester, against a device that answers with any bytes.

use std::cell::Cell;

use tsm_proto::spdm::{
    algorithms::Dhe,
    requester::{
        Action,
        Config,
        Event,
        Requester, //
    },
    suite::Signed,
    transcript::{
        Evidence,
        Part, //
    },
    vendor_defined::{
        Protocol,
        VendorDefined, //
    },
    Digest,
    Error,
    Hash,
    HashAlgorithm,
    Nonce,
    Result,
    Slot,
    Suite,
    Version, //
};

/// A suite without cryptography, for which a device knows what to answer: digests and MACs are zeros, what is
/// encrypted is the text, and signatures begin with a mark.
#[derive(Debug, Default)]
pub(super) struct NullSuite {
    /// Signatures that verified.
    verified: Cell<usize>,
    /// Records that were opened.
    opened: Cell<usize>,
}

/// The first byte of a signature that verifies.
const MARK: u8 = 0xa5;

#[derive(Clone)]
pub(super) struct NullHash(usize);

impl Hash for NullHash {
    fn update(&mut self, _bytes: &[u8]) {}

    fn finish(self) -> Digest {
        Digest::new(&[0; 48][..self.0]).expect("it is not longer")
    }
}

impl Suite for &NullSuite {
    type Hash = NullHash;
    type Ephemeral = ();

    fn hash(&self, algorithm: HashAlgorithm) -> NullHash {
        NullHash(algorithm.size())
    }

    fn hmac(&self, _algorithm: HashAlgorithm, _key: &[u8], _data: &[u8], mac: &mut [u8]) {
        mac.fill(0);
    }

    fn nonce(&self) -> Nonce {
        [1; 32]
    }

    fn generate(&self, _group: Dhe, public: &mut [u8]) -> Result {
        public.fill(2);
        Ok(())
    }

    fn agree(&self, _own: &(), peer: &[u8], secret: &mut [u8]) -> Result {
        assert_eq!(peer.len(), 2 * secret.len());
        Ok(())
    }

    fn seal(
        &self,
        _key: &[u8],
        _nonce: &[u8; 12],
        _aad: &[u8],
        _text: &mut [u8],
        tag: &mut [u8; 16],
    ) -> Result {
        tag.fill(0);
        Ok(())
    }

    fn open(
        &self,
        _key: &[u8],
        _nonce: &[u8; 12],
        _aad: &[u8],
        _text: &mut [u8],
        tag: &[u8; 16],
    ) -> Result {
        if *tag != [0; 16] {
            return Err(Error::Mac);
        }
        self.opened.set(self.opened.get() + 1);
        Ok(())
    }

    fn verify(&self, signed: &Signed<'_>, signature: &[u8]) -> Result {
        if signature.first() != Some(&MARK) || signed.leaf.is_empty() {
            return Err(Error::Signature);
        }
        self.verified.set(self.verified.get() + 1);
        Ok(())
    }
}

/// Evidence of up to 64 KiB a part.
#[derive(Default)]
struct Memory(Vec<(Part, Vec<u8>)>);

impl Evidence for Memory {
    fn append(&mut self, part: Part, bytes: &[u8]) -> Result {
        if !self.0.iter().any(|(found, _)| *found == part) {
            self.0.push((part, Vec::new()));
        }
        for (found, to) in &mut self.0 {
            if *found == part {
                to.extend_from_slice(bytes);
                return if to.len() > 0xffff {
                    Err(Error::TooLarge)
                } else {
                    Ok(())
                };
            }
        }
        Ok(())
    }

    fn clear(&mut self, part: Part) {
        self.0.retain(|(found, _)| *found != part);
    }

    fn get(&self, part: Part) -> &[u8] {
        let found = self.0.iter().find(|(found, _)| *found == part);

        found.map_or(&[], |(_, bytes)| bytes)
    }
}

/// Takes an answer of `data`: a length of 16 bits, and the bytes.
fn answer<'a>(data: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, rest) = data.split_first_chunk()?;
    let (answer, rest) = rest.split_at_checked(u16::from_le_bytes(*len).into())?;

    *data = rest;
    Some(answer)
}

/// Another slot than the one of the connection.
const SECOND: Slot = match Slot::new(1) {
    Ok(slot) => slot,
    Err(_) => panic!("there is such a slot"),
};

/// What the user wants of a connection.
const WANTED: [Event<'_>; 5] = [
    Event::Measure([3; 32]),
    Event::Read(SECOND),
    Event::Measure([4; 32]),
    Event::Vendor(VendorDefined {
        protocol: Protocol::TDISP,
        payload: &[0x10, 0x85],
    }),
    Event::Disconnect,
];

/// A requester is ready only after a signature, and has a session only after a record too; it asks for no more than
/// there are answers. What is refused within a connection leaves it as it was, or ends it.
pub(crate) fn requester(data: &[u8]) -> bool {
    let suite = NullSuite::default();
    let config = Config {
        highest: Version::V1_4,
        transfer_size: 1024,
    };
    let mut requester = Requester::new(&suite, config);
    let (mut buffer, mut evidence, mut rest) = ([0; 1024], Memory::default(), data);
    let mut event = Event::Connect(Slot::FIRST);
    let (mut connected, mut wanted) = (false, WANTED.into_iter());

    loop {
        event = match requester.step(event, &mut buffer, &mut evidence) {
            Err(err) => {
                assert!(
                    matches!(err, Error::State | Error::Incapable)
                        || err.is_refusal(requester.session().is_some())
                        || requester.is_lost()
                );
                assert!(requester.is_lost() || requester.peer().is_some());
                match wanted.next() {
                    Some(event) if !requester.is_lost() => event,
                    _ => break,
                }
            }
            Ok(action @ (Action::Done | Action::Payload { .. })) => {
                if let Action::Payload { start, len } = action {
                    assert!(requester.session().is_some());
                    assert!(buffer.get(start..).is_some_and(|rest| rest.len() >= len));
                }
                connected = true;
                assert!(suite.verified.get() > 0);
                match wanted.next() {
                    Some(event) => event,
                    None => break,
                }
            }
            Ok(Action::Wait(time)) => {
                assert!(time <= 2_000_000);
                Event::TimePassed
            }
            Ok(Action::Send { len, .. }) => {
                assert!(len <= 256);
                let Some(answer) = answer(&mut rest) else {
                    break;
                };
                let Some(to) = buffer.get_mut(..answer.len()) else {
                    break;
                };
                to.copy_from_slice(answer);
                Event::Answer(answer.len())
            }
        };
        let is_ready = requester.peer().is_some();
        assert!(!is_ready || suite.verified.get() > 0);
        assert!(requester.session().is_none() || suite.opened.get() > 0);
    }
    connected
}
