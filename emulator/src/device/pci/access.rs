// SPDX-License-Identifier: GPL-2.0

//! Accesses of any size and alignment, as accesses to DWORDs.

/// Reads bytes from an offset on, given how a DWORD is read.
pub(super) fn read(offset: u64, data: &mut [u8], dword: impl Fn(u64) -> u32) {
    for (byte, at) in data.iter_mut().zip(offset..) {
        let [place, shift] = split(at);
        // CAST: The byte that the offset says.
        *byte = (dword(place) >> shift) as u8;
    }
}

/// Writes bytes from an offset on, given how the bits of a mask are written in a DWORD.
pub(super) fn write(offset: u64, data: &[u8], mut dword: impl FnMut(u64, u32, u32)) {
    let mut bytes = data.iter().zip(offset..).peekable();

    while let Some((_, first)) = bytes.peek() {
        let [place, _] = split(*first);
        let (mut value, mut mask) = (0, 0);
        while let Some((byte, at)) = bytes.next_if(|(_, at)| split(*at)[0] == place) {
            let [_, shift] = split(at);
            value |= u32::from(*byte) << shift;
            mask |= 0xff << shift;
        }
        dword(place, value, mask);
    }
}

/// Returns the offset of a byte's DWORD, and by how many bits the byte is shifted in it.
fn split(offset: u64) -> [u64; 2] {
    [offset & !3, offset % 4 * 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bytes_of_any_dwords() {
        let dword = |offset| 0x0302_0100 + 0x0404_0404 * u32::try_from(offset / 4).unwrap();

        for offset in 0..6 {
            for size in 0..6 {
                let mut data = vec![0xff; size];
                read(offset, &mut data, dword);
                let expected: Vec<u8> = (0u8..12).collect();
                let offset = usize::try_from(offset).unwrap();
                assert_eq!(data, expected[offset..offset + size]);
            }
        }
    }

    /// Returns the DWORDs that a write is made of.
    fn written(offset: u64, data: &[u8]) -> Vec<(u64, u32, u32)> {
        let mut all = vec![];

        write(offset, data, |at, value, mask| all.push((at, value, mask)));
        all
    }

    #[test]
    fn writes_whole_dwords_once_each() {
        assert_eq!(
            written(4, &[1, 2, 3, 4, 5, 6, 7, 8]),
            [(4, 0x0403_0201, u32::MAX), (8, 0x0807_0605, u32::MAX)]
        );
    }

    #[test]
    fn writes_only_the_bytes_that_there_are() {
        assert_eq!(written(9, &[7]), [(8, 0x0700, 0xff00)]);
        assert_eq!(written(10, &[7, 8]), [(8, 0x0807_0000, 0xffff_0000)]);
        assert_eq!(
            written(3, &[1, 2]),
            [(0, 0x0100_0000, 0xff00_0000), (4, 2, 0xff)]
        );
        assert_eq!(written(0, &[]), []);
    }
}
