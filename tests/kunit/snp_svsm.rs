// SPDX-License-Identifier: GPL-2.0

//! Lengths that an SVSM returns. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_svsm))]
mod tests {
    use tsm_proto::snp::svsm::{
        Error,
        Lengths,
        Service,
        Sizes, //
    };

    const ROOM: Sizes = sizes(4096, 4096, 16384);
    const LIMIT: usize = 1 << 20;
    const UNSET: u64 = Lengths::UNSET;

    const fn sizes(report: usize, manifest: usize, certificates: usize) -> Sizes {
        Sizes {
            report,
            manifest,
            certificates,
        }
    }

    const fn lengths(report: u64, manifest: u64, certificates: u64) -> Lengths {
        Lengths {
            report,
            manifest,
            certificates,
        }
    }

    #[test]
    fn takes_what_was_written() {
        assert_eq!(lengths(1184, 20, 0).written(ROOM), Ok(sizes(1184, 20, 0)));
        assert_eq!(lengths(4096, 4096, 16384).written(ROOM), Ok(ROOM));
    }

    #[test]
    fn refuses_more_than_there_is_room_for() {
        let refused = |length| Err(Error::Length(length));
        assert_eq!(lengths(4097, 20, 0).written(ROOM), refused(4097));
        assert_eq!(lengths(1184, 4097, 0).written(ROOM), refused(4097));
        assert_eq!(lengths(1184, 20, 16385).written(ROOM), refused(16385));
        let long = (1 << 32) + 1;
        assert_eq!(lengths(1184, 20, long).written(ROOM), refused(long));
    }

    #[test]
    fn refuses_lengths_that_were_not_returned() {
        let refused = Err(Error::Length(UNSET));
        assert_eq!(lengths(UNSET, 20, 0).written(ROOM), refused);
        assert_eq!(lengths(1184, UNSET, 0).written(ROOM), refused);
        assert_eq!(lengths(1184, 20, UNSET).written(ROOM), refused);
    }

    #[test]
    fn refuses_success_without_a_whole_report() {
        let refused = |length| Err(Error::Length(length));
        assert_eq!(lengths(0, 20, 0).written(ROOM), refused(0));
        assert_eq!(lengths(1183, 20, 0).written(ROOM), refused(1183));
    }

    #[test]
    fn grows_what_was_too_small() {
        let grown = |report, manifest, certificates| {
            lengths(report, manifest, certificates).needed(ROOM, LIMIT)
        };
        assert_eq!(
            grown(4097, UNSET, UNSET),
            Ok(Some(sizes(8192, 4096, 16384)))
        );
        assert_eq!(
            grown(UNSET, 9000, UNSET),
            Ok(Some(sizes(4096, 12288, 16384)))
        );
        assert_eq!(grown(1184, 20, 20480), Ok(Some(sizes(4096, 4096, 20480))));
        assert_eq!(
            grown(1 << 20, 1 << 20, 1 << 20),
            Ok(Some(sizes(LIMIT, LIMIT, LIMIT)))
        );
    }

    #[test]
    fn does_not_ask_again_when_nothing_was_too_small() {
        assert_eq!(lengths(UNSET, UNSET, UNSET).needed(ROOM, LIMIT), Ok(None));
        assert_eq!(lengths(4096, 0, 16384).needed(ROOM, LIMIT), Ok(None));
    }

    #[test]
    fn refuses_to_grow_above_the_limit() {
        let refused = Err(Error::TooLarge);
        let beyond = (1 << 20) + 1;
        assert_eq!(lengths(beyond, 0, 0).needed(ROOM, LIMIT), refused);
        assert_eq!(lengths(0, beyond, 0).needed(ROOM, LIMIT), refused);
        assert_eq!(lengths(0, 0, beyond).needed(ROOM, LIMIT), refused);
        assert_eq!(lengths(0, 0, UNSET - 1).needed(ROOM, LIMIT), refused);
    }

    #[test]
    fn takes_zeros_for_all_services() {
        assert_eq!(Service::new([0; 16], 7), None);
        let service = Service::new([1; 16], 7);
        assert_eq!(service.map(|service| service.guid), Some([1; 16]));
        assert_eq!(service.map(|service| service.manifest_version), Some(7));
    }
}
