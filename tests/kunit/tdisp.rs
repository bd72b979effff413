// SPDX-License-Identifier: GPL-2.0

//! TDISP messages, as a device may send them. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_tdisp_messages))]
mod tests {
    use tsm_proto::{
        spdm::{
            self,
            vendor_defined::{
                Protocol,
                VendorDefined, //
            },
            Layout,
            Padding,
            Request as _,
            Version, //
        },
        tdisp::{
            capabilities::GetCapabilities,
            lock::{
                Flags,
                LockInterface, //
            },
            report_portion::{
                GetReport,
                Portion, //
            },
            start::StartInterface,
            state::{
                GetState,
                State, //
            },
            stop::StopInterface,
            version::GetVersion,
            Error,
            ErrorCode,
            ErrorResponse,
            FunctionId,
            MessageType,
            Request, //
        },
    };

    const FUNCTION: FunctionId = FunctionId::new(0xbeef);

    /// A message: its type, and what follows the header.
    struct Message {
        bytes: [u8; 64],
        len: usize,
    }

    impl Message {
        fn new(message_type: u8, body: &[u8]) -> Self {
            let mut bytes = [0; 64];
            let header = [0x10, message_type, 0, 0, 0xef, 0xbe, 0, 0];
            let to = bytes.iter_mut();

            to.zip(header.iter().chain(&[0; 8]).chain(body))
                .for_each(|(to, from)| *to = *from);
            Self {
                bytes,
                len: 16 + body.len(),
            }
        }

        fn set(mut self, offset: usize, value: u8) -> Self {
            if let Some(byte) = self.bytes.get_mut(offset) {
                *byte = value;
            }
            self
        }

        fn as_bytes(&self) -> &[u8] {
            self.bytes.get(..self.len).unwrap_or_default()
        }
    }

    /// Asserts that a request is a message with this type and body.
    fn check<R: Request>(request: &R, message_type: u8, body: &[u8]) {
        let mut buffer = [0xcc; 64];
        let expected = Message::new(message_type, body);
        let len = request.encode(FUNCTION, &mut buffer);
        assert_eq!(len, Ok(expected.len));
        assert_eq!(buffer.get(..expected.len), Some(expected.as_bytes()));

        let short = buffer.get_mut(..expected.len - 1).unwrap_or_default();
        let refused = request.encode(FUNCTION, short);
        assert_eq!(refused, Err(Error::Message(spdm::Error::TooLarge)));
    }

    #[test]
    fn writes_each_request() {
        check(&GetVersion, 0x81, &[]);
        check(&GetCapabilities, 0x82, &[0; 4]);
        let lock = LockInterface {
            flags: Flags::NO_FW_UPDATE.with(Flags::ALL_REQUEST_REDIRECT),
            stream: 7,
        };
        let mut body = [0; 20];
        body[0] = 0x11;
        body[2] = 7;
        check(&lock, 0x83, &body);
        check(&GetReport::first(0x304), 0x84, &[0, 0, 4, 3]);
        check(&GetState, 0x85, &[]);
        check(&StartInterface(&[0x5a; 32]), 0x86, &[0x5a; 32]);
        check(&StopInterface, 0x87, &[]);
    }

    #[test]
    fn reads_each_response() {
        let version = Message::new(1, &[2, 0x20, 0x10]);
        assert_eq!(GetVersion.parse(FUNCTION, version.as_bytes()), Ok(()));
        let mut body = [0; 28];
        body[20] = 7;
        body[25] = 48;
        body[27] = 1;
        let capabilities = Message::new(2, &body);
        let found = GetCapabilities.parse(FUNCTION, capabilities.as_bytes());
        assert!(found.is_ok_and(|found| {
            found.lock_flags.raw() == 7 && found.address_width == 48 && found.requests == (0, 1)
        }));
        let lock = LockInterface {
            flags: Flags::NONE,
            stream: 0,
        };
        let nonce = Message::new(3, &[9; 32]);
        assert_eq!(lock.parse(FUNCTION, nonce.as_bytes()), Ok(&[9; 32]));
        let portion = Message::new(4, &[2, 0, 5, 0, 8, 9]);
        let expected = Portion {
            bytes: &[8, 9],
            remainder: 5,
        };
        let found = GetReport::first(2).parse(FUNCTION, portion.as_bytes());
        assert_eq!(found, Ok(expected));
        for (raw, state) in [
            (0, State::Unlocked),
            (1, State::Locked),
            (2, State::Run),
            (3, State::Error),
        ] {
            let message = Message::new(5, &[raw]);
            assert_eq!(GetState.parse(FUNCTION, message.as_bytes()), Ok(state));
        }
        let start = StartInterface(&[0; 32]);
        assert_eq!(
            start.parse(FUNCTION, Message::new(6, &[]).as_bytes()),
            Ok(())
        );
        let stopped = Message::new(7, &[]);
        assert_eq!(StopInterface.parse(FUNCTION, stopped.as_bytes()), Ok(()));
    }

