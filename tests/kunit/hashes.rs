// SPDX-License-Identifier: GPL-2.0

//! The hashes of the kernel and those of the vendored `sha2`, which have to agree. Only KUnit runs this.

use kernel::prelude::*;

#[kunit_tests(tsm_hashes)]
mod tests {
    use kernel::prelude::*;
    use sha2::Digest as _;
    use tsm_ext::crypto::{
        Sha256,
        Sha384, //
    };

    /// The longest message: four blocks of SHA-384 and more.
    const LONGEST: usize = 600;

    /// Returns bytes that look random and are always the same.
    fn message() -> Result<KVec<u8>> {
        let mut bytes = KVec::with_capacity(LONGEST, GFP_KERNEL)?;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;

        for _ in 0..LONGEST {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [byte, ..] = state.to_be_bytes();
            bytes.push(byte, GFP_KERNEL)?;
        }
        Ok(bytes)
    }

    /// Says whether all four hashes of a message, in these parts, are those of the message as a whole.
    fn agrees<'a>(message: &[u8], parts: impl Iterator<Item = &'a [u8]>) -> bool {
        let (mut sha256, mut sha384) = (Sha256::new(), Sha384::new());
        let (mut other256, mut other384) = (sha2::Sha256::new(), sha2::Sha384::new());

        for part in parts {
            sha256.update(part);
            sha384.update(part);
            other256.update(part);
            other384.update(part);
        }
        let (digest256, digest384) = (sha256.finish(), sha384.finish());
        other256.finalize()[..] == digest256
            && other384.finalize()[..] == digest384
            && sha2::Sha256::digest(message)[..] == digest256
            && sha2::Sha384::digest(message)[..] == digest384
    }

    /// Says whether clones of the hashes that stand between two parts go on from there.
    fn agrees_from_a_clone(first: &[u8], second: &[u8]) -> bool {
        let (mut sha256, mut sha384) = (Sha256::new(), Sha384::new());
        let (mut other256, mut other384) = (sha2::Sha256::new(), sha2::Sha384::new());
        sha256.update(first);
        sha384.update(first);
        other256.update(first);
        other384.update(first);
        let (mut clone256, mut clone384) = (other256.clone(), other384.clone());
        clone256.update(second);
        clone384.update(second);
        let is_same_yet = other256.finalize()[..] == sha256.clone().finish()
            && other384.finalize()[..] == sha384.clone().finish();

        sha256.update(second);
        sha384.update(second);
        is_same_yet
            && clone256.finalize()[..] == sha256.finish()
            && clone384.finalize()[..] == sha384.finish()
    }

    /// Returns the first length that is wrong.
    fn first_wrong(is_right: impl Fn(&[u8], usize) -> bool) -> Result<Option<usize>> {
        let message = message()?;

        Ok((0..=LONGEST).find(|len| !is_right(&message, *len)))
    }

    #[test]
    fn agree_on_messages_of_each_length() {
        let wrong = first_wrong(|message, len| {
            let message = message.get(..len).unwrap_or_default();
            agrees(message, core::iter::once(message))
        });
        assert_eq!(wrong, Ok(None));
    }

    #[test]
    fn agree_on_a_message_in_parts_of_each_length() {
        let wrong = first_wrong(|message, len| agrees(message, message.chunks(len.max(1))));
        assert_eq!(wrong, Ok(None));
    }

    #[test]
    fn agree_from_a_clone_at_each_place() {
        let wrong = first_wrong(|message, len| match message.split_at_checked(len) {
            Some((first, second)) => agrees_from_a_clone(first, second),
            None => false,
        });
        assert_eq!(wrong, Ok(None));
    }

    #[test]
    fn differ_when_a_bit_does() {
        let other = first_wrong(|message, len| {
            let changed = |(at, byte): (usize, &u8)| *byte ^ u8::from(at == len);
            let mut hash = sha2::Sha384::new();
            message
                .iter()
                .enumerate()
                .for_each(|part| hash.update([changed(part)]));
            // The one place past the end has no bit.
            let is_same = hash.finalize() == sha2::Sha384::digest(message);
            is_same == (len == LONGEST)
        });
        assert_eq!(other, Ok(None));
    }
}
