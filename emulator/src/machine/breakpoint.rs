// SPDX-License-Identifier: GPL-2.0

//! An `INT3` that is in translated code and no longer in memory.
//!
//! A kernel changes its code while other vCPUs run it: it writes an `INT3` over the first byte, then
//! the other bytes, then the first one. QEMU drops what it has translated of a place before it writes
//! there, not after. A vCPU that translates the place in between reads the old byte, and keeps that
//! translation until the place is written again. The old byte of the last write is the `INT3`, which
//! the kernel then no longer knows.

use super::{
    outcome::Outcome,
    vcpu::Vcpu, //
};

/// `INT3`.
const INT3: u8 = 0xcc;

/// Tells whether the bytes of a translated instruction are those of an `INT3`.
///
/// QEMU reads them for the plugin a second time. Where the `INT3` has gone since it was translated,
/// there is one byte, because that is its length: the first one of a jump, a call, or a `NOP` of
/// two or more bytes, none of which has the length of one. An `INT3` that was replaced in that
/// moment by a `RET`, or by any other instruction under a kprobe, is not recognised.
pub(crate) fn is_breakpoint(bytes: &[u8]) -> bool {
    matches!(bytes, [INT3 | 0x0f | 0x2e | 0x66 | 0xe8 | 0xe9 | 0xeb])
}

/// Executes the `INT3` that was translated at a virtual address.
///
/// One that is in memory is the CPU's. If another byte is there, that byte is written once more,
/// which drops the translation, and the vCPU begins again. If another vCPU writes an `INT3` between
/// the read and the write here, that is lost.
pub(crate) fn execute(vcpu: &dyn Vcpu, address: u64) -> Outcome {
    let Some(address) = vcpu.translate(address) else {
        return Outcome::Native;
    };
    let mut byte = [INT3];

    match vcpu.memory().read(address, &mut byte) {
        Ok(()) if byte != [INT3] => match vcpu.memory().write(address, &byte) {
            Ok(()) => Outcome::Again,
            Err(_) => Outcome::Native,
        },
        _ => Outcome::Native,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{
        memory::GuestMemory,
        vcpu::FakeVcpu, //
    };

    #[test]
    fn recognises_one_that_is_no_longer_in_memory() {
        for byte in [0xcc, 0x66, 0x0f, 0xe9, 0xeb] {
            assert!(is_breakpoint(&[byte]));
        }
        // A NOP, a RET, the whole NOP of two bytes, and an INT3 that came after the translation.
        for bytes in [
            [0x90].as_slice(),
            &[0xc3],
            &[0x66, 0x90],
            &[0xcc, 0x90],
            &[],
        ] {
            assert!(!is_breakpoint(bytes));
        }
    }

    #[test]
    fn leaves_a_breakpoint_to_the_cpu() {
        let vcpu = FakeVcpu::new(8192);
        vcpu.memory.write(5000, &[INT3]).unwrap();
        assert_eq!(execute(&vcpu, 5000), Outcome::Native);
    }

    #[test]
    fn begins_again_where_memory_has_another_byte() {
        let vcpu = FakeVcpu::new(8192);
        vcpu.memory.write(5000, &[0x66, 0x90]).unwrap();
        assert_eq!(execute(&vcpu, 5000), Outcome::Again);
        assert_eq!(vcpu.memory.bytes(5000, 2), [0x66, 0x90]);
    }

    #[test]
    fn leaves_it_to_the_cpu_where_nothing_is_mapped() {
        let vcpu = FakeVcpu::new(8192);
        for address in [0, 1 << 40] {
            assert_eq!(execute(&vcpu, address), Outcome::Native);
        }
    }
}
