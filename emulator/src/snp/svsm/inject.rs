// SPDX-License-Identifier: GPL-2.0

//! Injects random changes into answers to attestation calls.

use tsm_proto::snp::svsm::Status;

use crate::machine::{
    mutator::Random,
    registers::{
        Reg,
        Registers, //
    }, //
};

/// Where a call returns the lengths of manifest, certificates and report.
const LENGTHS: [Reg; 3] = [Reg::Rcx, Reg::Rdx, Reg::R8];

/// Lengths that a guest may treat in ways of their own: those of its buffers, the most that it has,
/// and what 32 bits have no room for.
const EDGES: [u64; 10] = [
    0,
    0x1000,
    0x1001,
    0x4000,
    0x4001,
    1 << 20,
    (1 << 20) + 1,
    1 << 32,
    u64::MAX - 1,
    u64::MAX,
];

/// Result codes other than success.
const CODES: [Status; 8] = [
    Status::INCOMPLETE,
    Status::UNSUPPORTED_PROTOCOL,
    Status::UNSUPPORTED_CALL,
    Status::INVALID_ADDRESS,
    Status::INVALID_FORMAT,
    Status::INVALID_PARAMETER,
    Status::INVALID_REQUEST,
    Status::BUSY,
];

/// Decides whether the VMM does not run the SVSM.
pub(super) fn skips(random: &mut Random) -> bool {
    random.one_in(16)
}

/// Changes bytes of what is written.
pub(super) fn bytes(random: &mut Random, bytes: &mut [u8]) {
    random.mutate(&mut [], bytes);
}

/// Changes bytes of the result code and of the lengths, one answer in four to another code, and one
/// in four has a length on an edge. To ask for more room, both have to come together.
pub(super) fn results(random: &mut Random, regs: &mut Registers) {
    let [manifest, certificates, report] = LENGTHS;

    if random.one_in(2) {
        let results = [Reg::Rax, manifest, certificates, report];
        let mut bytes = results.map(|reg| regs[reg].to_le_bytes());
        random.mutate(bytes.as_flattened_mut(), &mut []);
        for (reg, bytes) in results.into_iter().zip(bytes) {
            regs[reg] = u64::from_le_bytes(bytes);
        }
    }
    if random.one_in(4) {
        if let Some(code) = random.pick(&CODES) {
            regs[Reg::Rax] = code.raw().into();
        }
    }
    if random.one_in(4) {
        if let (Some(reg), Some(length)) = (random.pick(&LENGTHS), random.pick(&EDGES)) {
            regs[reg] = length;
        }
    }
}
