// SPDX-License-Identifier: GPL-2.0

//! The registers of selective streams. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_ide))]
mod tests {
    use core::cell::Cell;

    use tsm_proto::ide::{
        Capability,
        Registers,
        Stream, //
    };

    /// A capability with up to 32 registers. An access of another one fails.
    struct Space([Cell<u32>; 32]);

    impl Space {
        fn new(registers: &[(u16, u32)]) -> Self {
            let space = Self([const { Cell::new(0) }; 32]);

            for (offset, value) in registers {
                assert_eq!(space.write(*offset, *value), Ok(()));
            }
            space
        }

        fn at(&self, offset: u16) -> Result<&Cell<u32>, ()> {
            assert_eq!(offset % 4, 0);
            self.0.get(usize::from(offset / 4)).ok_or(())
        }
    }

    impl Registers for Space {
        type Error = ();

        fn read(&self, offset: u16) -> Result<u32, ()> {
            self.at(offset).map(Cell::get)
        }

        fn write(&self, offset: u16, value: u32) -> Result<(), ()> {
            self.at(offset).map(|register| register.set(value))
        }
    }

    /// Selective streams, IDE_KM.
    const STREAMS: u32 = (1 << 1) | (1 << 6);

    #[test]
    fn has_streams_if_they_are_selective_and_have_keys() {
        assert!(Capability::new(STREAMS).has_streams());
        assert!(Capability::new(STREAMS | 0xffff_e0bd).has_streams());
        for lacking in [0, 1 << 1, 1 << 6, STREAMS | (1 << 8), STREAMS | (1 << 12)] {
            assert!(!Capability::new(lacking).has_streams());
        }
    }

    #[test]
    fn the_first_block_is_behind_the_link_streams() {
        // None, and three.
        for (capability, control) in [(STREAMS, 16), (STREAMS | 1 | (2 << 13), 40)] {
            let space = Space::new(&[(4, capability)]);
            let stream = Stream::find(&space, 7);
            assert!(
                matches!(stream, Ok(Some(stream)) if stream.id() == 7 && stream.prepare(&space) == Ok(()))
            );
            assert_eq!(space.read(control), Ok(0x0740_0000));
        }
    }

    #[test]
    fn a_block_that_is_enabled_is_passed_over() {
        // The first block has two ranges of addresses.
        let space = Space::new(&[(4, STREAMS | (1 << 16)), (12, 2), (16, (5 << 24) | 1)]);
        let stream = Stream::find(&space, 6);
        assert!(matches!(stream, Ok(Some(stream)) if stream.prepare(&space) == Ok(())));
        assert_eq!(space.read(16), Ok((5 << 24) | 1));
        assert_eq!(space.read(12 + 44 + 4), Ok(0x0640_0000));
        // The same ID can't be used twice, and there is no third block.
        assert_eq!(Stream::find(&space, 5), Ok(None));
        assert_eq!(space.write(12 + 44 + 4, (6 << 24) | 1), Ok(()));
        assert_eq!(Stream::find(&space, 7), Ok(None));
        // The ID of a block that is not enabled says nothing.
        assert_eq!(space.write(12 + 44 + 4, 7 << 24), Ok(()));
        assert!(matches!(Stream::find(&space, 7), Ok(Some(_))));
    }

    #[test]
    fn blocks_past_the_end_are_an_error() {
        let space = Space::new(&[(4, STREAMS | (0xff << 16)), (12, 15)]);
        assert_eq!(Stream::find(&space, 1), Err(()));
    }

    #[test]
    fn a_stream_is_enabled_and_disabled() {
        let space = Space::new(&[(4, STREAMS)]);
        let found = Stream::find(&space, 255);
        assert!(matches!(found, Ok(Some(_))));
        let Ok(Some(stream)) = found else {
            return;
        };
        assert_eq!(stream.prepare(&space), Ok(()));
        assert_eq!((space.read(24), space.read(28)), (Ok(0x00ff_ff00), Ok(1)));
        assert_eq!(stream.enable(&space), Ok(false));
        assert_eq!(space.read(16), Ok(0xff40_0001));
        for (status, is_secure) in [(0, false), (2, true), (0x8000_0002, true), (3, false)] {
            assert_eq!(space.write(20, status), Ok(()));
            assert_eq!(stream.is_secure(&space), Ok(is_secure));
        }
        assert_eq!(stream.disable(&space), Ok(()));
        assert_eq!((space.read(16), space.read(28)), (Ok(0xff40_0000), Ok(0)));
    }
}
