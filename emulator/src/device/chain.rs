// SPDX-License-Identifier: GPL-2.0

//! The certificate chain of a slot, and its key: DSP0274; PCIe r6 6.31.3.
//!
//! Each slot has a root of its own, so that an answer about another slot shows. The leaf keys differ
//! too, but there is only one RSA key.

use p256::ecdsa::signature::Keypair;
use rand_chacha::{
    rand_core::SeedableRng as _,
    ChaCha8Rng, //
};
use rsa::{
    BigUint,
    Pkcs1v15Sign,
    Pss,
    RsaPrivateKey,
    RsaPublicKey, //
};
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use x509_cert::{
    builder,
    der::{
        self,
        asn1::{
            Any,
            BitString,
            Ia5String,
            ObjectIdentifier,
            Utf8StringRef, //
        },
        oid::AssociatedOid,
        Decode as _,
        Document,
        Encode,
        Length,
        Writer, //
    },
    ext::{
        pkix::{
            name::{
                GeneralName,
                OtherName, //
            },
            ExtendedKeyUsage,
            SubjectAltName, //
        },
        AsExtension,
        Extension, //
    },
    name::Name,
    spki::{
        self,
        EncodePublicKey,
        SubjectPublicKeyInfoOwned, //
    }, //
};

use super::{
    misbehaviour::{
        self,
        Wrong, //
    },
    settings::{
        Identity,
        Settings, //
    },
    suite::{
        Hash,
        Signature, //
    }, //
};
use crate::x509::{
    self,
    Key,
    Usage,
    P256,
    P384, //
};

/// Type of the name by which CMA-SPDM finds the device in a certificate.
const CMA: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.147");
/// `id-DMTF-eku-responder-auth` of DSP0274.
const RESPONDER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.412.274.3");

/// Places of the primes of the RSA key: see [`rsa_key`].
const PRIMES: [u32; 2] = [103, 261];

/// The chain of a slot.
#[derive(Debug)]
pub(crate) struct Chain {
    bytes: Vec<u8>,
    key: LeafKey,
}

/// The key in a leaf certificate.
#[derive(Debug)]
enum LeafKey {
    P256(P256),
    P384(P384),
    Rsa(Box<RsaPrivateKey>),
}

impl Chain {
    /// Makes the chain of a slot.
    pub(crate) fn new(settings: &Settings, slot: u8) -> Self {
        let shape = Shape { settings, slot };
        let name = format!("device slot {slot}");
        let signature = match (settings.wrong, settings.signature) {
            (Some(Wrong::LeafCurve), Signature::EcdsaP256) => Signature::EcdsaP384,
            (Some(Wrong::LeafCurve), _) => Signature::EcdsaP256,
            (_, signature) => signature,
        };

        match signature {
            Signature::EcdsaP256 => {
                let key = x509::p256(&name);
                Self {
                    bytes: shape.bytes(x509::p256, key.clone()),
                    key: LeafKey::P256(key),
                }
            }
            Signature::EcdsaP384 => {
                let key = x509::p384(&name);
                Self {
                    bytes: shape.bytes(x509::p384, key.clone()),
                    key: LeafKey::P384(key),
                }
            }
            // The authorities have curves: an RSA key takes long to find.
            Signature::RsaSsa3072 | Signature::RsaPss3072 => {
                let key = rsa_key();
                let subject = rsa::pkcs1v15::SigningKey::<Sha384>::new(key.clone());
                Self {
                    bytes: shape.bytes(x509::p384, subject),
                    key: LeafKey::Rsa(Box::new(key)),
                }
            }
        }
    }

