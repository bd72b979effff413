// SPDX-License-Identifier: GPL-2.0

//! Guest messages.

use super::*;
use crate::machine::memory::FakeMemory;
use sev::{
    certs::snp::{
        Certificate,
        Verifiable as _, //
    },
    firmware::guest::AttestationReport,
    parser::ByteParser as _, //
};
use zerocopy::little_endian::U64;

mod certificates;
mod clouds;
mod keys;
mod vectors;
mod verifier;

/// The guest's side of messages, with one key.
pub(crate) struct Guest {
    vmpck: Vmpck,
    id: u8,
    count: u64,
}

impl Guest {
    /// Takes a key out of a secrets page.
    pub(crate) fn new(processor: &SecureProcessor, id: u8) -> Self {
        let start = 0x20 + 32 * usize::from(id);
        let mut vmpck = [0; 32];
        vmpck.copy_from_slice(&processor.secrets_page(None)[start..start + 32]);
        Self {
            vmpck,
            id,
            count: 0,
        }
    }

    /// Makes the page with the next request.
    pub(crate) fn seal(&self, kind: u8, payload: &[u8]) -> Vec<u8> {
        let message = Message::new(kind, self.id, self.count + 1, payload.to_vec());
        self.page(message)
    }

    /// Encrypts a message, and fills the page.
    fn page(&self, message: Message) -> Vec<u8> {
        let mut page = message.seal(&self.vmpck);
        page.resize(PAGE, 0);
        page
    }

    /// Decrypts the answer to the request before.
    pub(crate) fn open(&mut self, answer: &[u8]) -> Message {
        let message = Message::open(answer, |id| (id == self.id).then_some(self.vmpck)).unwrap();
        self.count += 2;
        assert_eq!(message.header.sequence.get(), self.count);
        message
    }

    /// Asks, and returns the payload of the answer.
    fn ask(
        &mut self,
        processor: &SecureProcessor,
        kind: u8,
        payload: &[u8],
    ) -> Result<Vec<u8>, Status> {
        let page = self.seal(kind, payload);
        let answer = processor.request(&FakeMemory::new(0), &page, |_| {})?;
        let message = self.open(&answer);
        assert_eq!(message.header.kind, kind + 1);
        Ok(message.payload)
    }
}

/// Makes a processor, and a guest at VMPL 0.
fn launch(change: impl FnOnce(&mut SnpConfig)) -> (SecureProcessor, Guest) {
    let mut config = SnpConfig::default();
    change(&mut config);
    let processor = SecureProcessor::new(&config).unwrap();
    let guest = Guest::new(&processor, 0);
    (processor, guest)
}

/// Has a verifier that was not written here check the signature of a report, by the certificate of the key.
fn verify(processor: &SecureProcessor, report: &[u8]) {
    let Certificates { vcek, vlek, .. } = processor.certificates();
    let signer = Certificate::from_der(vlek.unwrap_or(vcek)).unwrap();
    let report = AttestationReport::from_bytes(report).unwrap();
    (&signer, &report).verify().unwrap();
}

/// Makes the payload of a request for a report.
pub(crate) fn report_request(vmpl: u32, key_select: u32) -> Vec<u8> {
    let data: Vec<u8> = (1..=64).collect();
    [
        data.as_slice(),
        &vmpl.to_le_bytes(),
        &key_select.to_le_bytes(),
        &[0; 24],
    ]
    .concat()
}

/// Returns the status in an answer.
fn status(payload: &[u8]) -> u32 {
    u32::from_le_bytes(*payload.first_chunk().unwrap())
}

