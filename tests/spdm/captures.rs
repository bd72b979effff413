// SPDX-License-Identifier: GPL-2.0

//! Conversations of DMTF's spdm-emu, replayed: each message is parsed, each request is built again, and
//! each signature, key and record is recomputed.

use crate::{
    capture,
    replay::Replay, //
};

/// Replays the captures whose names start with one of these.
fn replay(names: &[&str]) {
    let mut replayed = 0;

    for name in capture::names() {
        if !names.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let objects = capture::named(&name);
        let mut replay = Replay::new(&name);
        for object in &objects {
            replay.object(object);
        }
        replay.check(&objects);
        replayed += 1;
    }
    assert!(replayed >= names.len());
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
fn replays_1_2() {
    replay(&["spdm12-cmasan", "spdm12-p256", "spdm12-p384-meas"]);
}

#[test]
fn replays_1_2_with_all_messages() {
    replay(&["spdm12-p384-full", "spdm12-p384-slot1"]);
}

#[test]
fn replays_1_2_with_rsa() {
    replay(&["spdm12-rsassa3072-full"]);
}

#[test]
fn replays_1_2_of_a_device_that_is_busy() {
    replay(&[
        "spdm12-p384-busy",
        "spdm12-p384-notready",
        "spdm12-p384-resync",
    ]);
}

#[test]
fn replays_1_3() {
    replay(&["spdm13"]);
}

#[test]
fn replays_1_4() {
    replay(&["spdm14"]);
}
