// SPDX-License-Identifier: GPL-2.0

//! Data objects of a DOE mailbox: PCIe r6 6.30.1.

use super::{
    misbehaviour::{
        self,
        Wrong, //
    },
    responder::{
        Responder,
        Response, //
    },
    settings::{
        MutatedPart,
        Settings, //
    },
    tdi::Tdis, //
};
use crate::machine::mutator::Mutator;

/// Vendor ID of the PCI-SIG.
const PCI_SIG: u16 = 1;
/// Size of the header: vendor ID, type, reserved, length in DWORDs.
const HEADER: usize = 8;
/// The length is a field of 18 bits, where 0 means 2^18.
const LENGTH: u32 = (1 << 18) - 1;

/// Type: DOE Discovery.
const DISCOVERY: u8 = 0;
/// Type: CMA-SPDM.
const CMA: u8 = 1;
/// Type: Secured CMA-SPDM.
const SECURED_CMA: u8 = 2;
/// Size of the largest object in bytes.
pub(super) const MAX_SIZE: usize = 1 << 20;
/// All types, in the order of discovery.
const TYPES: [u8; 3] = [DISCOVERY, CMA, SECURED_CMA];

/// The mailbox of a device, and what answers behind it.
#[derive(Debug)]
pub struct Mailbox {
    wrong: Option<Wrong>,
    mutator: Option<Mutator>,
    /// The response to the last request with a message or a record.
    earlier: Option<Vec<u8>>,
    responder: Responder,
}

impl Mailbox {
    /// Makes the mailbox of a device.
    pub fn new(settings: Settings) -> Self {
        let tdis = Tdis::new(&settings);

        Self::with_interfaces(settings, tdis)
    }

    /// Makes the mailbox of a device that has these interfaces.
    pub(crate) fn with_interfaces(settings: Settings, tdis: Tdis) -> Self {
        Self {
            wrong: settings.wrong,
            mutator: settings.mutator(MutatedPart::Object),
            earlier: None,
            responder: Responder::new(settings, tdis),
        }
    }

    /// Forgets what was negotiated, and all sessions.
    pub(crate) fn reset(&mut self) {
        self.earlier = None;
        self.responder.reset();
    }

    /// Does something else wrong from now on, or nothing.
    pub(crate) fn set_wrong(&mut self, wrong: Option<Wrong>) {
        self.wrong = wrong;
        self.earlier = None;
        self.responder.set_wrong(wrong);
    }

    /// Returns the response to a data object. There is none to an object that is malformed, or of a
    /// type that the device does not have.
    pub fn exchange(&mut self, object: &[u8]) -> Option<Vec<u8>> {
        let (kind, payload) = parse(object)?;

        let response = match kind {
            DISCOVERY => return self.discover(payload),
            CMA => self.plain(payload),
            SECURED_CMA => match self.responder.secured(payload) {
                Response::Plain(message) => make(CMA, &message),
                Response::Secured(record) => make(SECURED_CMA, &record),
            },
            _ => return None,
        };
        Some(self.adjust(response))
    }

    /// Responds to a message in the clear.
    fn plain(&mut self, request: &[u8]) -> Vec<u8> {
        let kind = match (self.wrong, request.get(1)) {
            (Some(Wrong::RecordBefore), Some(0x81)) => SECURED_CMA,
            _ => CMA,
        };

        make(kind, &self.responder.plain(request))
    }

    /// Responds to DOE Discovery.
    fn discover(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let endless = self.wrong == Some(Wrong::DiscoveryEndless);
        let mut object = make(DISCOVERY, &discover(payload, endless)?);

        match self.wrong {
            Some(Wrong::DiscoveryShort) => object.truncate(HEADER + 2),
            Some(Wrong::DiscoveryEmpty) => object = make(DISCOVERY, &[]),
            _ => {}
        }
        Some(object)
    }

    /// Changes a response as it is to be wrong.
    fn adjust(&mut self, mut response: Vec<u8>) -> Vec<u8> {
        if self.wrong == Some(Wrong::DoeEarlier) {
            let earlier = self.earlier.replace(response.clone());
            return earlier.unwrap_or(response);
        }
        misbehaviour::object(self.wrong, &mut response);
        if let Some(mut random) = self.mutator.as_ref().and_then(Mutator::next) {
            // The header of the object and that of the message, or of the record.
            let size = response.len().min(2 * HEADER);
            let (header, data) = response.split_at_mut(size);
            random.mutate(header, data);
        }
        response
    }
}

