#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An SPDM library has one field in the wrong byte order: the only one of three bytes.
#
# Package: pymctp 0.4.0 of Python, which decodes and writes messages of SPDM in MCTP, with the fields of scapy.
#
# The numbers in the messages of SPDM are little-endian. Most have two or four bytes, and the package reads and writes
# those so. The length of the measurement record has three. It might be expected to have the order of the others, and
# the package's own comment says so. It is big-endian, when read and when written, as scapy's field of three bytes is.
# Nothing is raised, since the package does not split the record from what follows.
#
# A log of this package shows a length that is not on the wire, and a device that is built with it announces a record of
# megabytes, which a requester has to refuse. A test of the field needs a length whose first and last byte differ.
#
# Output seen for 55 bytes of a certificate chain and for a measurement record of 55 bytes:
#   CERTIFICATE: portion_length 55, written as 3700
#   MEASUREMENTS: measurement_record_length 3604480, written as 000037
#
# Exits 0 while the package behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pymctp==0.4.0

"$dir/venv/bin/python" - <<'EOF' | tee "$dir/seen"
import struct
from hashlib import sha384

from pymctp.layers.mctp.spdm.get_certificate import CertificateResponse
from pymctp.layers.mctp.spdm.get_measurements import MeasurementsResponse
from pymctp.layers.mctp.spdm.spdm import SpdmHdrPacket

VERSION, CERTIFICATE, MEASUREMENTS = 0x12, 0x02, 0x60

# One block: index 1, specification of the DMTF, its length; the digest of mutable firmware and its length.
record = struct.pack("<BBHBH", 1, 1, 51, 1, 48) + sha384(b"firmware").digest()
length = len(record)

message = bytes([VERSION, CERTIFICATE, 0, 0]) + struct.pack("<HH", length, 1000) + bytes(length)
read = SpdmHdrPacket(message).payload.portion_length
written = bytes(CertificateResponse(spdm_version=VERSION, portion_length=length))[:2]
print(f"CERTIFICATE: portion_length {read}, written as {written.hex()}")

message = bytes([VERSION, MEASUREMENTS, 0, 0, 1]) + length.to_bytes(3, "little") + record
message += bytes(32) + struct.pack("<H", 0)  # a nonce, no opaque data
read = SpdmHdrPacket(message).payload.measurement_record_length
response = MeasurementsResponse(spdm_version=VERSION, number_of_blocks=1, measurement_record_length=length)
written = bytes(response)[1:4]  # after the number of blocks
print(f"MEASUREMENTS: measurement_record_length {read}, written as {written.hex()}")
EOF

diff - "$dir/seen" <<'EOF'
CERTIFICATE: portion_length 55, written as 3700
MEASUREMENTS: measurement_record_length 3604480, written as 000037
EOF
