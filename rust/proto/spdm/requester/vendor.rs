// SPDX-License-Identifier: GPL-2.0

//! A vendor-defined message of the user, in a session.

use super::{
    link::Link,
    phase::Next,
    Peer, //
};
use crate::spdm::{
    transcript::Evidence,
    vendor_defined::{
        Protocol,
        VendorDefined, //
    },
    Error,
    Result,
    Suite, //
};

/// Waits for the response to a vendor-defined message.
pub(super) struct AskVendor {
    peer: Peer,
    protocol: Protocol,
}

impl AskVendor {
    pub(super) const fn new(peer: Peer, protocol: Protocol) -> Self {
        Self { peer, protocol }
    }

    /// Returns the device.
    pub(super) const fn peer(&self) -> Peer {
        self.peer
    }

    /// Finds the payload.
    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        // The response does not depend on the payload of the request.
        let request = VendorDefined {
            protocol: self.protocol,
            payload: &[],
        };

        match link.parse(&request, &self.peer.layout) {
            Ok((payload, _)) => {
                let start = VendorDefined::PAYLOAD;
                Ok(Next::Payload(self.peer, start..start + payload.len()))
            }
            Err(Error::Peer(response)) if response.is_refusal(link.session.is_some()) => {
                let err = match link.is_accepted {
                    true => Error::Withdrawn(response),
                    false => Error::Peer(response),
                };
                Ok(Next::Refused(self.peer, err))
            }
            Err(err) => Err(err),
        }
    }
}
