// SPDX-License-Identifier: GPL-2.0

//! What the trace says of a `TDCALL`.

use crate::machine::registers::{
    Reg,
    Registers, //
};

use super::{
    module,
    vmm, //
};

/// Tells whether a call only waits for an interrupt. The trace leaves it out.
pub(super) fn is_idle(before: &Registers) -> bool {
    before[Reg::Rax] == module::leaf::VMCALL && before[Reg::R11] == vmm::leaf::HLT
}

/// Returns the line of a call.
pub(super) fn line(vcpu: usize, before: &Registers, after: &Registers) -> String {
    let leaf = before[Reg::Rax];

    match leaf {
        module::leaf::VMCALL => format!(
            "{vcpu}: VMCALL {} r12={:#x} r13={:#x} r14={:#x} r15={:#x} -> rax={:#x} \
             r10={:#x} r11={:#x}",
            vmm::leaf::name(before[Reg::R11]),
            before[Reg::R12],
            before[Reg::R13],
            before[Reg::R14],
            before[Reg::R15],
            after[Reg::Rax],
            after[Reg::R10],
            after[Reg::R11],
        ),
        _ => format!(
            "{vcpu}: {} rcx={:#x} rdx={:#x} r8={:#x} r9={:#x} -> rax={:#x} rcx={:#x} \
             rdx={:#x} r8={:#x}",
            module::leaf::name(leaf),
            before[Reg::Rcx],
            before[Reg::Rdx],
            before[Reg::R8],
            before[Reg::R9],
            after[Reg::Rax],
            after[Reg::Rcx],
            after[Reg::Rdx],
            after[Reg::R8],
        ),
    }
}
