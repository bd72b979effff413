// SPDX-License-Identifier: GPL-2.0

//! Key exchange, opaque data and records, as a device may send them. One source, three runners: KUnit,
//! `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_spdm_session))]
mod tests {
    use tsm_proto::spdm::{
        algorithms::Dhe,
        challenge::Summary,
        end_session::EndSession,
        finish::Finish,
        key_exchange::{
            KeyExchange,
            SessionId, //
        },
        opaque::{
            parse_selection,
            SecuredVersion, //
        },
        secured::{
            self,
            Direction, //
        },
        suite::Signed,
        Digest,
        Error,
        Hash,
        HashAlgorithm,
        Layout,
        Nonce,
        Padding,
        Request,
        Secret,
        Slot,
        Suite,
        Version, //
    };

    const LAYOUT: Layout = Layout {
        version: Version::V1_2,
        hash: 2,
        signature: 4,
        exchange: 4,
    };

    /// A suite without cryptography: what is encrypted is its complement, and a tag is the nonce, the last
    /// byte of the text and a sum of the associated data.
    struct Plain;

    #[derive(Clone)]
    struct NoHash;

    impl Hash for NoHash {
        fn update(&mut self, _bytes: &[u8]) {}

        fn finish(self) -> Digest {
            Digest::new(&[]).unwrap_or_else(|_| NoHash.finish())
        }
    }

    fn tag(nonce: &[u8; 12], aad: &[u8], text: &[u8]) -> [u8; 16] {
        let mut tag = [0; 16];
        let sum = aad.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        let ends = [sum, text.last().copied().unwrap_or(0)];
        for (to, from) in tag.iter_mut().zip(nonce.iter().chain(&ends)) {
            *to = *from;
        }
        tag
    }

    impl Suite for Plain {
        type Hash = NoHash;
        type Ephemeral = ();

        fn hash(&self, _algorithm: HashAlgorithm) -> NoHash {
            NoHash
        }

        fn hmac(&self, _algorithm: HashAlgorithm, _key: &[u8], _data: &[u8], _mac: &mut [u8]) {}

        fn nonce(&self) -> Nonce {
            [0; 32]
        }

        fn generate(&self, _group: Dhe, _public: &mut [u8]) -> Result<(), Error> {
            Err(Error::Crypto)
        }

        fn agree(&self, _own: &(), _peer: &[u8], _secret: &mut [u8]) -> Result<(), Error> {
            Err(Error::Crypto)
        }

        fn seal(
            &self,
            _key: &[u8],
            nonce: &[u8; 12],
            aad: &[u8],
            text: &mut [u8],
            to: &mut [u8; 16],
        ) -> Result<(), Error> {
            text.iter_mut().for_each(|byte| *byte = !*byte);
            *to = tag(nonce, aad, text);
            Ok(())
        }

        fn open(
            &self,
            _key: &[u8],
            nonce: &[u8; 12],
            aad: &[u8],
            text: &mut [u8],
            found: &[u8; 16],
        ) -> Result<(), Error> {
            if *found != tag(nonce, aad, text) {
                return Err(Error::Mac);
            }
            text.iter_mut().for_each(|byte| *byte = !*byte);
            Ok(())
        }

        fn verify(&self, _signed: &Signed<'_>, _signature: &[u8]) -> Result<(), Error> {
            Err(Error::Signature)
        }
    }

    fn session() -> SessionId {
        let session = SessionId::new(0x0201, 0x0403);
        assert_eq!(session.map(|session| session.to_bytes()), Ok([1, 2, 3, 4]));
        session.unwrap_or_else(|_| self::session())
    }

    /// Makes a direction with an IV of 1, 2, 3, …
    fn direction() -> Direction {
        let mut direction = Direction::empty();
        let (key, iv) = direction.restart();
        key.reset(32);
        for (byte, number) in iv.reset(12).iter_mut().zip(1..) {
            *byte = number;
        }
        direction
    }

    /// A record with a message of three bytes.
    fn record() -> [u8; secured::OVERHEAD + 3] {
        let mut record = [0; secured::OVERHEAD + 3];
        if let Some(message) = record.get_mut(secured::MESSAGE..) {
            for (to, from) in message.iter_mut().zip([7, 8, 9]) {
                *to = from;
            }
        }
        let len = direction().seal(&Plain, session(), &mut record, 3);
        assert_eq!(len, Ok(record.len()));
        record
    }