/// Tells whether an object is as long as it says.
pub(super) fn is_whole(object: &[u8]) -> bool {
    length(object) == Some(object.len())
}

/// Tells whether an object is about discovery.
pub(super) fn is_discovery(object: &[u8]) -> bool {
    object.get(2) == Some(&DISCOVERY)
}

/// Returns how long an object says that it is, in bytes.
fn length(object: &[u8]) -> Option<usize> {
    let field = object.get(4..HEADER)?.try_into().ok()?;
    let dwords = match u32::from_le_bytes(field) & LENGTH {
        0 => LENGTH + 1,
        dwords => dwords,
    };

    // CAST: Widens.
    Some(4 * dwords as usize)
}

/// Returns type and payload of a data object, which may have more bytes than its length says.
fn parse(object: &[u8]) -> Option<(u8, &[u8])> {
    let (header, _) = object.split_at_checked(HEADER)?;
    let vendor = u16::from_le_bytes(header[..2].try_into().ok()?);
    let payload = object.get(HEADER..length(object)?)?;

    (vendor == PCI_SIG).then_some((header[2], payload))
}

/// Makes a data object: the payload is padded to DWORDs.
fn make(kind: u8, payload: &[u8]) -> Vec<u8> {
    let padded = payload.len().next_multiple_of(4);
    // CAST: No payload is longer than 2^20 bytes.
    let length = ((HEADER + padded) / 4) as u32 & LENGTH;
    let mut object = PCI_SIG.to_le_bytes().to_vec();

    object.extend_from_slice(&[kind, 0]);
    object.extend_from_slice(&length.to_le_bytes());
    object.extend_from_slice(payload);
    object.resize(HEADER + padded, 0);
    object
}

/// Responds to DOE Discovery: vendor ID, type, next index. The last one has the next index 0.
fn discover(payload: &[u8], endless: bool) -> Option<Vec<u8>> {
    let index = *payload.first()?;
    if endless {
        return Some(vec![1, 0, index, index.wrapping_add(1).max(1)]);
    }
    let next = match usize::from(index) + 1 < TYPES.len() {
        true => index + 1,
        false => 0,
    };
    let [low, high] = PCI_SIG.to_le_bytes();

    // An index that is too high gets the vendor ID 0xffff.
    Some(match TYPES.get(usize::from(index)) {
        Some(&kind) => vec![low, high, kind, next],
        None => vec![0xff, 0xff, 0xff, 0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a device without certificates.
    fn mailbox() -> Mailbox {
        Mailbox::new(Settings {
            slots: 0,
            ..Settings::default()
        })
    }

    #[test]
    fn lists_its_types() {
        let types: Vec<_> = (0..4)
            .map(|index| mailbox().exchange(&make(DISCOVERY, &[index])).unwrap()[8..].to_vec())
            .collect();

        assert_eq!(types[0], [1, 0, 0, 1]);
        assert_eq!(types[1], [1, 0, 1, 2]);
        assert_eq!(types[2], [1, 0, 2, 0]);
        assert_eq!(types[3], [0xff, 0xff, 0xff, 0]);
    }

    #[test]
    fn discards_malformed_objects() {
        let right = make(CMA, &[0x10, 0x84, 0, 0]);
        assert!(mailbox().exchange(&right).is_some());

        // Another vendor, an unknown type, a length that is too short or too long, or 2^18.
        for (offset, value) in [(0, 2), (2, 3), (4, 1), (4, 4), (4, 0)] {
            let mut object = right.clone();
            object[offset] = value;
            assert_eq!(mailbox().exchange(&object), None);
        }
        for size in 0..right.len() {
            assert_eq!(mailbox().exchange(&right[..size]), None);
        }
    }

    #[test]
    fn has_no_feature_without_certificates() {
        let mut mailbox = mailbox();
        mailbox.exchange(&make(CMA, &[0x10, 0x84, 0, 0])).unwrap();
        let response = mailbox.exchange(&make(CMA, &[0x10, 0xe1, 0, 0])).unwrap();

        assert_eq!(response[16..20], [0; 4]);
    }
}
