#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A launch digest tool measures one FPU register at its reset value without an SVSM, and at 0 with one.
#
# Package: sev-snp-measure 0.0.13 from PyPI.
#
# The launch digest covers the VMSA of each VCPU, so the tool has to know each register at its start. For QEMU it takes
# the reset values of MXCSR and of the x87 control word, 1f80 and 37f, as KVM puts both in the VMSA. An SVSM begins in
# protected mode, so other segments and another CR0 might be expected in mode snp:svsm, and the same FPU. The tool has
# both FPU values for that mode too, but the field of the control word has another name there than in the structure,
# where it is x87_fcw. The structure takes a value of an unknown name without an error, and keeps it out of the page.
# Only one of the two registers is lost, so the VMSA fits neither a VMM that fills in FPU state nor one that does not.
#
# A digest that does not match does not tell which byte differs. The option --dump-vmsa writes the page, which can be
# compared with the one that KVM prints.
#
# Output seen for one VCPU of QEMU:
#   snp: MXCSR 1f80, x87 control word 37f, SEV features 1
#   snp:svsm: MXCSR 1f80, x87 control word 0, SEV features 1
#
# Exits 0 while the package behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cd -- "$dir" # the package writes the VMSA where it is
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sev-snp-measure==0.0.13

# An image of two pages with the tables that the tool reads in OVMF and in an SVSM. Its last 32 bytes are the reset
# vector, the table of GUIDs is in front of that, and the metadata is at its beginning.
python3 - <<'EOF'
import struct
from pathlib import Path
from uuid import UUID

SIZE = 0x2000
SECRETS, CPUID = 2, 3


def entry(guid, data):
    return data + struct.pack("<H", len(data) + 18) + UUID(guid).bytes_le


sections = struct.pack("<III", 0x800000, 0x1000, SECRETS) + struct.pack("<III", 0x801000, 0x1000, CPUID)
metadata = b"ASEV" + struct.pack("<III", 16 + len(sections), 1, 2) + sections
table = entry("00f771de-1a7e-4fcb-890e-68c77e2fb44e", struct.pack("<I", 0xfffff400))  # reset address of SEV-ES
table += entry("a789a612-0597-4c4b-a49f-cbb1fe9d1ddd", struct.pack("<I", 0x400))  # offset of the SVSM's entry
table += entry("dc886566-984a-4798-a75e-5585a7bf67cc", struct.pack("<I", SIZE))  # the metadata, from the end
table += struct.pack("<H", len(table) + 18) + UUID("96b582de-1fb2-45f7-baea-a366c55a082d").bytes_le
Path("image").write_bytes(metadata.ljust(SIZE - len(table) - 32, b"\0") + table + bytes(32))
EOF

for mode in snp snp:svsm; do
	options=(--mode "$mode" --vcpus 1 --vcpu-type EPYC-Milan --ovmf image)
	[[ $mode == snp ]] || options+=(--svsm image --vars-size 4096)
	venv/bin/sev-snp-measure "${options[@]}" --dump-vmsa >/dev/null
	python3 - "$mode" <<'EOF'
import struct
import sys
from pathlib import Path

page = Path("vmsa0.bin").read_bytes()
features, = struct.unpack_from("<Q", page, 0x3b0)
mxcsr, = struct.unpack_from("<I", page, 0x408)
control, = struct.unpack_from("<H", page, 0x410)
print(f"{sys.argv[1]}: MXCSR {mxcsr:x}, x87 control word {control:x}, SEV features {features:x}")
EOF
done | tee seen

diff - seen <<'EOF'
snp: MXCSR 1f80, x87 control word 37f, SEV features 1
snp:svsm: MXCSR 1f80, x87 control word 0, SEV features 1
EOF