#[test]
fn a_report_says_what_the_user_wants() {
    let digest = Digest384::new([7; 48]);
    let (processor, mut guest) = launch(|config| {
        config.policy = 0xb_0000;
        config.guest_svn = 9;
        config.measurement = Some(digest);
        config.host_data = [1; 32];
        config.report_id = Some([2; 32]);
        config.family_id = [3; 16];
        config.image_id = [4; 16];
        config.id_key_digest = Digest384::new([5; 48]);
        config.author_key_digest = Digest384::new([6; 48]);
    });
    let payload = guest
        .ask(&processor, kind::REPORT_REQ, &report_request(3, 1))
        .unwrap();
    let report = AttestationReport::from_bytes(payload[0x20..].try_into().unwrap()).unwrap();
    assert!(report.policy.debug_allowed() && report.policy.smt_allowed());
    assert_eq!((report.guest_svn, report.vmpl), (9, 3));
    assert_eq!(&report.measurement, digest.bytes());
    assert_eq!((report.host_data, report.report_id), ([1; 32], [2; 32]));
    assert_eq!((report.family_id, report.image_id), ([3; 16], [4; 16]));
    assert_eq!(
        (report.id_key_digest, report.author_key_digest),
        ([5; 48], [6; 48])
    );
    assert_eq!(report.report_id_ma, [0xff; 32]);
    assert!(report.key_info.author_key_en());
    assert_eq!(
        (report.cpuid_fam_id, report.cpuid_mod_id),
        (Some(0x19), Some(1))
    );
    assert_eq!(
        (report.current_tcb.snp, report.current_tcb.microcode),
        (24, 219)
    );
}

#[test]
fn numbers_go_on_where_the_user_wants() {
    let (processor, mut guest) = launch(|config| config.messages = 0xffff_fff0);
    let page = processor.secrets_page(None);
    assert_eq!(page[0xa0..0xb0], [0xf0, 0xff, 0xff, 0xff].repeat(4));
    assert_eq!(page[0xb0..0x100], [0; 0x50]);

    let ask = |guest: &mut Guest| guest.ask(&processor, kind::REPORT_REQ, &report_request(0, 0));
    assert_eq!(ask(&mut guest), Err(Status::AEAD_OFLOW));
    guest.count = 0xffff_fff0;
    ask(&mut guest).unwrap();
    assert_eq!(guest.count, 0xffff_fff2);
}

#[test]
fn refuses_reports_that_a_guest_may_not_have() {
    let (processor, mut guest) = launch(|config| config.vmpl = 2);
    assert_eq!(guest.vmpck, [0; 32]);
    guest = Guest::new(&processor, 2);
    let mut reserved = report_request(2, 0);
    reserved[95] = 1;
    for (request, expected) in [
        (report_request(2, 0), 0),
        (report_request(1, 0), 0x16),
        (report_request(4, 0), 0x16),
        (report_request(2, 2), 0x27),
        (report_request(2, 3), 0x27),
        (report_request(2, 4), 0x16),
        (reserved, 0x16),
    ] {
        let payload = guest.ask(&processor, kind::REPORT_REQ, &request).unwrap();
        assert_eq!(status(&payload), expected);
        assert_eq!(payload[0x20..].iter().all(|byte| *byte == 0), expected != 0);
    }
}

#[test]
fn tells_of_the_time_stamp_counter() {
    let (processor, mut guest) = launch(|_| {});
    let payload = guest
        .ask(&processor, kind::TSC_INFO_REQ, &[0; 128])
        .unwrap();
    assert_eq!((payload.len(), status(&payload)), (128, 0));
    assert_eq!(payload[8..16], (1u64 << 32).to_le_bytes());
    let payload = guest
        .ask(&processor, kind::TSC_INFO_REQ, &[1; 128])
        .unwrap();
    assert_eq!(status(&payload), 0x16);
}

#[test]
fn counts_the_messages_of_each_key() {
    let (processor, mut guest) = launch(|_| {});
    let mut other = Guest::new(&processor, 3);
    for _ in 0..3 {
        guest
            .ask(&processor, kind::TSC_INFO_REQ, &[0; 128])
            .unwrap();
    }
    other
        .ask(&processor, kind::TSC_INFO_REQ, &[0; 128])
        .unwrap();
    for wrong in [0, 2, 5, 7, 8] {
        guest.count = wrong;
        let asked = guest.ask(&processor, kind::TSC_INFO_REQ, &[0; 128]);
        assert_eq!(asked, Err(Status::AEAD_OFLOW));
    }
    guest.count = 6;
    let page = guest.seal(kind::TSC_INFO_REQ, &[0; 128]);
    let answer = processor
        .request(&FakeMemory::new(0), &page, |_| {})
        .unwrap();
    guest.open(&answer);
    let again = processor.request(&FakeMemory::new(0), &page, |_| {});
    assert_eq!(again, Err(Status::AEAD_OFLOW));
}

