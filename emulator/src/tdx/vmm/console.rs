// SPDX-License-Identifier: GPL-2.0

//! `Instruction.IO`: the serial port that a kernel uses before it has its own driver.
//!
//! Only the decompressor gets here; later port I/O runs natively.

use std::sync::Mutex;

use tsm_proto::tdx::VmcallStatus;

use super::context::Result;
use crate::machine::{
    lock::lock,
    registers::{
        Reg,
        Registers, //
    }, //
};

/// Transmit register of the first serial port.
const TRANSMIT: u64 = 0x3f8;
/// Its line status register.
const LINE_STATUS: u64 = 0x3fd;
/// Line status of a port that can always send.
const READY: u64 = 0x60;
/// A line is shown when it gets longer than this, too.
const LONG: usize = 1024;

/// The serial port.
#[derive(Debug, Default)]
pub(super) struct Console(Mutex<Vec<u8>>);

impl Console {
    /// Does port I/O: `R12` is the size, `R13` 1 for a write, `R14` the port, `R15` the value.
    pub(super) fn io(&self, regs: &mut Registers) -> Result {
        let nothing = match regs[Reg::R12] {
            1 => 0xff,
            2 => 0xffff,
            4 => 0xffff_ffff,
            _ => return Err(VmcallStatus::INVALID_OPERAND),
        };
        match (regs[Reg::R13], regs[Reg::R14]) {
            (0, LINE_STATUS) => regs[Reg::R11] = READY,
            (0, _) => regs[Reg::R11] = nothing,
            (1, TRANSMIT) => {
                // CAST: The port takes bytes.
                if let Some(line) = self.put(regs[Reg::R15] as u8) {
                    eprintln!("tsm-emulator: early console: {line}");
                }
            }
            (1, _) => {}
            _ => return Err(VmcallStatus::INVALID_OPERAND),
        }
        Ok(())
    }

    /// Takes a byte. Returns a line when it is complete.
    fn put(&self, byte: u8) -> Option<String> {
        let mut line = lock(&self.0);

        match byte {
            b'\r' => return None,
            b'\n' => {}
            _ => {
                line.push(byte);
                if line.len() < LONG {
                    return None;
                }
            }
        }
        Some(std::mem::take(&mut *line).escape_ascii().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does port I/O on a new console.
    fn io(size: u64, write: u64, port: u64) -> (Result, u64) {
        let mut regs = Registers::default();
        regs[Reg::R12] = size;
        regs[Reg::R13] = write;
        regs[Reg::R14] = port;
        (Console::default().io(&mut regs), regs[Reg::R11])
    }

    #[test]
    fn is_always_ready() {
        assert_eq!(io(1, 0, LINE_STATUS), (Ok(()), READY));
    }

    #[test]
    fn reads_ones_where_nothing_is() {
        assert_eq!(io(1, 0, 0x80), (Ok(()), 0xff));
        assert_eq!(io(2, 0, 0x80), (Ok(()), 0xffff));
        assert_eq!(io(4, 0, 0xcf8), (Ok(()), 0xffff_ffff));
    }

    #[test]
    fn takes_writes_to_any_port() {
        assert_eq!(io(1, 1, 0x80).0, Ok(()));
    }

    #[test]
    fn refuses_other_sizes_and_directions() {
        let invalid = Err(VmcallStatus::INVALID_OPERAND);
        assert_eq!(io(0, 0, 0x80).0, invalid);
        assert_eq!(io(8, 1, 0x80).0, invalid);
        assert_eq!(io(1, 2, 0x80).0, invalid);
    }

    #[test]
    fn collects_lines() {
        let console = Console::default();
        let lines: Vec<_> = b"one\r\nt\x1bwo\nthree"
            .iter()
            .filter_map(|byte| console.put(*byte))
            .collect();
        assert_eq!(lines, ["one", "t\\x1bwo"]);
    }

    #[test]
    fn breaks_endless_lines() {
        let console = Console::default();
        let lines = (0..LONG).filter_map(|_| console.put(b'x'));
        assert_eq!(lines.count(), 1);
    }
}
