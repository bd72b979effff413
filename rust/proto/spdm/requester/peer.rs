// SPDX-License-Identifier: GPL-2.0

//! What is known of a device after the negotiation.

use crate::spdm::{
    algorithms::{
        BaseAsym,
        Dhe,
        MeasurementHash, //
    },
    capabilities::Flags,
    challenge::Summary,
    key_schedule::KeySchedule,
    Digest,
    HashAlgorithm,
    Layout,
    Slot,
    SlotMask, //
};

/// A device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The layout of messages.
    pub layout: Layout,
    /// The hash.
    pub hash: HashAlgorithm,
    /// How the device signs.
    pub scheme: BaseAsym,
    /// How the device makes digests of measurements.
    pub measurement_hash: MeasurementHash,
    /// What sessions need, if the device can have them.
    pub sessions: Option<Sessions>,
    /// What the device can do.
    pub flags: Flags,
    /// The slot whose chain authenticates the device.
    pub slot: Slot,
    /// The slots that had a chain when the device was authenticated.
    pub slots: SlotMask,
    /// The digest of the chain that authenticates.
    pub chain: Digest,
}

/// The algorithms of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    /// The key exchange.
    pub dhe: Dhe,
    /// The derivation of keys.
    pub schedule: KeySchedule,
}

impl Peer {
    /// Returns which measurements to summarize when the device authenticates itself.
    pub(super) const fn summary(&self) -> Summary {
        match self.measures() {
            true => Summary::ALL,
            false => Summary::NONE,
        }
    }

    /// Tells whether the device has measurements.
    pub const fn measures(&self) -> bool {
        self.signs_measurements() || self.flags.has(Flags::MEAS_NO_SIG)
    }

    /// Tells whether the device signs measurements.
    pub const fn signs_measurements(&self) -> bool {
        self.flags.has(Flags::MEAS_SIG)
    }
}
