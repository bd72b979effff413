#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A version 2 report with a masked chip id has no readable field at all for the sev crate.
#
# Package: sev 8.0.0 from crates.io.
#
# The firmware option MASK_CHIP_ID makes CHIP_ID zero. That might be expected to cost the chip id and nothing else:
# report data and measurement are at fixed offsets in every version. But the fields of TCB_VERSION moved with Turin
# (byte 0 is the FMC there, and SNP went from byte 6 to byte 3), and a version 2 report does not name the CPU. The
# crate takes the CPU from CHIP_ID: Turin, if all after the eighth byte is zero, else Milan or Genoa. From an id of
# zeros it takes none, and from_bytes() fails for the whole report. From version 3 on the report names the CPU, and the
# mask does no harm.
#
# Output seen:
#   version 2 of Genoa, whole id: boot loader 4, SNP 22, report data 55
#   version 2 of Turin, id of 8 bytes: boot loader 2, SNP 4, report data 55
#   version 2 of Genoa, masked id: MASK_CHIP_ID is enabled, preventing the identification of the CPU generation.
#   version 3 of Genoa, masked id: boot loader 4, SNP 22, report data 55
#
# Exits 0 while the crate behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cargo init --quiet --vcs none --name finding "$dir/finding"
cd -- "$dir/finding"
cargo add --quiet sev@=8.0.0 --no-default-features --features snp
cat >src/main.rs <<'EOF'
use sev::{firmware::guest::AttestationReport, parser::ByteParser};

const GENOA: [u8; 8] = [4, 0, 0, 0, 0, 0, 22, 72];
const TURIN: [u8; 8] = [1, 2, 1, 4, 0, 0, 0, 72];

/// A report as the firmware writes it: `id` bytes of CHIP_ID are set, and the four TCB versions are equal.
fn report(version: u8, tcb: [u8; 8], id: usize) -> [u8; 1184] {
    let mut bytes = [0; 1184];
    bytes[0] = version;
    bytes[0x0a] = 3; // policy: bit 17 is always one, and SMT is allowed
    bytes[0x34] = 1; // ECDSA P-384 with SHA-384
    bytes[0x50..0x90].fill(0x55);
    for offset in [0x38, 0x180, 0x1e0, 0x1f0] {
        bytes[offset..offset + 8].copy_from_slice(&tcb);
    }
    if version >= 3 {
        bytes[0x188..0x18b].copy_from_slice(&[0x19, 0x11, 1]); // family, model and stepping of Genoa
    }
    bytes[0x1a0..0x1a0 + id].fill(0xc1);
    bytes
}

fn main() {
    for (text, bytes) in [
        ("version 2 of Genoa, whole id", report(2, GENOA, 64)),
        ("version 2 of Turin, id of 8 bytes", report(2, TURIN, 8)),
        ("version 2 of Genoa, masked id", report(2, GENOA, 0)),
        ("version 3 of Genoa, masked id", report(3, GENOA, 0)),
    ] {
        match AttestationReport::from_bytes(&bytes) {
            Ok(parsed) => {
                let tcb = parsed.reported_tcb;
                print!("{text}: boot loader {}, SNP {}, ", tcb.bootloader, tcb.snp);
                println!("report data {:x}", parsed.report_data[0]);
            }
            Err(error) => println!("{text}: {error}"),
        }
    }
}
EOF
cargo run --quiet | tee "$dir/seen"

diff - "$dir/seen" <<'EOF'
version 2 of Genoa, whole id: boot loader 4, SNP 22, report data 55
version 2 of Turin, id of 8 bytes: boot loader 2, SNP 4, report data 55
version 2 of Genoa, masked id: MASK_CHIP_ID is enabled, preventing the identification of the CPU generation.
version 3 of Genoa, masked id: boot loader 4, SNP 22, report data 55
EOF
