// SPDX-License-Identifier: GPL-2.0

//! Bytes that are read without a lock. Only KUnit runs this: they need the kernel's allocator.

use kernel::prelude::*;

#[kunit_tests(tsm_seq_bytes)]
mod tests {
    use tsm_ext::seq_bytes::{
        SeqBytes,
        VersionCounter, //
    };

    const SAMPLE: [u8; 5] = [1, 2, 3, 4, 5];

    /// Returns five bytes of no version.
    fn new() -> SeqBytes {
        let bytes = SeqBytes::new(SAMPLE.len());

        assert!(bytes.is_ok());
        bytes.unwrap()
    }

    #[test]
    fn gives_nothing_before_it_is_written() {
        assert!(!new().read(VersionCounter::default().get(), 0, &mut [9; 5]));
    }

    #[test]
    fn reads_any_part_of_what_was_written() {
        let (bytes, counter) = (new(), VersionCounter::default());
        assert!(bytes.write(counter.get(), &SAMPLE).is_ok());

        for start in 0..=5 {
            for end in start..=5 {
                let mut out = [9; 6];

                assert!(bytes.read(counter.get(), start, &mut out[..end - start]));
                assert!(out[..end - start] == SAMPLE[start..end]);
                assert!(out[end - start..].iter().all(|byte| *byte == 9));
            }
        }
    }

    #[test]
    fn gives_no_earlier_version() {
        let (bytes, counter) = (new(), VersionCounter::default());
        let mut out = [9; 5];

        assert!(bytes.write(counter.get(), &SAMPLE).is_ok());
        counter.advance();
        assert!(!bytes.read(counter.get(), 0, &mut out));
        assert_eq!(out, [9; 5]);

        assert!(bytes.write(counter.get(), &[6; 5]).is_ok());
        assert!(bytes.read(counter.get(), 0, &mut out));
        assert_eq!(out, [6; 5]);
    }

    #[test]
    fn gives_no_later_version() {
        let (bytes, counter) = (new(), VersionCounter::default());
        let earlier = counter.get();

        counter.advance();
        assert!(bytes.write(counter.get(), &SAMPLE).is_ok());
        assert!(!bytes.read(earlier, 0, &mut [9; 5]));
    }

    #[test]
    fn refuses_more_and_fewer_bytes() {
        let (bytes, counter) = (new(), VersionCounter::default());

        assert!(bytes.write(counter.get(), &SAMPLE[..4]).is_err());
        assert!(bytes.write(counter.get(), &[6; 6]).is_err());
        assert!(!bytes.read(counter.get(), 0, &mut [9; 5]));
    }

    #[test]
    fn gives_nothing_from_behind_the_end() {
        let (bytes, counter) = (new(), VersionCounter::default());

        assert!(bytes.write(counter.get(), &SAMPLE).is_ok());
        assert!(!bytes.read(counter.get(), 1, &mut [9; 5]));
        assert!(!bytes.read(counter.get(), 6, &mut [9; 1]));
    }
}
