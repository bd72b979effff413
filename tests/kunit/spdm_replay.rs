// SPDX-License-Identifier: GPL-2.0

//! Conversations of DMTF's spdm-emu, replayed with the kernel's cryptography: each signature, key and record
//! is recomputed. The vendored `sha2` has to compute the same digests. Only KUnit runs this; `tests/spdm` replays
//! the same with the cryptography that cargo links.

use kernel::prelude::*;

mod capture;
mod failure;
mod hash;
mod replay;
mod session;
mod signature;

#[path = "../spdm/request.rs"]
#[expect(
    dead_code,
    reason = "requests that no key depends on are not built here"
)]
mod request;

#[kunit_tests(tsm_spdm_replay)]
mod tests {
    use super::replay::{
        replay,
        Counts, //
    };

    /// Returns what is to be recomputed of a capture.
    const fn counts(signatures: usize, sessions: usize, records: usize) -> Counts {
        Counts {
            signatures,
            sessions,
            records,
        }
    }

    #[test]
    fn replays_1_0() {
        let capture = include_str!("../vectors/spdm/spdm10-p384-vca-chal-meas.txt");
        assert_eq!(replay(capture), Ok(counts(10, 0, 0)));
    }

    #[test]
    fn replays_1_1() {
        let capture = include_str!("../vectors/spdm/spdm11-p384-meas-all-raw.txt");
        assert_eq!(replay(capture), Ok(counts(6, 2, 12)));
    }

    #[test]
    fn replays_1_1_with_rsa_and_p256() {
        let capture = include_str!("../vectors/spdm/spdm11-rsa2048-long32k.txt");
        assert_eq!(replay(capture), Ok(counts(3, 2, 8)));
    }

    #[test]
    fn replays_1_2_with_p256() {
        let capture = include_str!("../vectors/spdm/spdm12-p256-meassum-all.txt");
        // The records are of AES-128.
        assert_eq!(replay(capture), Ok(counts(3, 0, 0)));
    }

    #[test]
    fn replays_1_2_with_rsa() {
        let capture = include_str!("../vectors/spdm/spdm12-rsassa3072-full.txt");
        // The records are of ChaCha20.
        assert_eq!(replay(capture), Ok(counts(12, 0, 0)));
    }

    #[test]
    fn replays_1_2_of_another_slot() {
        let capture = include_str!("../vectors/spdm/spdm12-p384-slot1.txt");
        assert_eq!(replay(capture), Ok(counts(30, 2, 84)));
    }

    #[test]
    fn replays_1_3() {
        let capture = include_str!("../vectors/spdm/spdm13-p384-meas-all-hash.txt");
        assert_eq!(replay(capture), Ok(counts(6, 2, 12)));
    }

    #[test]
    fn replays_1_4_with_other_keys_in_the_session() {
        let capture = include_str!("../vectors/spdm/spdm14-p384-full.txt");
        assert_eq!(replay(capture), Ok(counts(30, 2, 224)));
    }
}