    #[test]
    fn refuses_what_is_no_response() {
        let parse = |message: Message| GetState.parse(FUNCTION, message.as_bytes());
        let right = || Message::new(5, &[1]);

        assert_eq!(parse(right().set(0, 0x11)), Err(Error::Version(0x11)));
        let other = MessageType::new(0x85);
        assert_eq!(
            parse(right().set(1, 0x85)),
            Err(Error::UnexpectedType(other))
        );
        assert_eq!(
            parse(right().set(4, 0xee)),
            Err(Error::Interface(FunctionId::new(0xbeee)))
        );
        let in_segment = FunctionId::in_segment(0xbeef, 2);
        assert_eq!(
            parse(right().set(6, 2).set(7, 1)),
            Err(Error::Interface(in_segment))
        );
        for raw in [4, 255] {
            assert_eq!(parse(Message::new(5, &[raw])), Err(Error::State(raw)));
        }
        // Reserved bytes count for nothing.
        let reserved = right().set(2, 1).set(3, 2).set(8, 3).set(15, 4);
        assert_eq!(parse(reserved), Ok(State::Locked));
        let truncated = Err(Error::Message(spdm::Error::Truncated));
        assert_eq!(parse(Message::new(5, &[])), truncated);
        for len in 0..16 {
            let message = right();
            let short = message.as_bytes().get(..len).unwrap_or_default();
            assert_eq!(GetState.parse(FUNCTION, short), truncated);
        }
        assert_eq!(
            parse(Message::new(5, &[1, 0])),
            Err(Error::Message(spdm::Error::Trailing))
        );
    }

    #[test]
    fn reads_an_error() {
        let error = || Message::new(0x7f, &[2, 1, 0, 0, 7, 0, 0, 0]);
        let expected = Err(Error::Peer(ErrorResponse {
            code: ErrorCode::INVALID_NONCE,
            data: 7,
        }));
        // Extended data, another version, another interface.
        let long = Message::new(0x7f, &[2, 1, 0, 0, 7, 0, 0, 0, 0xee]);
        for message in [error(), long, error().set(0, 0x20), error().set(4, 1)] {
            let refused = StopInterface.parse(FUNCTION, message.as_bytes());
            assert_eq!(refused, expected);
        }
        let short = Message::new(0x7f, &[2, 1, 0, 0, 7, 0, 0]);
        assert_eq!(
            StopInterface.parse(FUNCTION, short.as_bytes()),
            Err(Error::Message(spdm::Error::Truncated))
        );
    }

    #[test]
    fn has_the_numbers_of_the_specification() {
        for (code, number) in [
            (ErrorCode::INVALID_REQUEST, 1),
            (ErrorCode::BUSY, 3),
            (ErrorCode::INVALID_INTERFACE_STATE, 4),
            (ErrorCode::UNSPECIFIED, 5),
            (ErrorCode::UNSUPPORTED_REQUEST, 7),
            (ErrorCode::VERSION_MISMATCH, 0x41),
            (ErrorCode::VENDOR_SPECIFIC, 0xff),
            (ErrorCode::INVALID_INTERFACE, 0x101),
            (ErrorCode::INVALID_NONCE, 0x102),
            (ErrorCode::INSUFFICIENT_ENTROPY, 0x103),
            (ErrorCode::INVALID_DEVICE_CONFIGURATION, 0x104),
        ] {
            assert_eq!(code.raw(), number);
        }
        for (flags, number) in [
            (Flags::NO_FW_UPDATE, 1),
            (Flags::LOCK_MSIX, 4),
            (Flags::ALL_REQUEST_REDIRECT, 16),
        ] {
            assert_eq!(flags.raw(), number);
        }
    }

    #[test]
    fn asks_for_what_needs_no_more_than_a_flag() {
        for raw in 0..=0xffff {
            let expected = (raw & !0x15 == 0).then_some(Flags::new(raw));
            assert_eq!(Flags::asked(raw), expected);
        }
    }

    #[test]
    fn wants_its_version_among_those_of_the_device() {
        for body in [&[0][..], &[1, 0x20], &[2, 0x11, 0x0f]] {
            let message = Message::new(1, body);
            let refused = GetVersion.parse(FUNCTION, message.as_bytes());
            assert_eq!(refused, Err(Error::NoCommonVersion));
        }
        let message = Message::new(1, &[255, 0x10]);
        assert_eq!(
            GetVersion.parse(FUNCTION, message.as_bytes()),
            Err(Error::Message(spdm::Error::Truncated))
        );
    }

