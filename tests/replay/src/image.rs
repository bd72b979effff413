// SPDX-License-Identifier: GPL-2.0

//! MRTD, from an image of the firmware.
//!
//! "Intel TDX Virtual Firmware Design Guide" (344991), here "TDVF": the metadata in the image list the
//! sections that the VMM adds before the TD starts. MRTD is a hash over these operations: TDX module
//! ABI, `TDH.MEM.PAGE.ADD` and `TDH.MR.EXTEND`.

use sha2::{
    Digest as _,
    Sha384, //
};
use tsm_proto::Digest384;

use crate::reader::Reader;

/// The GUID by which the table at the end of an image has the place of the metadata:
/// e47a6535-984a-4798-865e-4685a7bf8ec2.
const METADATA: [u8; 16] = [
    0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2,
];

/// The bytes of an entry in that table before its GUID: the data, and the size of the entry.
const ENTRY: usize = 4 + 2;

/// Attribute of a section that is measured, and not only added.
const EXTEND: u32 = 1;
/// Attribute of a section that the guest has to accept. It is not added.
const AUGMENT: u32 = 2;

/// The bytes that one operation adds, and that one measures.
const PAGE: usize = 4096;
const CHUNK: usize = 256;

/// A firmware has less than this below 4 GiB.
const MAX_SIZE: usize = 1 << 30;

/// Returns the MRTD of a TD that starts with an image, if that is one for TDs.
pub fn mrtd(image: &[u8]) -> Option<Digest384> {
    let guid = image
        .windows(METADATA.len())
        .rposition(|bytes| bytes == METADATA)?;
    let mut entry = Reader::new(image.get(guid.checked_sub(ENTRY)?..)?);
    let from_end = usize::try_from(entry.u32()?).ok()?;
    let mut metadata = Reader::new(image.get(image.len().checked_sub(from_end)?..)?);

    if metadata.take(4)? != b"TDVF" {
        return None;
    }
    let _length_and_version = metadata.take(8)?;
    let mut hash = Sha384::new();
    for _ in 0..metadata.u32()? {
        section(image, &mut metadata, &mut hash)?;
    }
    Some(Digest384::new(hash.finalize().into()))
}

/// Measures a section: TDVF, table "TDVF_SECTION".
fn section(image: &[u8], metadata: &mut Reader<'_>, hash: &mut Sha384) -> Option<()> {
    let offset = usize::try_from(metadata.u32()?).ok()?;
    let size = usize::try_from(metadata.u32()?).ok()?;
    let address = metadata.u64()?;
    let memory = usize::try_from(metadata.u64()?).ok()?;
    let _kind = metadata.u32()?;
    let attributes = metadata.u32()?;
    let data = image.get(offset..offset.checked_add(size)?)?;

    if attributes & AUGMENT != 0 {
        return Some(());
    }
    if memory > MAX_SIZE {
        return None;
    }
    let place = |start: usize| address.checked_add(u64::try_from(start).ok()?);
    for start in (0..memory).step_by(PAGE) {
        operation(hash, b"MEM.PAGE.ADD", place(start)?);
        if attributes & EXTEND == 0 {
            continue;
        }
        for start in (start..start + PAGE).step_by(CHUNK) {
            operation(hash, b"MR.EXTEND", place(start)?);
            hash.update(chunk(data, start));
        }
    }
    Some(())
}

/// Hashes an operation: its name and its address.
fn operation(hash: &mut Sha384, name: &[u8], address: u64) {
    let mut block = [0; 128];
    let (first, rest) = block.split_at_mut(16);
    for (to, from) in first.iter_mut().zip(name) {
        *to = *from;
    }
    for (to, from) in rest.iter_mut().zip(address.to_le_bytes()) {
        *to = from;
    }
    hash.update(block);
}

/// Returns a chunk of a section. Behind its data there are zeros.
fn chunk(data: &[u8], start: usize) -> [u8; CHUNK] {
    let mut chunk = [0; CHUNK];
    for (to, from) in chunk.iter_mut().zip(data.get(start..).unwrap_or_default()) {
        *to = *from;
    }
    chunk
}
