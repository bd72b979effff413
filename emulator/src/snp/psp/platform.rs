// SPDX-License-Identifier: GPL-2.0

//! The platform that the secure processor is part of, and what certifies it.
//!
//! "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230). A
//! real chain has the same shape, down to the order of its extensions, but other names and a root of
//! AMD's. This one has a root of its own, whose key is public: what it certifies proves nothing.
//!
//! ```text
//! ARK ──▶ ASK ───▶ VCEK ──▶ report
//!     ──▶ ASVK ──▶ VLEK ──▶ report
//! ```

use x509_cert::{
    builder,
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
        pkix::KeyUsage,
        AsExtension,
        Extension, //
    },
    name::Name,
    Certificate, //
};

use super::{
    signer::Signer,
    tcb::{
        Tcb,
        Tcbs, //
    }, //
};
use crate::{
    snp::config::{
        Month,
        Processor,
        SnpConfig, //
    },
    x509::{
        self,
        Identity,
        KeyIdentifier,
        Rsa,
        Template,
        Terms,
        Trailer,
        Usage,
        P384, //
    }, //
};

const ORGANIZATION: &str = "TSM-RS TEST - NOT AMD";

/// The root authority, and where its primes are; its name ends with the line.
const ARK: (&str, &str, [u32; 2]) = ("ARK", "TSM-RS TEST ARK - NOT AMD", [248, 302]);
/// The authority for chips, and where its primes are.
const ASK: (&str, &str, [u32; 2]) = ("SEV", "TSM-RS TEST ASK - NOT AMD", [139, 1044]);
/// The authority for keys that are loaded, and where its primes are.
const ASVK: (&str, &str, [u32; 2]) = ("SEV-VLEK", "TSM-RS TEST ASVK - NOT AMD", [678, 491]);
/// The key that is loaded, and the common name of the cloud provider that it belongs to, here no host name of one.
const VLEK: (&str, &str) = ("SEV-VLEK", "TSM-RS TEST VLEK - NOT AMD");
const PROVIDER: &str = "CN=not-a-provider.tsm-rs.invalid";
/// The chip.
const VCEK: (&str, &str) = ("SEV-VCEK", "TSM-RS TEST VCEK - NOT AMD");

/// When authorities and chips are certified. That is for 25 and for 7 years. A key that is loaded is for one.
const AUTHORITY_VALIDITY: [&str; 2] = ["2024-01-01T00:00:00Z", "2049-01-01T00:00:00Z"];
const CHIP_VALIDITY: [&str; 2] = ["2025-01-01T00:00:00Z", "2032-01-01T00:00:00Z"];

/// The extensions that describe a chip have their object identifiers under this one.
const AMD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.3704.1");

/// What certifies a platform: encoded certificates, and the key of the last.
pub(super) struct Platform {
    pub(super) ark: Vec<u8>,
    pub(super) ask: Vec<u8>,
    /// The key of the chip.
    pub(super) vcek: EndorsementKey,
    /// The key that was loaded, if one was.
    pub(super) vlek: Option<EndorsementKey>,
}

/// A key that signs reports, and its certificate.
pub(super) struct EndorsementKey {
    pub(super) certificate: Vec<u8>,
    key: P384,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Platform")
    }
}

/// Makes the distinguished name with a common name.
fn name(common: &str) -> String {
    format!("CN={common},O={ORGANIZATION},ST=CA,L=Santa Clara,C=US,OU=Engineering")
}

/// Makes an authority of a line of processors. Certificates of authorities have the trailer encoded in any line. Of those
/// of keys, which KDS makes, the ones of 2023 have it encoded as well, and the ones of 2025 have not.
fn authority(
    processor: Processor,
    (common, key, places): (&str, &str, [u32; 2]),
    trailer: Trailer,
) -> Identity<Rsa> {
    let common = format!("{common}-{}", processor.line());

    Identity::new(&name(&common), x509::rsa(key, places, trailer))
}

