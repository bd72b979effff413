// SPDX-License-Identifier: GPL-2.0

//! Completion statuses of `TDCALL` and of the calls to the VMM behind it.

/// A completion status of the TDX module, what `TDCALL` returns in `RAX`.
///
/// Bits 63:32 say what happened, bits 31:0 give a detail, for most codes the [`Operand`]. An
/// unknown code is kept as it is. ABI, completion status codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(u64);

impl Status {
    /// The call did what it was asked to do.
    pub const SUCCESS: Self = Self(0);
    /// An operand has a value that it must not have.
    pub const OPERAND_INVALID: Self = Self(0xC000_0100_0000_0000);
    /// An address is not in a range where it may be.
    pub const OPERAND_ADDR_RANGE_ERROR: Self = Self(0xC000_0101_0000_0000);
    /// Something that the call needs is in use by another one; it can be tried again.
    pub const OPERAND_BUSY: Self = Self(0x8000_0200_0000_0000);
    /// No virtualisation exception waits to be read.
    pub const NO_VALID_VE_INFO: Self = Self(0xC000_0704_0000_0000);
    /// The secure EPT has no entry at the level that was asked for.
    pub const EPT_WALK_FAILED: Self = Self(0xC000_0B00_0000_0000);
    /// The page had been accepted before. Not an error: bit 63 is clear.
    pub const PAGE_ALREADY_ACCEPTED: Self = Self(0x0000_0B0A_0000_0000);
    /// The page is mapped in smaller pieces than the size that was asked for.
    pub const PAGE_SIZE_MISMATCH: Self = Self(0xC000_0B0B_0000_0000);
    /// No metadata field has this identifier.
    pub const METADATA_FIELD_ID_INCORRECT: Self = Self(0xC000_0C00_0000_0000);
    /// The guest must not write this metadata field.
    pub const METADATA_FIELD_NOT_WRITABLE: Self = Self(0xC000_0C01_0000_0000);
    /// The guest must not read this metadata field.
    pub const METADATA_FIELD_NOT_READABLE: Self = Self(0xC000_0C02_0000_0000);
    /// The metadata field can't have this value.
    pub const METADATA_FIELD_VALUE_NOT_VALID: Self = Self(0xC000_0C03_0000_0000);
    /// The MAC is not one of this CPU for this report.
    pub const INVALID_REPORTMACSTRUCT: Self = Self(0xC000_1001_0000_0000);

    /// Takes the value of `RAX`.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the value of `RAX`.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Returns what happened, without the detail; comparable with the constants.
    pub const fn class(self) -> Self {
        Self(self.0 & 0xFFFF_FFFF_0000_0000)
    }

    /// Returns the detail, bits 31:0.
    pub const fn detail(self) -> u32 {
        // CAST: The low half is what is wanted.
        self.0 as u32
    }

    /// Returns the same status about `operand`.
    pub const fn of(self, operand: Operand) -> Self {
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
}

/// The operand that a [`Status`] is about. ABI, operand identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operand(u32);

impl Operand {
    /// The leaf and version number.
    pub const RAX: Self = Self(0);
    /// The first operand.
    pub const RCX: Self = Self(1);
    /// The second operand.
    pub const RDX: Self = Self(2);
    /// The third operand.
    pub const R8: Self = Self(8);
    /// The fourth operand.
    pub const R9: Self = Self(9);
    /// The run-time measurement registers of the TD.
    pub const RTMR: Self = Self(168);

    /// Takes the number of an operand.
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the number.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// What the VMM returns in `R10` for a `TDG.VP.VMCALL`. GHCI, status codes of `TDG.VP.VMCALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VmcallStatus(u64);

impl VmcallStatus {
    /// The VMM did what it was asked to do.
    pub const SUCCESS: Self = Self(0);
    /// The guest has to ask again.
    pub const RETRY: Self = Self(1);
    /// An operand, or the sub-function itself, is not valid.
    pub const INVALID_OPERAND: Self = Self(0x8000_0000_0000_0000);
    /// The guest physical address is in use.
    pub const GPA_IN_USE: Self = Self(0x8000_0000_0000_0001);
    /// An address or a size is not aligned.
    pub const ALIGN_ERROR: Self = Self(0x8000_0000_0000_0002);
    /// The VMM does not have this sub-function.
    pub const SUBFUNC_UNSUPPORTED: Self = Self(0x8000_0000_0000_0003);

    /// Takes the value of `R10`.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the value of `R10`.
    pub const fn raw(self) -> u64 {
        self.0
    }
}