    /// Opens the record with another byte at `offset`.
    fn open_with(offset: usize, value: u8) -> Result<usize, Error> {
        let mut record = record();
        if let Some(byte) = record.get_mut(offset) {
            *byte = value;
        }
        let message = direction().open(&Plain, session(), &mut record);
        message.map(|message| message.len())
    }

    #[test]
    fn seals_a_record_in_place() {
        let record = record();
        assert_eq!(
            record.get(..11),
            Some([1, 2, 3, 4, 21, 0, !3, !0, !7, !8, !9].as_slice())
        );
    }

    #[test]
    fn opens_a_record_in_place() {
        let mut record = record();
        let mut direction = direction();
        let message = direction.open(&Plain, session(), &mut record);
        assert_eq!(message.map(|message| &*message), Ok([7, 8, 9].as_slice()));
    }

    #[test]
    fn counts_records_in_the_first_bytes_of_the_nonce() {
        let mut direction = direction();
        let mut buffer = [0; secured::OVERHEAD];
        direction.skip_to(0x0201);
        assert!(direction.seal(&Plain, session(), &mut buffer, 0).is_ok());
        let nonce = buffer.get(secured::MESSAGE..secured::MESSAGE + 12);
        assert_eq!(
            nonce,
            Some([0, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].as_slice())
        );
    }

    #[test]
    fn refuses_a_replayed_record() {
        let mut direction = direction();
        let mut first = record();
        assert!(direction.open(&Plain, session(), &mut first).is_ok());
        let mut again = record();
        let opened = direction.open(&Plain, session(), &mut again);
        assert_eq!(opened.map(|_| ()), Err(Error::Mac));
    }

    #[test]
    fn refuses_a_record_after_a_gap() {
        let mut sender = direction();
        let mut buffer = [0; secured::OVERHEAD];
        sender.skip_to(1);
        assert!(sender.seal(&Plain, session(), &mut buffer, 0).is_ok());
        let opened = direction().open(&Plain, session(), &mut buffer);
        assert_eq!(opened.map(|_| ()), Err(Error::Mac));
    }

    #[test]
    fn refuses_a_record_that_was_changed() {
        assert_eq!(open_with(10, 0), Err(Error::Mac));
        assert_eq!(open_with(11, 0xff), Err(Error::Mac));
    }

    #[test]
    fn refuses_a_record_of_another_session() {
        for offset in 0..4 {
            assert_eq!(open_with(offset, 0), Err(Error::OtherSession));
        }
    }

    #[test]
    fn refuses_a_record_of_another_length() {
        assert_eq!(open_with(4, 22), Err(Error::Truncated));
        assert_eq!(open_with(5, 1), Err(Error::Truncated));
        // Three bytes may be padding, but then the MAC is another.
        assert_eq!(open_with(4, 18), Err(Error::Mac));
        assert_eq!(open_with(4, 17), Err(Error::Record));
        assert_eq!(open_with(4, 0), Err(Error::Record));
    }

