// SPDX-License-Identifier: GPL-2.0

//! Buffers that are filled.

use kernel::prelude::*;

#[kunit_tests(tsm_output_buffer)]
mod tests {
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
}
