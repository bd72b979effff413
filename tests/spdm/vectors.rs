// SPDX-License-Identifier: GPL-2.0

//! Known answers for the cryptography of this folder, and for the key schedule's HKDF with it.

use tsm_proto::spdm::{
    hkdf,
    transcript::digest,
    Error,
    HashAlgorithm,
    Secret,
    Suite as _,
    Writer, //
};

use crate::suite::RustCrypto;

const VECTORS: &str = include_str!("../vectors/crypto/vectors.txt");

/// The hashes, with what the names of their vectors end with.
const HASHES: [(HashAlgorithm, &str); 2] = [
    (HashAlgorithm::Sha256, "sha256"),
    (HashAlgorithm::Sha384, "sha384"),
];

/// Returns the bytes that `hex` stands for: two digits for each, or `-` for none.
fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.trim_matches('-').as_bytes().chunks(2);

    digits
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("it is ASCII");
            u8::from_str_radix(pair, 16).expect("it has digits")
        })
        .collect()
}

/// Returns the fields of each vector of this name, of which there are so many.
fn vectors<const N: usize>(name: &str, count: usize) -> Vec<[Vec<u8>; N]> {
    let lines = VECTORS.lines().map(|line| line.split(' '));
    let found: Vec<_> = lines
        .filter_map(|mut words| (words.next() == Some(name)).then_some(words))
        .map(|words| {
            let fields: Vec<_> = words.map(bytes).collect();
            fields.try_into().expect("it has as many fields")
        })
        .collect();

    assert_eq!(found.len(), count, "{name}");
    found
}

#[test]
fn hashes() {
    for (hash, name) in HASHES {
        for [message, expected] in vectors(name, 4) {
            let found = digest(&RustCrypto::default(), hash, &message);
            assert_eq!(found.as_bytes(), expected, "{name}");
        }
    }
}

#[test]
fn authenticates_messages() {
    for (hash, name) in HASHES {
        for [key, message, expected] in vectors(&format!("hmac-{name}"), 6) {
            let mut mac = vec![0; hash.size()];
            RustCrypto::default().hmac(hash, &key, &message, &mut mac);
            assert_eq!(mac, expected, "{name}");
        }
    }
}

#[test]
fn derives_keys() {
    for (hash, name) in HASHES {
        for [input, salt, info, expected, output] in vectors(&format!("hkdf-{name}"), 3) {
            let (mut secret, mut key) = (Secret::empty(), Secret::empty());
            let suite = RustCrypto::default();
            hkdf::extract(&suite, hash, &salt, &input, &mut secret);
            assert_eq!(secret.as_bytes(), expected, "{name}");

            // The key schedule needs no second block.
            for len in 0..=output.len() {
                let write_info = |writer: &mut Writer<'_>| writer.bytes(&info);
                let result = hkdf::expand(&suite, hash, &secret, write_info, len, &mut key);
                if len <= hash.size() {
                    assert_eq!(result, Ok(()));
                    assert_eq!(key.as_bytes(), &output[..len], "{name}");
                } else {
                    assert_eq!(result, Err(Error::TooLarge));
                }
            }
        }
    }
}

#[test]
fn refuses_an_info_that_is_too_long() {
    let (secret, mut key) = (Secret::empty(), Secret::empty());
    let suite = RustCrypto::default();
    for (len, expected) in [(80, Ok(())), (81, Err(Error::TooLarge))] {
        let write_info = |writer: &mut Writer<'_>| writer.zeros(len);
        let hash = HashAlgorithm::Sha384;
        let result = hkdf::expand(&suite, hash, &secret, write_info, 48, &mut key);
        assert_eq!(result, expected);
    }
}
