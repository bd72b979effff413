// SPDX-License-Identifier: GPL-2.0

//! The quoting enclave: it makes of a report what a verifier on another machine can check.
//!
//! ```text
//! root ──▶ platform CA ──▶ PCK ──▶ report of the quoting enclave ──▶ attestation key ──▶ quote
//! ```
//!
//! Every arrow is a signature but the last one but one, where the report has a digest of the key.

mod ending;
mod layout;
mod platform;

use std::sync::OnceLock;

use sha2::{
    Digest as _,
    Sha256, //
};
use tsm_proto::tdx::TdReport;
use zerocopy::{
    little_endian::{
        U16,
        U32, //
    },
    IntoBytes as _, //
};

use crate::{
    tdx::cpu::Cpu,
    x509::{
        Identity,
        P256, //
    }, //
};
pub(crate) use ending::{
    Ending,
    Zeros, //
};
use layout::{
    Body10,
    Body15,
    Body15Ex,
    BodyDescriptor,
    Certification,
    EnclaveReport,
    Header, //
};

/// The owner of the attestation key.
const ATTESTATION: &str = "attestation key";
/// What the quoting enclave is measured as, and its signer.
const QE: &str = "TSM-RS TEST QE - NOT INTEL";
/// Product number of a quoting enclave for TDs.
const QE_PRODUCT: u16 = 2;
/// Security version number of the quoting enclave.
const QE_SVN: u16 = 4;
/// Attributes of the quoting enclave: initialised, 64 bits, may use the provisioning key; x87, SSE, AVX,
/// AVX-512.
const QE_ATTRIBUTES: [u8; 16] = [0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0];
/// What the quoting enclave mixes into the digest of its key: what that of real platforms does.
const QE_AUTH_DATA: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31,
];

/// The format of a quote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Version {
    /// With a body of TDX 1.0.
    #[default]
    V4,
    /// With a body of TDX 1.5.
    V5,
    /// With a body of TDX 1.0, in the format that has both.
    V5Td10,
    /// With a body of TDX 1.5 that has room for more about the TD.
    V5Td15Ex,
}

/// A quoting enclave, on a platform of its own.
#[derive(Debug)]
pub(crate) struct Enclave {
    /// Its number, which a quote begins with.
    number: [u8; 16],
    version: Version,
    size: usize,
    ending: Ending,
    keys: OnceLock<Keys>,
}

/// The keys, which are made with the first quote, because that takes long in a build for tests.
struct Keys {
    attestation: Identity<P256>,
    /// The report of the quoting enclave, its signature, and what is mixed into the digest.
    enclave: Vec<u8>,
    /// The certificates.
    chain: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Enclave {
    /// Makes an enclave for quotes of one format, and of `size` bytes at least.
    pub(crate) fn new(version: Version, size: u32, ending: Ending) -> Self {
        let digest: [u8; 32] = Sha256::digest(format!("number of {QE}")).into();
        let mut number = [0; 16];

        number.copy_from_slice(&digest[..16]);
        Self {
            number,
            version,
            // CAST: Widens.
            size: size as usize,
            ending,
            keys: OnceLock::new(),
        }
    }

    /// Gives it another number, if one is given.
    pub(crate) fn numbered(mut self, number: Option<[u8; 16]>) -> Self {
        self.number = number.unwrap_or(self.number);
        self
    }

    /// Makes a quote of a report, if it is one of this CPU.
    pub(crate) fn quote(&self, cpu: &Cpu, report: &TdReport) -> Option<Vec<u8>> {
        if !cpu.verify(report) {
            return None;
        }
        let keys = self.keys.get_or_init(Keys::new);
        let signed = signed(self.version, self.number, report);
        let finish = |padding| {
            let signature = keys.signature(&signed, padding, self.ending.nul)?;
            let size = U32::new(u32::try_from(signature.len()).ok()?);
            let zeros = vec![0; self.ending.count(self.version)];

            Some([signed.as_slice(), size.as_bytes(), &signature, &zeros].concat())
        };
        let quote = finish(0)?;
        let mut quote = match self.size.checked_sub(quote.len()) {
            None | Some(0) => quote,
            Some(padding) => finish(padding)?,
        };

        // CAST: Widens.
        quote.resize(quote.len().max(self.ending.up_to() as usize), 0);
        Some(quote)
    }
}

impl Keys {
    /// Makes the keys, and certifies them.
    fn new() -> Self {
        let (attestation, pck) = (
            platform::identity(ATTESTATION),
            platform::identity(platform::PCK),
        );
        let report = enclave_report(&attestation);
        // CAST: 32.
        let auth_size = U16::new(QE_AUTH_DATA.len() as u16);
        let enclave = [
            report.as_bytes(),
            &pck.sign(report.as_bytes()),
            auth_size.as_bytes(),
            &QE_AUTH_DATA,
        ]
        .concat();

        Self {
            attestation,
            enclave,
            chain: platform::chain(&pck),
        }
    }

