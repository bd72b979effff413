// SPDX-License-Identifier: GPL-2.0

//! The key in the last certificate of a chain, as a verifier has it.

use rsa::{
    Pkcs1v15Sign,
    Pss,
    RsaPublicKey, //
};
use sha2::{
    Sha256,
    Sha384, //
};
use tsm_keys::Curve;
use x509_cert::{
    der::{
        Decode as _,
        Encode as _,
        Header,
        SliceReader, //
    },
    Certificate, //
};

use crate::device::{
    Hash,
    Signature, //
};

/// Returns the certificates of a chain, which has a header of 4 bytes and the hash of the root.
pub(super) fn certificates(chain: &[u8], hash: Hash) -> Vec<Certificate> {
    let mut rest = &chain[4 + hash.size()..];
    let mut certificates = vec![];

    while !rest.is_empty() {
        let mut reader = SliceReader::new(rest).unwrap();
        let header = Header::decode(&mut reader).unwrap();
        let size =
            usize::try_from((header.encoded_len().unwrap() + header.length).unwrap()).unwrap();
        let (der, after) = rest.split_at(size);
        certificates.push(Certificate::from_der(der).unwrap());
        rest = after;
    }
    certificates
}

/// Returns whether a signature of a digest is of the key in the last certificate.
pub(super) fn verifies(
    chain: &[u8],
    (hash, algorithm): (Hash, Signature),
    digest: &[u8],
    signature: &[u8],
) -> bool {
    let leaf = certificates(chain, hash).pop().unwrap();
    let key = leaf
        .tbs_certificate
        .subject_public_key_info
        .to_der()
        .unwrap();
    let rsa = || <RsaPublicKey as rsa::pkcs8::DecodePublicKey>::from_public_key_der(&key).unwrap();
    let ecdsa = |curve: Curve| curve.verifies(&curve.read(&key).unwrap(), digest, signature);

    match (algorithm, hash) {
        (Signature::EcdsaP256, _) => ecdsa(Curve::P256),
        (Signature::EcdsaP384, _) => ecdsa(Curve::P384),
        (Signature::RsaPss3072, Hash::Sha256) => rsa()
            .verify(Pss::new::<Sha256>(), digest, signature)
            .is_ok(),
        (Signature::RsaPss3072, Hash::Sha384) => rsa()
            .verify(Pss::new::<Sha384>(), digest, signature)
            .is_ok(),
        (Signature::RsaSsa3072, Hash::Sha256) => rsa()
            .verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature)
            .is_ok(),
        (Signature::RsaSsa3072, Hash::Sha384) => rsa()
            .verify(Pkcs1v15Sign::new::<Sha384>(), digest, signature)
            .is_ok(),
    }
}
