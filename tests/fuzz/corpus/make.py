#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes the corpus of the targets whose inputs are bytes by a table, from tests/vectors."""

import pathlib
import struct

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parents[1] / "vectors"


def write(target: str, **files: bytes) -> None:
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("_", "-")).write_bytes(data)


def put(data: bytes, offset: int, new: bytes) -> bytes:
    return data[:offset] + new + data[offset + len(new) :]


report = (VECTORS / "tdx/report.bin").read_bytes()
write(
    "tdx_report",
    accepted_plain=report,
    accepted_with_service_td=put(put(report, 2, b"\1"), 912, b"\x5a" * 48),
    accepted_later_module=put(put(report, 400, b"\xff" * 95), 960, b"\xff" * 64),
    refused_empty=b"",
    refused_short=report[:-1],
    refused_long=report + b"\0",
    refused_kind=put(report, 0, b"\0"),
    refused_subkind=put(report, 1, b"\1"),
    refused_version=put(report, 2, b"\2"),
    refused_reserved_of_the_type=put(report, 3, b"\x80"),
    refused_reserved_of_the_mac=put(report, 223, b"\1"),
    refused_reserved_of_the_report=put(report, 495, b"\1"),
)


def header(version: int, status: int, in_len: int, out_len: int) -> bytes:
    return struct.pack("<QQII", version, status, in_len, out_len)


request = (VECTORS / "tdx/quote_request.bin").read_bytes()
write(
    "tdx_quote_request",
    accepted_plain=request,
    accepted_in_a_larger_buffer=request + bytes(976),
    accepted_with_a_status=put(request, 8, b"\xff" * 8),
    refused_header_alone=request[:24],
    refused_half_a_header=request[:12],
    refused_half_a_report=request[:536],
    refused_longer_than_the_buffer=put(request, 16, b"\xff" * 4),
    refused_no_report=put(request, 24, b"\0"),
    refused_short_report=put(request, 16, b"\xff\3"),
    refused_version=put(request, 0, b"\2"),
)
in_flight, error, unavailable = 2**64 - 1, 2**63, 2**63 + 1
write(
    "tdx_quote_answer",
    accepted_plain=(VECTORS / "tdx/quote_answer.bin").read_bytes(),
    accepted_full=header(1, 0, 1024, 16) + b"0123456789abcdef",
    refused_one_too_long=header(1, 0, 1024, 17) + b"0123456789abcdef",
    refused_four_gigabytes=header(1, 0, 1024, 2**32 - 1) + bytes(16),
    refused_empty=header(1, 0, 1024, 0) + bytes(16),
    refused_header_alone=header(1, 0, 1024, 1),
    refused_half_a_header=header(1, 0, 1024, 1)[:20],
    refused_in_flight=header(1, in_flight, 1024, 5) + b"quote",
    refused_error=header(1, error, 1024, 0),
    refused_unavailable=header(1, unavailable, 1024, 5) + b"quote",
    refused_unknown_status=header(1, 0x1234, 1024, 5) + b"quote",
    refused_version=header(2, 0, 1024, 5) + b"quote",
)

digest = bytes(range(200, 248))
write(
    "tdx_register",
    accepted_first=struct.pack("<Q", 0) + digest,
    accepted_last=struct.pack("<Q", 3) + bytes(48),
    refused_fifth=struct.pack("<Q", 4) + digest,
    refused_last_of_all=struct.pack("<Q", 2**64 - 1) + digest,
    refused_low_byte_right=struct.pack("<Q", 256) + digest,
    refused_no_digest=struct.pack("<Q", 1),
    refused_short_digest=struct.pack("<Q", 1) + digest[1:],
    refused_report_data=struct.pack("<Q", 2) + bytes(range(64)),
)

write(
    "tdx_status",
    accepted_success=struct.pack("<QI", 0, 0),
    accepted_busy_register=struct.pack("<QI", 0x8000020000000000, 168),
    accepted_invalid_operand=struct.pack("<QI", 0xC000010000000001, 2),
    accepted_remark=struct.pack("<QI", 0x00000B0A00000000, 0),
    accepted_unknown=struct.pack("<QI", 0xDEADBEEF12345678, 2**32 - 1),
    refused_no_detail=struct.pack("<Q", 1),
)
