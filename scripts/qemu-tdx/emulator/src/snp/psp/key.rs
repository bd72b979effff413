// SPDX-License-Identifier: GPL-2.0

//! `MSG_KEY_REQ`: a key that only this guest gets, on this platform.
//!
//! ABI, "Key Derivation". It does not say how the key is derived, only from what; here it is KDF in
//! counter mode with HMAC-SHA-256, as in NIST SP 800-108, and one block of it.

use std::mem::offset_of;

use hmac::{
    Hmac,
    Mac as _, //
};
use sha2::{
    Digest as _,
    Sha256, //
};
use tsm_proto::tdx::Digest384;
use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromBytes as _,
    FromZeros as _,
    IntoBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    status::Status,
    tcb::TcbVersion, //
};
use crate::config::SnpConfig;

/// A request for a key. ABI, table "MSG_KEY_REQ Message Structure", version 1.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Request {
    /// The root key in bit 0, which of the platform's keys in bits 2:1.
    root_key_select: U32,
    reserved: U32,
    guest_field_select: U64,
    vmpl: U32,
    guest_svn: U32,
    tcb_version: TcbVersion,
}

/// [`Request::root_key_select`]: the root key is the VMRK, which belongs to the guest.
const VMRK: u32 = 1;
/// [`Request::root_key_select`]: which of the platform's keys.
const KEYS: u32 = 3 << 1;
/// [`KEYS`]: the VLEK, or the VCEK if there is none.
const ANY_KEY: u32 = 0;
/// [`KEYS`]: the VCEK.
const VCEK: u32 = 1 << 1;

/// [`Request::guest_field_select`]: what is mixed into the key.
mod field {
    pub(super) const POLICY: u64 = 1 << 0;
    pub(super) const IMAGE_ID: u64 = 1 << 1;
    pub(super) const FAMILY_ID: u64 = 1 << 2;
    pub(super) const MEASUREMENT: u64 = 1 << 3;
    pub(super) const GUEST_SVN: u64 = 1 << 4;
    pub(super) const TCB_VERSION: u64 = 1 << 5;
    /// All of them.
    pub(super) const ALL: u64 = (1 << 6) - 1;
}

/// What answers it. ABI, table "MSG_KEY_RSP Message Structure".
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Response {
    status: U32,
    reserved: [u8; 28],
    key: [u8; 32],
}

/// What is mixed into a key. What the guest did not select is zero.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Mix {
    root_key_select: U32,
    /// Which digest [`Mix::id_key`] is.
    id_key_select: U32,
    guest_field_select: U64,
    vmpl: U32,
    guest_svn: U32,
    tcb_version: TcbVersion,
    policy: U64,
    image_id: [u8; 16],
    family_id: [u8; 16],
    measurement: Digest384,
    host_data: [u8; 32],
    id_key: Digest384,
}

const _: () = {
    assert!(size_of::<Request>() == 0x20);
    assert!(offset_of!(Request, guest_field_select) == 8);
    assert!(offset_of!(Request, vmpl) == 0x10);
    assert!(offset_of!(Request, guest_svn) == 0x14);
    assert!(offset_of!(Request, tcb_version) == 0x18);

    assert!(size_of::<Response>() == 0x40);
    assert!(offset_of!(Response, key) == 0x20);
};

/// Answers a request that was made with a key of VMPL `vmpck`.
pub(super) fn answer(
    config: &SnpConfig,
    measurement: Digest384,
    vmpck: u8,
    request: &[u8],
) -> Result<Vec<u8>, Status> {
    let (request, _) = Request::ref_from_prefix(request).map_err(|_| Status::INVALID_PARAM)?;
    let mut response = Response::new_zeroed();

    match mix(config, measurement, vmpck, request) {
        Ok(mix) => response.key = derive(&mix),
        Err(status) => response.status = status.into(),
    }
    Ok(response.as_bytes().to_vec())
}

/// Collects what is mixed into the key.
fn mix(
    config: &SnpConfig,
    measurement: Digest384,
    vmpck: u8,
    request: &Request,
) -> Result<Mix, Status> {
    let (root, fields) = (
        request.root_key_select.get(),
        request.guest_field_select.get(),
    );
    let vmpl = request.vmpl.get();
    let mut mix = Mix::new_zeroed();

    if root & !(VMRK | KEYS) != 0 || request.reserved.get() != 0 {
        return Err(Status::INVALID_PARAM);
    }
    // No VLEK was loaded.
    if root & VMRK == 0 && !matches!(root & KEYS, ANY_KEY | VCEK) {
        return Err(Status::INVALID_KEY);
    }
    if vmpl < vmpck.into() || vmpl > 3 || fields & !field::ALL != 0 {
        return Err(Status::INVALID_PARAM);
    }
    mix.root_key_select = U32::new(root & VMRK);
    mix.guest_field_select = request.guest_field_select;
    mix.vmpl = request.vmpl;
    mix.host_data = config.host_data;
    (mix.id_key_select, mix.id_key) = match (config.id_key_digest, config.author_key_digest) {
        (Digest384::ZERO, Digest384::ZERO) => (U32::new(0), Digest384::ZERO),
        (id_key, Digest384::ZERO) => (U32::new(1), id_key),
        (_, author_key) => (U32::new(2), author_key),
    };
    if fields & field::TCB_VERSION != 0 {
        if !request.tcb_version.is_at_most(&TcbVersion::CURRENT) {
            return Err(Status::INVALID_PARAM);
        }
        mix.tcb_version = request.tcb_version;
    }
    if fields & field::GUEST_SVN != 0 {
        if request.guest_svn.get() > config.guest_svn {
            return Err(Status::INVALID_PARAM);
        }
        mix.guest_svn = request.guest_svn;
    }
    if fields & field::MEASUREMENT != 0 {
        mix.measurement = measurement;
    }
    if fields & field::FAMILY_ID != 0 {
        mix.family_id = config.family_id;
    }
    if fields & field::IMAGE_ID != 0 {
        mix.image_id = config.image_id;
    }
    if fields & field::POLICY != 0 {
        mix.policy = U64::new(config.policy);
    }
    Ok(mix)
}

/// Derives the key.
fn derive(mix: &Mix) -> [u8; 32] {
    let root = match mix.root_key_select.get() {
        VMRK => Sha256::digest("tsm-emulator VMRK, known to everybody"),
        _ => Sha256::digest("tsm-emulator VCEK root, known to everybody"),
    };
    // PANIC: Keys may have any size.
    let mac = Hmac::<Sha256>::new_from_slice(&root).expect("any size");
    let bits: u32 = 256;

    mac.chain_update(1u32.to_be_bytes())
        .chain_update("tsm-emulator derived key\0")
        .chain_update(mix.as_bytes())
        .chain_update(bits.to_be_bytes())
        .finalize()
        .into_bytes()
        .into()
}
