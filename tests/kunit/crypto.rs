// SPDX-License-Identifier: GPL-2.0

//! The cryptography of the kernel, and the vendored `sha2`, with known answers. Only KUnit runs this; `tests/spdm`
//! has the same answers for the cryptography that cargo links.

use kernel::prelude::*;

#[kunit_tests(tsm_crypto)]
mod tests {
    use kernel::{
        bindings,
        prelude::*, //
    };
    use sha2::Digest as _;
    use tsm_ext::{
        crypto::{
            fill_random,
            hmac_sha256,
            hmac_sha384,
            Aes256Gcm,
            Curve,
            PrivateKey,
            PublicKey,
            Sha256,
            Sha384, //
        },
        error::errno,
        key::CertificateKey, //
    };
    use tsm_proto::spdm::{
        hkdf,
        HashAlgorithm,
        Secret,
        Writer, //
    };

    use crate::{
        hex::bytes,
        suite::KernelSuite, //
    };

    const VECTORS: &str = include_str!("../vectors/crypto/vectors.txt");

    /// Checks each vector of this name, and returns their number. [`EDOM`] if one is wrong.
    fn check<const N: usize>(
        name: &str,
        is_right: impl Fn(&[KVec<u8>; N]) -> Result<bool>,
    ) -> Result<usize> {
        let mut count = 0;

        for line in VECTORS.lines() {
            let mut words = line.split(' ');
            if words.next() != Some(name) {
                continue;
            }
            let mut fields = [const { KVec::new() }; N];
            for field in &mut fields {
                *field = bytes(words.next().ok_or(EINVAL)?)?;
            }
            if !is_right(&fields)? {
                pr_err!("wrong: {line}\n");
                return Err(EDOM);
            }
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn hashes() {
        let right = check("sha256", |[message, digest]| {
            let mut hash = Sha256::new();
            hash.update(message);
            let other = sha2::Sha256::digest(&message[..]);
            Ok(hash.finish() == digest[..] && other[..] == digest[..])
        });
        assert_eq!(right, Ok(4));

        let right = check("sha384", |[message, digest]| {
            let mut hash = Sha384::new();
            hash.update(message);
            let other = sha2::Sha384::digest(&message[..]);
            Ok(hash.finish() == digest[..] && other[..] == digest[..])
        });
        assert_eq!(right, Ok(4));
    }

    #[test]
    fn hashes_in_parts_and_goes_on_from_a_clone() {
        let right = check("sha256", |[message, digest]| {
            let mut hash = Sha256::new();
            let mut is_right = true;
            for at in 0..message.len() {
                let mut clone = hash.clone();
                clone.update(&message[at..]);
                is_right &= clone.finish() == digest[..];
                hash.update(&message[at..=at]);
            }
            Ok(is_right && hash.finish() == digest[..])
        });
        assert_eq!(right, Ok(4));

        let right = check("sha384", |[message, digest]| {
            let mut hash = Sha384::new();
            let mut is_right = true;
            for at in 0..message.len() {
                let mut clone = hash.clone();
                clone.update(&message[at..]);
                is_right &= clone.finish() == digest[..];
                hash.update(&message[at..=at]);
            }
            Ok(is_right && hash.finish() == digest[..])
        });
        assert_eq!(right, Ok(4));
    }

    #[test]
    fn authenticates_messages() {
        let right = check("hmac-sha256", |[key, message, mac]| {
            let mut found = [0; Sha256::SIZE];
            hmac_sha256(key, message, &mut found);
            Ok(found == mac[..])
        });
        assert_eq!(right, Ok(6));

        let right = check("hmac-sha384", |[key, message, mac]| {
            let mut found = [0; Sha384::SIZE];
            hmac_sha384(key, message, &mut found);
            Ok(found == mac[..])
        });
        assert_eq!(right, Ok(6));
    }

    /// The input, salt, info, secret and output of HKDF.
    type Derived = [KVec<u8>; 5];

    /// Says whether the key schedule's HKDF makes the secret and the first block of the output of a vector.
    fn derives(hash: HashAlgorithm, [input, salt, info, secret, output]: &Derived) -> Result<bool> {
        let (mut extracted, mut expanded) = (Secret::empty(), Secret::empty());
        let write_info = |writer: &mut Writer<'_>| writer.bytes(info);
        let len = output.len().min(hash.size());

        hkdf::extract(&KernelSuite, hash, salt, input, &mut extracted);
        hkdf::expand(
            &KernelSuite,
            hash,
            &extracted,
            write_info,
            len,
            &mut expanded,
        )?;
        Ok(extracted.as_bytes() == &secret[..] && output.get(..len) == Some(expanded.as_bytes()))
    }

    #[test]
    fn derives_keys() {
        let right = check("hkdf-sha256", |vector| {
            derives(HashAlgorithm::Sha256, vector)
        });
        assert_eq!(right, Ok(3));

        let right = check("hkdf-sha384", |vector| {
            derives(HashAlgorithm::Sha384, vector)
        });
        assert_eq!(right, Ok(3));
    }

    /// A key, nonce, associated data, text, encrypted text and tag of AES-256-GCM.
    type Sealed = [KVec<u8>; 6];

    /// Returns the key of a vector, and its nonce.
    fn prepare([key, nonce, ..]: &Sealed) -> Result<(Pin<KBox<Aes256Gcm>>, [u8; 12])> {
        let key = key[..].try_into().map_err(|_| EINVAL)?;
        let nonce = nonce[..].try_into().map_err(|_| EINVAL)?;

        Ok((KBox::pin_init(Aes256Gcm::new(key), GFP_KERNEL)?, nonce))
    }

    /// Returns a copy of `bytes`, with one bit of the byte at `at` changed.
    fn flipped(bytes: &[u8], at: usize) -> Result<KVec<u8>> {
        let mut copy = KVec::new();

        copy.extend_from_slice(bytes, GFP_KERNEL)?;
        *copy.get_mut(at).ok_or(EINVAL)? ^= 0x10;
        Ok(copy)
    }

    #[test]
    fn seals_and_opens() {
        let right = check("aes-256-gcm", |vector: &Sealed| {
            let (key, nonce) = prepare(vector)?;
            let [_, _, data, text, encrypted, tag] = vector;
            let mut buffer = KVec::new();
            buffer.extend_from_slice(text, GFP_KERNEL)?;
            let mut found = [0; Aes256Gcm::TAG];

            key.seal(&nonce, data, &mut buffer, &mut found)?;
            let is_sealed = buffer[..] == encrypted[..] && found == tag[..];
            key.open(&nonce, data, &mut buffer, &found)?;
            Ok(is_sealed && buffer[..] == text[..])
        });
        assert_eq!(right, Ok(3));
    }

    #[test]
    fn opens_nothing_that_was_changed() {
        let right = check("aes-256-gcm", |vector: &Sealed| {
            let (key, nonce) = prepare(vector)?;
            let [_, _, data, _, encrypted, tag] = vector;
            let refuses = |data: &[u8], mut text: KVec<u8>, tag: &[u8]| -> Result<bool> {
                let tag = tag.try_into().map_err(|_| EINVAL)?;
                let opened = key.open(&nonce, data, &mut text, tag);
                // What was decrypted is not there either.
                let is_cleared = text.iter().all(|byte| *byte == 0);
                Ok(opened == Err(errno(bindings::EBADMSG)) && is_cleared)
            };
            let copy = |bytes: &[u8]| -> Result<KVec<u8>> {
                let mut copy = KVec::new();
                copy.extend_from_slice(bytes, GFP_KERNEL)?;
                Ok(copy)
            };

            let mut is_refused = true;
            for at in 0..tag.len() {
                is_refused &= refuses(data, copy(encrypted)?, &flipped(tag, at)?)?;
            }
            for at in 0..encrypted.len() {
                is_refused &= refuses(data, flipped(encrypted, at)?, tag)?;
            }
            for at in 0..data.len() {
                is_refused &= refuses(&flipped(data, at)?, copy(encrypted)?, tag)?;
            }
            Ok(is_refused)
        });
        assert_eq!(right, Ok(3));
    }

    /// A private and a public key, those of the other side, and the secret that they share.
    type Agreement = [KVec<u8>; 5];

    /// Says whether both sides agree on the secret.
    fn agrees(
        curve: Curve,
        [own, public, other, other_public, secret]: &Agreement,
    ) -> Result<bool> {
        let own = PrivateKey::parse(curve, own)?;
        let other = PrivateKey::parse(curve, other)?;
        let has_public_keys = own.public()?.as_bytes() == &public[..]
            && other.public()?.as_bytes() == &other_public[..];
        let mut found = [[0; 48]; 2];
        let [first, second] = &mut found;

        own.agree(
            &PublicKey::parse(curve, other_public)?,
            &mut first[..curve.size()],
        )?;
        other.agree(
            &PublicKey::parse(curve, public)?,
            &mut second[..curve.size()],
        )?;
        Ok(has_public_keys
            && found
                .iter()
                .all(|found| found[..curve.size()] == secret[..]))
    }

    #[test]
    fn agrees_as_known() {
        let right = check("ecdh-p256", |vector| agrees(Curve::P256, vector));
        assert_eq!(right, Ok(1));
        let right = check("ecdh-p384", |vector| agrees(Curve::P384, vector));
        assert_eq!(right, Ok(1));
    }

    /// Makes two keys, and says whether they differ and agree.
    fn agrees_at_random(curve: Curve) -> Result<bool> {
        let (one, other) = (PrivateKey::generate(curve)?, PrivateKey::generate(curve)?);
        let (one_public, other_public) = (one.public()?, other.public()?);
        let mut found = [[0; 48]; 2];
        let [first, second] = &mut found;

        one.agree(&other_public, &mut first[..curve.size()])?;
        other.agree(&one_public, &mut second[..curve.size()])?;
        Ok(first == second && first.iter().any(|byte| *byte != 0) && one_public != other_public)
    }

    #[test]
    fn agrees_with_keys_that_were_made() {
        assert_eq!(agrees_at_random(Curve::P256), Ok(true));
        assert_eq!(agrees_at_random(Curve::P384), Ok(true));
    }

    /// Says whether a point is not one to agree with.
    fn refuses(curve: Curve, point: &[u8]) -> bool {
        let agree = || {
            let own = PrivateKey::generate(curve)?;
            let peer = PublicKey::parse(curve, point)?;
            own.agree(&peer, &mut [0; 48][..curve.size()])
        };

        agree() == Err(EINVAL)
    }

    #[test]
    fn refuses_what_is_no_point() {
        for curve in [Curve::P256, Curve::P384] {
            let size = 2 * curve.size();
            assert!(refuses(curve, &[0; 96][..size]));
            // Not below the prime of the field.
            assert!(refuses(curve, &[0xff; 96][..size]));
            assert!(refuses(curve, &[0; 96][..size - 1]));
            assert!(refuses(curve, &[0; 97][..size + 1]));
            assert!(refuses(curve, &[]));
        }
    }

    #[test]
    fn refuses_points_off_the_curve() {
        let refused = |curve, [_, public, ..]: &Agreement| {
            let last = public.len() - 1;
            // In X, and in Y.
            Ok(refuses(curve, &flipped(public, 0)?) && refuses(curve, &flipped(public, last)?))
        };
        let right = check("ecdh-p256", |vector| refused(Curve::P256, vector));
        assert_eq!(right, Ok(1));
        let right = check("ecdh-p384", |vector| refused(Curve::P384, vector));
        assert_eq!(right, Ok(1));
    }

    #[test]
    fn refuses_points_of_the_other_curve_and_secrets_of_another_size() {
        let agree = |own, peer, size: usize| {
            let own = PrivateKey::generate(own)?;
            own.agree(&PrivateKey::generate(peer)?.public()?, &mut [0; 64][..size])
        };
        assert_eq!(agree(Curve::P256, Curve::P384, 32), Err(EINVAL));
        assert_eq!(agree(Curve::P384, Curve::P256, 48), Err(EINVAL));
        for size in [0, 47, 49] {
            assert_eq!(agree(Curve::P384, Curve::P384, size), Err(EINVAL));
        }
        assert_eq!(agree(Curve::P384, Curve::P384, 48), Ok(()));
    }

    #[test]
    fn refuses_what_is_no_private_key() {
        for curve in [Curve::P256, Curve::P384] {
            let size = curve.size();
            let refused =
                |bytes: &[u8]| PrivateKey::parse(curve, bytes).is_err_and(|err| err == EINVAL);
            assert!(refused(&[0; 48][..size]));
            // Not below the order of the curve.
            assert!(refused(&[0xff; 48][..size]));
            assert!(refused(&[1; 48][..size - 1]));
            assert!(refused(&[1; 49][..size + 1]));
            assert!(!refused(&[1; 48][..size]));
        }
    }

    #[test]
    fn makes_random_numbers() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        fill_random(&mut first);
        fill_random(&mut second);
        assert!(first != second);
        assert!(first != [0; 32]);
        assert!(second != [0; 32]);
    }

    #[test]
    fn refuses_what_is_no_certificate() {
        let parse = |bytes: &[u8]| CertificateKey::parse(bytes).map(|_| ());
        assert_eq!(parse(&[]), Err(EINVAL));
        assert_eq!(parse(b"certificate"), Err(errno(bindings::EBADMSG)));
        // A sequence that is not whole, one that is empty, and one of zeros.
        assert_eq!(parse(&[0x30, 0x82, 1]), Err(errno(bindings::EBADMSG)));
        assert_eq!(parse(&[0x30, 0]), Err(errno(bindings::EBADMSG)));
        assert_eq!(parse(&[0x30, 4, 0, 0, 0, 0]), Err(errno(bindings::EBADMSG)));
    }
}
