// SPDX-License-Identifier: GPL-2.0

//! The processors: what they are called, what CPUID says of them, and how their chips are numbered.
//!
//! "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230), and what
//! certificates and reports of each say.

use super::tcb::Tcb;
use crate::snp::config::Processor;

impl Processor {
    /// Returns the product line.
    pub(super) fn line(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// Returns what a certificate of a chip calls it. KDS has one revision for all Milan, whatever they are,
    /// and none for the others.
    pub(super) fn product(self) -> &'static str {
        match self {
            Self::Milan => "Milan-B0",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// Returns the numbers of the certificates of the ARK and the ASK.
    pub(super) fn certificate_numbers(self) -> [u32; 2] {
        match self {
            Self::Milan => [0x1_0000, 0x1_0001],
            Self::Genoa => [0x2_0000, 0x2_0002],
            Self::Turin => [0x3_0000, 0x3_0001],
        }
    }

    /// Returns the version of what a certificate of a chip says.
    pub(super) fn certificate_version(self) -> u8 {
        match self {
            Self::Milan | Self::Genoa => 0,
            Self::Turin => 1,
        }
    }

    /// Returns what CPUID says: family, model, stepping.
    pub(super) fn cpuid(self) -> [u8; 3] {
        match self {
            Self::Milan => [0x19, 0x01, 0x01],
            Self::Genoa => [0x19, 0x11, 0x01],
            Self::Turin => [0x1a, 0x02, 0x01],
        }
    }

    /// Returns the number of the chip, as its certificate has it.
    pub(super) fn hardware_id(self) -> &'static [u8] {
        match self {
            Self::Milan | Self::Genoa => {
                b"TSM-RS TEST chip - NOT AMD - what it signs proves nothing at all"
            }
            Self::Turin => b"NOT AMD!",
        }
    }

    /// Returns the number of the chip, as a report has it.
    pub(super) fn chip_id(self) -> [u8; 64] {
        let mut id = [0; 64];

        for (to, from) in id.iter_mut().zip(self.hardware_id()) {
            *to = *from;
        }
        id
    }

    /// Returns what the secrets page says: as `EAX` of CPUID leaf 1.
    pub(super) fn fms(self) -> u32 {
        // A family above 15 is 15 and the rest.
        let [family, model, stepping] = self.cpuid().map(u32::from);

        ((family - 0xf) << 20) | ((model >> 4) << 16) | (0xf << 8) | ((model & 0xf) << 4) | stepping
    }

    /// Returns the versions of the parts of the emulated platform, if the user wants no others: those that
    /// reports of such machines say.
    pub(super) fn tcb(self) -> Tcb {
        match self {
            Self::Milan => Tcb::new(None, [4, 0, 24, 219]),
            Self::Genoa => Tcb::new(None, [10, 0, 23, 84]),
            Self::Turin => Tcb::new(Some(1), [1, 1, 4, 82]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_in_the_secrets_page_what_reports_say() {
        let all = [Processor::Milan, Processor::Genoa, Processor::Turin];

        assert_eq!(all.map(Processor::fms), [0xa0_0f11, 0xa1_0f11, 0xb0_0f21]);
    }
}
