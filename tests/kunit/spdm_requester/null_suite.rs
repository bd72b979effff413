// SPDX-License-Identifier: GPL-2.0

//! What a requester needs from outside, without cryptography and without memory.

use tsm_proto::spdm::{
    algorithms::Dhe,
    suite::Signed,
    transcript::{
        Evidence,
        Part, //
    },
    Digest,
    Error,
    Hash,
    HashAlgorithm,
    Nonce,
    Suite, //
};

/// A suite without cryptography: digests, MACs and tags are zeros, what is encrypted is the text, and
/// signatures begin with a mark.
pub(super) struct NullSuite;

pub(super) const MARK: u8 = 0xa5;

#[derive(Clone)]
pub(super) struct NullHash(usize);

impl Hash for NullHash {
    fn update(&mut self, _bytes: &[u8]) {}

    fn finish(self) -> Digest {
        let zeros = [0; 48];
        let digest = zeros.get(..self.0).map(Digest::new);

        match digest {
            Some(Ok(digest)) => digest,
            _ => NullHash(48).finish(),
        }
    }
}

impl Suite for NullSuite {
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

    fn generate(&self, _group: Dhe, public: &mut [u8]) -> Result<(), Error> {
        public.fill(2);
        Ok(())
    }

    fn agree(&self, _own: &(), _peer: &[u8], _secret: &mut [u8]) -> Result<(), Error> {
        Ok(())
    }

    fn seal(
        &self,
        _key: &[u8],
        _nonce: &[u8; 12],
        _aad: &[u8],
        _text: &mut [u8],
        tag: &mut [u8; 16],
    ) -> Result<(), Error> {
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
    ) -> Result<(), Error> {
        match tag {
            [0, ..] => Ok(()),
            _ => Err(Error::Mac),
        }
    }

    fn verify(&self, _signed: &Signed<'_>, signature: &[u8]) -> Result<(), Error> {
        match signature {
            [MARK, ..] => Ok(()),
            _ => Err(Error::Signature),
        }
    }
}

/// The chains in two slots, and of other parts only whether they are there.
pub(super) struct Store {
    chains: [([u8; 64], usize); 2],
    parts: [Option<Part>; 8],
}

impl Store {
    pub(super) fn has(&self, part: Part) -> bool {
        self.parts.contains(&Some(part))
    }
}

impl Evidence for Store {
    fn append(&mut self, part: Part, bytes: &[u8]) -> Result<(), Error> {
        let Part::Chain(slot) = part else {
            if !self.has(part) {
                let free = self.parts.iter_mut().find(|place| place.is_none());
                *free.ok_or(Error::NoMemory)? = Some(part);
            }
            return Ok(());
        };
        let chain = self.chains.get_mut(usize::from(slot.number()));
        let (to, len) = chain.ok_or(Error::TooLarge)?;
        let to = to.get_mut(*len..).unwrap_or_default();

        if bytes.len() > to.len() {
            return Err(Error::TooLarge);
        }
        to.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        *len += bytes.len();
        Ok(())
    }

    fn clear(&mut self, part: Part) {
        if let Part::Chain(slot) = part {
            if let Some((_, len)) = self.chains.get_mut(usize::from(slot.number())) {
                *len = 0;
            }
        }
        for place in &mut self.parts {
            if *place == Some(part) {
                *place = None;
            }
        }
    }

    fn get(&self, part: Part) -> &[u8] {
        let Part::Chain(slot) = part else {
            return &[];
        };
        let chain = self.chains.get(usize::from(slot.number()));

        chain
            .and_then(|(bytes, len)| bytes.get(..*len))
            .unwrap_or_default()
    }
}

impl Store {
    /// Makes one that is empty.
    pub(super) const fn new() -> Self {
        Self {
            chains: [([0; 64], 0); 2],
            parts: [None; 8],
        }
    }
}
