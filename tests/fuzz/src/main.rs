// SPDX-License-Identifier: GPL-2.0

//! One target under libFuzzer: `TSM_FUZZ_TARGET` names it. `run` does the rest.

#![no_main]

use std::sync::OnceLock;

use tsm_fuzz::Target;

/// The target that was asked for.
static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("TSM_FUZZ_TARGET").expect("TSM_FUZZ_TARGET is set");
        let target = tsm_fuzz::target(&name).expect("there is such a target");
        TARGET.set(target).expect("this is done once");
    },
    |data: &[u8]| {
        TARGET.get().expect("the target was set")(data);
    }
);
