// SPDX-License-Identifier: GPL-2.0

//! The hashes of the vendored `sha2`, beside those of the kernel.

use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use tsm_proto::spdm::{
    Digest,
    Hash as _,
    HashAlgorithm,
    Suite as _, //
};

use crate::suite::KernelSuite;

use super::failure::{
    same,
    Result, //
};

/// Returns the digest of all parts that `sha2` computes.
fn digest_of_sha2(algorithm: HashAlgorithm, parts: &[&[u8]]) -> Result<Digest> {
    let digest = match algorithm {
        HashAlgorithm::Sha256 => {
            let mut hash = Sha256::new();
            parts.iter().for_each(|part| hash.update(part));
            Digest::new(&hash.finalize())
        }
        HashAlgorithm::Sha384 => {
            let mut hash = Sha384::new();
            parts.iter().for_each(|part| hash.update(part));
            Digest::new(&hash.finalize())
        }
    };

    Ok(digest?)
}

/// Returns the digest of all parts that the kernel computes. Fails unless `sha2` computes the same.
pub(super) fn digest(algorithm: HashAlgorithm, parts: &[&[u8]]) -> Result<Digest> {
    let mut hash = KernelSuite.hash(algorithm);
    parts.iter().for_each(|part| hash.update(part));
    let digest = hash.finish();

    same(
        &digest_of_sha2(algorithm, parts)?,
        &digest,
        "digest of sha2",
    )?;
    Ok(digest)
}
