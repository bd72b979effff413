// SPDX-License-Identifier: GPL-2.0

//! Conversations of DMTF's spdm-emu, replayed: each message is parsed, each request is built again, and
//! each signature, key and record is recomputed. Those of a larger set, in the folder `TSM_SPDM_CAPTURES`, are
//! replayed likewise.

use crate::{
    capture,
    replay::Replay, //
};

/// Parts of the names of captures in which both sides agree on what the requester of this project never
/// offers. `tests/vectors/spdm/README.md` says of each what that is.
const NEVER_OFFERED: [&str; 12] = [
    "chunk", "default", "hitc", "long64k", "maconly", "multikey", "mutauth", "p521", "psk",
    "pubkeyid", "rsapss", "small",
];

/// Replays the captures whose names start with one of these. There has to be one at least for each.
fn replay(names: &[&str]) {
    let mut replayed = Vec::new();

    for name in capture::names() {
        let is_offered = !NEVER_OFFERED.iter().any(|part| name.contains(part));
        if !is_offered || !names.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let objects = capture::named(&name);
        let mut replay = Replay::new(&name);
        for object in &objects {
            replay.object(object);
        }
        replay.check(&objects);
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
