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
use tsm_proto::Digest384;
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
    identity::ReportId,
    settings,
    signer::Signer,
    status::Status,
    tcb::{
        TcbVersion,
        Tcbs, //
    }, //
};
use crate::snp::config::SnpConfig;

/// A request for a key. ABI, table "MSG_KEY_REQ Message Structure", version 1. In version 2, which is in
/// the ABI from 1.58 on, the mitigations at launch follow.
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
/// [`Request::root_key_select`]: which of the platform's keys, see [`Signer`].
const KEYS: u32 = 3 << 1;

/// What a key is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// The VMRK.
    Guest,
    /// A key of the platform.
    Platform(Signer),
}

impl Root {
    /// Takes the one that a guest selects.
    fn select(config: &SnpConfig, request: &Request) -> Result<Self, Status> {
        let bits = request.root_key_select.get();

        if bits & !(VMRK | KEYS) != 0 || request.reserved.get() != 0 {
            return Err(Status::INVALID_PARAM);
        }
        match bits & VMRK {
            0 => Signer::select(config, bits >> 1).map(Self::Platform),
            _ => Ok(Self::Guest),
        }
    }
}

/// [`Request::guest_field_select`]: what is mixed into the key.
mod field {
    pub(super) const POLICY: u64 = 1 << 0;
    pub(super) const IMAGE_ID: u64 = 1 << 1;
    pub(super) const FAMILY_ID: u64 = 1 << 2;
    pub(super) const MEASUREMENT: u64 = 1 << 3;
    pub(super) const GUEST_SVN: u64 = 1 << 4;
    pub(super) const TCB_VERSION: u64 = 1 << 5;
    /// In version 2 of the request.
    pub(super) const LAUNCH_MIT_VECTOR: u64 = 1 << 6;
    /// All of version 1.
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
    launch_mit_vector: U64,
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

/// Mitigations, a bit for each.
struct Mitigations {
    /// What the guest wants to be mixed in.
    wanted: u64,
    /// What there was at launch.
    at_launch: u64,
}

/// Answers a request of some version that was made with a key of VMPL `vmpck`.
pub(super) fn answer(
    config: &SnpConfig,
    report_id: &ReportId,
    measurement: Digest384,
    vmpck: u8,
    version: u8,
    request: &[u8],
) -> Result<Vec<u8>, Status> {
    let (request, rest) = Request::ref_from_prefix(request).map_err(|_| Status::INVALID_PARAM)?;
    let mitigations = match (version, settings::mitigations(config)) {
        (1, _) => None,
        (2, Some(at_launch)) => {
            let (wanted, _) = U64::ref_from_prefix(rest).map_err(|_| Status::INVALID_PARAM)?;
            Some(Mitigations {
                wanted: wanted.get(),
                at_launch,
            })
        }
        _ => return Err(Status::INVALID_PARAM),
    };
    let mut response = Response::new_zeroed();

    let mixed = Root::select(config, request).and_then(|root| {
        let mix = mix(config, measurement, vmpck, request, mitigations)?;
        Ok(derive(report_id, root, &mix))
    });
    match mixed {
        Ok(key) => response.key = key,
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
    mitigations: Option<Mitigations>,
) -> Result<Mix, Status> {
    let (root, fields) = (
        request.root_key_select.get(),
        request.guest_field_select.get(),
    );
    let vmpl = request.vmpl.get();
    let known = match mitigations {
        Some(_) => field::ALL | field::LAUNCH_MIT_VECTOR,
        None => field::ALL,
    };
    let mut mix = Mix::new_zeroed();

    if vmpl < vmpck.into() || vmpl > 3 || fields & !known != 0 {
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
    if let Some(mitigations) = mitigations.filter(|_| fields & field::LAUNCH_MIT_VECTOR != 0) {
        if mitigations.wanted & !mitigations.at_launch != 0 {
            return Err(Status::INVALID_PARAM);
        }
        mix.launch_mit_vector = U64::new(mitigations.wanted);
    }
    if fields & field::TCB_VERSION != 0 {
        if !Tcbs::of(config).committed.is_at_least(request.tcb_version) {
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
fn derive(report_id: &ReportId, root: Root, mix: &Mix) -> [u8; 32] {
    let digest =
        |name: &str| Sha256::digest(format!("tsm-emulator {name}, known to everybody")).into();
    let root: [u8; 32] = match root {
        Root::Guest => report_id.vmrk(),
        Root::Platform(Signer::Chip) => digest("VCEK root"),
        Root::Platform(Signer::Loaded) => digest("VLEK root"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snp::config::ReportVersion;

    /// Asks for a key with these fields in some version of the request, with `rest` behind it.
    fn ask(firmware: ReportVersion, version: u8, fields: u64, rest: &[u8]) -> Result<u32, Status> {
        Ok(answer_of(firmware, version, fields, rest)?.0)
    }

    /// Returns the status and the key.
    fn answer_of(
        firmware: ReportVersion,
        version: u8,
        fields: u64,
        rest: &[u8],
    ) -> Result<(u32, [u8; 32]), Status> {
        let config = SnpConfig {
            report_version: firmware,
            ..SnpConfig::default()
        };
        let report_id = ReportId::new(Some([1; 32])).unwrap();
        let request = [&[0; 8], fields.to_le_bytes().as_slice(), &[0; 16], rest].concat();
        let payload = answer(&config, &report_id, Digest384::ZERO, 0, version, &request)?;
        let response = Response::read_from_bytes(&payload).unwrap();

        Ok((response.status.get(), response.key))
    }

    #[test]
    fn mixes_in_the_mitigations_that_there_were_at_launch() {
        let key = |wanted: u64| answer_of(ReportVersion::V5, 2, 0x40, &wanted.to_le_bytes());
        let keys = [0, 1, 0xf].map(|wanted| key(wanted).unwrap());

        assert!(keys.iter().all(|(status, _)| *status == 0));
        assert!(keys[0] != keys[1] && keys[1] != keys[2]);
        assert_eq!(key(0x10), Ok((0x16, [0; 32])));
        // What is not selected does not count.
        let fields = |wanted: u64| answer_of(ReportVersion::V5, 2, 0, &wanted.to_le_bytes());
        assert_eq!(fields(0x10), fields(0));
        assert_eq!(fields(0).unwrap().0, 0);
    }

    #[test]
    fn version_1_has_no_mitigations() {
        for firmware in [ReportVersion::V3, ReportVersion::V5] {
            assert_eq!(ask(firmware, 1, 0x3f, &[]), Ok(0));
            assert_eq!(ask(firmware, 1, 0x40, &[0; 8]), Ok(0x16));
        }
    }

    #[test]
    fn refuses_versions_that_the_firmware_has_not() {
        let refused = Err(Status::INVALID_PARAM);

        for firmware in [ReportVersion::V2, ReportVersion::V3, ReportVersion::V4] {
            assert_eq!(ask(firmware, 2, 0, &[0; 8]), refused);
        }
        for version in [0, 3, u8::MAX] {
            assert_eq!(ask(ReportVersion::V5, version, 0, &[0; 8]), refused);
        }
    }

    #[test]
    fn refuses_a_version_2_that_is_as_long_as_version_1() {
        // What the kernel's structure has room for.
        assert_eq!(
            ask(ReportVersion::V5, 2, 0, &[]),
            Err(Status::INVALID_PARAM)
        );
        assert_eq!(
            ask(ReportVersion::V5, 2, 0, &[0; 7]),
            Err(Status::INVALID_PARAM)
        );
    }
}
