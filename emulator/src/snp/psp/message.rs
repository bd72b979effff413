// SPDX-License-Identifier: GPL-2.0

//! Guest messages: what the guest and the firmware send to each other through the VMM, which can
//! neither read nor change it.
//!
//! ABI, "SNP_GUEST_REQUEST". The number of a message is the IV, and all but the first 48 bytes of
//! the header is authenticated with the payload.

use std::mem::offset_of;

use aes_gcm::{
    aead::{
        AeadInPlace as _,
        KeyInit as _, //
    },
    Aes256Gcm,
    Nonce,
    Tag, //
};
use zerocopy::{
    little_endian::{
        U16,
        U32,
        U64, //
    },
    FromBytes as _,
    IntoBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::status::Status;

/// A page, which a message is in.
pub(crate) const PAGE: usize = 4096;

/// Size of an authentication tag.
const TAG: usize = 16;

/// A key for messages of one VMPL.
pub(super) type Vmpck = [u8; 32];

/// What a message begins with. ABI, table "Message Header Format".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub(crate) struct Header {
    /// The authentication tag, and zeros.
    pub(crate) tag: [u8; 32],
    /// The number of the message.
    pub(crate) sequence: U64,
    pub(crate) reserved1: [u8; 8],
    /// How it is encrypted.
    pub(crate) algorithm: u8,
    /// The version of the header.
    pub(crate) version: u8,
    /// The size of the header.
    pub(crate) size: U16,
    /// What the message is.
    pub(crate) kind: u8,
    /// The version of that.
    pub(crate) kind_version: u8,
    /// The size of the payload.
    pub(crate) payload_size: U16,
    pub(crate) reserved2: U32,
    /// Which key it is encrypted with.
    pub(crate) vmpck: u8,
    pub(crate) reserved3: [u8; 35],
}

const _: () = {
    assert!(size_of::<Header>() == 0x60);
    assert!(offset_of!(Header, tag) == 0);
    assert!(offset_of!(Header, sequence) == 0x20);
    assert!(offset_of!(Header, reserved1) == 0x28);
    assert!(offset_of!(Header, algorithm) == 0x30);
    assert!(offset_of!(Header, version) == 0x31);
    assert!(offset_of!(Header, size) == 0x32);
    assert!(offset_of!(Header, kind) == 0x34);
    assert!(offset_of!(Header, kind_version) == 0x35);
    assert!(offset_of!(Header, payload_size) == 0x36);
    assert!(offset_of!(Header, reserved2) == 0x38);
    assert!(offset_of!(Header, vmpck) == 0x3c);
    assert!(offset_of!(Header, reserved3) == 0x3d);
};

impl Header {
    /// Size in bytes.
    pub(crate) const SIZE: usize = size_of::<Self>();
    /// The most that a payload has.
    pub(crate) const ROOM: usize = PAGE - Self::SIZE;
    /// Where the size of the payload is.
    pub(crate) const PAYLOAD_SIZE: usize = offset_of!(Self, payload_size);
    /// [`Header::algorithm`] of AES-256-GCM.
    pub(super) const AES_256_GCM: u8 = 1;
    /// [`Header::version`] of the format that is described here.
    pub(super) const VERSION: u8 = 1;

    /// Returns what the message in a page is.
    pub(crate) fn kind_in(page: &[u8]) -> Option<u8> {
        let (header, _) = Self::ref_from_prefix(page).ok()?;

        Some(header.kind)
    }

    /// Returns what is authenticated.
    fn authenticated(&self) -> &[u8] {
        self.as_bytes()
            .get(offset_of!(Self, algorithm)..)
            .unwrap_or_default()
    }

    /// Returns the IV.
    fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];

        for (to, from) in nonce.iter_mut().zip(self.sequence.as_bytes()) {
            *to = *from;
        }
        nonce
    }
}

/// A message that is not encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// What it begins with. The tag is not used.
    pub(crate) header: Header,
    /// What it says.
    pub(crate) payload: Vec<u8>,
}

impl Message {
    /// Makes a message.
    pub(super) fn new(kind: u8, vmpck: u8, sequence: u64, payload: Vec<u8>) -> Self {
        let header = Header {
            tag: [0; 32],
            sequence: U64::new(sequence),
            reserved1: [0; 8],
            algorithm: Header::AES_256_GCM,
            version: Header::VERSION,
            // CAST: 0x60.
            size: U16::new(Header::SIZE as u16),
            kind,
            kind_version: 1,
            payload_size: size(&payload),
            reserved2: U32::new(0),
            vmpck,
            reserved3: [0; 35],
        };
        Self { header, payload }
    }

    /// Replaces the payload.
    pub(crate) fn set_payload(&mut self, payload: Vec<u8>) {
        self.header.payload_size = size(&payload);
        self.payload = payload;
    }

    /// Encrypts the message.
    pub(super) fn seal(self, key: &Vmpck) -> Vec<u8> {
        let Self {
            mut header,
            mut payload,
        } = self;
        let tag = Aes256Gcm::new(key.into()).encrypt_in_place_detached(
            Nonce::from_slice(&header.nonce()),
            header.authenticated(),
            &mut payload,
        );

        // PANIC: It fails for 64 GiB.
        for (to, from) in header.tag.iter_mut().zip(tag.expect("short")) {
            *to = from;
        }
        [header.as_bytes(), &payload].concat()
    }

    /// Decrypts what is in a page, with the key that the header names.
    pub(super) fn open(page: &[u8], key: impl FnOnce(u8) -> Option<Vmpck>) -> Result<Self, Status> {
        let invalid = Status::INVALID_PARAM;
        let (header, rest) = Header::read_from_prefix(page).map_err(|_| invalid)?;
        let size = usize::from(header.payload_size.get());

        if header.version != Header::VERSION
            || usize::from(header.size.get()) != Header::SIZE
            || header.algorithm != Header::AES_256_GCM
            || size == 0
            || size % 16 != 0
        {
            return Err(invalid);
        }
        let mut payload = rest.get(..size).ok_or(invalid)?.to_vec();
        let key = key(header.vmpck).ok_or(invalid)?;
        let tag = header.tag.first_chunk::<TAG>().ok_or(invalid)?;

        Aes256Gcm::new(&key.into())
            .decrypt_in_place_detached(
                Nonce::from_slice(&header.nonce()),
                header.authenticated(),
                &mut payload,
                Tag::from_slice(tag),
            )
            .map_err(|_| Status::BAD_MEASUREMENT)?;
        Ok(Self { header, payload })
    }
}

/// Returns the size of a payload, or the most that can be said.
fn size(payload: &[u8]) -> U16 {
    U16::new(u16::try_from(payload.len()).unwrap_or(u16::MAX))
}
