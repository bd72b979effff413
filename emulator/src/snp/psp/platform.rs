// SPDX-License-Identifier: GPL-2.0

//! The platform that the secure processor is part of, and what certifies it.
//!
//! "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230). A
//! real chain has the same shape, but a root of AMD's. This one has a root of its own, whose key
//! anybody can know: what it certifies proves nothing.
//!
//! ```text
//! ARK ──▶ ASK ──▶ VCEK ──▶ report
//! ```

use ::der::asn1::ObjectIdentifier;

use super::tcb::TcbVersion;
use crate::x509::{
    der::{
        ascii,
        integer, //
    },
    extension,
    Attribute,
    Identity,
    Rsa,
    Usage,
    COMMON_NAME,
    P384, //
};

/// Makes the constant for an object identifier.
const fn id(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const ORGANISATION: Attribute = (id("2.5.4.10"), "TSM-RS TEST - NOT AMD");
const UNIT: Attribute = (id("2.5.4.11"), "Engineering");

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

/// What describes a chip has numbers under this.
const AMD: ObjectIdentifier = id("1.3.6.1.4.1.3704.1");

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

/// Makes the name of somebody.
fn name(common: &'static str) -> [Attribute; 3] {
    [UNIT, ORGANISATION, (COMMON_NAME, common)]
}

impl Platform {
    /// Makes the keys, and certifies them.
    pub(super) fn new() -> Self {
        let [ark, ask] = [ARK, ASK]
            .map(|(common, key, places)| Identity::with_key(&name(common), Rsa::new(key, places)));
        let (common, key) = VCEK;
        let vcek = Identity::with_key(&name(common), P384::new(key));

        Self {
            ark: ark.issue(1, &ark, Usage::Authority, &[]),
            ask: ark.issue(2, &ask, Usage::Authority, &[]),
            vcek: ask.issue(3, &vcek, Usage::Signer, &chip_extensions()),
            key: vcek.into_key(),
        }
    }
}

/// Encodes an extension in some place under [`AMD`].
fn chip_extension(place: &[u32], value: &[u8]) -> Vec<u8> {
    let id = place.iter().try_fold(AMD, |id, arc| id.push_arc(*arc));

    // PANIC: The longest has 11 of the 39 bytes that there may be.
    extension(id.expect("short"), false, value)
}

/// Encodes the extensions that describe the chip: the structure's version, the product, how new
/// the parts are, the number.
fn chip_extensions() -> Vec<Vec<u8>> {
    let tcb = TcbVersion::CURRENT;
    let parts = (1..).zip([tcb.boot_loader, tcb.tee, tcb.snp, 0, 0, 0, 0, tcb.microcode]);
    let levels = parts.map(|(number, level)| chip_extension(&[3, number], &integer(level.into())));

    [
        chip_extension(&[1], &integer(0)),
        chip_extension(&[2], &ascii(PRODUCT)),
    ]
    .into_iter()
    .chain(levels)
    // KDS has the bytes as they are, not as an `OCTET STRING`.
    .chain([chip_extension(&[4], &CHIP_ID)])
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_is_in_each_certificate() {
        let platform = Platform::new();
        let expected = ORGANISATION.1.as_bytes();
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
