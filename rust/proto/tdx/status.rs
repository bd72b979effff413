// SPDX-License-Identifier: GPL-2.0

//! Completion statuses of `TDCALL` and of the calls to the VMM behind it.

mod codes;

use core::fmt;

use crate::{
    open_enum::open_enum,
    Answer,
    PlatformStatus, //
};

open_enum! {
    /// A completion status of the TDX module, what `TDCALL` returns in `RAX`.
    ///
    /// Bits 63:32 say what happened, bits 31:0 give a detail, for most codes the [`OperandId`]. An
    /// unknown code is kept as it is. ABI, completion status codes.
    pub struct Status(u64) {}
}

impl Status {
    /// Returns what happened, without the detail; comparable with the constants.
    pub const fn class(self) -> Self {
        Self(self.0 & 0xFFFF_FFFF_0000_0000)
    }

    /// Returns the detail, bits 31:0.
    pub const fn detail(self) -> u32 {
        // CAST: The low half is what is wanted.
        self.0 as u32
    }

    /// Returns what the specification calls this, after `TDX_`, if it knows it.
    pub fn name(self) -> Option<&'static str> {
        let code = self.0 >> 32;
        let index = Self::CODES.iter().position(|c| u64::from(*c) == code)?;

        Self::NAMES.lines().nth(index)
    }

    /// Returns the same status about `operand`.
    pub const fn of(self, operand: OperandId) -> Self {
        self.with_detail(operand.0)
    }

    /// Returns the same status with another detail.
    pub const fn with_detail(self, detail: u32) -> Self {
        // CAST: Widens.
        Self(self.class().0 | detail as u64)
    }

    /// Tells whether the call failed.
    pub const fn is_error(self) -> bool {
        self.0 >> 63 != 0
    }

    /// Tells whether the call may do what it did not, if it is made again: something was in use.
    pub fn is_busy(self) -> bool {
        matches!(
            self.class(),
            Self::OPERAND_BUSY | Self::OPERAND_BUSY_HOST_PRIORITY | Self::SYS_BUSY
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#018x})", self.name().unwrap_or("?"), self.0)
    }
}

impl PlatformStatus for Status {
    fn answer(&self) -> Option<Answer> {
        Some(Answer {
            source: c"tdcall",
            status: self.raw(),
        })
    }
}

open_enum! {
    /// The identifier of the operand that a [`Status`] is about. ABI, operand identifiers.
    pub struct OperandId(u32) {
        /// The leaf and version number.
        RAX = 0,
        /// The first operand.
        RCX = 1,
        /// The second operand.
        RDX = 2,
        /// The third operand.
        R8 = 8,
        /// The fourth operand.
        R9 = 9,
        /// The run-time measurement registers of the TD.
        RTMR = 168,
    }
}

open_enum! {
    /// What the VMM returns in `R10` for a `TDG.VP.VMCALL`. GHCI, status codes of `TDG.VP.VMCALL`.
    pub struct VmcallStatus(u64) {
        /// The VMM did what it was asked to do.
        SUCCESS = 0,
        /// The guest has to ask again.
        RETRY = 1,
        /// An operand, or the sub-function itself, is not valid.
        INVALID_OPERAND = 0x8000_0000_0000_0000,
        /// The guest physical address is in use.
        GPA_IN_USE = 0x8000_0000_0000_0001,
        /// An address or a size is not aligned.
        ALIGN_ERROR = 0x8000_0000_0000_0002,
        /// The VMM does not have this sub-function.
        SUBFUNC_UNSUPPORTED = 0x8000_0000_0000_0003,
    }
}

impl PlatformStatus for VmcallStatus {
    fn answer(&self) -> Option<Answer> {
        Some(Answer {
            source: c"vmcall",
            status: self.raw(),
        })
    }
}
