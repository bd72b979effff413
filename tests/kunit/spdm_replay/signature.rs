// SPDX-License-Identifier: GPL-2.0

//! A signature of a capture.

use kernel::prelude::*;
use tsm_proto::spdm::{
    algorithms::BaseAsym,
    transcript::Signer,
    Digest,
    Error,
    Hash as _,
    SigningContext,
    Suite as _, //
};

use crate::suite::KernelSuite;

use super::failure::{
    same,
    Failure,
    Result, //
};

/// A signature, and what it is about.
pub(super) struct Signature<'a> {
    pub(super) signer: Signer<'a>,
    pub(super) context: SigningContext,
    pub(super) transcript: &'a Digest,
    pub(super) bytes: &'a [u8],
}

impl Signature<'_> {
    /// Fails unless it verifies.
    pub(super) fn verify(&self) -> Result {
        let signer = &self.signer;

        Ok(signer.verify(&KernelSuite, self.context, self.transcript, self.bytes)?)
    }

    /// Fails unless it is refused when it is changed, and when what it depends on is.
    pub(super) fn refuse_changes(&self) -> Result {
        self.refuse_bytes()?;
        let mut hash = KernelSuite.hash(self.signer.hash);
        hash.update(self.transcript.as_bytes());
        let transcript = hash.finish();
        let signer = &self.signer;
        let verdict = signer.verify(&KernelSuite, self.context, &transcript, self.bytes);
        same(&verdict, &Err(Error::Signature), "another transcript")?;

        let scheme = match self.signer.scheme {
            BaseAsym::ECDSA_P384 => BaseAsym::ECDSA_P256,
            _ => BaseAsym::ECDSA_P384,
        };
        self.refuse_signer(Signer { scheme, ..*signer }, Error::Signature)?;
        // The kernel has this curve and the suite has not.
        let scheme = BaseAsym::ECDSA_P521;
        self.refuse_signer(Signer { scheme, ..*signer }, Error::NoAlgorithm)?;
        self.refuse_certificates()
    }

    /// Fails unless the signature is refused with other bytes.
    fn refuse_bytes(&self) -> Result {
        let refuse = |bytes: &[u8]| {
            let signer = &self.signer;
            let verdict = signer.verify(&KernelSuite, self.context, self.transcript, bytes);
            same(&verdict, &Err(Error::Signature), "another signature")
        };
        let mut bytes = KVec::new();
        bytes.extend_from_slice(self.bytes, GFP_KERNEL)?;
        bytes.push(0, GFP_KERNEL)?;
        refuse(&bytes)?;

        let len = self.bytes.len();
        for len in [0, 1, len / 2, len - 1] {
            refuse(bytes.get(..len).ok_or(Failure::Capture)?)?;
        }
        bytes.truncate(len);
        for at in [0, len / 2, len - 1] {
            for bit in [1, 0x80] {
                *bytes.get_mut(at).ok_or(Failure::Capture)? ^= bit;
                refuse(&bytes)?;
                *bytes.get_mut(at).ok_or(Failure::Capture)? ^= bit;
            }
        }
        for byte in [0, 0xff] {
            bytes.iter_mut().for_each(|to| *to = byte);
            refuse(&bytes)?;
        }
        Ok(())
    }

    /// Fails unless the signature is refused with a certificate that can't be parsed.
    fn refuse_certificates(&self) -> Result {
        let mut leaf = KVec::new();
        leaf.extend_from_slice(self.signer.leaf, GFP_KERNEL)?;
        let refuse = |leaf: &[u8]| {
            let signer = Signer {
                leaf,
                ..self.signer
            };
            self.refuse_signer(signer, Error::Certificate)
        };

        refuse(&[])?;
        refuse(leaf.get(..leaf.len() - 1).ok_or(Failure::Capture)?)?;
        // The tag of the outermost sequence.
        *leaf.get_mut(0).ok_or(Failure::Capture)? ^= 1;
        refuse(&leaf)?;
        leaf.iter_mut().for_each(|byte| *byte = 0xff);
        refuse(&leaf)
    }

    /// Fails unless the signature is refused, for this reason, when it is another signer's.
    fn refuse_signer(&self, signer: Signer<'_>, reason: Error) -> Result {
        let verdict = signer.verify(&KernelSuite, self.context, self.transcript, self.bytes);

        same(&verdict, &Err(reason), "another signer")
    }
}