#[test]
fn refuses_messages_that_are_not_as_they_have_to_be() {
    let (processor, guest) = launch(|_| {});
    let refusal = |change: &dyn Fn(&mut Message)| {
        let mut message = Message::new(kind::TSC_INFO_REQ, 0, 1, vec![0; 128]);
        change(&mut message);
        processor.request(&FakeMemory::new(0), &guest.page(message), |_| {})
    };
    assert!(refusal(&|message| message.header.version = 2).is_err());
    for change in [
        (|message| message.header.version = 2) as fn(&mut Message),
        |message| message.header.size.set(0x50),
        |message| message.header.algorithm = 0,
        |message| message.header.kind_version = 2,
        |message| message.header.kind_version = 0,
        |message| message.header.kind = 99,
        |message| message.header.vmpck = 4,
        |message| message.header.payload_size.set(0),
        |message| message.header.payload_size.set(4016),
        |message| message.set_payload(vec![0; 120]),
        |message| message.set_payload(vec![0; 112]),
    ] {
        assert_eq!(refusal(&change), Err(Status::INVALID_PARAM));
    }
    for change in [
        (|message| message.header.vmpck = 1) as fn(&mut Message),
        |message| message.header.payload_size.set(112),
    ] {
        assert_eq!(refusal(&change), Err(Status::BAD_MEASUREMENT));
    }
    let mut page = guest.seal(kind::TSC_INFO_REQ, &[0; 128]);
    for offset in [0, 0x20, 0x3d, 0x60] {
        page[offset] ^= 1;
        let refused = processor.request(&FakeMemory::new(0), &page, |_| {});
        assert_eq!(refused, Err(Status::BAD_MEASUREMENT));
        page[offset] ^= 1;
    }
    assert!(processor
        .request(&FakeMemory::new(0), &page, |_| {})
        .is_ok());
}

#[test]
fn encrypts_what_was_injected() {
    let (processor, mut guest) = launch(|_| {});
    let page = guest.seal(kind::TSC_INFO_REQ, &[0; 128]);
    let answer = processor.request(&FakeMemory::new(0), &page, |message| {
        message.set_payload(vec![9; 16]);
        message.header.sequence = U64::new(2);
    });
    assert_eq!(guest.open(&answer.unwrap()).payload, [9; 16]);
}

#[test]
fn has_no_keys_of_higher_vmpls_in_the_secrets_page() {
    for vmpl in 0..4u8 {
        let (processor, _) = launch(|config| config.vmpl = vmpl);
        let page = processor.secrets_page(None);
        assert_eq!(page[..4], 3u32.to_le_bytes());
        for (key, vmpck) in (0..).zip(page[0x20..0xa0].chunks(32)) {
            assert_eq!(vmpck == [0; 32], key < vmpl);
        }
        assert!(page[0xa0..0x160].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn says_in_the_secrets_page_where_an_svsm_is() {
    let (processor, _) = launch(|config| config.vmpl = 2);
    let area = Area {
        memory: 0x8000..0x1_0000,
        calling_area: 0x3000,
    };
    let page = processor.secrets_page(Some(&area));
    let words = [0x8000, 0x8000, 0x3000, (2 << 32) | 1].map(u64::to_le_bytes);
    assert_eq!(page[0x140..0x160], *words.as_flattened());
}

#[test]
fn launches_no_guest_on_a_platform_that_says_what_none_does() {
    for info in [0x100, 0x125, u64::MAX] {
        let config = SnpConfig {
            platform_info: Some(info),
            ..SnpConfig::default()
        };
        let error = SecureProcessor::new(&config).unwrap_err();
        assert!(error.contains("platform_info: what is reserved"));
    }
}

#[test]
fn launches_no_guest_with_a_policy_that_none_has() {
    let config = SnpConfig {
        policy: 0,
        ..SnpConfig::default()
    };
    assert!(SecureProcessor::new(&config)
        .unwrap_err()
        .contains("bit 17"));
}
