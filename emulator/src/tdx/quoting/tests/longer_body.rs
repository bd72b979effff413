// SPDX-License-Identifier: GPL-2.0

//! The longer body of TDX 1.5, which the public verifier does not know yet. Where it has what is from `sgx_quote_5.h` of
//! the SGX SDK, and from the parsers of Open Enclave and of later versions of that verifier.

use p256::ecdsa::{
    signature::Verifier as _,
    Signature,
    VerifyingKey, //
};
use tsm_proto::Digest384;

use super::*;

/// Where the body is, and where the size of the signature is.
const BODY: usize = 48 + 6;
const SIGNATURE: usize = BODY + 885;
/// Where the size of the signature is behind the usual body.
const USUAL: usize = BODY + 648;

/// Makes a quote with it, and the same with the usual one, of a TD with these service TDs.
fn quotes(servtd_hash: Digest384) -> (Vec<u8>, Vec<u8>) {
    let config = TdxConfig {
        servtd_hash,
        mrconfigid: Digest384::new([0x1d; 48]),
        ..TdxConfig::default()
    };
    (
        quote_of(Version::V5Td15Ex, &config),
        quote_of(Version::V5, &config),
    )
}

#[test]
fn begins_like_the_usual_body_and_has_zeros_behind_it() {
    let (quote, usual) = quotes(Digest384::new([0x5e; 48]));
    assert_eq!(quote[..2], [5, 0]);
    assert_eq!(quote[2..48], usual[2..48]);
    assert_eq!(quote[48..50], 4_u16.to_le_bytes());
    assert_eq!(quote[50..BODY], 885_u32.to_le_bytes());
    assert_eq!(quote[BODY..BODY + 648], usual[BODY..USUAL]);
    assert_eq!(quote[BODY + 184..BODY + 232], [0x1d; 48]);
    assert_eq!(
        quote[BODY + 520..BODY + 584],
        report().1.mac.report_data.bytes()[..]
    );
    assert_eq!(quote[BODY + 600..BODY + 648], [0x5e; 48]);
    assert!(quote[BODY + 648..SIGNATURE].iter().all(|byte| *byte == 0));
}

#[test]
fn is_signed_as_a_whole_by_the_key_that_the_public_verifier_believes() {
    let (mut quote, usual) = quotes(Digest384::ZERO);
    assert_eq!(PublicVerifier::new().verify(&usual), Ok("UpToDate".into()));
    // The size, and what is behind the signature: the key, and what certifies it.
    assert_eq!(quote[SIGNATURE..SIGNATURE + 4], usual[USUAL..USUAL + 4]);
    let (signature, rest) = quote[SIGNATURE + 4..].split_at(64);
    assert!(*rest == usual[USUAL + 4 + 64..]);

    let signature = Signature::from_slice(signature).unwrap();
    let key = VerifyingKey::from_sec1_bytes(&[&[4], &rest[..64]].concat()).unwrap();
    assert!(key.verify(&quote[..SIGNATURE], &signature).is_ok());
    for offset in [0, 48, 50, BODY, BODY + 647, BODY + 648, SIGNATURE - 1] {
        quote[offset] ^= 1;
        assert!(key.verify(&quote[..SIGNATURE], &signature).is_err());
        quote[offset] ^= 1;
    }
}
