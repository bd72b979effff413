// SPDX-License-Identifier: GPL-2.0

//! Bytes that are read without a lock. Only KUnit runs this: they need the kernel's allocator.

use kernel::prelude::*;

#[kunit_tests(tsm_seq_bytes)]
mod tests {
    use tsm_ext::seq_bytes::SeqBytes;

    /// Returns bytes with two parts in them: 48 of one value, and 5 of another behind them.
    fn sample() -> SeqBytes {
        let bytes = SeqBytes::new(53);

        assert!(bytes.is_ok());
        let bytes = bytes.unwrap();
        bytes.write([(0, &[1u8; 48][..]), (48, &[2u8; 5][..])].into_iter());
        bytes
    }

    #[test]
    fn starts_as_zeros() {
        let mut out = [9; 20];

        assert!(SeqBytes::new(20).is_ok_and(|bytes| bytes.try_read(0, &mut out)));
        assert_eq!(out, [0; 20]);
    }

    #[test]
    fn reads_any_part_of_what_was_written() {
        let bytes = sample();
        let mut whole = [0; 53];
        whole[..48].fill(1);
        whole[48..].fill(2);

        for start in 0..53 {
            for end in start..=53 {
                let mut out = [9; 53];

                assert!(bytes.try_read(start, &mut out[..end - start]));
                assert!(out[..end - start] == whole[start..end]);
                assert!(out[end - start..].iter().all(|byte| *byte == 9));
            }
        }
    }

    #[test]
    fn writes_one_part_and_no_other() {
        let bytes = sample();
        let mut out = [0; 53];

        bytes.write(core::iter::once((48, &[3u8; 5][..])));
        assert!(bytes.try_read(0, &mut out));
        assert!(out[..48] == [1; 48]);
        assert!(out[48..] == [3; 5]);
    }

    #[test]
    fn ignores_what_is_behind_the_end() {
        let bytes = sample();
        let mut out = [9; 16];

        bytes.write(core::iter::once((56, &[4u8; 64][..])));
        assert!(bytes.try_read(56, &mut out));
        assert_eq!(out, [9; 16]);
    }

    #[test]
    fn aligns_to_where_a_part_can_start() {
        assert_eq!(SeqBytes::align(1), 8);
        assert_eq!(SeqBytes::align(48), 48);
        assert_eq!(SeqBytes::align(49), 56);
    }
}
