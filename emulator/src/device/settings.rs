// SPDX-License-Identifier: GPL-2.0

//! What an emulated device is.

use super::{
    misbehaviour::Wrong,
    persona::Persona,
    requester_id::{
        RequesterId,
        RequesterIds, //
    },
    suite::{
        Hash,
        Signature, //
    },
    version::Version, //
};
use crate::machine::mutator::Mutator;

/// What PCIe configuration space says that the device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Vendor ID.
    pub vendor: u16,
    /// Device ID.
    pub device: u16,
    /// Class code: base class, sub-class, programming interface.
    pub class: u32,
    /// Revision ID.
    pub revision: u8,
    /// Subsystem vendor ID.
    pub subsystem_vendor: u16,
    /// Subsystem ID.
    pub subsystem: u16,
}

/// What is changed at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MutatedPart {
    /// Data objects: in a session, after the encryption.
    Object,
    /// Messages: in a session, before the encryption.
    Message,
}

/// Whose addresses of BARs a device reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarAddresses {
    /// Those that the guest has set.
    Guest,
    /// Those of a made-up host, as a device does that is passed through.
    Host,
}

/// How a device is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The highest version of SPDM that the device offers. It offers all lower ones too.
    pub spdm: Version,
    /// The base hash algorithm, and that of measurements.
    pub hash: Hash,
    /// The signature algorithm.
    pub signature: Signature,
    /// Mask of the slots that have a certificate chain. The device has no session and no signature
    /// without one.
    pub slots: u8,
    /// Size in bytes that a chain has at least, header included. At most [`Self::MAX_CHAIN`].
    pub chain: u16,
    /// Size in bytes that a portion of a chain has at most.
    pub portion: u16,
    /// Whether the device has sessions. One that has not signs in response to `CHALLENGE` only.
    pub sessions: bool,
    /// Whether the device says that it measures anew each time.
    pub fresh: bool,
    /// What is in the certificates.
    pub identity: Identity,
    /// What kind of a device it is.
    pub persona: Persona,
    /// How many functions it has, 1 to 8. Each is a TEE device interface.
    pub functions: u8,
    /// How many of its functions have a mailbox, from function 0 on. Only by that of function 0 the interfaces are
    /// reached; a responder behind another one has none of its own.
    pub mailboxes: u8,
    /// The device number that it has in the guest, if it is on bus 0.
    pub device_number: u8,
    /// Which requester IDs it has, if not those of its persona.
    pub requester_ids: Option<RequesterIds>,
    /// Whose addresses of BARs it reports.
    pub bars: BarAddresses,
    /// What the device does wrong, if anything.
    pub wrong: Option<Wrong>,
    /// Seed of changes at random, and how many responses may be changed.
    pub mutate: Option<(u64, u64)>,
    /// One of so many responses is changed.
    pub mutate_every: u16,
    /// What these changes are made in.
    pub mutate_part: MutatedPart,
    /// Start of the random numbers: a device with the same one sends the same bytes again.
    pub seed: u64,
}

impl Settings {
    /// The largest `chain` for which there is room for what comes on top, in a field of 16 bits.
    pub const MAX_CHAIN: u16 = 0xffff - 128;

    /// Returns the requester ID of function 0, as the device knows it.
    pub(crate) fn requester_id(&self) -> RequesterId {
        self.requester_ids
            .unwrap_or(RequesterIds::of(self.persona))
            .first(self.device_number)
    }

    /// Makes what changes this part, if anything does.
    pub(crate) fn mutator(&self, part: MutatedPart) -> Option<Mutator> {
        self.mutate
            .filter(|_| self.mutate_part == part)
            .map(|(seed, count)| Mutator::new(seed, count).one_in(self.mutate_every.into()))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            spdm: Version::V1_2,
            hash: Hash::Sha384,
            signature: Signature::EcdsaP384,
            slots: 1,
            chain: 1700,
            portion: u16::MAX,
            sessions: true,
            fresh: true,
            identity: Identity {
                vendor: 0x1b36,
                device: 0x0d15,
                class: 0x08_0200,
                revision: 1,
                subsystem_vendor: 0x1af4,
                subsystem: 0x1100,
            },
            persona: Persona::Integrated,
            functions: 2,
            mailboxes: 1,
            device_number: 0x10,
            requester_ids: None,
            bars: BarAddresses::Host,
            wrong: None,
            mutate: None,
            mutate_every: 1,
            mutate_part: MutatedPart::Object,
            seed: 0,
        }
    }
}
