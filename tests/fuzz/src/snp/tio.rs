// SPDX-License-Identifier: GPL-2.0

//! Answers of SEV-TIO: the first byte of an input says which request it answers, the second is the version of the
//! message. The blobs of the host, alone, and with the answer that has their digests.

use tsm_proto::{
    snp::tio::{
        Blob,
        Error,
        GuestDeviceId,
        Info,
        Kind,
        MessageVersion,
        MmioConfig,
        MmioConfigStatus,
        MmioValidate,
        MmioValidateStatus,
        Operation,
        RangeId,
        Request,
        Sdte,
        SdteStatus,
        SdteWrite,
        Subrange,
        Table,
        Tdi,
        TdiId,
        TdiInfo,
        TdiStatus, //
    },
    Digest384,
    Gpa, //
};

use crate::bytes::{
    u32_at,
    u64_at, //
};

const DEVICE: GuestDeviceId = GuestDeviceId::new(0x0102);
const ID: TdiId = TdiId::new(0x0102_0304_0506_0708);

/// Where the pages are that the answers are to be about.
const BASE: u64 = 0x1000_0000;

fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes([bytes[offset], bytes[offset + 1]])
}

/// Says what the tables say of an answer of `size` bytes, apart from what is in it: why it is refused, if it is.
fn head<T: Tdi>(
    version: u8,
    payload: &[u8],
    size: usize,
    refused: fn(u16) -> Error,
) -> Option<Error> {
    if version != T::VERSION.raw() {
        return Some(Error::Version(MessageVersion::new(version)));
    }
    match payload.len().cmp(&size) {
        std::cmp::Ordering::Less => return Some(Error::Truncated),
        std::cmp::Ordering::Greater => return Some(Error::Trailing),
        std::cmp::Ordering::Equal => {}
    }
    let (status, is_named) = match T::VERSION {
        MessageVersion::V1 => (u16_at(payload, 2), payload[..2] == [2, 1]),
        _ => (u16_at(payload, 8), payload[..8] == [8, 7, 6, 5, 4, 3, 2, 1]),
    };

    match status {
        0 if is_named => None,
        0 => Some(Error::OtherTdi),
        status => Some(refused(status)),
    }
}

/// An answer about a TDI is accepted if the tables say so, and has its fields where they are there.
fn info<T: Tdi>(tdi: T, version: u8, payload: &[u8]) -> bool {
    let expected = head::<T>(version, payload, 192, |status| {
        Error::NotBound(TdiStatus::new(status))
    });
    let parsed = TdiInfo.parse(tdi, MessageVersion::new(version), payload);
    assert_eq!(parsed.as_ref().err().copied(), expected);
    let Ok(info) = parsed else { return false };

    for (kind, offset) in [
        (Kind::Certificates, 32),
        (Kind::Measurements, 80),
        (Kind::Report, 128),
    ] {
        match info.digest(kind) {
            Some(digest) => assert_eq!(digest.bytes(), &payload[offset..offset + 48]),
            None => assert!(kind == Kind::Measurements && payload[16] & 1 == 0),
        }
    }
    assert_eq!(info.is_fresh(), payload[16] & 2 != 0);
    assert_eq!(info.lock_flags().raw(), u16_at(payload, 20));
    assert_eq!(info.algorithms().hash.raw(), payload[27]);
    assert_eq!(Some(info.report_count()), u64_at(payload, 176));
    true
}

/// An answer about pages is accepted if it has those of the request.
fn validated<T: Tdi>(tdi: T, version: u8, payload: &[u8], base: u64) -> bool {
    let subrange = Subrange::new(Gpa::new(BASE), 2, 0, RangeId::new(4));
    let request = MmioValidate {
        subrange: subrange.expect("there are such pages"),
        validated: true,
        force: false,
    };
    let expected = head::<T>(version, payload, 48, |status| {
        Error::MmioValidate(MmioValidateStatus::new(status))
    });
    let expected = expected.or_else(|| {
        let is_same = u64_at(payload, 16) == Some(base)
            && u32_at(payload, 24) == Some(2)
            && u32_at(payload, 28) == Some(0)
            && u16_at(payload, 34) == 4;

        (!is_same).then_some(Error::Mismatch)
    });

    let parsed = request.parse(tdi, MessageVersion::new(version), payload);
    assert_eq!(parsed.err(), expected);
    parsed.is_ok_and(|validated| {
        assert_eq!(validated.changed, payload[32] & 1 != 0);
        true
    })
}

/// An answer about a range is accepted if it has that of the request, and nothing was written.
fn config(version: u8, payload: &[u8]) -> bool {
    let request = MmioConfig {
        range: RangeId::new(4),
        operation: Operation::Read,
    };
    let expected = head::<GuestDeviceId>(version, payload, 16, |status| {
        Error::MmioConfig(MmioConfigStatus::new(status))
    });
    let expected = expected.or_else(|| {
        let is_same = u16_at(payload, 6) == 4 && payload[8] & 1 == 0;

        (!is_same).then_some(Error::Mismatch)
    });

    let parsed = request.parse(DEVICE, MessageVersion::new(version), payload);
    assert_eq!(parsed.err(), expected);
    parsed.is_ok_and(|attributes| {
        assert_eq!(attributes.raw(), u16_at(payload, 4));
        true
    })
}