    /// Parses a portion of so many bytes, with so many behind it, and returns what to ask for then.
    fn after(request: &GetReport, length: u8, remainder: u16) -> Result<Option<GetReport>, Error> {
        let [low, high] = remainder.to_le_bytes();
        let mut body = [0; 40];
        body[0] = length;
        body[2] = low;
        body[3] = high;
        let body = body.get(..4 + usize::from(length)).unwrap_or_default();
        let message = Message::new(4, body);
        let portion = request.parse(FUNCTION, message.as_bytes())?;

        request.next(&portion)
    }

    #[test]
    fn counts_functions_from_the_first_one() {
        let named = |first: FunctionId| [0, 1, 7].map(|number| first.sibling(number).raw());

        assert_eq!(named(FunctionId::new(0x3b00)), [0x3b00, 0x3b01, 0x3b07]);
        // An ID whose lower bits are not 0 is function 0 as well, if the device says so. With ARI there are 256 functions.
        assert_eq!(named(FunctionId::new(0x1234)), [0x1234, 0x1235, 0x123b]);
        assert_eq!(FunctionId::new(0x3b00).sibling(0xff).raw(), 0x3bff);
        // The segment stays, also at the end of its IDs.
        let last = FunctionId::in_segment(0xfffe, 5);
        assert_eq!(named(last), [0x0105_fffe, 0x0105_ffff, 0x0105_0005]);
        assert_eq!(FunctionId::new(0xffff).sibling(1).raw(), 0);
    }

    #[test]
    fn adds_portions_up() {
        let first = GetReport::first(8);
        check(&first, 0x84, &[0, 0, 8, 0]);
        let Ok(Some(second)) = after(&first, 8, 5) else {
            assert!(matches!(after(&first, 8, 5), Ok(Some(_))));
            return;
        };
        // No more than what is left.
        check(&second, 0x84, &[8, 0, 5, 0]);
        assert_eq!(after(&second, 5, 0), Ok(None));
        assert!(matches!(after(&second, 3, 2), Ok(Some(_))));

        // It grows, does not shrink, shrinks by less, or by more.
        for remainder in [6, 5, 3, 1] {
            assert_eq!(after(&second, 3, remainder), Err(Error::Portion));
        }
        // Nothing, and more than what was asked for.
        for (request, length) in [(first, 0), (first, 9), (second, 0), (second, 6)] {
            assert_eq!(after(&request, length, 0), Err(Error::Portion));
        }
        // A report that is too long.
        assert_eq!(after(&first, 8, 0xfff8), Err(Error::Portion));
        assert!(matches!(after(&first, 8, 0xfff7), Ok(Some(_))));
    }

    #[test]
    fn is_carried_by_vendor_defined_messages() {
        let layout = Layout::new(Version::V1_2);
        let request = VendorDefined {
            protocol: Protocol::TDISP,
            payload: &[1, 2, 3],
        };
        let mut buffer = [0xcc; 16];
        let expected = [0x12, 0xfe, 0, 0, 3, 0, 2, 1, 0, 4, 0, 1, 1, 2, 3];
        assert_eq!(request.encode(&layout, &mut buffer), Ok(15));
        assert_eq!(buffer.get(..15), Some(expected.as_slice()));

        let right = [0x12, 0x7e, 0, 0, 3, 0, 2, 1, 0, 3, 0, 1, 8, 9];
        let parse = |offset: usize, value| {
            let mut message = right;
            if let Some(byte) = message.get_mut(offset) {
                *byte = value;
            }
            let parsed = request.parse(&layout, &message, Padding::None);
            parsed.map(|(payload, _)| payload.len())
        };
        assert_eq!(parse(0, 0x12), Ok(2));
        // Another standard, length of an ID, vendor, protocol.
        for (offset, value) in [(4, 4), (5, 1), (6, 0), (6, 255), (7, 2), (8, 1), (11, 0)] {
            assert_eq!(parse(offset, value), Err(spdm::Error::Mismatch));
        }
        assert_eq!(parse(9, 4), Err(spdm::Error::Truncated));
        assert_eq!(parse(9, 2), Err(spdm::Error::Trailing));
        assert_eq!(parse(10, 1), Err(spdm::Error::Truncated));
        let empty = [0x12, 0x7e, 0, 0, 3, 0, 2, 1, 0, 0, 0];
        let refused = request.parse(&layout, &empty, Padding::None);
        assert_eq!(refused, Err(spdm::Error::Truncated));
    }
}
