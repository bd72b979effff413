// SPDX-License-Identifier: GPL-2.0

//! Memory that another party may write. Only KUnit runs this: the copies are of the kernel's crates.

use kernel::prelude::*;

#[kunit_tests(tsm_volatile)]
mod tests {
    use tsm_ext::{
        output_buffer::OutputBuffer,
        volatile::{
            VolatileSlice,
            WORD, //
        }, //
    };

    /// Memory at the address of a word.
    #[repr(C, align(8))]
    struct Words([u8; 3 * WORD]);

    fn words() -> Words {
        Words(core::array::from_fn(|at| at as u8))
    }

    /// Says whether a buffer of as many bytes is filled with `expected`, and no more of it.
    fn reads(bytes: VolatileSlice<'_>, expected: &[u8]) -> bool {
        let mut out = [99; 32];
        let buffer = OutputBuffer::from(&mut out[..]).limit(expected.len());

        bytes.read(buffer).is_ok_and(|read| read == expected)
            && out[expected.len()..].iter().all(|byte| *byte == 99)
    }

    #[test]
    fn reads_any_part() {
        let (mut memory, expected) = (words(), words());
        let bytes = VolatileSlice::from(&mut memory.0[..]);

        for start in 0..=bytes.len() {
            for end in start..=bytes.len() {
                let part = bytes.part(start, end - start);

                assert!(part.is_ok_and(|part| reads(part, &expected.0[start..end])));
            }
        }
    }

    #[test]
    fn has_no_part_behind_the_end() {
        let mut memory = words();
        let bytes = VolatileSlice::from(&mut memory.0[..]);

        assert!(bytes.part(0, bytes.len() + 1).is_err());
        assert!(bytes.part(bytes.len() + 1, 0).is_err());
        assert!(bytes.part(8, usize::MAX).is_err());
    }

    #[test]
    fn gives_the_buffer_back_if_there_are_fewer_bytes() {
        let mut memory = words();
        let bytes = VolatileSlice::from(&mut memory.0[..4]);
        let mut out = [99; 5];

        let refused = bytes.read(OutputBuffer::from(&mut out[..]));
        assert!(refused.is_err_and(|buffer| buffer.len() == 5));
        assert!(out == [99; 5]);
    }

    #[test]
    fn writes_only_what_it_is_given() {
        let (mut memory, mut expected) = (words(), words());
        expected.0[9..12].copy_from_slice(&[77; 3]);
        let bytes = VolatileSlice::from(&mut memory.0[..]);

        assert!(bytes
            .part(9, 5)
            .is_ok_and(|part| part.write(&[77; 3]).is_ok()));
        assert!(memory.0 == expected.0);
    }

    #[test]
    fn writes_nothing_that_does_not_fit() {
        let (mut memory, expected) = (words(), words());
        let bytes = VolatileSlice::from(&mut memory.0[..2]);

        assert!(bytes.write(&[77; 3]).is_err());
        assert!(memory.0 == expected.0);
    }

    #[test]
    fn reads_and_clears_whole_words() {
        let (mut memory, expected) = (words(), words());
        let bytes = VolatileSlice::from(&mut memory.0[..]);

        let same = |words: &mut dyn Iterator<Item = [u8; WORD]>| {
            words.eq(expected.0.chunks_exact(WORD).map(|word| {
                let mut copy = [0; WORD];
                copy.copy_from_slice(word);
                copy
            }))
        };
        assert!(bytes.words().is_ok_and(|mut words| same(&mut words)));
        assert!(bytes.part(8, 8).is_ok_and(|part| part.clear().is_ok()));
        assert!(memory.0[..8] == expected.0[..8] && memory.0[16..] == expected.0[16..]);
        assert!(memory.0[8..16] == [0; 8]);
    }

    #[test]
    fn takes_no_words_that_are_not_aligned() {
        let mut memory = words();
        let bytes = VolatileSlice::from(&mut memory.0[..]);

        assert!(bytes.part(4, 8).is_ok_and(|part| part.words().is_err()));
        assert!(bytes.part(4, 8).is_ok_and(|part| part.clear().is_err()));
        assert!(bytes.part(8, 4).is_ok_and(|part| part.clear().is_err()));
    }
}