    /// Returns the chain with its header.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Signs a digest. RSASSA-PSS has a salt that is as long.
    pub(crate) fn sign(
        &self,
        signature: Signature,
        hash: Hash,
        digest: &[u8],
        random: &mut ChaCha8Rng,
    ) -> Vec<u8> {
        // PANIC: For all, digests have the size of their hash, and the keys are ours.
        let signed = match (&self.key, signature, hash) {
            (LeafKey::P256(key), ..) => {
                return key.sign_digest(digest).expect("digest").to_vec();
            }
            (LeafKey::P384(key), ..) => {
                return key.sign_digest(digest).expect("digest").to_vec();
            }
            (LeafKey::Rsa(key), Signature::RsaPss3072, Hash::Sha256) => {
                key.sign_with_rng(random, Pss::new::<Sha256>(), digest)
            }
            (LeafKey::Rsa(key), Signature::RsaPss3072, Hash::Sha384) => {
                key.sign_with_rng(random, Pss::new::<Sha384>(), digest)
            }
            (LeafKey::Rsa(key), _, Hash::Sha256) => key.sign(Pkcs1v15Sign::new::<Sha256>(), digest),
            (LeafKey::Rsa(key), _, Hash::Sha384) => key.sign(Pkcs1v15Sign::new::<Sha384>(), digest),
        };

        signed.expect("signature")
    }
}

/// Makes the RSA key: 3072 bits. The search for its primes was done once; they are in these places
/// among the odd numbers from a start that is known.
fn rsa_key() -> RsaPrivateKey {
    let [p, q] = [(0, PRIMES[0]), (1, PRIMES[1])].map(|(which, place)| {
        let digests: Vec<_> = (0..6)
            .map(|part: u8| {
                x509::seed::<Sha256>("device")
                    .chain_update([which, part])
                    .finalize()
            })
            .collect();
        let start = BigUint::from_bytes_be(&digests.concat());

        // The highest bits make the product have all its bits.
        (start | (BigUint::from(3u8) << 1534) | BigUint::from(1u8)) + BigUint::from(place) * 2u8
    });

    // PANIC: `has_each_algorithm` of the tests makes it.
    RsaPrivateKey::from_p_q(p, q, 65537u32.into()).expect("key")
}

/// What a chain is made of.
struct Shape<'a> {
    settings: &'a Settings,
    slot: u8,
}

impl Shape<'_> {
    /// Makes the chain for a leaf key: header, hash of the root certificate, certificates. It gets
    /// its size by a comment in the second certificate.
    fn bytes<K: Key, S>(&self, authority: fn(&str) -> K, leaf: S) -> Vec<u8>
    where
        S: Keypair<VerifyingKey: EncodePublicKey>,
    {
        let [root, issuer] = ["root", "issuer"].map(|which| {
            let name = format!("device {which} {}", self.slot);
            x509::Identity::new(&format!("CN=tsm-rs emulated {name}"), authority(&name))
        });
        let name = format!("CN=tsm-rs emulated device slot {}", self.slot);
        let root_der = der(root.issue(1, &root, Usage::Authority, |_| Ok(())));
        let describe = |certificate: &mut x509::Template<'_, K>| {
            certificate.add_extension(&ExtendedKeyUsage(vec![RESPONDER]))?;
            certificate.add_extension(&subject_name(&self.settings.identity)?)
        };
        let mut leaf_der = der(match self.settings.wrong {
            Some(wrong @ (Wrong::LeafRsa512 | Wrong::LeafNoKey)) => {
                let leaf = x509::Identity::new(&name, OtherKey::new(wrong));
                issuer.issue(3, &leaf, Usage::Signer, describe)
            }
            _ => {
                let leaf = x509::Identity::new(&name, leaf);
                issuer.issue(3, &leaf, Usage::Signer, describe)
            }
        });
        misbehaviour::leaf(self.settings.wrong, &mut leaf_der);
        let make = |padding: usize| {
            let issuer_der =
                der(
                    root.issue(2, &issuer, Usage::Authority, |certificate| match padding {
                        0 => Ok(()),
                        _ => certificate.add_extension(&Comment::new(padding)?),
                    }),
                );

            self.join(&[&root_der, &issuer_der, &leaf_der])
        };
        let bare = make(0);

        match usize::from(self.settings.chain).saturating_sub(bare.len()) {
            0 => bare,
            padding => make(padding),
        }
    }

    /// Puts certificates behind the header: Length, Reserved, RootHash.
    fn join(&self, certificates: &[&[u8]]) -> Vec<u8> {
        let root_hash = self.settings.hash.digest(certificates[0]);
        let mut chain = [&[0; 4], &root_hash[..], &certificates.concat()].concat();
        misbehaviour::chain(self.settings.wrong, &mut chain, 4 + root_hash.len());
        // PANIC: `MAX_CHAIN` leaves room in a field of 16 bits.
        let length = u16::try_from(chain.len()).expect("size of 16 bits");

        chain[..2].copy_from_slice(&length.to_le_bytes());
        chain
    }
}

