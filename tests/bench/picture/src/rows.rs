// SPDX-License-Identifier: GPL-2.0

//! What `tests/bench/run` writes to `build/bench.json`.

use serde::Deserialize;

/// The measurements of one kernel.
#[derive(Debug, Deserialize)]
pub(crate) struct Rows {
    /// The kernel, as `scripts/qemu-tdx/run` names it.
    pub(crate) kernel: String,
    /// One for each operation and unit.
    pub(crate) rows: Vec<Row>,
}

/// What an operation costs with our drivers and with the kernel's own.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    /// `tdx` or `snp`.
    pub(crate) platform: String,
    /// The operation.
    pub(crate) name: String,
    /// The unit of `ours` and `theirs`.
    pub(crate) unit: String,
    /// With our drivers.
    pub(crate) ours: f64,
    /// With the kernel's own.
    pub(crate) theirs: f64,
    /// The one to the other.
    pub(crate) ratio: f64,
}
