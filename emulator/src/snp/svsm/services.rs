// SPDX-License-Identifier: GPL-2.0

//! The services, and what attests them.
//!
//! SVSM, chapter "Attestation Protocol", for the manifest of all services, and "vTPM Protocol" for
//! that of the vTPM: its public endorsement key.

use tsm_proto::snp::svsm::Status;

use crate::{
    snp::config::svsm::{
        Services,
        SvsmConfig, //
    },
    x509, //
};

/// A GUID as it is in memory: the first three parts have their bytes the other way round.
type Guid = [u8; 16];

/// Makes the bytes of a GUID.
const fn guid(text: u128) -> Guid {
    let [a, b, c, d, e, f, g, h, rest @ ..] = text.to_be_bytes();
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

/// The manifest of all services: 63849ebb-3d92-4670-a1ff-58f9c94b87bb
const SERVICES: Guid = guid(0x63849ebb_3d92_4670_a1ff_58f9c94b87bb);
/// The vTPM: c476f1eb-0123-45a5-9641-b4e7dde5bfe3
const VTPM: Guid = guid(0xc476f1eb_0123_45a5_9641_b4e7dde5bfe3);

/// Size of an entry, and of what is before the first.
const ENTRY: usize = 24;

/// Returns the manifest of all services: a GUID, the size, the number of entries; entries of a GUID,
/// an offset and a size; what they point to.
pub(super) fn manifest(config: &SvsmConfig) -> Vec<u8> {
    let list = match config.services {
        Services::Vtpm => vec![(VTPM, vtpm(config))],
        Services::None => Vec::new(),
    };
    let mut offset = ENTRY * (list.len() + 1);
    let size = list.iter().fold(offset, |sum, (_, data)| sum + data.len());
    // CAST: 64 MiB at most.
    let mut manifest = [SERVICES.as_slice(), &words(size, list.len())].concat();

    for (guid, data) in &list {
        manifest.extend(guid);
        manifest.extend(words(offset, data.len()));
        offset += data.len();
    }
    list.iter().for_each(|(_, data)| manifest.extend(data));
    manifest
}

/// Returns the manifest of one service, of a version.
pub(super) fn single(config: &SvsmConfig, service: Guid, version: u32) -> Result<Vec<u8>, Status> {
    match (service, config.services, version) {
        (VTPM, Services::Vtpm, 0) => Ok(vtpm(config)),
        (VTPM, Services::Vtpm, _) => Err(Status::INVALID_PARAMETER),
        _ => Err(Status::UNSUPPORTED_PROTOCOL),
    }
}

/// Encodes two numbers of four bytes.
fn words(first: usize, second: usize) -> Vec<u8> {
    // CAST: 64 MiB at most.
    [first as u32, second as u32].map(u32::to_le_bytes).concat()
}

/// Returns the manifest of the vTPM: its endorsement key as a `TPMT_PUBLIC`, by template L-2 of "TCG
/// EK Credential Profile for TPM Family 2.0". More than that is zeros.
fn vtpm(config: &SvsmConfig) -> Vec<u8> {
    /// ECC, SHA-256; it is fixed, restricted, decrypts, and its user needs a policy.
    const TYPE: [u8; 8] = [0, 0x23, 0, 0x0b, 0, 0x03, 0, 0xb2];
    /// AES-128 in CFB; no scheme; P-256; no key derivation.
    const PARAMETERS: [u8; 12] = [0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 0, 3, 0, 0x10];
    const SIZE: [u8; 2] = [0, 32];
    let key = x509::p256("TSM-RS TEST vTPM EK").point();
    let (x, y) = key.split_at(32);
    let mut public = [&TYPE[..], &SIZE, &POLICY, &PARAMETERS, &SIZE, x, &SIZE, y].concat();

    // CAST: Widens.
    public.resize(public.len().max(config.manifest_size as usize), 0);
    public
}

/// The policy of an endorsement key: a caller that may use the endorsement hierarchy may use the key.
const POLICY: [u8; 32] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];

#[cfg(test)]
mod tests {
    use sha2::{
        Digest as _,
        Sha256, //
    };

    use super::*;

    #[test]
    fn has_the_policy_that_the_template_says() {
        // TPM2_PolicySecret() with TPM_RH_ENDORSEMENT, and no reference.
        let first = Sha256::new()
            .chain_update([0; 32])
            .chain_update(0x151u32.to_be_bytes())
            .chain_update(0x4000_000bu32.to_be_bytes())
            .finalize();
        assert_eq!(Sha256::digest(first)[..], POLICY);
    }

    #[test]
    fn lists_the_vtpm() {
        let config = SvsmConfig::default();
        let manifest = manifest(&config);
        let single = single(&config, VTPM, 0).unwrap();
        let size = 48 + single.len();
        assert_eq!(single.len(), 122);
        assert_eq!(manifest.len(), size);
        assert_eq!(manifest[..4], [0xbb, 0x9e, 0x84, 0x63]);
        assert_eq!(manifest[16..24], [size as u8, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(manifest[24..40], VTPM);
        assert_eq!(manifest[40..48], [48, 0, 0, 0, 122, 0, 0, 0]);
        assert_eq!(manifest[48..], single);
    }

    #[test]
    fn has_as_large_a_manifest_as_the_user_wants() {
        let config = SvsmConfig {
            manifest_size: 5000,
            ..SvsmConfig::default()
        };
        assert_eq!(single(&config, VTPM, 0).unwrap().len(), 5000);
    }

    #[test]
    fn refuses_services_that_there_are_not() {
        let config = SvsmConfig::default();
        let refused = single(&config, SERVICES, 0);
        assert_eq!(refused, Err(Status::UNSUPPORTED_PROTOCOL));
        let refused = single(&config, VTPM, 1);
        assert_eq!(refused, Err(Status::INVALID_PARAMETER));
        let config = SvsmConfig {
            services: Services::None,
            ..SvsmConfig::default()
        };
        let refused = single(&config, VTPM, 0);
        assert_eq!(refused, Err(Status::UNSUPPORTED_PROTOCOL));
        assert_eq!(manifest(&config).len(), 24);
    }
}
