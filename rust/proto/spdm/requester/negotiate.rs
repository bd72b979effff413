// SPDX-License-Identifier: GPL-2.0

//! Version, capabilities, algorithms.

use super::{
    identify::AskDigests,
    link::Link,
    peer::Sessions,
    phase::{
        Next,
        Phase, //
    },
    Config,
    Peer, //
};
use crate::spdm::{
    algorithms::{
        Aead,
        Algorithms,
        BaseAsym,
        BaseHash,
        Dhe,
        KeySchedule as Schedule,
        NegotiateAlgorithms,
        Table,
        Tables,
        DMTF_MEASUREMENTS,
        OPAQUE_FORMAT_1, //
    },
    capabilities::{
        Flags,
        GetCapabilities, //
    },
    get_version::GetVersion,
    key_schedule::KeySchedule,
    transcript::{
        Evidence,
        Part, //
    },
    Digest,
    Error,
    HashAlgorithm,
    Layout,
    Request,
    Result,
    Slot,
    SlotMask,
    Suite,
    Version, //
};

/// Asks for the versions.
pub(super) struct AskVersion {
    slot: Slot,
}

impl AskVersion {
    pub(super) const fn new(slot: Slot) -> Self {
        Self { slot }
    }

    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        GetVersion.encode(&Layout::new(Version::V1_0), buffer)
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let (versions, response) = link.parse(&GetVersion, &Layout::new(Version::V1_0))?;
        let version = versions.select(link.config.highest)?;
        // The measurements would be signed by another key than the one that authenticated.
        if self.slot != Slot::FIRST && !version.has_measurement_slot() {
            return Err(Error::NoCommonVersion);
        }

        link.evidence.clear(Part::Negotiation);
        link.negotiated(response)?;
        Ok(Next::Ask(Phase::Capabilities(AskCapabilities {
            slot: self.slot,
            layout: Layout::new(version),
        })))
    }
}

/// What the requester offers. What is not offered must not be used.
const OFFER: Flags = Flags::CERT
    .with(Flags::CHAL)
    .with(Flags::ENCRYPT)
    .with(Flags::MAC)
    .with(Flags::KEY_EX);

/// Asks for the capabilities.
pub(super) struct AskCapabilities {
    slot: Slot,
    layout: Layout,
}

impl AskCapabilities {
    fn request(config: &Config) -> GetCapabilities {
        GetCapabilities {
            ct_exponent: 0,
            flags: OFFER,
            data_transfer_size: config.transfer_size.into(),
            max_message_size: config.transfer_size.into(),
        }
    }

    pub(super) fn write(&self, config: &Config, buffer: &mut [u8]) -> Result<usize> {
        Self::request(config).encode(&self.layout, buffer)
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let request = Self::request(link.config);
        let (capabilities, response) = link.parse(&request, &self.layout)?;
        let has_sessions = self.layout.version.has_sessions() && capabilities.has_sessions();

        if !has_sessions && !capabilities.has_challenge() {
            return Err(Error::Incapable);
        }
        link.negotiated(response)?;
        Ok(Next::Ask(Phase::Algorithms(AskAlgorithms {
            slot: self.slot,
            layout: self.layout,
            flags: capabilities.flags,
            has_sessions,
        })))
    }
}

/// Asks for the algorithms.
pub(super) struct AskAlgorithms {
    slot: Slot,
    layout: Layout,
    flags: Flags,
    has_sessions: bool,
}

/// The algorithms that the requester offers.
fn offer() -> NegotiateAlgorithms {
    let dhe = Dhe::SECP_384_R1.with(Dhe::SECP_256_R1);

    NegotiateAlgorithms {
        measurement_specification: DMTF_MEASUREMENTS,
        other_params: OPAQUE_FORMAT_1,
        base_asym: BaseAsym::ECDSA_P384
            .with(BaseAsym::ECDSA_P256)
            .with(BaseAsym::RSASSA_3072),
        base_hash: BaseHash::SHA_384.with(BaseHash::SHA_256),
        measurement_log: 0,
        tables: Tables::NONE
            .with(Table::DHE, dhe.raw())
            .with(Table::AEAD, Aead::AES_256_GCM.raw())
            .with(Table::KEY_SCHEDULE, Schedule::SPDM.raw()),
    }
}

impl AskAlgorithms {
    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        offer().encode(&self.layout, buffer)
    }

    /// Returns what sessions need, which has to be selected.
    fn sessions(&self, selected: &Algorithms, hash: HashAlgorithm) -> Result<Sessions> {
        let version = self.layout.version;
        let has_format = selected.other_params & OPAQUE_FORMAT_1 != 0;
        let tables = &selected.tables;
        let key_size = tables.aead().and_then(Aead::size);

        if version.has_opaque_format() && !has_format {
            return Err(Error::NotOffered);
        }
        match (tables.dhe(), key_size, tables.key_schedule()) {
            (Some(dhe), Some(key_size), Some(Schedule::SPDM)) => Ok(Sessions {
                dhe,
                schedule: KeySchedule {
                    version,
                    hash,
                    key_size,
                },
            }),
            _ => Err(Error::NoAlgorithm),
        }
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let (selected, response) = link.parse(&offer(), &self.layout)?;
        let hash = HashAlgorithm::try_from(selected.base_hash)?;
        let sessions = match self.has_sessions {
            true => Some(self.sessions(&selected, hash)?),
            false => None,
        };
        let peer = Peer {
            layout: selected.layout(self.layout.version)?,
            hash,
            scheme: selected.base_asym,
            measurement_hash: selected.measurement_hash,
            sessions,
            flags: self.flags,
            slot: self.slot,
            slots: SlotMask::new(0),
            chain: Digest::new(&[])?,
        };
        if peer.measures() && selected.measurement_specification != DMTF_MEASUREMENTS {
            return Err(Error::NotOffered);
        }

        link.negotiated(response)?;
        let phase = AskDigests::connect(peer, link);
        Ok(Next::Ask(Phase::Digests(phase)))
    }
}
