// SPDX-License-Identifier: GPL-2.0

//! An image of a firmware that ends at 4 GiB.

use super::metadata::{
    Header,
    Metadata, //
};
use crate::machine::{
    guid_table::{
        self,
        Entry, //
    },
    image::{
        read,
        tail, //
    },
    memory::GuestMemory, //
};
#[cfg(test)]
use crate::machine::{
    image::TOP,
    memory::NoMemory, //
};

/// The entry of TDX: e47a6535-984a-4798-865e-4685a7bf8ec2.
const TDX: Entry = Entry {
    guid: [
        0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e,
        0xc2,
    ],
    name: "TDX",
};

/// Reads the metadata of the image in memory. The error is for the user.
pub(crate) fn metadata(memory: &dyn GuestMemory) -> Result<Metadata, String> {
    let entry = guid_table::find(&tail(memory)?, &TDX)?;
    let offset = <[u8; 4]>::try_from(&*entry)
        .map_err(|_| "the entry of TDX in its table of GUIDs has a wrong length")?;
    let below = u64::from(u32::from_le_bytes(offset));
    let header = read(memory, below, Header::SIZE)?;
    let all = read(memory, below, Header::length(&header)?)?;

    Metadata::parse(&all)
}

/// Memory for tests: RAM at 0, and an image that ends at 4 GiB.
#[cfg(test)]
pub(crate) struct FakeFirmware {
    pub(crate) ram: crate::machine::memory::FakeMemory,
    image: std::cell::RefCell<Vec<u8>>,
    /// Whether the image ignores writes.
    pub(crate) is_rom: bool,
}

#[cfg(test)]
impl FakeFirmware {
    /// Makes a firmware of two pages, with 96 KiB of RAM of which it has the last 32.
    pub(crate) fn new() -> Self {
        let metadata = super::metadata::tests::metadata(&super::metadata::tests::ROWS);
        Self::with(&metadata, 0x800)
    }

    /// Makes one that has its metadata `below` bytes before its end.
    fn with(metadata: &[u8], below: u32) -> Self {
        let mut image = vec![0xf4; 0x2000];
        if let Some(start) = 0x2000_usize.checked_sub(usize::try_from(below).unwrap()) {
            image[start..start + metadata.len()].copy_from_slice(metadata);
        }
        let table = [
            &below.to_le_bytes()[..],
            &22u16.to_le_bytes(),
            &TDX.guid,
            &40u16.to_le_bytes(),
            &[
                0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a,
                0x08, 0x2d,
            ],
        ]
        .concat();
        image[0x2000 - 32 - table.len()..0x2000 - 32].copy_from_slice(&table);
        Self {
            ram: crate::machine::memory::FakeMemory::new(0x1_8000),
            image: std::cell::RefCell::new(image),
            is_rom: false,
        }
    }
}

#[cfg(test)]
impl GuestMemory for FakeFirmware {
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
        let Some(start) = address.checked_sub(TOP - 0x2000) else {
            return self.ram.read(address, to);
        };
        let start = usize::try_from(start).map_err(|_| NoMemory)?;
        let image = self.image.borrow();
        to.copy_from_slice(image.get(start..start + to.len()).ok_or(NoMemory)?);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), NoMemory> {
        let Some(start) = address.checked_sub(TOP - 0x2000) else {
            return self.ram.write(address, from);
        };
        let start = usize::try_from(start).map_err(|_| NoMemory)?;
        let mut image = self.image.borrow_mut();
        let to = image.get_mut(start..start + from.len()).ok_or(NoMemory)?;
        if !self.is_rom {
            to.copy_from_slice(from);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_metadata_that_the_table_points_to() {
        let metadata = metadata(&FakeFirmware::new()).unwrap();
        assert_eq!(metadata.sections().len(), 4);
    }

    #[test]
    fn refuses_metadata_that_are_not_in_the_image() {
        // Before it, at its end, and nowhere.
        for below in [0x10_0000, 8, 0, u32::MAX] {
            let no = metadata(&FakeFirmware::with(&[], below)).unwrap_err();
            assert_eq!(no, "its metadata are not in it");
        }
    }

    #[test]
    fn refuses_what_is_no_metadata() {
        let no = metadata(&FakeFirmware::with(&[0; 16], 0x800)).unwrap_err();
        assert_eq!(no, "its metadata do not begin with TDVF");
    }
}
