// SPDX-License-Identifier: GPL-2.0

//! The table of certificates that an extended request is answered with, and what is asked of an SVSM.
//!
//! GHCB, "SNP Extended Guest Request": entries of a GUID, an offset in the table and a length, one
//! of zeros, then the certificates.

use crate::snp::{
    config::CertificateService,
    psp::{
        Certificates,
        PAGE, //
    }, //
};

/// What a certificate is, in the order in which it is written.
type Guid = [u8; 16];

/// 63da758d-e664-4564-adc5-f4b93be8accd
const VCEK: Guid = 0x63da758d_e664_4564_adc5_f4b93be8accd_u128.to_be_bytes();
/// a8074bc2-a25a-483e-aae6-39c045a0b8a1
const VLEK: Guid = 0xa8074bc2_a25a_483e_aae6_39c045a0b8a1_u128.to_be_bytes();
/// 4ab7b379-bbac-4fe4-a02f-05aef327c782
const ASK: Guid = 0x4ab7b379_bbac_4fe4_a02f_05aef327c782_u128.to_be_bytes();
/// c0b406a4-a803-4952-9743-3fb6014cd0ae
const ARK: Guid = 0xc0b406a4_a803_4952_9743_3fb6014cd0ae_u128.to_be_bytes();
/// 4b3e2cc7-5a2d-4f39-8f0e-74736d2d7273: nothing but bytes, of the emulator.
const FILLER: Guid = 0x4b3e2cc7_5a2d_4f39_8f0e_74736d2d7273_u128.to_be_bytes();

/// Size of an entry.
const ENTRY: usize = 24;

/// A table, right or wrong.
#[derive(Debug)]
pub(crate) struct Table {
    service: CertificateService,
    bytes: Vec<u8>,
}

impl Table {
    /// What the entries have at most, with the one of zeros.
    pub(crate) const ENTRIES: usize = 5 * ENTRY;

    /// Makes a table of at least `size` bytes.
    pub(crate) fn new(
        service: CertificateService,
        certificates: Certificates<'_>,
        size: u32,
    ) -> Self {
        let mut list = match certificates.vlek {
            Some(vlek) => vec![(VLEK, vlek.to_vec())],
            None => vec![
                (VCEK, certificates.vcek.to_vec()),
                (ASK, certificates.ask.to_vec()),
                (ARK, certificates.ark.to_vec()),
            ],
        };
        if service == CertificateService::None {
            list.clear();
        }
        let without = encode(&list, service).len();
        // CAST: Widens.
        if let Some(more) = (size as usize).checked_sub(without + ENTRY) {
            list.push((FILLER, vec![0xa5; more]));
        }
        let bytes = match (service, list.is_empty()) {
            (CertificateService::None, true) => Vec::new(),
            _ => encode(&list, service),
        };
        Self { service, bytes }
    }

    /// Returns how many pages it needs, if that is more than there are.
    pub(crate) fn needs_more_than(&self, pages: u64) -> Option<u64> {
        // CAST: Widens.
        let needed = self.bytes.len().div_ceil(PAGE) as u64;

        match self.service {
            CertificateService::Growing => Some(needed.max(pages + 1)),
            _ => (needed > pages).then_some(needed),
        }
    }

    /// Returns what is to be in a buffer of some pages.
    pub(crate) fn encode(self, pages: u64) -> Vec<u8> {
        match self.service {
            CertificateService::Unterminated => {
                let room = usize::try_from(pages).unwrap_or(0).saturating_mul(PAGE);
                let entry = entry(VCEK, 0, ENTRY as u32);
                entry.iter().copied().cycle().take(room).collect()
            }
            _ if self.bytes.is_empty() => vec![0; ENTRY],
            _ => self.bytes,
        }
    }
}

/// Encodes an entry.
fn entry(guid: Guid, offset: u32, length: u32) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    let parts = [
        guid.as_slice(),
        &offset.to_le_bytes(),
        &length.to_le_bytes(),
    ]
    .concat();

    entry.copy_from_slice(&parts);
    entry
}

/// Encodes a table.
fn encode(list: &[(Guid, Vec<u8>)], service: CertificateService) -> Vec<u8> {
    let first = ENTRY * (list.len() + 1);
    let mut entries = Vec::new();
    let mut offset = first;

    for (index, (guid, certificate)) in list.iter().enumerate() {
        let is_last = index + 1 == list.len();
        let (place, length) = match service {
            CertificateService::Overlapping => (first, certificate.len()),
            CertificateService::Overflowing if is_last => (0xffff_f000, 0x1100),
            CertificateService::Outside if is_last => (0x1000_0000, certificate.len()),
            _ => (offset, certificate.len()),
        };
        // CAST: 64 MiB at most, or a value above.
        entries.extend(entry(*guid, place as u32, length as u32));
        offset += certificate.len();
    }
    entries.extend([0; ENTRY]);
    list.iter()
        .for_each(|(_, certificate)| entries.extend(certificate));
    entries
}
