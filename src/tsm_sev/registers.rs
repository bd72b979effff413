// SPDX-License-Identifier: GPL-2.0

//! What the first report says of the guest. What it says of the platform is not here: that can change.
//!
//! Only the measurement is a digest of the guest's contents; the others are flat. Numbers are as in the
//! report, little-endian.

use kernel::{
    prelude::*,
    str::CStr, //
};
use tsm_ext::hash::HashAlgo;
use tsm_proto::snp::{
    message::ReportAnswer,
    Report, //
};
use tsm_provider::{
    Failure,
    Flags,
    MeasurementProvider,
    RegisterSpec,
    Values, //
};

/// The registers, and the report that they are from.
pub(crate) struct Registers {
    report: KVec<u8>,
}

impl Registers {
    /// Takes the registers from the firmware's answer to a request for a report.
    pub(crate) fn parse(answer: &[u8]) -> Result<Self, Failure> {
        let bytes = ReportAnswer::parse(answer).map_err(Failure::of)?;
        // Later firmware may append to it.
        let bytes = bytes.get(..Report::SIZE).unwrap_or(bytes);
        let mut report = KVec::with_capacity(bytes.len(), GFP_KERNEL)?;

        Report::parse(bytes).map_err(Failure::of)?;
        report.extend_from_slice(bytes, GFP_KERNEL)?;
        Ok(Self { report })
    }
}

const fn flat(name: &'static CStr, size: u32) -> RegisterSpec {
    RegisterSpec {
        name,
        hash: HashAlgo::SHA384,
        size,
        flags: Flags::READABLE.with(Flags::FLAT),
    }
}

/// Makes a register that identifies this instance.
const fn private(name: &'static CStr, size: u32) -> RegisterSpec {
    let mut register = flat(name, size);

    register.flags = register.flags.with(Flags::PRIVATE);
    register
}

/// Returns the fields of the list below.
fn fields(report: &Report) -> [&[u8]; 11] {
    [
        report.measurement.bytes(),
        &report.host_data,
        report.id_key_digest.bytes(),
        report.author_key_digest.bytes(),
        &report.report_id,
        &report.report_id_ma,
        &report.family_id,
        &report.image_id,
        report.guest_svn.as_bytes(),
        report.policy.as_bytes(),
        &report.launch_tcb,
    ]
}

impl MeasurementProvider for Registers {
    const NAME: &'static CStr = c"sev_snp";
    const REGISTERS: &'static [RegisterSpec] = &[
        RegisterSpec {
            name: c"measurement",
            hash: HashAlgo::SHA384,
            size: 48,
            flags: Flags::READABLE,
        },
        flat(c"host_data", 32),
        flat(c"id_key_digest", 48),
        flat(c"author_key_digest", 48),
        private(c"report_id", 32),
        private(c"report_id_ma", 32),
        flat(c"family_id", 16),
        flat(c"image_id", 16),
        flat(c"guest_svn", 4),
        flat(c"policy", 8),
        flat(c"launch_tcb", 8),
    ];

    fn refresh(&self, values: &mut Values<'_>) -> Result {
        values.set_all(fields(Report::parse(&self.report)?))
    }

    fn extend(&self, _number: usize, _data: &[u8]) -> Result {
        Err(EACCES)
    }
}
