// SPDX-License-Identifier: GPL-2.0

//! How a guest request ended.

use crate::{
    open_enum::open_enum,
    Answer,
    PlatformStatus, //
};

open_enum! {
    /// What the firmware says. ABI, table "Status Codes".
    pub struct FirmwareStatus(u32) {
        /// It did what it was asked to do.
        SUCCESS = 0,
        /// A parameter is not valid, for example a VMPL that is above that of the key.
        INVALID_PARAM = 0x16,
        /// The sequence number of a message can't go up any further.
        AEAD_OVERFLOW = 0x1d,
        /// The key that was selected is not valid.
        INVALID_KEY = 0x27,
    }
}

open_enum! {
    /// What the VMM says. GHCB, section "SNP Guest Request" and "SNP Extended Guest Request".
    pub struct VmmStatus(u32) {
        /// It has nothing to say.
        NONE = 0,
        /// The pages for certificates are too few.
        INVALID_LEN = 1,
        /// The guest has to ask again later.
        BUSY = 2,
        /// Something else went wrong.
        GENERIC = 3,
    }
}

open_enum! {
    /// `SW_EXITINFO2` after a guest request: a status of the VMM, and one of the firmware.
    pub struct ExitInfo2(u64) {
        /// Both did what they were asked to do.
        SUCCESS = 0,
        /// Nothing was sent. This is the value that the kernel's own driver leaves then.
        NOT_SENT = 0xff,
        /// It is not known what they said. This is the value that the kernel has before there is one.
        UNKNOWN = u64::MAX,
    }
}

impl ExitInfo2 {
    /// The pages for certificates are too few.
    pub const INVALID_LEN: Self = Self::of(VmmStatus::INVALID_LEN, FirmwareStatus::SUCCESS);
    /// The guest has to ask again later.
    pub const BUSY: Self = Self::of(VmmStatus::BUSY, FirmwareStatus::SUCCESS);

    /// Puts the two together.
    pub const fn of(vmm: VmmStatus, firmware: FirmwareStatus) -> Self {
        // CAST: 32 bits fit 64.
        Self(((vmm.0 as u64) << 32) | firmware.0 as u64)
    }

    /// Returns what the VMM says.
    pub const fn vmm(self) -> VmmStatus {
        // CAST: What is left after the shift fits.
        VmmStatus((self.0 >> 32) as u32)
    }

    /// Returns what the firmware says.
    pub const fn firmware(self) -> FirmwareStatus {
        // CAST: The lower half is meant.
        FirmwareStatus(self.0 as u32)
    }
}

impl PlatformStatus for ExitInfo2 {
    fn answer(&self) -> Option<Answer> {
        Some(Answer {
            source: c"exitinfo2",
            status: self.raw(),
        })
    }
}