/// A public key in a leaf certificate that is not the device's: `SubjectPublicKeyInfo` in DER.
#[derive(Clone)]
struct OtherKey(Vec<u8>);

impl OtherKey {
    /// Makes the key for what is wrong.
    fn new(wrong: Wrong) -> Self {
        let rsa = || {
            let digests = [0, 1].map(|part: u8| {
                x509::seed::<Sha256>("device other key")
                    .chain_update([part])
                    .finalize()
            });
            // Any odd number does: nothing is signed with it. The highest bit makes it have 512.
            let modulus = BigUint::from_bytes_be(&digests.concat())
                | (BigUint::from(1u8) << 511)
                | BigUint::from(1u8);
            RsaPublicKey::new_unchecked(modulus, 65537u32.into()).to_public_key_der()
        };
        let none = || {
            // As of a curve, but with no bits.
            let mut key = SubjectPublicKeyInfoOwned::from_der(
                x509::p384("device other key")
                    .verifying_key()
                    .to_public_key_der()?
                    .as_bytes(),
            )?;
            key.subject_public_key = BitString::from_bytes(&[])?;
            Document::try_from(key)
        };
        let made = match wrong {
            Wrong::LeafNoKey => none(),
            _ => rsa(),
        };

        // PANIC: The tests make both.
        Self(made.expect("key").into_vec())
    }
}

impl Keypair for OtherKey {
    type VerifyingKey = Self;

    fn verifying_key(&self) -> Self {
        self.clone()
    }
}

impl EncodePublicKey for OtherKey {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.0.as_slice())?)
    }
}

/// Encodes a certificate.
fn der(certificate: x509_cert::Certificate) -> Vec<u8> {
    // PANIC: It was just built.
    certificate.to_der().expect("certificate")
}

/// Makes the name of the device that a certificate has for CMA-SPDM: PCIe r6 6.31.3.
fn subject_name(identity: &Identity) -> Result<SubjectAltName, builder::Error> {
    let text = format!(
        "Vendor={:04x}:Device={:04x}:CC={:06x}:REV={:02x}:SSVID={:04x}:SSID={:04x}",
        identity.vendor,
        identity.device,
        identity.class,
        identity.revision,
        identity.subsystem_vendor,
        identity.subsystem,
    );

    Ok(SubjectAltName(vec![GeneralName::OtherName(OtherName {
        type_id: CMA,
        value: Any::encode_from(&Utf8StringRef::new(&text)?)?,
    })]))
}

/// Netscape's comment, which has no meaning and any size.
struct Comment(Ia5String);

impl Comment {
    /// Makes a comment of this size.
    fn new(size: usize) -> der::Result<Self> {
        Ia5String::new(&".".repeat(size)).map(Self)
    }
}

impl AssociatedOid for Comment {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.13");
}

impl Encode for Comment {
    fn encoded_len(&self) -> der::Result<Length> {
        self.0.encoded_len()
    }

    fn encode(&self, encoder: &mut impl Writer) -> der::Result<()> {
        self.0.encode(encoder)
    }
}

impl AsExtension for Comment {
    fn critical(&self, _: &Name, _: &[Extension]) -> bool {
        false
    }
}

/// Makes the source of random numbers of a device.
pub(crate) fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}
