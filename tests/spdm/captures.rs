// SPDX-License-Identifier: GPL-2.0

//! Conversations of DMTF's spdm-emu, replayed: each message is parsed, each request is built again, and
//! each signature, key and record is recomputed. Those of a larger set, in the folder `TSM_SPDM_CAPTURES`, are
//! replayed likewise.

use crate::{
    capture::{
        self,
        Object, //
    },
    replay::Replay, //
};

/// Parts of the names of captures in which both sides agree on what the requester of this project never
/// offers, and the first messages that it does not have or does not take because of that.
/// `tests/vectors/spdm/README.md` says of each what that is.
const NEVER_OFFERED: [(&str, &[&str]); 15] = [
    ("chunk", &["CHUNK_GET"]),
    ("hitc", &["KEY_EXCHANGE_RSP"]),
    ("long64k", &["GET_CERTIFICATE"]),
    ("maconly", &["FINISH"]),
    ("multikey", &["DIGESTS"]),
    ("mutauth", &["FINISH"]),
    ("p521", &["ALGORITHMS"]),
    ("psk", &["PSK_EXCHANGE"]),
    ("pubkeyid", &["CAPABILITIES"]),
    ("rsapss", &["CHALLENGE_AUTH"]),
    ("small", &["CHUNK_GET", "CHUNK_SEND"]),
    ("spdm11-default", &["KEY_EXCHANGE_RSP"]),
    ("spdm12-default", &["KEY_EXCHANGE_RSP"]),
    ("spdm13-default", &["DIGESTS"]),
    ("spdm14-default", &["DIGESTS"]),
];

/// Returns the messages of a capture until what is never offered.
fn offered<'a>(name: &str, objects: &'a [Object]) -> &'a [Object] {
    let Some((_, ends)) = NEVER_OFFERED.iter().find(|(part, _)| name.contains(part)) else {
        return objects;
    };
    let is_end = |object: &Object| {
        let mut names = object
            .comments
            .iter()
            .flat_map(|comment| comment.split(' ').next());
        names.any(|name| ends.contains(&name))
    };
    let end = objects.iter().position(is_end);

    &objects[..end.unwrap_or_else(|| panic!("{name} has no {ends:?}"))]
}

/// Replays the captures whose names start with one of these. There has to be one at least for each.
fn replay(names: &[&str]) {
    let mut replayed = Vec::new();

    for name in capture::names() {
        if !names.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let objects = capture::named(&name);
        let objects = offered(&name, &objects);
        let mut replay = Replay::new(&name);
        for object in objects {
            replay.object(object);
        }
        replay.check(objects);
        replayed.push(name);
    }
    for start in names {
        assert!(
            replayed.iter().any(|name| name.starts_with(start)),
            "{start}"
        );
    }
}

#[test]
fn replays_1_0() {
    replay(&["spdm10"]);
}

#[test]
fn replays_1_1() {
    replay(&["spdm11"]);
}

#[test]
fn replays_1_2_with_p256() {
    replay(&["spdm12-cmasan", "spdm12-p256"]);
}

#[test]
fn replays_1_2_with_p384() {
    replay(&[
        "spdm12-p384",
        "spdm12-p384-busy",
        "spdm12-p384-full",
        "spdm12-p384-meas",
        "spdm12-p384-notready",
        "spdm12-p384-resync",
        "spdm12-p384-slot1",
    ]);
}

#[test]
fn replays_1_2_with_rsa() {
    replay(&["spdm12-rsa"]);
}

#[test]
fn replays_1_3() {
    replay(&["spdm13"]);
}

#[test]
fn replays_1_4() {
    replay(&["spdm14"]);
}
