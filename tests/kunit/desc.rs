// SPDX-License-Identifier: GPL-2.0

//! What user space writes to the files of a report. Only KUnit runs this: the kernel does the
//! parsing.

use kernel::prelude::*;

#[expect(dead_code, reason = "tsm.ko uses all of it")]
#[path = "../../src/tsm/desc.rs"]
mod source;

#[kunit_tests(tsm_desc)]
mod tests {
    use kernel::error::code::*;
    use tsm_ext::{
        hash::HashAlgo,
        kstrtox::parse_u32,
        uuid::Guid, //
    };

    use super::source::{
        Inblob,
        Privlevel, //
    };

    #[test]
    fn takes_numbers_as_the_kernel_does() {
        assert_eq!(parse_u32(c"0"), Ok(0));
        assert_eq!(parse_u32(c"3\n"), Ok(3));
        assert_eq!(parse_u32(c"0x10"), Ok(16));
        assert_eq!(parse_u32(c"4294967295"), Ok(u32::MAX));
    }

    #[test]
    fn refuses_what_is_no_number() {
        assert_eq!(parse_u32(c""), Err(EINVAL));
        assert_eq!(parse_u32(c"-1"), Err(EINVAL));
        assert_eq!(parse_u32(c"1 "), Err(EINVAL));
        assert_eq!(parse_u32(c"level"), Err(EINVAL));
        assert_eq!(parse_u32(c"4294967296"), Err(ERANGE));
    }

    #[test]
    fn knows_four_privilege_levels() {
        assert_eq!(Privlevel::new(0).map(Privlevel::get), Some(0));
        assert_eq!(Privlevel::new(3).map(Privlevel::get), Some(3));
        assert!(Privlevel::new(4).is_none());
        assert!(Privlevel::new(256).is_none());
    }

    #[test]
    fn takes_a_guid_and_nothing_else() {
        assert!(Guid::parse(c"c476f1eb-0123-45a5-9641-b4e7dde5bfe3\n").is_ok());
        assert!(Guid::parse(c"").is_err());
        assert!(Guid::parse(c"c476f1eb-0123-45a5-9641-b4e7dde5bfe").is_err());
        assert!(Guid::parse(c"c476f1eb 0123-45a5-9641-b4e7dde5bfe3").is_err());
        assert!(Guid::parse(c"g476f1eb-0123-45a5-9641-b4e7dde5bfe3").is_err());
    }

    #[test]
    fn takes_an_inblob_of_up_to_64_bytes() {
        for len in [1, 48, 64] {
            assert!(Inblob::new(&[7; 64][..len]).is_ok_and(|inblob| *inblob == [7; 64][..len]));
        }
        assert_eq!(Inblob::new(&[]).err(), Some(EINVAL));
        assert_eq!(Inblob::new(&[7; 65]).err(), Some(EFBIG));
    }

    #[test]
    fn calls_a_hash_what_the_kernel_does() {
        assert!(HashAlgo::SHA384.name() == c"sha384");
        assert!(HashAlgo::new(u32::MAX).is_none());
        // Each algorithm has a name of its own.
        for first in (0..).map_while(HashAlgo::new) {
            assert!(!first.name().is_empty());
            for second in (0..first.as_raw()).map_while(HashAlgo::new) {
                assert!(first.name() != second.name());
            }
        }
    }
}