    /// Signs a quote, with some bytes more than that needs: lines after the certificates, which
    /// are text in which everything else is a comment.
    fn signature(&self, signed: &[u8], padding: usize, nul: bool) -> Option<Vec<u8>> {
        let padding = vec![b'\n'; padding];
        let nul: &[u8] = if nul { &[0] } else { &[] };
        let text = [self.chain.as_bytes(), &padding, nul];
        let chain = certification(Certification::PCK_CHAIN, &text)?;
        let certification = certification(Certification::QE_REPORT, &[&self.enclave, &chain])?;

        Some(
            [
                self.attestation.sign(signed).as_slice(),
                &self.attestation.public_key(),
                &certification,
            ]
            .concat(),
        )
    }
}

/// Returns what the attestation key signs: the header and the body.
fn signed(version: Version, number: [u8; 16], report: &TdReport) -> Vec<u8> {
    let mut user_data = [0; 20];
    user_data[..16].copy_from_slice(&number);
    let header = |version| Header {
        version: U16::new(version),
        key_type: U16::new(Header::ECDSA_P256),
        tee_type: U32::new(Header::TDX),
        reserved: [0; 4],
        vendor: Header::VENDOR,
        user_data,
    };

    let described = |kind, body: &[u8]| {
        let descriptor = BodyDescriptor {
            kind: U16::new(kind),
            // CAST: 885 at most.
            size: U32::new(body.len() as u32),
        };
        [header(5).as_bytes(), descriptor.as_bytes(), body].concat()
    };

    match version {
        Version::V4 => [header(4).as_bytes(), Body10::from(report).as_bytes()].concat(),
        Version::V5 => described(BodyDescriptor::TDX_1_5, Body15::from(report).as_bytes()),
        Version::V5Td10 => described(BodyDescriptor::TDX_1_0, Body10::from(report).as_bytes()),
        Version::V5Td15Ex => described(
            BodyDescriptor::TDX_1_5_EX,
            Body15Ex::from(report).as_bytes(),
        ),
    }
}

/// Makes the report of the quoting enclave, which binds the attestation key.
fn enclave_report(attestation: &Identity<P256>) -> EnclaveReport {
    let binding = Sha256::new()
        .chain_update(attestation.public_key())
        .chain_update(QE_AUTH_DATA);

    EnclaveReport {
        cpu_svn: Cpu::REPORTED_SVN,
        misc_select: U32::new(0),
        reserved1: [0; 28],
        attributes: QE_ATTRIBUTES,
        mrenclave: Sha256::digest(QE).into(),
        reserved2: [0; 32],
        mrsigner: mrsigner(),
        reserved3: [0; 96],
        isv_prod_id: U16::new(QE_PRODUCT),
        isv_svn: U16::new(QE_SVN),
        reserved4: [0; 60],
        report_data: [binding.finalize().into(), [0; 32]],
    }
}

/// Returns the measurement of the key that signed the quoting enclave.
fn mrsigner() -> [u8; 32] {
    Sha256::digest(format!("signer of {QE}")).into()
}

/// Makes certification data of some kind, if it is not too long.
fn certification(kind: u16, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let data = parts.concat();
    let header = Certification {
        kind: U16::new(kind),
        size: U32::new(u32::try_from(data.len()).ok()?),
    };

    Some([header.as_bytes(), &data].concat())
}

#[cfg(test)]
mod tests;
