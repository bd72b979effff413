#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two tools predict different values for the Secure Boot variables, once one of the variables is not set.
#
# Packages: virt-firmware 26.10 and cvmutils 0.3.3 from PyPI, which predict PCR 7 of a guest.
#
# EDK2 measures SecureBoot, PK, KEK, db and dbx into PCR 7, and in a TD into RTMR[0]. A variable that is not set might
# be expected to be left out. EDK2 measures it all the same, as GUID and name without data, so there are always five
# events in front of the separator. virt-firmware has an event for each variable that it finds in the store, and none
# for the others. cvmutils always has the five. The two agree as long as all are set. For a guest without keys of Secure
# Boot, only cvmutils predicts what EDK2 measures.
#
# Output seen, with Secure Boot off (events of virt-firmware, with the separator; first bytes of PCR 7):
#   all set: 6 events, virt-firmware 53339633, cvmutils 53339633
#   no dbx: 5 events, virt-firmware aa5cce4c, cvmutils 4104ecfa
#   none set: 2 events, virt-firmware 25f01af5, cvmutils 65caf8dd
#
# Exits 0 while the packages behave so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cd -- "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cvmutils==0.3.3 virt-firmware==26.10

PATH=$dir/venv/bin:$PATH python - <<'EOF' | tee seen
import json
import struct
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cvmutils.pcr import PCR
from cvmutils.sb import SecureBoot

GLOBAL, DATABASE = "8be4df61-93ca-11d2-aa0d-00e098032b8c", "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
VARIABLES = {"PK": GLOBAL, "KEK": GLOBAL, "db": DATABASE, "dbx": DATABASE}
EFI_CERT_SHA256 = UUID("c1c41626-504c-4092-aca9-41f936934328").bytes_le

# A list of one hash: the size of the list, of its header and of an entry; the owner and the hash.
hashes = EFI_CERT_SHA256 + struct.pack("<III", 28 + 48, 0, 48) + bytes(16) + sha256(b"image").digest()


def image(section):
    """A PE image of x86-64, with or without a section that holds a kernel."""
    optional = struct.pack("<H30xII16xII4xH38xI", 0x20b, 0x1000, 0x200, 0x3000, 0x200, 10, 16) + bytes(16 * 8)
    data = b"MZ".ljust(0x3c, b"\0") + struct.pack("<I4s", 0x40, b"PE\0\0")
    data += struct.pack("<HH12xHH", 0x8664, bool(section), len(optional), 0x22) + optional
    if section:
        data += struct.pack("<8sIIII16x", b".linux", len(section), 0x1000, len(section), 0x200)
    return data.ljust(0x200, b"\0") + section


def virt_firmware(names):
    variables = [{"name": name, "guid": VARIABLES[name], "attr": 0x27, "data": hashes.hex()} for name in names]
    Path("store.json").write_text(json.dumps({"version": 2, "variables": variables}, indent=4))
    measure = ["virt-fw-measure", "--vars", "store.json", "--no-secure-boot"]
    events = json.loads(subprocess.check_output(measure))["records"]
    (pcr,) = json.loads(subprocess.check_output([*measure, "--digests"]))["values"]
    return len(events), pcr["digest"]


def cvmutils(names):
    profile = {name: b64encode(hashes if name in names else b"").decode() for name in VARIABLES}
    Path("profile.json").write_text(json.dumps(profile))
    secure_boot = SecureBoot(nosecureboot=True)
    secure_boot.load_uefi_from_uefi_profile("profile.json")
    pcrs = PCR({"shim": None, "bootloader": None, "uki": "uki.efi", "addons": []}, secure_boot)
    return pcrs.predicted_pcr7().lower().removeprefix("0x")


Path("uki.efi").write_bytes(image(image(b"")))
for text, names in ("all set", ["PK", "KEK", "db", "dbx"]), ("no dbx", ["PK", "KEK", "db"]), ("none set", []):
    events, pcr = virt_firmware(names)
    print(f"{text}: {events} events, virt-firmware {pcr[:8]}, cvmutils {cvmutils(names)[:8]}")
EOF

diff - seen <<'EOF'
all set: 6 events, virt-firmware 53339633, cvmutils 53339633
no dbx: 5 events, virt-firmware aa5cce4c, cvmutils 4104ecfa
none set: 2 events, virt-firmware 25f01af5, cvmutils 65caf8dd
EOF
