// SPDX-License-Identifier: GPL-2.0

//! How a guest request ended.

/// What the firmware says. ABI, table "Status Codes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirmwareStatus(u32);

impl FirmwareStatus {
    /// It did what it was asked to do.
    pub const SUCCESS: Self = Self(0);
    /// A parameter is not valid, for example a VMPL that is above that of the key.
    pub const INVALID_PARAM: Self = Self(0x16);
    /// The sequence number of a message can't go up any further.
    pub const AEAD_OVERFLOW: Self = Self(0x1d);
    /// The key that was selected is not valid.
    pub const INVALID_KEY: Self = Self(0x27);

    /// Takes the value of a status field.
    #[inline]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// What the VMM says. GHCB, section "SNP Guest Request" and "SNP Extended Guest Request".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VmmStatus(u32);

impl VmmStatus {
    /// It has nothing to say.
    pub const NONE: Self = Self(0);
    /// The pages for certificates are too few.
    pub const INVALID_LEN: Self = Self(1);
    /// The guest has to ask again later.
    pub const BUSY: Self = Self(2);
    /// Something else went wrong.
    pub const GENERIC: Self = Self(3);

    /// Takes the value.
    #[inline]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the value.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// `SW_EXITINFO2` after a guest request: a status of the VMM, and one of the firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitInfo2(u64);

impl ExitInfo2 {
    /// Both did what they were asked to do.
    pub const SUCCESS: Self = Self(0);
    /// Nothing was sent. This is the value that the kernel's own driver leaves then.
    pub const NOT_SENT: Self = Self(0xff);
    /// It is not known what they said. This is the value that the kernel has before there is one.
    pub const UNKNOWN: Self = Self(u64::MAX);
    /// The pages for certificates are too few.
    pub const INVALID_LEN: Self = Self::of(VmmStatus::INVALID_LEN, FirmwareStatus::SUCCESS);
    /// The guest has to ask again later.
    pub const BUSY: Self = Self::of(VmmStatus::BUSY, FirmwareStatus::SUCCESS);

    /// Puts the two together.
    #[inline]
    pub const fn of(vmm: VmmStatus, firmware: FirmwareStatus) -> Self {
        // CAST: 32 bits fit 64.
        Self(((vmm.0 as u64) << 32) | firmware.0 as u64)
    }

    /// Takes the value of the register.
    #[inline]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the value of the register.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Returns what the VMM says.
    #[inline]
    pub const fn vmm(self) -> VmmStatus {
        // CAST: What is left after the shift fits.
        VmmStatus((self.0 >> 32) as u32)
    }

    /// Returns what the firmware says.
    #[inline]
    pub const fn firmware(self) -> FirmwareStatus {
        // CAST: The lower half is meant.
        FirmwareStatus(self.0 as u32)
    }
}