/// Makes the certificates of the root, and of the authority for chips. There is no revocation list; the
/// path is that of AMD's.
fn certify(processor: Processor, root: &Identity<Rsa>, chips: &Identity<Rsa>) -> [Certificate; 2] {
    let list = format!("https://tsm-rs.invalid/vcek/v1/{}/crl", processor.line());
    let [of_root, of_chips] = processor.certificate_numbers().map(|number| Terms {
        serial: number.to_be_bytes().to_vec(),
        validity: AUTHORITY_VALIDITY,
    });

    [
        root.certify(&of_root, root, |template| {
            template.add_usage(Usage::Authority)?;
            template.add_subject(KeyIdentifier::Sha1OfKey)?;
            template.add_constraints(Usage::Authority, None)?;
            template.add_revocation_list(&list)
        }),
        root.certify(&of_chips, chips, |template| {
            template.add_subject(KeyIdentifier::Sha1OfKey)?;
            template.add_issuer(KeyIdentifier::Sha1OfKey)?;
            template.add_constraints(Usage::Authority, Some(0))?;
            template.add_extension(&CertificateSign)?;
            template.add_revocation_list(&list)
        }),
    ]
}

impl Platform {
    /// Makes the keys, and certifies them, with one that is loaded if there is to be one.
    pub(super) fn new(config: &SnpConfig) -> Self {
        let processor = config.processor;
        let has_fmc = processor.tcb().fmc.is_some();
        let tcb = Tcbs::of(config).reported.parts(has_fmc);
        let ark = authority(processor, ARK, Trailer::Encoded);
        let of_keys = |keys| authority(processor, keys, Trailer::Omitted);
        let ask = of_keys(ASK);
        let [of_ark, of_ask] = certify(processor, &ark, &ask);

        Self {
            ark: encode(&of_ark),
            ask: encode(&of_ask),
            vcek: EndorsementKey::new(VCEK, &ask, CHIP_VALIDITY, |certificate| {
                describe(certificate, processor.product(), processor, &tcb)?;
                // KDS has the bytes as they are, not as an `OCTET STRING`.
                certificate.add_extension(&Description::<4>(processor.hardware_id().to_vec()))
            }),
            vlek: config.vlek.then(|| {
                let since = config.vlek_since.unwrap_or_else(Month::now).and_a_year();
                let validity = since.each_ref().map(String::as_str);

                EndorsementKey::new(VLEK, &of_keys(ASVK), validity, |certificate| {
                    describe(certificate, processor.line(), processor, &tcb)?;
                    let provider = Ia5StringRef::new(PROVIDER)?;
                    certificate.add_extension(&Description::<5>(provider.to_der()?))
                })
            }),
        }
    }

    /// Returns the key that signs reports.
    pub(super) fn key(&self, signer: Signer) -> &P384 {
        match (signer, &self.vlek) {
            (Signer::Loaded, Some(loaded)) => &loaded.key,
            _ => &self.vcek.key,
        }
    }
}

impl EndorsementKey {
    /// Makes the key with these names, and has it certified by an authority.
    fn new(
        (common, key): (&str, &str),
        authority: &Identity<Rsa>,
        validity: [&str; 2],
        describe: impl FnOnce(&mut Template<'_, Rsa>) -> Result<(), builder::Error>,
    ) -> Self {
        let identity = Identity::new(&name(common), x509::p384(key));
        let terms = Terms {
            serial: vec![0],
            validity,
        };

        Self {
            certificate: encode(&authority.certify(&terms, &identity, describe)),
            key: identity.into_key(),
        }
    }
}

/// Encodes a certificate.
fn encode(certificate: &Certificate) -> Vec<u8> {
    // PANIC: It fails for 256 MiB and more.
    certificate.to_der().expect("short")
}

/// The use of the key of an ASK, which is to sign certificates and no lists. As AMD encodes it: with seven
/// bits, where DER has six that end with the one that is set.
struct CertificateSign;

impl AssociatedOid for CertificateSign {
    const OID: ObjectIdentifier = KeyUsage::OID;
}

impl Encode for CertificateSign {
    fn encoded_len(&self) -> der::Result<Length> {
        Ok(Length::new(4))
    }

