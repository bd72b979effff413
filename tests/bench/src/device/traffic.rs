// SPDX-License-Identifier: GPL-2.0

//! What an emulated device counts.

use std::io;

use tsm_guest_tests::{
    function::Function as _,
    spdm::{
        Device,
        ACCESSES,
        EXCHANGES,
        REQUEST_DWORDS,
        RESPONSE_DWORDS, //
    }, //
};

/// What an emulated device has counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic {
    pub(super) exchanges: u32,
    request_dwords: u32,
    response_dwords: u32,
    pub(super) accesses: u32,
}

impl Traffic {
    /// Reads the counters of the device, by a few accesses.
    fn of(device: &Device) -> Self {
        Self {
            exchanges: device.register(EXCHANGES),
            request_dwords: device.register(REQUEST_DWORDS),
            response_dwords: device.register(RESPONSE_DWORDS),
            accesses: ACCESSES
                .map(|offset| device.register(offset))
                .into_iter()
                .fold(0, u32::wrapping_add),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            exchanges: self.exchanges.wrapping_sub(before.exchanges),
            request_dwords: self.request_dwords.wrapping_sub(before.request_dwords),
            response_dwords: self.response_dwords.wrapping_sub(before.response_dwords),
            accesses: self.accesses.wrapping_sub(before.accesses),
        }
    }

    /// Returns what was counted during `work`, without the accesses that read the counters.
    pub(super) fn during(
        device: &Device,
        work: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Self> {
        let first = Self::of(device);
        let before = Self::of(device);
        work()?;
        let after = Self::of(device);
        let asked = before.since(first).accesses;
        let mut traffic = after.since(before);

        traffic.accesses = traffic.accesses.wrapping_sub(asked);
        Ok(traffic)
    }

    /// Returns how many accesses this takes the kernel at least: one for each DWORD that is written, two for
    /// each that is read, and five for an exchange. Those are the status before the request, GO, and the
    /// status before the answer, before its last DWORD and after it.
    pub(super) fn least_accesses(self) -> u32 {
        5 * self.exchanges + self.request_dwords + 2 * self.response_dwords
    }
}
