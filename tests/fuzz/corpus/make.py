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


def call(rcx: int, rdx: int, r8: int, r9: int, r10: int, address: int) -> bytes:
    return struct.pack("<6Q", rcx, rdx, r8, r9, r10, address)


write(
    "tdx_call",
    accepted_usual_width=call(52, 1 << 28, 52, 0, 1, 0x10000),
    accepted_widest=call(63, 1 << 17, 64, 1, 0, 2**63 - 1),
    accepted_narrowest=call(13, 4096, 13, 3, 0, 0xFFF),
    refused_too_narrow=call(12, 0, 12, 0, 0, 0),
    refused_too_wide=call(64, 0, 65, 0, 0, 0),
    refused_shared_already=call(52, 0, 52, 0, 1, 1 << 51),
    refused_above_the_shared_bit=call(48, 0, 48, 0, 1, 1 << 51),
    refused_truncated=call(52, 0, 52, 0, 1, 0)[:47],
)

snp_report = struct.pack("<I", 3) + bytes(1180)
snp_report = put(put(snp_report, 0x50, bytes(range(64))), 0x2A0, b"\x5a" * 144)
write(
    "snp_report",
    accepted_plain=snp_report,
    accepted_oldest=put(snp_report, 0, b"\2"),
    accepted_newest=put(snp_report, 0, b"\xff" * 4),
    accepted_reserved_set=put(put(snp_report, 0x4C, b"\xff" * 4), 0x208, b"\xff" * 152),
    refused_older=put(snp_report, 0, b"\1"),
    refused_short=snp_report[:-1],
    refused_long=snp_report + b"\0",
    refused_empty=b"",
)


def report_answer(status: int, size: int, rest: bytes) -> bytes:
    return struct.pack("<II24s", status, size, b"") + rest


write(
    "snp_report_answer",
    accepted_plain=report_answer(0, 1184, snp_report),
    accepted_padded=report_answer(0, 1184, snp_report + bytes(64)),
    accepted_of_later_firmware=report_answer(0, 1200, snp_report + bytes(16)),
    refused_invalid_parameter=report_answer(0x16, 0, b""),
    refused_unknown_status=report_answer(2**32 - 1, 1184, snp_report),
    refused_header_alone=report_answer(0, 1184, b""),
    refused_half_a_header=bytes(16),
    refused_longer_than_the_answer=report_answer(0, 1185, snp_report),
    refused_four_gigabytes=report_answer(0, 2**32 - 1, snp_report),
    refused_shorter_than_a_report=report_answer(0, 1183, snp_report),
)
write(
    "snp_key_answer",
    accepted_plain=report_answer(0, 0, bytes(range(32))),
    refused_invalid_key=report_answer(0x27, 0, bytes(32)),
    refused_short=report_answer(0, 0, bytes(31)),
    refused_long=report_answer(0, 0, bytes(33)),
    refused_empty=b"",
)


def call(version: int, rest: bytes = b"") -> bytes:
    return struct.pack("<B7xQQQ", version, 0x10000, 0x20000, 0xFF) + rest


report_request = bytes(range(64)) + struct.pack("<II24x", 1, 1)
write(
    "snp_ioctl",
    accepted_extended=call(1, report_request + struct.pack("<QI4x", 0x30000, 16384)),
    accepted_all_ones=b"\xff" * 144,
    refused_report=call(1, report_request),
    refused_key=call(1, struct.pack("<IIQIIQ", 1, 0, 0x3F, 2, 3, 4)),
    refused_call_alone=call(2),
    refused_half_a_call=call(1)[:31],
    refused_one_byte_short=call(1, report_request + struct.pack("<QI4x", 0, 0))[:-1],
)


def table(*entries: tuple[int, int], rest: bytes = b"") -> bytes:
    guids = (bytes([number + 1] * 16) for number in range(len(entries)))
    return b"".join(guid + struct.pack("<II", *entry) for guid, entry in zip(guids, entries)) + bytes(24) + rest


write(
    "snp_certificates",
    accepted_none=bytes(24),
    accepted_one=table((48, 4), rest=b"VCEK"),
    accepted_two=table((76, 3), (72, 4), rest=b"VCEKASK"),
    accepted_that_overlap=table((72, 7), (74, 2), rest=b"VCEKASK"),
    accepted_with_more_behind_it=table((48, 4), rest=b"VCEK" + b"\xff" * 20),
    accepted_of_no_length=table((52, 0), rest=b"VCEK"),
    accepted_of_no_length_in_the_table=table((0, 0), (72, 4), rest=b"VCEK"),
    refused_of_no_length_outside=table((2**31, 0), (72, 4), rest=b"VCEK"),
    refused_empty=b"",
    refused_without_an_end=table((48, 4), rest=b"VCEK")[:24],
    refused_with_half_an_end=table((48, 4))[:47],
    refused_in_the_table=table((24, 4), rest=b"VCEK"),
    refused_one_byte_outside=table((48, 5), rest=b"VCEK"),
    refused_far_outside=table((2**31, 4), rest=b"VCEK"),
    refused_end_overflows=table((2**32 - 1, 2), rest=b"VCEK"),
)
write(
    "snp_status",
    accepted_success=struct.pack("<QI", 0, 0),
    accepted_pages_too_few=struct.pack("<QI", 1 << 32, 3),
    accepted_both=struct.pack("<QI", 0xDEADBEEF12345678, 1),
    refused_fifth_level=struct.pack("<QI", 2 << 32, 4),
    refused_low_byte_right=struct.pack("<QI", 0, 256),
    refused_no_level=struct.pack("<Q", 0xFF),
)


def svsm(report: int, manifest: int, certificates: int, *pages: int) -> bytes:
    return struct.pack("<QQQ4B", report, manifest, certificates, *pages)


write(
    "snp_svsm",
    accepted_plain=svsm(1184, 100, 0, 1, 1, 0, 16),
    accepted_full=svsm(4096, 8192, 4096, 1, 2, 1, 2),
    refused_no_report=svsm(0, 100, 0, 1, 1, 1, 16),
    refused_one_byte_too_long=svsm(1184, 4097, 0, 1, 1, 1, 16),
    refused_above_the_limit=svsm(1184, 0, 65537, 1, 1, 1, 16),
    refused_not_set=svsm(2**64 - 1, 2**64 - 1, 2**64 - 1, 1, 1, 1, 16),
    refused_almost_all_ones=svsm(2**64 - 2, 0, 0, 1, 1, 1, 255),
    refused_truncated=bytes(27),
)
