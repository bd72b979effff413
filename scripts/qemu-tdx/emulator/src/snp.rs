// SPDX-License-Identifier: GPL-2.0

//! A machine with an SEV-SNP guest.

use crate::{
    config::SnpConfig,
    hook::Instruction,
    machine::Outcome,
    registers::Registers,
    vcpu::Vcpu, //
};

/// A machine with one SEV-SNP guest.
#[derive(Debug)]
pub(crate) struct SnpMachine {}

impl SnpMachine {
    /// Makes a machine with a number of vCPUs. The error is for the user.
    pub(crate) fn new(_config: &SnpConfig, _vcpus: usize) -> Result<Self, String> {
        Ok(Self {})
    }

    /// Tells whether an instruction is to be taken over.
    pub(crate) fn takes(_instruction: Instruction) -> bool {
        false
    }

    /// Executes an instruction.
    pub(crate) fn execute(
        &self,
        _instruction: Instruction,
        _vcpu: &dyn Vcpu,
        _regs: &mut Registers,
    ) -> Outcome {
        Outcome::Native
    }
}
