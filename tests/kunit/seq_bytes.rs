// SPDX-License-Identifier: GPL-2.0

//! Bytes that are read without a lock. Only KUnit runs this: they need the kernel's allocator.

use kernel::prelude::*;

#[kunit_tests(tsm_seq_bytes)]
mod tests {
    use tsm_ext::{
        output_buffer::OutputBuffer,
        seq_bytes::{
            CurrentVersion,
            Version,
            Writer, //
        }, //
    };

    const SAMPLE: [u8; 5] = [1, 2, 3, 4, 5];

    /// Returns five bytes of no version.
    fn new() -> Writer {
        let bytes = Writer::new(SAMPLE.len());

        assert!(bytes.is_ok());
        bytes.unwrap()
    }

    /// Reads as many bytes from `start` on, and says whether there were those.
    fn reads(bytes: &Writer, version: Version, start: usize, expected: &[u8]) -> bool {
        let mut out = [9; 8];
        let buffer = OutputBuffer::from(&mut out[..]).limit(expected.len());

        bytes
            .reader()
            .read(version, start, buffer)
            .is_ok_and(|read| read == expected)
            && out[expected.len()..].iter().all(|byte| *byte == 9)
    }

    /// Says whether not one byte can be read.
    fn refuses(bytes: &Writer, version: Version, start: usize) -> bool {
        let mut out = [9; 1];

        bytes
            .reader()
            .read(version, start, OutputBuffer::from(&mut out[..]))
            .is_err_and(|buffer| buffer.len() == 1)
    }

    #[test]
    fn gives_nothing_before_it_is_written() {
        assert!(refuses(&new(), Version::default(), 0));
    }

    #[test]
    fn reads_any_part_of_what_was_written() {
        let (mut bytes, version) = (new(), Version::default());
        assert!(bytes.write(version, &SAMPLE).is_ok());

        for start in 0..=5 {
            for end in start..=5 {
                assert!(reads(&bytes, version, start, &SAMPLE[start..end]));
            }
        }
    }

    #[test]
    fn gives_no_earlier_version() {
        let (mut bytes, version) = (new(), Version::default());

        assert!(bytes.write(version, &SAMPLE).is_ok());
        assert!(refuses(&bytes, version.next(), 0));
        assert!(bytes.write(version.next(), &[6; 5]).is_ok());
        assert!(reads(&bytes, version.next(), 0, &[6; 5]));
    }

    #[test]
    fn gives_no_later_version() {
        let (mut bytes, version) = (new(), Version::default());

        assert!(bytes.write(version.next(), &SAMPLE).is_ok());
        assert!(refuses(&bytes, version, 0));
    }

    #[test]
    fn keeps_the_bytes_that_a_version_has() {
        let (mut bytes, version) = (new(), Version::default());

        assert!(bytes.write(version, &SAMPLE).is_ok());
        assert!(bytes.write(version, &[6; 5]).is_ok());
        assert!(reads(&bytes, version, 0, &SAMPLE));
    }

    #[test]
    fn refuses_to_go_back_to_an_earlier_version() {
        let (mut bytes, version) = (new(), Version::default());

        assert!(bytes.write(version.next(), &SAMPLE).is_ok());
        assert!(bytes.write(version, &[6; 5]).is_err());
        assert!(reads(&bytes, version.next(), 0, &SAMPLE));
    }

    #[test]
    fn refuses_more_and_fewer_bytes() {
        let (mut bytes, version) = (new(), Version::default());

        assert!(bytes.write(version, &SAMPLE[..4]).is_err());
        assert!(bytes.write(version, &[6; 6]).is_err());
        assert!(refuses(&bytes, version, 0));
    }

    #[test]
    fn gives_nothing_from_behind_the_end() {
        let (mut bytes, version) = (new(), Version::default());

        assert!(bytes.write(version, &SAMPLE).is_ok());
        assert!(reads(&bytes, version, 4, &SAMPLE[4..]));
        assert!(!reads(&bytes, version, 4, &[5, 0]));
        assert!(refuses(&bytes, version, 5));
        assert!(refuses(&bytes, version, 6));
    }

    #[test]
    fn knows_the_version_that_was_set_last() {
        let current = CurrentVersion::default();

        assert!(current.get() == Version::default());
        current.set(Version::default().next());
        assert!(current.get() == Version::default().next());
    }
}
