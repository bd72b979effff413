// SPDX-License-Identifier: GPL-2.0

//! The options that say how new the platform is. Each is a `TCB_VERSION` as a number: on Milan and Genoa
//! `db18000000000004` is microcode 219, firmware for SNP 24, TEE 0, boot loader 4.

use crate::{
    option::{
        put,
        value::hex,
        Opt,
        Values, //
    },
    snp::config::SnpConfig, //
};

/// What runs.
pub(super) const CURRENT: Opt<SnpConfig> = Opt {
    key: "current_tcb",
    meaning: "TCB_VERSION of what runs, hexadecimal: microcode, SNP, …, TEE, boot loader",
    values: Values::Said,
    default: |_| "as on machines with the processor".into(),
    set: |c, v| put(&mut c.current_tcb, hex(v).map(Some)),
};

/// What the platform can't go back behind.
pub(super) const COMMITTED: Opt<SnpConfig> = Opt {
    key: "committed_tcb",
    meaning: "TCB_VERSION that was committed, which keys may be derived for: not above current_tcb",
    values: Values::Said,
    default: |_| "current_tcb".into(),
    set: |c, v| put(&mut c.committed_tcb, hex(v).map(Some)),
};

/// What the key of the chip is derived from.
pub(super) const REPORTED: Opt<SnpConfig> = Opt {
    key: "reported_tcb",
    meaning: "TCB_VERSION that the certificate of the signer says: not above current_tcb",
    values: Values::Said,
    default: |_| "current_tcb".into(),
    set: |c, v| put(&mut c.reported_tcb, hex(v).map(Some)),
};

/// What ran when the guest was launched.
pub(super) const LAUNCH: Opt<SnpConfig> = Opt {
    key: "launch_tcb",
    meaning: "TCB_VERSION of what ran when the guest was launched",
    values: Values::Said,
    default: |_| "current_tcb".into(),
    set: |c, v| put(&mut c.launch_tcb, hex(v).map(Some)),
};
