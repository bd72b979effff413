// SPDX-License-Identifier: GPL-2.0

//! The report of an interface that is locked.

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_proto::tdisp::{
    self,
    lock::Flags,
    ranges::{
        BarSet,
        Bars,
        Range, //
    },
    report, //
};

use crate::failure::Failure;

/// A report, and where its ranges are in the BARs.
pub(crate) struct Report {
    bytes: KVVec<u8>,
    ranges: KVVec<Range>,
    within_tee: BarSet,
}

impl Report {
    /// Takes the report of a function with these BARs that was locked with these flags.
    ///
    /// # Errors
    ///
    /// [`tdisp::Error::Report`] when it is none, or does not say what was asked for, [`tdisp::Error::Range`] when its
    /// ranges are not those of the BARs, [`ENOMEM`].
    pub(crate) fn new(bytes: KVVec<u8>, bars: &Bars, flags: Flags) -> Result<Arc<Self>, Failure> {
        let report = report::Report::parse(&bytes)?;
        if !report.info.agrees(flags) {
            return Err(tdisp::Error::Report.into());
        }
        let mut ranges = KVVec::new();
        for range in bars.ranges(&report)? {
            ranges.push(range, GFP_KERNEL)?;
        }

        let within_tee = bars.within_tee(&ranges);

        Ok(Arc::new(
            Self {
                bytes,
                ranges,
                within_tee,
            },
            GFP_KERNEL,
        )?)
    }

    /// Returns the report as the device has sent it.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns each range that is in a BAR.
    pub(crate) fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Returns the BARs that are memory of the TEE from their start to their end.
    pub(crate) fn within_tee(&self) -> BarSet {
        self.within_tee
    }
}
