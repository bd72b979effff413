// SPDX-License-Identifier: GPL-2.0

//! Buffers that are filled.

use kernel::prelude::*;

#[kunit_tests(tsm_output_buffer)]
mod tests {
    use kernel::{
        fmt,
        prelude::fmt, //
    };
    use tsm_ext::output_buffer::OutputBuffer;

    #[test]
    fn is_filled_with_as_many_bytes_as_it_has() {
        let mut bytes = [9; 4];

        assert!(OutputBuffer::from(&mut bytes[..3])
            .fill(&[1, 2, 3, 4])
            .is_ok_and(|filled| filled == [1, 2, 3]));
        assert_eq!(bytes, [1, 2, 3, 9]);
    }

    #[test]
    fn refuses_fewer_bytes() {
        let mut bytes = [9; 4];

        assert!(OutputBuffer::from(&mut bytes[..]).fill(&[1, 2, 3]).is_err());
        assert_eq!(bytes, [9; 4]);
    }

    #[test]
    fn is_limited_to_what_there_is() {
        let mut bytes = [9; 4];

        assert_eq!(OutputBuffer::from(&mut bytes[..]).limit(5).len(), 4);
        assert_eq!(OutputBuffer::from(&mut bytes[..]).limit(2).len(), 2);
        assert!(OutputBuffer::from(&mut bytes[..]).limit(0).is_empty());
    }

    #[test]
    fn has_the_part_of_a_text_that_was_asked_for() {
        for offset in 0..14 {
            for size in 0..14 {
                let mut bytes = [b'-'; 14];
                let expected = &b"12 0x345\nend"[offset.min(12)..(offset + size).min(12)];

                assert!(OutputBuffer::from(&mut bytes[..size])
                    .text(offset, fmt!("{} {:#x}\n{}", 12, 0x345, "end"))
                    .is_ok_and(|filled| filled == expected));
                assert!(bytes[expected.len()..].iter().all(|byte| *byte == b'-'));
            }
        }
    }

    #[test]
    fn refuses_a_text_that_can_not_be_formatted() {
        struct Fails;

        impl fmt::Display for Fails {
            fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        let mut bytes = [0; 8];

        assert!(OutputBuffer::from(&mut bytes[..])
            .text(0, fmt!("12 {}", Fails))
            .is_err());
        // There is no room for what can't be.
        assert!(OutputBuffer::from(&mut bytes[..2])
            .text(0, fmt!("12 {}", Fails))
            .is_ok_and(|filled| filled == b"12"));
    }
}
