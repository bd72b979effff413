#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A verifier takes about one chip in a thousand for another one, as it reads the chip id of the VCEK as DER.
#
# Package: omne-attest 0.1.0 of Python, which verifies SNP reports.
#
# A VCEK has extensions of AMD, which bind it to a chip and to a TCB. The value of an X.509 extension is DER, and those
# for the TCB are: an INTEGER each. The one for the chip id might be expected to be an OCTET STRING. It is none, but the
# 64 bytes as they are. The package is prepared for both: it reads a value that begins with 04, the tag of OCTET STRING,
# as DER. A chip id may begin with 04 too. If its second byte is then 62 (3e) or less, that counts as the length, what
# is left is shorter than CHIP_ID of the report, and the right VCEK is refused. That is so for 63 of the 65536 pairs of
# first bytes, and for a few longer beginnings. A length that does not fit does no harm: the value counts as it is.
#
# A test with the certificate of one chip does not find this, and the chip is refused each time.
#
# Output seen, by the first two bytes of the chip id:
#   c101: accepted
#   043e: the VCEK belongs to a different chip than the report
#   043f: accepted
#   04..: 63 of 256 refused
#
# Exits 0 while the package behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check cryptography==43.0.1 omne-attest==0.1.0

"$dir/venv/bin/python" - <<'EOF' | tee "$dir/seen"
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from omne_attest.snp import Fail, Report

AMD = "1.3.6.1.4.1.3704.1."
BOOT_LOADER, TEE, SNP, MICROCODE = 4, 0, 22, 72
INTEGER = 2

key = ec.generate_private_key(ec.SECP384R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SEV-VCEK")])


def vcek(chip_id):
    """The extensions have the form of AMD's certificates. The signature does not matter here."""
    values = {"3.1": BOOT_LOADER, "3.2": TEE, "3.3": SNP, "3.8": MICROCODE}
    extensions = {oid: bytes([INTEGER, 1, value]) for oid, value in values.items()} | {"4": chip_id}
    builder = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2026, 1, 1) + timedelta(days=2557))
    )
    for oid, value in extensions.items():
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(AMD + oid), value)
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA384()).public_bytes(Encoding.DER)


def report(chip_id):
    """The fields of version 2 that are compared with the certificate."""
    data = bytearray(1184)
    data[0] = 2
    data[0x34] = 1  # ECDSA P-384 with SHA-384
    data[0x180:0x188] = bytes([BOOT_LOADER, TEE, 0, 0, 0, 0, SNP, MICROCODE])
    data[0x1a0:0x1e0] = chip_id
    return bytes(data)


def outcome(first, second):
    chip_id = bytes([first, second]) + b"\xc1" * 62
    try:
        Report.parse(report(chip_id)).verify_vcek_binding(vcek(chip_id))
    except Fail as error:
        return str(error)
    return "accepted"


for pair in (0xc1, 0x01), (0x04, 0x3e), (0x04, 0x3f):
    print(f"{bytes(pair).hex()}: {outcome(*pair)}")
refused = sum(outcome(0x04, second) != "accepted" for second in range(256))
print(f"04..: {refused} of 256 refused")
EOF

diff - "$dir/seen" <<'EOF'
c101: accepted
043e: the VCEK belongs to a different chip than the report
043f: accepted
04..: 63 of 256 refused
EOF