    fn encode(&self, encoder: &mut impl Writer) -> der::Result<()> {
        encoder.write(&[3, 2, 1, 1 << 2])
    }
}

impl AsExtension for CertificateSign {
    fn critical(&self, _: &Name, _: &[Extension]) -> bool {
        true
    }
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

/// Adds the extensions that describe the platform: the version of the structure, the product, the
/// versions of the parts. KDS adds no others, and these in this order.
fn describe(
    certificate: &mut Template<'_, Rsa>,
    product: &str,
    processor: Processor,
    tcb: &Tcb,
) -> Result<(), builder::Error> {
    let product = Ia5StringRef::new(product)?;
    let version = processor.certificate_version();
    let snp = Description::<3, 3>(tcb.snp.to_der()?);

    certificate.add_extension(&Description::<1>(version.to_der()?))?;
    certificate.add_extension(&Description::<2>(product.to_der()?))?;
    if let Some(fmc) = tcb.fmc {
        certificate.add_extension(&Description::<3, 9>(fmc.to_der()?))?;
    }
    certificate.add_extension(&Description::<3, 1>(tcb.boot_loader.to_der()?))?;
    certificate.add_extension(&Description::<3, 2>(tcb.tee.to_der()?))?;
    match tcb.fmc {
        Some(_) => certificate.add_extension(&snp)?,
        None => certificate.add_extension(&Description::<3, 4>(0u8.to_der()?))?,
    }
    certificate.add_extension(&Description::<3, 5>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<3, 6>(0u8.to_der()?))?;
    certificate.add_extension(&Description::<3, 7>(0u8.to_der()?))?;
    if tcb.fmc.is_none() {
        certificate.add_extension(&snp)?;
    }
    certificate.add_extension(&Description::<3, 8>(tcb.microcode.to_der()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_is_in_each_certificate() {
        let platform = Platform::new(&SnpConfig::default());
        let expected = ORGANIZATION.as_bytes();
        for certificate in [&platform.ark, &platform.ask, &platform.vcek.certificate] {
            let parts = certificate.windows(expected.len());
            // The issuer, and the subject.
            assert_eq!(parts.filter(|part| *part == expected).count(), 2);
        }
    }

    /// The algorithm of all signatures of AMD's certificates, as those of authorities have it, and as those of keys have
    /// had it since 2025: RSASSA-PSS, SHA-384 in both places, a salt of 48 bytes.
    const OF_AUTHORITY: &str = concat!(
        "3046 06092a864886f70d01010a 3039 a00f 300d06096086480165030402020500",
        "a11c 301a 06092a864886f70d010108 300d06096086480165030402020500 a203020130 a303020101"
    );
    const OF_KEY: &str = concat!(
        "3041 06092a864886f70d01010a 3034 a00f 300d06096086480165030402020500",
        "a11c 301a 06092a864886f70d010108 300d06096086480165030402020500 a203020130"
    );

    #[test]
    fn names_the_algorithm_as_amd_does() {
        for processor in [Processor::Milan, Processor::Genoa, Processor::Turin] {
            let platform = Platform::new(&SnpConfig {
                processor,
                vlek: true,
                ..SnpConfig::default()
            });
            let vlek = &platform.vlek.unwrap().certificate;

            for (certificate, algorithm) in [
                (&platform.ark, OF_AUTHORITY),
                (&platform.ask, OF_AUTHORITY),
                (&platform.vcek.certificate, OF_KEY),
                (vlek, OF_KEY),
            ] {
                let algorithm = hex(&algorithm.replace(' ', ""));
                let parts = certificate.windows(algorithm.len());
                // Of what is signed, and of the signature.
                assert_eq!(parts.filter(|part| *part == algorithm).count(), 2);
            }
        }
    }

    /// Parses hexadecimal digits.
    fn hex(digits: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();

        (0..digits.len()).step_by(2).map(byte).collect()
    }

    #[test]
    fn makes_the_same_certificates_every_time() {
        let (one, other) = (
            Platform::new(&SnpConfig::default()),
            Platform::new(&SnpConfig::default()),
        );
        assert_eq!(one.ark, other.ark);
        assert_eq!(one.ask, other.ask);
        assert_eq!(one.vcek.certificate, other.vcek.certificate);
    }
}
