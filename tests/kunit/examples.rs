// SPDX-License-Identifier: GPL-2.0

//! The examples in the documentation of `tsm_ext`. They are compiled and not run.

include!(concat!(
    env!("TSM_OBJTREE"),
    "/tests/kunit/examples_generated.rs"
));
