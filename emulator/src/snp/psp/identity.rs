// SPDX-License-Identifier: GPL-2.0

//! What a launch is known by.

use std::{
    fs::File,
    io::Read as _, //
};

use sha2::{
    Digest as _,
    Sha256, //
};

/// `REPORT_ID`, which the firmware makes anew at each launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReportId([u8; 32]);

impl ReportId {
    /// Takes the one that the user wants, or makes one. The error is for the user.
    pub(super) fn new(wanted: Option<[u8; 32]>) -> Result<Self, String> {
        match wanted {
            Some(id) => Ok(Self(id)),
            None => Self::random().map_err(|error| format!("/dev/urandom: {error}")),
        }
    }

    fn random() -> std::io::Result<Self> {
        let mut id = [0; 32];

        File::open("/dev/urandom")?.read_exact(&mut id)?;
        Ok(Self(id))
    }

    /// Returns the bytes.
    pub(super) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Returns the VMRK, the guest's root of derived keys. The firmware draws it at launch as well; here it
    /// follows from the `REPORT_ID`, so that a launch can be had again.
    pub(super) fn vmrk(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update("tsm-emulator VMRK, known to everybody: ")
            .chain_update(self.0)
            .finalize()
            .into()
    }
}
