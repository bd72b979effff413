// SPDX-License-Identifier: GPL-2.0

//! Guest messages of SEV-TIO. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_tio))]
mod tests {
    use tsm_proto::{
        snp::{
            message::MessageType,
            tio::{
                algorithms::{
                    Aead,
                    Algorithms,
                    Dhe,
                    Hash,
                    KeySchedule,
                    Signature, //
                },
                Access,
                Error,
                GuestDeviceId,
                Kind,
                MessageVersion,
                MmioConfig,
                MmioConfigStatus,
                MmioValidate,
                MmioValidateStatus,
                Operation,
                RangeId,
                Request,
                Sdte,
                SdteStatus,
                SdteWrite,
                Subrange,
                Tdi,
                TdiId,
                TdiInfo,
                TdiStatus,
                Validated,
                Vtom, //
            },
            Vmpl, //
        },
        tdisp::{
            lock::Flags,
            report::Attributes, //
        },
        Digest384,
        Gpa, //
    };

    const DEVICE: GuestDeviceId = GuestDeviceId::new(0x1234);
    const ID: TdiId = TdiId::new(0x0807_0605_0403_0201);
    const V1: MessageVersion = MessageVersion::V1;
    const V2: MessageVersion = MessageVersion::V2;

    /// The head of an answer that reports success.
    const HEAD_1: [u8; 16] = [0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const HEAD_2: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];

    /// Returns `bytes` with others at `offset`.
    fn put<const LEN: usize>(mut bytes: [u8; LEN], offset: usize, new: &[u8]) -> [u8; LEN] {
        for (to, from) in bytes.iter_mut().skip(offset).zip(new) {
            *to = *from;
        }
        bytes
    }

    /// Returns `head` and `body` in one.
    fn join<const LEN: usize>(head: [u8; 16], body: &[u8]) -> [u8; LEN] {
        put(put([0; LEN], 0, &head), 16, body)
    }

    /// Asserts that a request has this type and these bytes, and is refused where it has no room.
    fn writes<T: Tdi, R: Request<T>>(request: &R, tdi: T, message_type: u8, expected: &[u8]) {
        let mut buffer = [0xcc; 96];
        assert_eq!(R::TYPE, MessageType::new(message_type));
        assert_eq!(R::SIZE, expected.len());
        assert_eq!(request.encode(tdi, &mut buffer), Ok(R::SIZE));
        assert_eq!(buffer.get(..R::SIZE), Some(expected));
        assert!(buffer.iter().skip(R::SIZE).all(|byte| *byte == 0xcc));

        for len in 0..R::SIZE {
            let short = buffer.get_mut(..len).unwrap_or_default();
            assert_eq!(request.encode(tdi, short), Err(Error::TooLarge));
        }
    }

    /// Returns why an answer was refused.
    fn refusal<T: Tdi, R: Request<T>>(request: &R, tdi: T, payload: &[u8]) -> Option<Error> {
        request.parse(tdi, T::VERSION, payload).err()
    }

    /// Asserts that an answer is accepted, and no more if it has another length, version or TDI.
    fn reads<T: Tdi, R: Request<T>>(request: &R, tdi: T, other: T, answer: &[u8]) {
        assert_eq!(R::ANSWER_SIZE, answer.len());
        assert_eq!(refusal(request, tdi, answer), None);
        assert_eq!(refusal(request, other, answer), Some(Error::OtherTdi));
        for raw in [0, 1, 2, 3, 255] {
            let version = MessageVersion::new(raw);
            let expected = (version != T::VERSION).then_some(Error::Version(version));
            assert_eq!(request.parse(tdi, version, answer).err(), expected);
        }

        for len in 0..answer.len() {
            let short = answer.get(..len).unwrap_or_default();
            assert_eq!(refusal(request, tdi, short), Some(Error::Truncated));
        }
        let mut long = [0; 200];
        let to = long.get_mut(..answer.len() + 1).unwrap_or_default();
        for (to, from) in to.iter_mut().zip(answer) {
            *to = *from;
        }
        assert_eq!(refusal(request, tdi, to), Some(Error::Trailing));
    }

