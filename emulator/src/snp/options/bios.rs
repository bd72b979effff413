// SPDX-License-Identifier: GPL-2.0

//! The options that say what a guest starts with.

use crate::{
    option::{
        choice::{
            choose,
            name,
            Choice, //
        },
        put,
        Opt,
        Values, //
    },
    snp::config::{
        Bios,
        KernelHashes,
        SnpConfig, //
    }, //
};

/// Values of `bios`.
const CHOICES: [Choice<Bios>; 2] = [
    Choice::new("pc", Bios::Pc, "QEMU's own, which knows nothing of SEV-SNP"),
    Choice::new(
        "amdsev",
        Bios::AmdSev,
        "that of -bios, which is EDK2's for SEV-SNP; with one vCPU, at VMPL 0",
    ),
];

/// Values of `kernel_hashes`.
const HASHES: [Choice<KernelHashes>; 5] = [
    Choice::new("right", KernelHashes::Right, ""),
    Choice::new("kernel", KernelHashes::WrongKernel, "a wrong one of that"),
    Choice::new("initrd", KernelHashes::WrongInitrd, "a wrong one of that"),
    Choice::new(
        "command_line",
        KernelHashes::WrongCommandLine,
        "a wrong one of that",
    ),
    Choice::new(
        "none",
        KernelHashes::None,
        "no hashes, as without kernel-hashes=on of QEMU",
    ),
];

/// `bios`.
pub(super) const BIOS: Opt<SnpConfig> = Opt {
    key: "bios",
    meaning: "firmware that the guest starts with",
    values: Values::Table(&CHOICES),
    default: |c| name(&CHOICES, &c.bios),
    set: |c, v| put(&mut c.bios, choose(&CHOICES, v)),
};

/// `kernel_hashes`.
pub(super) const KERNEL_HASHES: Opt<SnpConfig> = Opt {
    key: "kernel_hashes",
    meaning:
        "hashes of kernel, initrd and command line, which bios=amdsev starts only if they are right",
    values: Values::Table(&HASHES),
    default: |c| name(&HASHES, &c.kernel_hashes),
    set: |c, v| put(&mut c.kernel_hashes, choose(&HASHES, v)),
};
