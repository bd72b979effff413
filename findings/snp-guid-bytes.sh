#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The sev crate writes the GUIDs of two SEV tables in two byte orders.
#
# Package: sev 8.0.0 from crates.io.
#
# A GUID of UEFI has its first three groups in little-endian order. The table of launch hashes, which QEMU places in
# the guest for OVMF, follows that. The certificate table, which a guest gets with an extended report, has 16 bytes for
# each certificate that are printed as a GUID as well, and the crate stores them in the order in which they are
# printed. One order in one crate for one technology might be expected. A search for the VCEK by the bytes of the other
# order raises no error: it finds no entry.
#
# Output seen:
#   launch hashes 9438d606-4f22-4cc9-b479-a793d411fd21: 06d63894224fc94cb479a793d411fd21
#   certificates 63da758d-e664-4564-adc5-f4b93be8accd: 63da758de6644564adc5f4b93be8accd
#
# Exits 0 while the crate behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cargo init --quiet --vcs none --name finding "$dir/finding"
cd -- "$dir/finding"
cargo add --quiet sev@=8.0.0 --no-default-features --features snp,crypto_nossl
cat >src/main.rs <<'EOF'
use sev::firmware::host::{CertTableEntry, CertType};
use sev::measurement::sev_hashes::SevHashes;

fn show(table: &str, guid: &str, bytes: &[u8]) {
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{table} {guid}: {hex}");
}

fn main() {
    // Any file will do as a kernel: only its hash gets into the table.
    let hashes = SevHashes::new("Cargo.toml".into(), None, None).unwrap();
    let guid = "9438d606-4f22-4cc9-b479-a793d411fd21"; // the header of the table
    show("launch hashes", guid, &hashes.construct_table().unwrap());

    let entry = CertTableEntry::new(CertType::VCEK, b"certificate".to_vec());
    let table = CertTableEntry::cert_table_to_vec_bytes(&[entry.clone()]).unwrap();
    show("certificates", &entry.guid_string(), &table);
}
EOF
cargo run --quiet | tee "$dir/seen"

diff - "$dir/seen" <<'EOF'
launch hashes 9438d606-4f22-4cc9-b479-a793d411fd21: 06d63894224fc94cb479a793d411fd21
certificates 63da758d-e664-4564-adc5-f4b93be8accd: 63da758de6644564adc5f4b93be8accd
EOF