    /// [`reads`] with the names above.
    fn reads_1<R: Request<GuestDeviceId>>(request: &R, answer: &[u8]) {
        reads(request, DEVICE, GuestDeviceId::new(0x1235), answer);
        reads(request, DEVICE, GuestDeviceId::new(0x0034), answer);
    }

    /// [`reads`] with the names above.
    fn reads_2<R: Request<TdiId>>(request: &R, answer: &[u8]) {
        reads(request, ID, TdiId::new(0x0807_0605_0403_0202), answer);
        reads(request, ID, TdiId::new(0x0403_0201), answer);
    }

    #[test]
    fn has_a_layout_for_each_name() {
        assert_eq!(GuestDeviceId::VERSION.raw(), 1);
        assert_eq!(TdiId::VERSION.raw(), 2);
        assert_eq!(DEVICE.raw(), 0x1234);
        assert_eq!(ID.raw(), 0x0807_0605_0403_0201);
        for number in [19, 21, 23, 25] {
            let answer = MessageType::new(number).answer();
            assert_eq!(answer, Some(MessageType::new(number + 1)));
        }
    }

    /// The answer to [`TdiInfo`] after its head: the first digest is 1, the second 2, the third 3.
    fn info_body() -> [u8; 176] {
        let body = put([0; 176], 0, &[3, 0, 0, 0, 0x15, 0, 0, 0]);
        let body = put(body, 8, &[1, 1, 2, 1, 0, 0, 0, 0]);
        let body = put(body, 16, &[1; 48]);
        let body = put(body, 64, &[2; 48]);
        let body = put(body, 112, &[3; 48]);
        put(body, 160, &[9, 8, 7, 6, 5, 4, 3, 2])
    }

    #[test]
    fn asks_for_a_tdi() {
        writes(&TdiInfo, DEVICE, 19, &HEAD_1);
        writes(&TdiInfo, ID, 19, &HEAD_2);
    }

    #[test]
    fn reads_what_the_firmware_knows() {
        reads_1(&TdiInfo, &join::<192>(HEAD_1, &info_body()));
        reads_2(&TdiInfo, &join::<192>(HEAD_2, &info_body()));

        let answer = join::<192>(HEAD_2, &info_body());
        let Ok(info) = TdiInfo.parse(ID, V2, &answer) else {
            assert_eq!(refusal(&TdiInfo, ID, &answer), None);
            return;
        };
        for (kind, byte) in [
            (Kind::Certificates, 1),
            (Kind::Measurements, 2),
            (Kind::Report, 3),
        ] {
            assert_eq!(info.digest(kind), Some(&Digest384::new([byte; 48])));
        }
        assert!(info.is_fresh());
        let flags = Flags::NO_FW_UPDATE.with(Flags::LOCK_MSIX);
        assert_eq!(info.lock_flags(), flags.with(Flags::ALL_REQUEST_REDIRECT));
        assert_eq!(info.report_count(), 0x0203_0405_0607_0809);
        let algorithms = Algorithms {
            dhe: Dhe::SECP_384_R1,
            aead: Aead::AES_256_GCM,
            signature: Signature::ECDSA_P384,
            hash: Hash::SHA_384,
            key_schedule: KeySchedule::SPDM,
        };
        assert_eq!(info.algorithms(), algorithms);
    }

    #[test]
    fn reads_each_flag_of_the_measurements() {
        for (flags, is_valid, is_fresh) in [
            (0, false, false),
            (1, true, false),
            (2, false, true),
            (0xfc, false, false),
        ] {
            let answer = join::<192>(HEAD_1, &put(info_body(), 0, &[flags, 0xff, 0xff, 0xff]));
            let found = TdiInfo.parse(DEVICE, V1, &answer).map(|info| {
                let digest = info.digest(Kind::Measurements);

                (digest.is_some(), info.is_fresh())
            });
            assert_eq!(found, Ok((is_valid, is_fresh)));
        }
    }

