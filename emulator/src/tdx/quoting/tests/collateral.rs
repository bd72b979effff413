// SPDX-License-Identifier: GPL-2.0

//! What a verifier needs besides the quote: which platforms and quoting enclaves are good, and
//! which certificates are not. Signed by our root, as Intel's service has it signed by theirs.

use std::fmt::Write as _;

use dcap_qvl::QuoteCollateralV3;
use p256::ecdsa::{
    signature::Signer as _,
    DerSignature, //
};
use x509_cert::{
    crl::{
        CertificateList,
        TbsCertList, //
    },
    der::{
        asn1::Uint,
        Encode as _, //
    },
    ext::{
        pkix::CrlNumber,
        AsExtension as _, //
    },
    spki::{
        DynSignatureAlgorithmIdentifier as _,
        SignatureBitStringEncoding as _, //
    },
    Version, //
};

use crate::{
    tdx::{
        cpu::Cpu,
        quoting::{
            mrsigner,
            platform,
            QE_ATTRIBUTES,
            QE_PRODUCT,
            QE_SVN, //
        }, //
    },
    x509::{
        time,
        Identity,
        Usage,
        P256, //
    }, //
};

/// Dates of the statements.
const DATES: &str = r#""issueDate":"2026-01-01T00:00:00Z","nextUpdate":"2027-01-01T00:00:00Z""#;
/// The end of a level that is good.
const GOOD: &str = r#""tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate""#;

/// Encodes a list of revoked certificates without any.
fn empty_list(issuer: &Identity<P256>) -> Vec<u8> {
    let algorithm = issuer.key().signature_algorithm_identifier().unwrap();
    let number = CrlNumber(Uint::new(&[1]).unwrap());
    let list = TbsCertList {
        version: Version::V2,
        signature: algorithm.clone(),
        issuer: issuer.name().clone(),
        this_update: time("2026-01-01T00:00:00Z").unwrap(),
        next_update: Some(time("2027-01-01T00:00:00Z").unwrap()),
        revoked_certificates: None,
        crl_extensions: Some(vec![number.to_extension(issuer.name(), &[]).unwrap()]),
    };
    let signature: DerSignature = issuer.key().sign(&list.to_der().unwrap());

    CertificateList {
        tbs_cert_list: list,
        signature_algorithm: algorithm,
        signature: signature.to_bitstring().unwrap(),
    }
    .to_der()
    .unwrap()
}

/// Writes bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02X}");
        digits
    })
}

/// Writes a list of components that a level asks for.
fn components(svns: &[u8]) -> String {
    let list: Vec<_> = svns
        .iter()
        .map(|svn| format!(r#"{{"svn":{svn}}}"#))
        .collect();
    format!("[{}]", list.join(","))
}

/// What is said of platforms.
fn tcb_info() -> String {
    let signer = hex(&[0; 48]);
    let module = format!(
        r#""mrsigner":"{signer}","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF""#
    );
    format!(
        r#"{{"id":"TDX","version":3,{DATES},"fmspc":"{}","pceId":"{}","tcbType":0,
        "tcbEvaluationDataNumber":1,"tdxModule":{{{module}}},
        "tdxModuleIdentities":[{{"id":"TDX_01",{module},
        "tcbLevels":[{{"tcb":{{"isvsvn":5}},{GOOD}}}]}}],
        "tcbLevels":[{{"tcb":{{"sgxtcbcomponents":{},"pcesvn":{},"tdxtcbcomponents":{}}},{GOOD}}}]}}"#,
        hex(&platform::FMSPC),
        hex(&platform::PCE_ID),
        components(&Cpu::SVN),
        platform::PCE_SVN,
        components(&[0; 16]),
    )
}

/// What is said of quoting enclaves.
fn qe_identity() -> String {
    format!(
        r#"{{"id":"TD_QE","version":2,{DATES},"tcbEvaluationDataNumber":1,
        "miscselect":"00000000","miscselectMask":"FFFFFFFF",
        "attributes":"{}","attributesMask":"{}","mrsigner":"{}","isvprodid":{QE_PRODUCT},
        "tcbLevels":[{{"tcb":{{"isvsvn":{QE_SVN}}},{GOOD}}}]}}"#,
        hex(&QE_ATTRIBUTES),
        hex(&[0xff; 16]),
        hex(&mrsigner()),
    )
}

/// Makes all of it.
pub(super) fn make() -> QuoteCollateralV3 {
    let root = platform::identity(platform::ROOT);
    let platform_ca = platform::identity(platform::PLATFORM_CA);
    let signer = platform::identity("Intel SGX TCB Signing");
    let chain = [
        platform::to_pem(&root.issue(4, &signer, Usage::Signer, |_| Ok(()))),
        platform::to_pem(&platform::root(&root)),
    ]
    .concat();
    let (tcb_info, qe_identity) = (tcb_info(), qe_identity());

    QuoteCollateralV3 {
        pck_crl_issuer_chain: platform::chain(&platform::identity(platform::PCK)),
        root_ca_crl: empty_list(&root),
        pck_crl: empty_list(&platform_ca),
        tcb_info_issuer_chain: chain.clone(),
        tcb_info_signature: signer.sign(tcb_info.as_bytes()).to_vec(),
        tcb_info,
        qe_identity_issuer_chain: chain,
        qe_identity_signature: signer.sign(qe_identity.as_bytes()).to_vec(),
        qe_identity,
        pck_certificate_chain: None,
    }
}
