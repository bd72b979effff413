// SPDX-License-Identifier: GPL-2.0

//! HKDF. RFC 5869.

use super::{
    secret::Secret,
    suite::{
        HashAlgorithm,
        Suite, //
    },
    Error,
    Result,
    Writer, //
};

/// Bytes of the longest info. What the key schedule writes is shorter.
const MAX_INFO: usize = 80;

/// HKDF-Extract.
pub fn extract<S: Suite>(
    suite: &S,
    hash: HashAlgorithm,
    salt: &[u8],
    input: &[u8],
    output: &mut Secret,
) {
    suite.hmac(hash, salt, input, output.reset(hash.size()));
}

/// HKDF-Expand with the info that `write_info` writes.
///
/// # Errors
///
/// [`Error::TooLarge`] when the info has more than 80 bytes, or the output more than a digest: there is one
/// block only.
pub fn expand<S: Suite>(
    suite: &S,
    hash: HashAlgorithm,
    secret: &Secret,
    write_info: impl FnOnce(&mut Writer<'_>) -> Result,
    len: usize,
    output: &mut Secret,
) -> Result {
    // The number of the block follows.
    let mut info = [0; MAX_INFO + 1];
    let mut writer = Writer::new(&mut info);
    write_info(&mut writer)?;
    writer.bytes(&[1])?;
    let used = writer.len();
    let info = info.get(..used).ok_or(Error::TooLarge)?;

    let mut block = Secret::empty();
    suite.hmac(hash, secret.as_bytes(), info, block.reset(hash.size()));
    let block = block.as_bytes().get(..len).ok_or(Error::TooLarge)?;
    output.reset(len).copy_from_slice(block);
    Ok(())
}