    #[test]
    fn refuses_half_a_header() {
        for len in 0..6 {
            let mut record = record();
            let short = record.get_mut(..len).unwrap_or_default();
            let opened = direction().open(&Plain, session(), short);
            assert_eq!(opened.map(|_| ()), Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_a_message_of_another_length_than_the_record() {
        // The tag does not depend on the length of the message.
        for len in [0, 2, 4, 255] {
            assert_eq!(open_with(6, !len), Err(Error::Record));
        }
        assert_eq!(open_with(7, !1), Err(Error::Record));
    }

    #[test]
    fn takes_padding_after_the_record() {
        let mut padded = [0; secured::OVERHEAD + 6];
        for (to, from) in padded.iter_mut().zip(record()) {
            *to = from;
        }
        let opened = direction().open(&Plain, session(), &mut padded);
        assert_eq!(opened.map(|message| message.len()), Ok(3));
    }

    #[test]
    fn refuses_more_bytes_than_padding_after_the_record() {
        let mut padded = [0; secured::OVERHEAD + 7];
        for (to, from) in padded.iter_mut().zip(record()) {
            *to = from;
        }
        let opened = direction().open(&Plain, session(), &mut padded);
        assert_eq!(opened.map(|_| ()), Err(Error::Record));
    }

    #[test]
    fn refuses_to_go_past_the_last_sequence_number() {
        let mut direction = direction();
        let mut buffer = [0; secured::OVERHEAD];
        direction.skip_to(u64::MAX - 1);
        // It does not go back.
        direction.skip_to(0);
        let len = direction.seal(&Plain, session(), &mut buffer, 0);
        assert_eq!(len, Ok(secured::OVERHEAD));
        for _ in 0..2 {
            let sealed = direction.seal(&Plain, session(), &mut buffer, 0);
            assert_eq!(sealed, Err(Error::SequenceEnd));
        }
    }

    #[test]
    fn refuses_to_seal_without_a_key_or_without_room() {
        let mut buffer = [0; secured::OVERHEAD];
        let sealed = Direction::empty().seal(&Plain, session(), &mut buffer, 0);
        assert_eq!(sealed, Err(Error::SequenceEnd));
        for len in [1, 0xffff, 0x10000] {
            let sealed = direction().seal(&Plain, session(), &mut buffer, len);
            assert_eq!(sealed, Err(Error::TooLarge));
        }
    }

    #[test]
    fn clears_a_secret() {
        let mut secret = Secret::empty();
        secret.reset(48).fill(0xaa);
        secret.clear();
        assert_eq!(secret.as_bytes().len(), 0);
        assert_eq!(secret.reset(48), [0; 48]);
        assert_eq!(secret.reset(49).len(), 48);
    }

    #[test]
    fn has_no_session_0() {
        assert_eq!(SessionId::new(0, 0), Err(Error::SessionId));
        assert_eq!(
            SessionId::new(0xffff, 0xffff).map(SessionId::raw),
            Ok(u32::MAX)
        );
        assert_eq!(SessionId::new(0xffff, 0).map(SessionId::raw), Ok(0xffff));
    }

    const VERSIONS: [SecuredVersion; 2] = [SecuredVersion::V1_1, SecuredVersion::V1_2];

    const EXCHANGE: KeyExchange<'_> = KeyExchange {
        slot: Slot::FIRST,
        summary: Summary::ALL,
        session_id: 0xfffe,
        random: [7; 32],
        public_key: &[1, 2, 3, 4],
        secured_versions: &VERSIONS,
    };

    #[test]
    fn offers_versions_of_secured_messages() {
        let mut buffer = [0xee; 80];
        assert_eq!(EXCHANGE.encode(&LAYOUT, &mut buffer), Ok(62));
        assert_eq!(
            buffer.get(..9),
            Some([0x12, 0xe4, 0xff, 0, 0xfe, 0xff, 0, 0, 7].as_slice())
        );
        assert_eq!(
            buffer.get(40..62),
            Some(
                [1, 2, 3, 4, 16, 0, 1, 0, 0, 0, 0, 0, 7, 0, 1, 1, 2, 0, 0x11, 0, 0x12, 0]
                    .as_slice()
            )
        );
    }

    #[test]
    fn refuses_to_send_a_key_of_another_size() {
        let mut buffer = [0; 80];
        let request = KeyExchange {
            public_key: &[1, 2, 3],
            ..EXCHANGE
        };
        assert_eq!(request.encode(&LAYOUT, &mut buffer), Err(Error::PublicKey));
    }

    /// KEY_EXCHANGE_RSP with two bytes of opaque data.
    fn response() -> [u8; 56] {
        let mut message = [9; 56];
        let header = [0x12, 0x64, 30, 0, 0xfd, 0xff, 0, 0];
        message
            .iter_mut()
            .zip(header)
            .for_each(|(to, from)| *to = from);
        let tail = [
            1, 2, 3, 4, 0xaa, 0xbb, 2, 0, 5, 6, 0xf1, 0xf2, 0xf3, 0xf4, 0xd1, 0xd2,
        ];
        let to = message.iter_mut().skip(40);
        to.zip(tail).for_each(|(to, from)| *to = from);
        message
    }

    #[test]
    fn takes_the_answer_to_a_key_exchange() {
        let message = response();
        let answer = EXCHANGE.parse(&LAYOUT, &message, Padding::None);
        let answer = answer.map(|(answer, _)| answer);
        assert_eq!(answer.map(|answer| answer.session_id), Ok(0xfffd));
        assert_eq!(answer.map(|answer| answer.heartbeat), Ok(30));
        assert_eq!(
            answer.map(|answer| answer.public_key),
            Ok([1, 2, 3, 4].as_slice())
        );
        assert_eq!(answer.map(|answer| answer.opaque), Ok([5, 6].as_slice()));
        assert_eq!(answer.map(|answer| answer.signed.len()), Ok(50));
        assert_eq!(
            answer.map(|answer| answer.signature),
            Ok([0xf1, 0xf2, 0xf3, 0xf4].as_slice())
        );
        assert_eq!(
            answer.map(|answer| answer.verify_data),
            Ok([0xd1, 0xd2].as_slice())
        );
    }

    #[test]
    fn refuses_an_answer_without_verify_data() {
        let message = response();
        for len in 4..message.len() {
            let short = message.get(..len).unwrap_or_default();
            let answer = EXCHANGE.parse(&LAYOUT, short, Padding::Dword);
            assert_eq!(answer.map(|_| ()), Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_opaque_data_past_the_end() {
        let mut message = response();
        for len in [3, 255] {
            if let Some(byte) = message.get_mut(46) {
                *byte = len;
            }
            let answer = EXCHANGE.parse(&LAYOUT, &message, Padding::Dword);
            assert_eq!(answer.map(|_| ()), Err(Error::Truncated));
        }
    }

    /// The selection of E.
    const SELECTION: [u8; 12] = [1, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0x12];
    /// The same before 1.2.
    const OLD_SELECTION: [u8; 16] = [
        0x46, 0x54, 0x4d, 0x44, 1, 1, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0x12,
    ];

    #[test]
    fn finds_the_selected_version() {
        let newest = Ok(SecuredVersion::V1_2);
        assert_eq!(parse_selection(Version::V1_2, &SELECTION), newest);
        assert_eq!(parse_selection(Version::V1_1, &OLD_SELECTION), newest);
    }

    #[test]
    fn passes_over_elements_of_others() {
        let opaque = [
            2, 0, 0, 0, 3, 2, 0xaa, 0xbb, 1, 0, 9, 0, 0, 0, 4, 0, 1, 0, 0, 0x12,
        ];
        assert_eq!(
            parse_selection(Version::V1_2, &opaque),
            Ok(SecuredVersion::V1_2)
        );
    }

    #[test]
    fn refuses_opaque_data_without_one_selection() {
        let refused = Err(Error::Opaque);
        assert_eq!(parse_selection(Version::V1_2, &[]), refused);
        assert_eq!(parse_selection(Version::V1_2, &[0, 0, 0, 0]), refused);
        assert_eq!(parse_selection(Version::V1_2, &OLD_SELECTION), refused);
        assert_eq!(parse_selection(Version::V1_1, &SELECTION), refused);
        for (offset, value) in [
            (0, 0),
            (0, 2),
            (0, 255),
            (4, 1),
            (5, 1),
            (6, 3),
            (6, 5),
            (7, 1),
            (8, 2),
            (9, 1),
        ] {
            let mut opaque = SELECTION;
            if let Some(byte) = opaque.get_mut(offset) {
                *byte = value;
            }
            assert_eq!(parse_selection(Version::V1_2, &opaque), refused);
        }
        let twice = [
            2, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0x12, 0, 0, 4, 0, 1, 0, 0, 0x11,
        ];
        assert_eq!(parse_selection(Version::V1_2, &twice), refused);
    }

    #[test]
    fn finishes() {
        let mut buffer = [0xff; 8];
        assert_eq!(Finish.encode(&LAYOUT, &mut buffer), Ok(4));
        assert_eq!(Finish::append(&mut buffer, 4, &[1, 2]), Ok(6));
        assert_eq!(buffer, [0x12, 0xe5, 0, 0, 1, 2, 0xff, 0xff]);
        assert_eq!(
            Finish::append(&mut buffer, 4, &[0; 5]),
            Err(Error::TooLarge)
        );
        let newest = Layout {
            version: Version::V1_4,
            ..LAYOUT
        };
        assert_eq!(Finish.encode(&newest, &mut buffer), Ok(6));
        let message = [0x14, 0x65, 0, 0, 1, 0, 7];
        assert!(Finish.parse(&newest, &message, Padding::None).is_ok());
    }

    #[test]
    fn refuses_a_finish_with_verify_data() {
        let message = [0x12, 0x65, 0, 0, 1, 2];
        let answer = Finish.parse(&LAYOUT, &message, Padding::None);
        assert_eq!(answer.map(|_| ()), Err(Error::Trailing));
    }

    #[test]
    fn ends_a_session() {
        let mut buffer = [0xff; 4];
        assert_eq!(EndSession.encode(&LAYOUT, &mut buffer), Ok(4));
        assert_eq!(buffer, [0x12, 0xec, 0, 0]);
        let answer = EndSession.parse(&LAYOUT, &[0x12, 0x6c, 0, 0], Padding::None);
        assert!(answer.is_ok());
    }
}
