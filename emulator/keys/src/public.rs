// SPDX-License-Identifier: GPL-2.0

//! Public keys as certificates have them.

use p256::pkcs8::{
    spki::Result,
    Document,
    EncodePublicKey, //
};

/// A public key: `SubjectPublicKeyInfo` in DER.
#[derive(Debug, Clone)]
pub struct PublicKey(Document);

impl PublicKey {
    /// Encodes a key.
    pub(crate) fn new(key: &impl EncodePublicKey) -> Self {
        // PANIC: A point that is not compressed can always be encoded.
        Self(key.to_public_key_der().expect("public key"))
    }
}

impl EncodePublicKey for PublicKey {
    fn to_public_key_der(&self) -> Result<Document> {
        Ok(self.0.clone())
    }
}