    #[test]
    fn ignores_what_is_reserved() {
        let body = put(info_body(), 4, &[0x15, 0, 0xff, 0xff]);
        let body = put(put(body, 13, &[0xff; 3]), 168, &[0xff; 8]);
        let answer = join::<192>(HEAD_1, &body);
        let answer = put(answer, 4, &[0xff; 12]);
        assert_eq!(refusal(&TdiInfo, DEVICE, &answer), None);
        let same = TdiInfo.parse(DEVICE, V1, &answer).map(|info| {
            let algorithms = Algorithms::new(0x0102_0101);

            info.algorithms() == algorithms && info.lock_flags() == Flags::new(0x15)
        });
        assert_eq!(same, Ok(true));
    }

    #[test]
    fn refuses_a_tdi_that_is_not_bound() {
        assert_eq!(TdiStatus::BOUND.raw(), 0);
        assert_eq!(TdiStatus::INVALID.raw(), 1);
        assert_eq!(TdiStatus::UNBOUND.raw(), 2);
        for raw in [1, 2, 3, 0x100, 0xffff_u16] {
            let refused = Some(Error::NotBound(TdiStatus::new(raw)));
            let answer = join::<192>(HEAD_1, &info_body());
            let answer = put(answer, 2, &raw.to_le_bytes());
            assert_eq!(refusal(&TdiInfo, DEVICE, &answer), refused);
            // The name may be what is refused.
            let other = GuestDeviceId::new(0);
            assert_eq!(refusal(&TdiInfo, other, &answer), refused);
            let answer = join::<192>(HEAD_2, &info_body());
            let answer = put(answer, 8, &raw.to_le_bytes());
            assert_eq!(refusal(&TdiInfo, ID, &answer), refused);
        }
    }

    /// Makes a request for pages, if there can be such ones.
    fn validate(base: u64, validated: bool, force: bool) -> Option<MmioValidate> {
        let subrange = Subrange::new(Gpa::new(base), 0x0201, 0x0605_0403, RangeId::new(0x0807));

        Some(MmioValidate {
            subrange: subrange.ok()?,
            validated,
            force,
        })
    }

