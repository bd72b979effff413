// SPDX-License-Identifier: GPL-2.0

//! The platform that the secure processor is part of, and what certifies it.
//!
//! "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230). A
//! real chain has the same shape, but a root of AMD's. This one has a root of its own, whose key
//! is public: what it certifies proves nothing.
//!
//! ```text
//! ARK ──▶ ASK ──▶ VCEK ──▶ report
//! ```

use x509_cert::{
    builder::{
        self,
        CertificateBuilder, //
    },
    der::{
        self,
        asn1::{
            Ia5StringRef,
            ObjectIdentifier, //
        },
        oid::AssociatedOid,
        Encode,
        Length,
        Writer, //
    },
    ext::{
        AsExtension,
        Extension, //
    },
    name::Name,
    Certificate, //
};

use super::tcb::TcbVersion;
use crate::x509::{
    self,
    Identity,
    Rsa,
    Usage,
    P384, //
};

const ORGANIZATION: &str = "TSM-RS TEST - NOT AMD";

/// The authority that everything goes back to, and where its primes are.
const ARK: (&str, &str, [u32; 2]) = ("ARK-Milan", "TSM-RS TEST ARK - NOT AMD", [248, 302]);
/// The authority for chips, and where its primes are.
const ASK: (&str, &str, [u32; 2]) = ("SEV-Milan", "TSM-RS TEST ASK - NOT AMD", [139, 1044]);
/// The chip.
const VCEK: (&str, &str) = ("SEV-VCEK", "TSM-RS TEST VCEK - NOT AMD");

/// Number of the chip.
pub(super) const CHIP_ID: [u8; 64] =
    *b"TSM-RS TEST chip - NOT AMD - what it signs proves nothing at all";
/// Kind of chip, and how often it was revised.
const PRODUCT: &str = "Milan-B1";

/// The extensions that describe a chip have their object identifiers under this one.
const AMD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.3704.1");

/// What certifies a platform: encoded certificates, and the key of the last.
pub(super) struct Platform {
    pub(super) ark: Vec<u8>,
    pub(super) ask: Vec<u8>,
    pub(super) vcek: Vec<u8>,
    /// The key that signs reports.
    pub(super) key: P384,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Platform")
    }
}

/// Makes the distinguished name with a common name.
fn name(common: &str) -> String {
    format!("CN={common},O={ORGANIZATION},OU=Engineering")
}

impl Platform {
    /// Makes the keys, and certifies them.
    pub(super) fn new() -> Self {
        let [ark, ask] = [ARK, ASK]
            .map(|(common, key, places)| Identity::new(&name(common), x509::rsa(key, places)));
        let (common, key) = VCEK;
        let vcek = Identity::new(&name(common), x509::p384(key));

        Self {
            ark: encode(&ark.issue(1, &ark, Usage::Authority, |_| Ok(()))),
            ask: encode(&ark.issue(2, &ask, Usage::Authority, |_| Ok(()))),
            vcek: encode(&ask.issue(3, &vcek, Usage::Signer, describe)),
            key: vcek.into_key(),
        }
    }
}

/// Encodes a certificate.
fn encode(certificate: &Certificate) -> Vec<u8> {
    // PANIC: It fails for 256 MiB and more.
    certificate.to_der().expect("short")
}

/// An extension that describes the chip: an encoded value. Its place under [`AMD`] is `FIRST`, or
/// `FIRST.SECOND` if `SECOND` is not 0.
struct Description<const FIRST: u32, const SECOND: u32 = 0>(Vec<u8>);

impl<const FIRST: u32, const SECOND: u32> AssociatedOid for Description<FIRST, SECOND> {
    const OID: ObjectIdentifier = match SECOND {
        0 => child(AMD, FIRST),
        second => child(child(AMD, FIRST), second),
    };
}

/// Returns the object identifier with a number under another.
const fn child(id: ObjectIdentifier, number: u32) -> ObjectIdentifier {
    match id.push_arc(number) {
        Ok(id) => id,
        // PANIC: At compile time.
        Err(_) => panic!("too long"),
    }
}

impl<const FIRST: u32, const SECOND: u32> Encode for Description<FIRST, SECOND> {
    fn encoded_len(&self) -> der::Result<Length> {
        self.0.len().try_into()
    }

    fn encode(&self, encoder: &mut impl Writer) -> der::Result<()> {
        encoder.write(&self.0)
    }
}

impl<const FIRST: u32, const SECOND: u32> AsExtension for Description<FIRST, SECOND> {
    fn critical(&self, _: &Name, _: &[Extension]) -> bool {
        false
    }
}

/// Adds the extensions that describe the chip: the version of the structure, the product, the
/// versions of the parts, the number of the chip.
fn describe(certificate: &mut CertificateBuilder<'_, Rsa>) -> Result<(), builder::Error> {
    let tcb = TcbVersion::CURRENT;

    certificate.add_extension(&Description::<1>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<2>(Ia5StringRef::new(PRODUCT)?.to_der()?))?;
    certificate.add_extension(&Description::<3, 1>(tcb.boot_loader.to_der()?))?;
    certificate.add_extension(&Description::<3, 2>(tcb.tee.to_der()?))?;
    certificate.add_extension(&Description::<3, 3>(tcb.snp.to_der()?))?;
    certificate.add_extension(&Description::<3, 4>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<3, 5>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<3, 6>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<3, 7>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<3, 8>(tcb.microcode.to_der()?))?;
    // KDS has the bytes as they are, not as an `OCTET STRING`.
    certificate.add_extension(&Description::<4>(CHIP_ID.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_is_in_each_certificate() {
        let platform = Platform::new();
        let expected = ORGANIZATION.as_bytes();
        for certificate in [&platform.ark, &platform.ask, &platform.vcek] {
            let parts = certificate.windows(expected.len());
            // The issuer, and the subject.
            assert_eq!(parts.filter(|part| *part == expected).count(), 2);
        }
    }

    #[test]
    fn makes_the_same_certificates_every_time() {
        let (one, other) = (Platform::new(), Platform::new());
        assert_eq!(one.ark, other.ark);
        assert_eq!(one.ask, other.ask);
        assert_eq!(one.vcek, other.vcek);
    }
}