/// An answer about an entry is accepted if it is one.
fn sdte<T: Tdi>(tdi: T, version: u8, payload: &[u8]) -> bool {
    let expected = head::<T>(version, payload, 16, |status| {
        Error::SdteWrite(SdteStatus::new(status))
    });

    let parsed = SdteWrite(Sdte::INVALID).parse(tdi, MessageVersion::new(version), payload);
    assert_eq!(parsed.err(), expected);
    parsed.is_ok()
}

/// The kinds, and their GUIDs.
const KINDS: [(Kind, u128); 3] = [
    (Kind::Certificates, 0x75cb8c07_4426e849_afe75686_c5cf72f1),
    (Kind::Measurements, 0xc680aa5c_ef121a40_b364ec59_a93abe3f),
    (Kind::Report, 0x0e5bdc70_c00cd54c_97bbff0b_a25bf320),
];

/// Says what blobs there are, and of what kind.
fn blobs(pages: &[u8]) -> Result<Vec<(Kind, &[u8])>, Error> {
    let entries: Vec<_> = pages.chunks_exact(24).collect();
    let count = entries
        .iter()
        .position(|entry| entry[..16] == [0; 16])
        .ok_or(Error::Unterminated)?;
    let mut taken: Vec<(Kind, std::ops::Range<usize>)> = Vec::new();

    for (index, entry) in entries[..count].iter().enumerate() {
        let guid = u128::from_be_bytes(*entry.first_chunk().expect("it has 24 bytes"));
        let Some((kind, _)) = KINDS.iter().find(|(_, known)| *known == guid) else {
            continue;
        };
        let (Some(start), Some(len)) = (u32_at(entry, 16), u32_at(entry, 20)) else {
            return Err(Error::Unterminated);
        };
        let (start, end) = (start as usize, start as usize + len as usize);

        if len > 0 && (start < 24 * (count + 1) || end > pages.len()) {
            return Err(Error::Outside(index));
        }
        if taken.iter().any(|(other, _)| other == kind) {
            return Err(Error::Duplicate(index));
        }
        let is_apart = |other: &std::ops::Range<usize>| end <= other.start || other.end <= start;
        if len > 0
            && !taken
                .iter()
                .all(|(_, other)| other.is_empty() || is_apart(other))
        {
            return Err(Error::Overlap(index));
        }
        taken.push((*kind, start..end));
    }
    taken.retain(|(_, place)| !place.is_empty());
    Ok(taken
        .into_iter()
        .map(|(kind, place)| (kind, &pages[place]))
        .collect())
}

/// Stands in for a hash: repeats the first byte.
fn hash(bytes: &[u8]) -> Digest384 {
    Digest384::new([bytes[0]; 48])
}

/// A table is accepted if the rules say so. With an answer, each blob has to be the one that it has a valid digest of.
fn table(pages: &[u8], info: Option<&Info<'_>>) -> bool {
    let parsed = Table::parse(pages);
    let expected = match blobs(pages) {
        Ok(expected) => expected,
        Err(err) => {
            assert_eq!(parsed.err(), Some(err));
            return false;
        }
    };
    let table = parsed.expect("what is right is accepted");
    let mut verified = 0;

    for (kind, _) in KINDS {
        let there = expected.iter().find(|(found, _)| *found == kind);
        assert_eq!(table.has(kind), there.is_some());
        let Some(info) = info else { continue };

        let blob = Blob::verify(&table, info, kind, hash);
        match (there, info.digest(kind)) {
            (None, _) => assert_eq!(blob, Err(Error::Missing(kind))),
            (_, None) => assert_eq!(blob, Err(Error::NoDigest(kind))),
            (Some((_, bytes)), Some(digest)) if hash(bytes) == *digest => {
                let blob = blob.expect("what is right is accepted");
                assert_eq!((blob.kind(), blob.as_bytes()), (kind, *bytes));
                verified += 1;
            }
            _ => assert_eq!(blob, Err(Error::Digest(kind))),
        }
    }
    info.is_none() || (verified > 0 && verified == expected.len())
}

/// Blobs with the answer before them that has their digests.
fn evidence(version: u8, rest: &[u8]) -> bool {
    let Some((answer, pages)) = rest.split_at_checked(192) else {
        return false;
    };

    TdiInfo
        .parse(ID, MessageVersion::new(version), answer)
        .is_ok_and(|info| table(pages, Some(&info)))
}

/// What the firmware answers and the host gives.
pub(crate) fn tio(data: &[u8]) -> bool {
    let Some((which, rest)) = data.split_first() else {
        return false;
    };
    if *which == 8 {
        return table(rest, None);
    }
    let Some((version, rest)) = rest.split_first() else {
        return false;
    };

    match which {
        0 => info(DEVICE, *version, rest),
        1 => info(ID, *version, rest),
        2 => validated(DEVICE, *version, rest, BASE),
        3 => validated(ID, *version, rest, BASE >> 12),
        4 => config(*version, rest),
        6 => sdte(DEVICE, *version, rest),
        7 => sdte(ID, *version, rest),
        9 => evidence(*version, rest),
        _ => false,
    }
}