    const BASE: u64 = 0x000f_edcb_a987_6000;
    /// The pages above, in messages of version 1.
    const PAGES_1: [u8; 32] = [
        0x00, 0x60, 0x87, 0xa9, 0xcb, 0xed, 0x0f, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    /// The same, in messages of version 2.
    const PAGES_2: [u8; 32] = [
        0x76, 0x98, 0xba, 0xdc, 0xfe, 0, 0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn asks_for_pages_to_be_validated() {
        for (validated, force, flags) in [
            (false, false, 0),
            (true, false, 1),
            (false, true, 2),
            (true, true, 3),
        ] {
            let Some(request) = validate(BASE, validated, force) else {
                assert!(validate(BASE, validated, force).is_some());
                return;
            };
            let body = put(PAGES_1, 16, &[flags]);
            writes(&request, DEVICE, 21, &join::<48>(HEAD_1, &body));
            let body = put(PAGES_2, 16, &[flags]);
            writes(&request, ID, 21, &join::<48>(HEAD_2, &body));
        }
    }

    #[test]
    fn refuses_pages_that_can_not_be() {
        let range = RangeId::new(0);
        let subrange = |base, pages| Subrange::new(Gpa::new(base), pages, 0, range).err();
        assert_eq!(subrange(0x1000, 1), None);
        assert_eq!(subrange(0x1000, u32::MAX), None);
        assert_eq!(subrange(u64::MAX - 0x1fff, 1), None);
        for (base, pages) in [
            (0x1000, 0),
            (0x1001, 1),
            (0x1800, 1),
            (u64::MAX - 0xfff, 1),
            (u64::MAX - 0x1fff, 2),
        ] {
            assert_eq!(subrange(base, pages), Some(Error::Pages));
        }
    }

    #[test]
    fn reads_whether_pages_changed() {
        let Some(request) = validate(BASE, true, false) else {
            assert!(validate(BASE, true, false).is_some());
            return;
        };
        let answer = join::<48>(HEAD_1, &PAGES_1);
        reads_1(&request, &answer);
        reads_2(&request, &join::<48>(HEAD_2, &PAGES_2));
        for (flags, changed) in [(0, false), (1, true), (0xfe, false)] {
            let found = request.parse(DEVICE, V1, &put(answer, 32, &[flags, 0xff]));
            assert_eq!(found, Ok(Validated { changed }));
        }
        // The last twelve bytes are reserved.
        let found = request.parse(DEVICE, V1, &put(answer, 36, &[0xff; 12]));
        assert_eq!(found, Ok(Validated { changed: false }));
    }

    #[test]
    fn refuses_an_answer_about_other_pages() {
        let Some(request) = validate(BASE, true, false) else {
            assert!(validate(BASE, true, false).is_some());
            return;
        };
        let answer = join::<48>(HEAD_1, &PAGES_1);
        for offset in [16, 23, 24, 27, 28, 31, 34, 35] {
            let other = put(answer, offset, &[0xee]);
            assert_eq!(refusal(&request, DEVICE, &other), Some(Error::Mismatch));
        }
        // An address where the number of a page has to be.
        let other = join::<48>(HEAD_2, &PAGES_1);
        assert_eq!(refusal(&request, ID, &other), Some(Error::Mismatch));
    }

    #[test]
    fn tells_why_pages_were_not_validated() {
        use MmioValidateStatus as Status;

        for (number, status) in [
            (1, Status::INVALID_TDI),
            (2, Status::TDI_UNBOUND),
            (3, Status::NOT_ASSIGNED),
            (4, Status::NOT_IO),
            (5, Status::NOT_UNIFORM),
            (6, Status::NOT_IMMUTABLE),
            (7, Status::NOT_MAPPED),
            (8, Status::NOT_REPORTED),
            (9, Status::OUT_OF_RANGE),
            (10, Status::NOT_4K),
            (11, Status::new(11)),
            (0xff, Status::new(0xff)),
        ] {
            let request = validate(BASE, true, false);
            let refused = Some(Error::MmioValidate(status));
            let answer = put(join::<48>(HEAD_1, &PAGES_1), 2, &[number]);
            let found = request.and_then(|request| refusal(&request, DEVICE, &answer));
            assert_eq!(found, refused);
            let answer = put(join::<48>(HEAD_2, &[0; 32]), 8, &[number]);
            let found = request.and_then(|request| refusal(&request, ID, &answer));
            assert_eq!(found, refused);
        }
    }

    const fn config(operation: Operation) -> MmioConfig {
        MmioConfig {
            range: RangeId::new(0x0807),
            operation,
        }
    }

    #[test]
    fn asks_for_the_attributes_of_a_range() {
        for (operation, attributes, write) in [
            (Operation::Read, 0, 0),
            (Operation::SetTee, 0, 1),
            (Operation::SetNonTee, 4, 1),
        ] {
            let expected = [
                0x34, 0x12, 0, 0, attributes, 0, 7, 8, write, 0, 0, 0, 0, 0, 0, 0,
            ];
            writes(&config(operation), DEVICE, 23, &expected);
        }
    }

    #[test]
    fn reads_the_attributes_of_a_range() {
        let request = config(Operation::Read);
        let answer = put(HEAD_1, 4, &[0x0b, 0, 7, 8]);
        reads_1(&request, &answer);
        let found = request.parse(DEVICE, V1, &answer);
        assert_eq!(found, Ok(Attributes::new(0x0b)));
        // Reserved bits: those of attributes are kept.
        let reserved = put(put(answer, 4, &[0xf4, 0xff]), 8, &[0xfe, 0xff, 0xff, 0xff]);
        let found = request.parse(DEVICE, V1, &put(reserved, 12, &[0xff; 4]));
        assert_eq!(found, Ok(Attributes::new(0xfff4)));

        // Another range, another operation.
        for (offset, value) in [(6, 6), (7, 7), (8, 1)] {
            let other = put(answer, offset, &[value]);
            assert_eq!(refusal(&request, DEVICE, &other), Some(Error::Mismatch));
        }
        let write = config(Operation::SetTee);
        assert_eq!(refusal(&write, DEVICE, &answer), Some(Error::Mismatch));
        reads_1(&write, &put(answer, 8, &[1]));
    }

    #[test]
    fn tells_why_there_are_no_attributes() {
        use MmioConfigStatus as Status;

        for (number, status) in [
            (1, Status::INVALID_TDI),
            (2, Status::TDI_UNBOUND),
            (3, Status::NOT_REPORTED),
            (4, Status::COULD_NOT_CHANGE),
            (5, Status::new(5)),
        ] {
            let answer = put(HEAD_1, 2, &[number]);
            let refused = Some(Error::MmioConfig(status));
            let request = config(Operation::SetNonTee);
            assert_eq!(refusal(&request, DEVICE, &answer), refused);
        }
    }

    /// Makes an entry, if there can be such a one.
    fn sdte(read: bool, write: bool, vtom: Option<u64>, vmpl: u32) -> Option<Sdte> {
        let vtom = match vtom {
            Some(address) => Some(Vtom::new(Gpa::new(address)).ok()?),
            None => None,
        };

        Some(Sdte::new(&Access {
            read,
            write,
            vtom,
            vmpl: Vmpl::try_from(vmpl).ok()?,
        }))
    }

    /// Asserts that an entry has these bytes, at these offsets, and is zeros otherwise.
    fn writes_entry(sdte: Option<Sdte>, bytes: &[(usize, u8)]) {
        let mut body = [0; 64];
        for (offset, value) in bytes {
            body = put(body, *offset, &[*value]);
        }
        let Some(sdte) = sdte else {
            assert!(sdte.is_some());
            return;
        };
        writes(&SdteWrite(sdte), DEVICE, 25, &join::<80>(HEAD_1, &body));
        writes(&SdteWrite(sdte), ID, 25, &join::<80>(HEAD_2, &body));
    }

    #[test]
    fn asks_for_an_entry_to_be_written() {
        writes_entry(Some(Sdte::INVALID), &[]);
        writes_entry(sdte(false, false, None, 0), &[(0, 1)]);
        writes_entry(sdte(true, false, None, 0), &[(0, 1), (7, 0x20)]);
        writes_entry(sdte(false, true, None, 0), &[(0, 1), (7, 0x40)]);
        // Bits 241 and 242.
        writes_entry(sdte(false, false, None, 1), &[(0, 1), (30, 0x02)]);
        writes_entry(sdte(false, false, None, 2), &[(0, 1), (30, 0x04)]);
        // 2 MiB, 2 TiB, and what RFC 2026 has.
        writes_entry(sdte(false, false, Some(1 << 21), 0), &[(0, 1), (40, 3)]);
        let two_tib = sdte(true, true, Some(2 << 40), 3);
        let bytes = [(0, 1), (7, 0x60), (30, 0x06), (40, 1), (42, 0x20)];
        writes_entry(two_tib, &bytes);
        let last = sdte(false, false, Some(0x7fff_ffff << 21), 0);
        let bytes = [(0, 1), (40, 0xff), (41, 0xff), (42, 0xff), (43, 0xff)];
        writes_entry(last, &bytes);
        writes_entry(sdte(false, false, Some(0), 0), &[(0, 1), (40, 1)]);
    }

    #[test]
    fn refuses_a_top_of_memory_that_does_not_fit() {
        for address in [1, 0x1000, (1 << 20), (3 << 20), (1 << 52), u64::MAX] {
            assert_eq!(Vtom::new(Gpa::new(address)), Err(Error::Vtom));
        }
    }

    #[test]
    fn reads_whether_an_entry_was_written() {
        let request = SdteWrite(Sdte::INVALID);
        reads_1(&request, &HEAD_1);
        reads_2(&request, &HEAD_2);
        for (number, status) in [
            (1, SdteStatus::INVALID_TDI),
            (2, SdteStatus::TDI_NOT_BOUND),
            (3, SdteStatus::RESERVED),
            (4, SdteStatus::new(4)),
        ] {
            let refused = Some(Error::SdteWrite(status));
            let answer = put(HEAD_1, 2, &[number]);
            assert_eq!(refusal(&request, DEVICE, &answer), refused);
            let answer = put(HEAD_2, 8, &[number]);
            assert_eq!(refusal(&request, ID, &answer), refused);
        }
        let high = put(HEAD_2, 9, &[1]);
        let refused = Error::SdteWrite(SdteStatus::new(0x100));
        assert_eq!(refusal(&request, ID, &high), Some(refused));
    }
}
