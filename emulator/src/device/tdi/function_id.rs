// SPDX-License-Identifier: GPL-2.0

//! Names of interfaces: FUNCTION_ID of an INTERFACE_ID, PCIe r6 11.3.

use super::super::requester_id::RequesterId;

/// The name of an interface: its requester ID, and its segment if that is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FunctionId(u32);

/// The segment.
const SEGMENT: u32 = 0xff << 16;
/// Says that there is one.
const SEGMENT_VALID: u32 = 1 << 24;

impl FunctionId {
    /// Takes the value as it is in a message.
    pub(crate) const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the number of the function of a device whose function 0 has a requester ID. The device
    /// is in segment 0. Reserved bits are ignored.
    pub(super) fn function(self, first: RequesterId) -> Option<u8> {
        if self.0 & SEGMENT_VALID != 0 && self.0 & SEGMENT != 0 {
            return None;
        }
        // CAST: The requester ID is in the lower 16 bits.
        let id = RequesterId::new(self.0 as u16);

        u8::try_from(first.distance(id)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_functions_of_the_segment() {
        for (raw, expected) in [
            (0x3b00, Some(0)),
            (0x3b02, Some(2)),
            (0x3aff, None),
            (0x3c00, None),
            // A segment counts if it is valid. Reserved bits do not.
            (0x0102_3b00, None),
            (0x0100_3b01, Some(1)),
            (0x0002_3b01, Some(1)),
            (0xfe00_3b01, Some(1)),
        ] {
            let function = FunctionId::new(raw).function(RequesterId::HOST);
            assert_eq!((raw, function), (raw, expected));
        }
    }
}
