#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A verifier takes the report of an SPDM 1.2 device apart, and then calls its right signature wrong.
#
# Package: nv-local-gpu-verifier 2.7.3 of Python, which verifies the reports of NVIDIA's GPUs.
#
# Such a report is a signed GET_MEASUREMENTS request and its MEASUREMENTS response. Up to SPDM 1.1 these two are all
# that is signed. From 1.2 on the hash also covers GET_VERSION to ALGORITHMS, and the signature is over a prefix with
# the version and that hash. The two messages have one form in 1.1 and 1.2, and the package keeps the version that they
# begin with. So it might be expected to verify 1.2, or to refuse that version. It does neither: version and
# measurements can be read, and verify_signature() returns False, as for a forged report. No verifier could do it with
# such a report, as the negotiation is not in it. In 1.3 both messages have 8 more bytes, and the report is not parsed.
#
# Evidence of a device is of use to others only with the negotiation and the prefix beside the two messages. False from
# this package says nothing about a device that speaks more than 1.1.
#
# Output seen:
#   SPDM 1.1: version 11, 3 measurements, signature True
#   SPDM 1.2: version 12, 3 measurements, signature False
#   SPDM 1.3: Could not parse the GET MEASUREMENT response message.
#
# Exits 0 while the package behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cd -- "$dir" # the package writes a log file where it is
python3 -m venv venv
# Of its dependencies only those that reports need, in the versions that the package asks for.
venv/bin/pip install --quiet --disable-pip-version-check cryptography==43.0.1 ecdsa==0.18.0 nvidia-ml-py==12.550.52
venv/bin/pip install --quiet --disable-pip-version-check --no-deps nv-local-gpu-verifier==2.7.3

venv/bin/python - <<'EOF' | tee seen
import struct
from datetime import datetime, timedelta
from hashlib import sha384

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from verifier.attestation import AttestationReport
from verifier.config import HopperSettings

GET_MEASUREMENTS, MEASUREMENTS, SIGNED, ALL = 0xe0, 0x60, 1, 0xff
VALUE = 48  # the size of a SHA-384, and of each half of the signature

key = ec.generate_private_key(ec.SECP384R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
certificate = (
    x509.CertificateBuilder()
    .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    .not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2026, 1, 1) + timedelta(days=3650))
    .sign(key, hashes.SHA384())
)


def u16(number):
    return struct.pack("<H", number)


def negotiation(minor):
    """GET_VERSION to ALGORITHMS from 1.2 on: SHA-384, ECDSA P-384, measurements of the DMTF's form."""
    version = 0x10 + minor
    flags = 0x16  # certificates, challenge, signed measurements
    sizes = struct.pack("<II", 4096, 4096)
    other = 2  # the general format of opaque data
    return b"".join([
        bytes([0x10, 0x84, 0, 0]),
        bytes([0x10, 0x04, 0, 0, 0, 1]) + u16(version << 8),
        bytes([version, 0xe1, 0, 0, 0, 0, 0, 0]) + struct.pack("<I", 0) + sizes,
        bytes([version, 0x61, 0, 0, 0, 0, 0, 0]) + struct.pack("<I", flags) + sizes,
        bytes([version, 0xe3, 0, 0]) + struct.pack("<HBBII16x", 32, 1, other, 0x80, 2),
        bytes([version, 0x63, 0, 0]) + struct.pack("<HBBIII16x", 36, 1, other, 4, 0x80, 2),
    ])


def to_sign(minor, messages):
    if minor < 2:
        return messages
    context = b"responder-measurements signing"
    prefix = b"dmtf-spdm-v1.%d.*" % minor * 4 + context.rjust(36, b"\0")
    return prefix + sha384(negotiation(minor) + messages).digest()


def report(minor):
    version = 0x10 + minor
    context = bytes(8) if minor >= 3 else b""
    request = bytes([version, GET_MEASUREMENTS, SIGNED, ALL]) + b"\x11" * 32 + bytes([0]) + context
    record = b""
    for index in 1, 2, 3:
        # A digest of mutable firmware.
        record += struct.pack("<BBHBH", index, 1, 3 + VALUE, 1, VALUE) + sha384(b"firmware %d" % index).digest()
    response = bytes([version, MEASUREMENTS, 0, 0, 3]) + len(record).to_bytes(3, "little") + record
    response += b"\x22" * 32 + u16(0) + context  # the nonce, no opaque data
    halves = decode_dss_signature(key.sign(to_sign(minor, request + response), ec.ECDSA(hashes.SHA384())))
    return request + response + b"".join(half.to_bytes(VALUE, "big") for half in halves)


for minor in 1, 2, 3:
    try:
        parsed = AttestationReport(report(minor), HopperSettings())
    except Exception as error:
        print(f"SPDM 1.{minor}: {error}")
        continue
    version = parsed.get_response_message().get_spdm_version().hex()
    outcome = parsed.verify_signature(certificate, 2 * VALUE, sha384)
    print(f"SPDM 1.{minor}: version {version}, {len(parsed.get_measurements())} measurements, signature {outcome}")
EOF

diff - seen <<'EOF'
SPDM 1.1: version 11, 3 measurements, signature True
SPDM 1.2: version 12, 3 measurements, signature False
SPDM 1.3: Could not parse the GET MEASUREMENT response message.
EOF
