// SPDX-License-Identifier: GPL-2.0

//! Kinds of devices.

/// What a device is among PCIe devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persona {
    /// An endpoint below a root port that only has a mailbox: neither IDE nor TDISP.
    Cma,
    /// An endpoint below a root port with IDE, whose functions are no TDIs.
    Ide,
    /// An endpoint below a root port, with IDE and TDISP.
    Endpoint,
    /// An endpoint that is integrated into the root complex, with TDISP: it has no link to encrypt.
    Integrated,
}

impl Persona {
    /// Tells whether the functions can be TDIs.
    pub(crate) fn has_tee_io(self) -> bool {
        matches!(self, Self::Endpoint | Self::Integrated)
    }

    /// Tells whether the device has IDE.
    pub(crate) fn has_ide(self) -> bool {
        matches!(self, Self::Ide | Self::Endpoint)
    }

    /// Tells whether the device is below a root port.
    pub(crate) fn has_link(self) -> bool {
        self != Self::Integrated
    }
}
