// SPDX-License-Identifier: GPL-2.0

//! The board: what a machine has besides its vCPUs and memory.

use std::fmt::Debug;

/// How much one access to a port transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortSize {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Word,
    /// 32 bits.
    Long,
}

impl PortSize {
    /// Takes a number of bytes.
    pub(crate) fn new(bytes: u64) -> Option<Self> {
        Some(match bytes {
            1 => Self::Byte,
            2 => Self::Word,
            4 => Self::Long,
            _ => return None,
        })
    }
}

/// The board. Any thread of a vCPU may use it.
pub(crate) trait Board: Debug + Send + Sync {
    /// Reads a port.
    fn port_in(&self, port: u16, size: PortSize) -> u32;

    /// Writes a port.
    fn port_out(&self, port: u16, size: PortSize, value: u32);

    /// Makes the firmware's image, which is a ROM, memory that the guest can write to. Returns its size. The error is for
    /// the user.
    fn make_firmware_memory(&self) -> Result<u64, String>;

    /// Maps all that is below an address a second time from there on.
    fn mirror_memory(&self, address: u64);
}

/// A board for tests: it has a fw_cfg with one file, and a byte of the other ports.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct FakeBoard {
    /// What is in fw_cfg, by selector.
    pub(crate) items: std::collections::BTreeMap<u16, Vec<u8>>,
    /// The item that is read, and how many of its bytes were read.
    selected: std::sync::Mutex<(u16, usize)>,
    /// What was written to other ports.
    pub(crate) written: std::sync::Mutex<Vec<(u16, PortSize, u32)>>,
    /// Where memory was mapped a second time.
    pub(crate) mirrors: std::sync::Mutex<Vec<u64>>,
}

#[cfg(test)]
impl FakeBoard {
    /// Makes a board with this E820 map.
    pub(crate) fn with_e820(map: &[(std::ops::Range<u64>, u32)]) -> Self {
        Self::with_e820_and(map, None)
    }

    /// Makes a board with this E820 map, and a kernel's file.
    pub(crate) fn with_e820_and(
        map: &[(std::ops::Range<u64>, u32)],
        kernel: Option<&[u8]>,
    ) -> Self {
        let mut e820 = Vec::new();
        for (range, kind) in map {
            e820.extend(range.start.to_le_bytes());
            e820.extend((range.end - range.start).to_le_bytes());
            e820.extend(kind.to_le_bytes());
        }
        let mut files = vec![("bootorder", vec![0; 7]), ("etc/e820", e820)];
        files.extend(kernel.map(|kernel| ("etc/boot/kernel", kernel.to_vec())));
        let mut directory = u32::try_from(files.len()).unwrap().to_be_bytes().to_vec();
        let mut items = std::collections::BTreeMap::new();
        for ((name, bytes), select) in files.into_iter().zip(0x20u16..) {
            let size = u32::try_from(bytes.len()).unwrap();
            items.insert(select, bytes);
            let mut field = [0; 56];
            field[..name.len()].copy_from_slice(name.as_bytes());
            directory.extend(size.to_be_bytes());
            directory.extend(select.to_be_bytes());
            directory.extend([0; 2]);
            directory.extend(field);
        }
        items.insert(0x19, directory);
        Self {
            items,
            ..Self::default()
        }
    }
}

#[cfg(test)]
impl Board for FakeBoard {
    fn port_in(&self, port: u16, _: PortSize) -> u32 {
        let mut selected = self.selected.lock().unwrap();
        match port {
            0x511 => {
                let (item, at) = *selected;
                selected.1 += 1;
                let bytes = self.items.get(&item).and_then(|bytes| bytes.get(at));
                bytes.copied().unwrap_or(0).into()
            }
            _ => 0x1234_5678,
        }
    }

    fn port_out(&self, port: u16, size: PortSize, value: u32) {
        match (port, size) {
            (0x510, PortSize::Word) => {
                *self.selected.lock().unwrap() = (u16::try_from(value).unwrap(), 0);
            }
            _ => self.written.lock().unwrap().push((port, size, value)),
        }
    }

    fn make_firmware_memory(&self) -> Result<u64, String> {
        Ok(0x2000)
    }

    fn mirror_memory(&self, address: u64) {
        self.mirrors.lock().unwrap().push(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_three_sizes() {
        let sizes = [1, 2, 4].map(PortSize::new);
        assert_eq!(
            sizes,
            [PortSize::Byte, PortSize::Word, PortSize::Long].map(Some)
        );
        for other in [0, 3, 8, u64::MAX] {
            assert_eq!(PortSize::new(other), None);
        }
    }
}
