// SPDX-License-Identifier: GPL-2.0

//! No platform: the guest is an ordinary one, and only has a device of the emulator.

use crate::machine::{
    instruction::Instruction,
    outcome::Outcome,
    platform::Platform,
    registers::Registers,
    vcpu::Vcpu, //
};

/// A machine that the emulator leaves alone.
#[derive(Debug)]
pub(crate) struct PlainMachine;

impl Platform for PlainMachine {
    fn takes(&self, _: Instruction) -> bool {
        false
    }

    fn execute(&self, _: Instruction, _: &dyn Vcpu, _: &mut Registers) -> Outcome {
        Outcome::Native
    }
}
