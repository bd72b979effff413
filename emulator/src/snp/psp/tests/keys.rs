// SPDX-License-Identifier: GPL-2.0

//! Keys that are derived.

use super::*;

/// Makes the payload of a request for a key.
fn key_request(root: u32, fields: u64, vmpl: u32, svn: u32, tcb: u64) -> Vec<u8> {
    [
        root.to_le_bytes().as_slice(),
        &[0; 4],
        &fields.to_le_bytes(),
        &vmpl.to_le_bytes(),
        &svn.to_le_bytes(),
        &tcb.to_le_bytes(),
    ]
    .concat()
}

#[test]
fn derives_another_key_for_each_field() {
    let (processor, mut guest) = launch(|config| {
        config.id_key_digest = Digest384::new([1; 48]);
        config.guest_svn = 2;
        config.family_id = [1; 16];
        config.image_id = [1; 16];
    });
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for request in [
        key_request(0, 0, 0, 0, 0),
        key_request(1, 0, 0, 0, 0),
        key_request(0, 0, 1, 0, 0),
        key_request(0, 1, 0, 0, 0),
        key_request(0, 2, 0, 0, 0),
        key_request(0, 4, 0, 0, 0),
        key_request(0, 8, 0, 0, 0),
        key_request(0, 0x10, 0, 1, 0),
        key_request(0, 0x10, 0, 2, 0),
        key_request(0, 0x20, 0, 0, 0),
        key_request(0, 0x20, 0, 0, 1),
    ] {
        let payload = guest.ask(&processor, kind::KEY_REQ, &request).unwrap();
        assert_eq!((payload.len(), status(&payload)), (64, 0));
        let again = guest.ask(&processor, kind::KEY_REQ, &request).unwrap();
        assert_eq!(payload, again);
        assert!(!keys.contains(&payload));
        keys.push(payload);
    }
    // What was not selected does not count.
    let other = guest
        .ask(&processor, kind::KEY_REQ, &key_request(0, 0, 0, 1, 1))
        .unwrap();
    assert_eq!(other, keys[0]);
}

#[test]
fn derives_other_keys_for_other_guests() {
    let ask = |change: fn(&mut SnpConfig)| {
        let (processor, mut guest) = launch(change);
        guest
            .ask(&processor, kind::KEY_REQ, &key_request(0, 9, 0, 0, 0))
            .unwrap()
    };
    let keys = [
        ask(|_| {}),
        ask(|config| config.policy |= 1 << 19),
        ask(|config| config.measurement = Some(Digest384::new([1; 48]))),
        ask(|config| config.host_data = [1; 32]),
        ask(|config| config.id_key_digest = Digest384::new([1; 48])),
        ask(|config| {
            config.id_key_digest = Digest384::new([1; 48]);
            config.author_key_digest = Digest384::new([2; 48]);
        }),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key));
    }
}

#[test]
fn derives_other_keys_from_the_vmrk_in_each_launch() {
    let ask = |root: u32, report_id: Option<[u8; 32]>| {
        let (processor, mut guest) = launch(|config| config.report_id = report_id);
        guest
            .ask(&processor, kind::KEY_REQ, &key_request(root, 0x3f, 0, 0, 0))
            .unwrap()
    };
    assert!(ask(1, None) != ask(1, None));
    assert!(ask(1, Some([1; 32])) != ask(1, Some([2; 32])));
    // The same launch again.
    assert_eq!(ask(1, Some([1; 32])), ask(1, Some([1; 32])));
    // The chip is the same one.
    assert_eq!(ask(0, None), ask(0, None));
}

#[test]
fn derives_keys_from_the_one_that_was_loaded_by_default() {
    let (processor, mut guest) = launch(|config| config.vlek = true);
    let [any, chip, loaded, unknown] = [0, 1, 2, 3].map(|select| {
        let request = key_request(select << 1, 0, 0, 0, 0);
        guest.ask(&processor, kind::KEY_REQ, &request).unwrap()
    });
    assert_eq!(any, loaded);
    assert_eq!([any, chip.clone()].map(|key| status(&key)), [0, 0]);
    assert_ne!(chip[0x20..], loaded[0x20..]);
    assert_eq!(status(&unknown), 0x27);
}

#[test]
fn refuses_the_key_of_the_chip_to_a_guest_that_is_launched_without_it() {
    // By what the guest selects: any key, that of the chip, the one that was loaded.
    for (vlek, disabled, expected) in [
        (false, false, [0, 0, 0x27]),
        (true, false, [0, 0, 0]),
        // As on AWS.
        (true, true, [0, 0x27, 0]),
        (false, true, [0x27, 0x27, 0x27]),
    ] {
        let (processor, mut guest) = launch(|config| {
            config.vlek = vlek;
            config.vcek_disabled = disabled;
        });
        let mut ask = |kind, request: &[u8]| {
            let payload = guest.ask(&processor, kind, request).unwrap();
            status(&payload)
        };
        let reports = [0, 1, 2].map(|select| ask(kind::REPORT_REQ, &report_request(0, select)));
        let keys =
            [0, 1, 2].map(|select| ask(kind::KEY_REQ, &key_request(select << 1, 0, 0, 0, 0)));
        assert_eq!([reports, keys], [expected; 2]);
    }
}

#[test]
fn derives_keys_from_the_vmrk_without_the_key_of_the_chip() {
    let (processor, mut guest) = launch(|config| config.vcek_disabled = true);
    let payload = guest
        .ask(&processor, kind::KEY_REQ, &key_request(1, 0, 0, 0, 0))
        .unwrap();
    assert_eq!(status(&payload), 0);
}

#[test]
fn refuses_keys_that_a_guest_may_not_have() {
    let (processor, _) = launch(|config| {
        config.vmpl = 1;
        config.id_key_digest = Digest384::new([1; 48]);
        config.guest_svn = 2;
    });
    let mut guest = Guest::new(&processor, 1);
    let mut reserved = key_request(0, 0, 1, 0, 0);
    reserved[4] = 1;
    for (request, expected) in [
        (key_request(0, 0, 1, 0, 0), 0),
        (key_request(0, 0, 0, 0, 0), 0x16),
        (key_request(0, 0, 4, 0, 0), 0x16),
        (key_request(8, 0, 1, 0, 0), 0x16),
        (key_request(4, 0, 1, 0, 0), 0x27),
        (key_request(0, 0x40, 1, 0, 0), 0x16),
        (key_request(0, 0x10, 1, 3, 0), 0x16),
        (key_request(0, 0x20, 1, 0, u64::MAX), 0x16),
        (reserved, 0x16),
    ] {
        let payload = guest.ask(&processor, kind::KEY_REQ, &request).unwrap();
        assert_eq!(status(&payload), expected);
        assert_eq!(payload[0x20..].iter().all(|byte| *byte == 0), expected != 0);
    }
}

#[test]
fn derives_keys_of_what_was_committed_and_of_nothing_newer() {
    let (processor, mut guest) = launch(|config| {
        config.committed_tcb = Some(0xdb17_0000_0000_0004);
        config.reported_tcb = Some(0);
    });
    for (tcb, expected) in [
        (0xdb17_0000_0000_0004, 0),
        (0xdb18_0000_0000_0004, 0x16),
        (1, 0),
    ] {
        let request = key_request(0, 0x20, 0, 0, tcb);
        let payload = guest.ask(&processor, kind::KEY_REQ, &request).unwrap();
        assert_eq!(status(&payload), expected, "{tcb:x}");
    }
}
