#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make.py [FOLDER]: writes the corpus, from tests/vectors and tables, to this folder or another one"""

import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
VECTORS = HERE.parents[1] / "vectors"


def write(target: str, **files: bytes) -> None:
    folder = FOLDER / target
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
    accepted_servtd=(VECTORS / "tdx/report_servtd.bin").read_bytes(),
    accepted_debug=(VECTORS / "tdx/report_debug.bin").read_bytes(),
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


def begun(kind: str) -> bytes:
    """An answer with the first 600 bytes of a quote: what comes later is not looked at."""
    return put((VECTORS / f"tdx/answer_{kind}.bin").read_bytes()[:624], 20, struct.pack("<I", 600))


in_flight, error, unavailable = 2**64 - 1, 2**63, 2**63 + 1
write(
    "tdx_quote_answer",
    accepted_plain=(VECTORS / "tdx/quote_answer.bin").read_bytes(),
    accepted_full=header(1, 0, 1024, 16) + b"0123456789abcdef",
    accepted_v4=begun("v4"),
    accepted_v5=begun("v5"),
    accepted_v5_td10=begun("v5_td10"),
    accepted_v5_td15ex=begun("v5_td15ex"),
    refused_v5_cut=begun("v5")[:-1],
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


def tdcm(which: int, status: int, error: int, length: int, data: bytes) -> bytes:
    """An answer of the VMM to operation `which`."""
    return bytes([which]) + struct.pack("<HBBIBBHII", which, 0, 0, 0, status, error, 0, 0, length) + data


def hashed(which: int, kind: int, length: int, digest: int, data: bytes) -> bytes:
    """An answer with evidence, after the length of a hash of this kind, and the hash."""
    answer = tdcm(which, 1, 0, len(data), data)[1:]
    return bytes([which + 8, kind]) + struct.pack("<Q", length) + bytes([digest] * 48) + answer


def left(*calls: tuple[int, int, int, int]) -> bytes:
    """What calls return that accept pages: a status, RCX, offset and number of the pages that are left."""
    rows = (struct.pack("<QQII", code << 32, rcx, pages, offset) for code, rcx, offset, pages in calls)
    return b"\x10" + b"".join(rows)


RESUMABLE, RESTARTABLE = 0x80000003, 0x80000004
write(
    "tdx_connect",
    accepted_state=b"\0" + struct.pack("<Q", 2),
    refused_state=b"\0" + struct.pack("<Q", 4),
    refused_state_low_byte_right=b"\0" + struct.pack("<Q", 0x102),
    refused_half_a_state=b"\0\2\0\0",
    accepted_tee_io=tdcm(1, 1, 0, 1, b"\1"),
    accepted_no_tee_io=tdcm(1, 1, 0, 1, b"\0"),
    refused_tee_io_empty=tdcm(1, 1, 0, 0, b"\1"),
    refused_tee_io_long=tdcm(1, 1, 0, 2, b"\1\1"),
    accepted_bound=tdcm(2, 1, 0, 0, b""),
    accepted_bound_in_larger_pages=tdcm(2, 1, 0, 0, bytes(40)),
    accepted_reserved_set=b"\2" + b"\xff" * 8 + b"\1" + b"\xff" * 7 + bytes(4),
    refused_bound_with_data=tdcm(2, 1, 0, 1, b"\0"),
    refused_not_yet=tdcm(2, 0, 11, 2**32 - 1, b""),
    refused_by_the_device=tdcm(2, 2, 11, 0, b""),
    refused_unknown_error=tdcm(2, 2, 255, 0, b""),
    refused_unknown_status=tdcm(2, 3, 0, 0, b""),
    accepted_device_info=tdcm(3, 1, 0, 5, b"chain"),
    accepted_report=tdcm(4, 1, 0, 6, b"report"),
    accepted_report_in_larger_pages=tdcm(4, 1, 0, 6, b"report" + b"\xff" * 9),
    refused_empty_report=tdcm(4, 1, 0, 0, b"report"),
    refused_one_byte_too_long=tdcm(4, 1, 0, 7, b"report"),
    refused_four_gigabytes=tdcm(4, 1, 0, 2**32 - 1, b"report"),
    refused_half_a_header=tdcm(4, 1, 0, 0, b"")[:-1],
    accepted_started=tdcm(5, 1, 0, 0, b""),
    accepted_unbound=tdcm(7, 1, 0, 0, b""),
    refused_state_of_the_vmm=tdcm(6, 1, 0, 1, b"\2"),
    accepted_evidence=hashed(4, 0, 48, 0x72, b"report"),
    accepted_evidence_of_the_device=hashed(3, 1, 48, 0x63, b"chain"),
    refused_evidence_exchanged=hashed(4, 0, 48, 0x72, b"another"),
    refused_evidence_of_another_kind=hashed(4, 1, 48, 0x72, b"report"),
    refused_evidence_by_another_hash=hashed(4, 0, 32, 0x72, b"report"),
    refused_evidence_high_half_set=hashed(4, 0, 48 + 2**32, 0x72, b"report"),
    refused_half_a_hash=hashed(4, 0, 48, 0x72, b"report")[:50],
    accepted_pages=left((0, 0x10000, 2, 5)),
    accepted_pages_none_left=left((0, 0x15000, 7, 0)),
    accepted_pages_in_two=left((RESUMABLE, 0x12000, 4, 3), (0, 0x15000, 7, 0)),
    accepted_pages_after_interruptions=left(*[(RESTARTABLE, 0, 0, 0)] * 100, (0, 0x10000, 2, 5)),
    refused_pages_interrupted_again_and_again=left(*[(RESTARTABLE, 0, 0, 0)] * 101),
    refused_pages_without_progress=left(*[(RESUMABLE, 0x10000, 2, 5)] * 101),
    refused_pages_that_grow=left((RESUMABLE, 0x10000, 2, 6)),
    refused_pages_skipped=left((RESUMABLE, 0x11000, 3, 3)),
    refused_pages_elsewhere=left((RESUMABLE, 0x12000, 3, 4)),
    refused_pages_of_another_level=left((RESUMABLE, 0x11001, 3, 4)),
    refused_pages_beyond_the_end=left((RESUMABLE, 0x15000, 7, 1)),
    refused_pages_overflow=left((RESUMABLE, 0x11000, 2**32 - 1, 8)),
    refused_pages_accepted_before=left((0x00000B0A, 0x10000, 2, 5)),
    refused_pages_size=left((0xC0000B0B, 0x10000, 2, 5)),
    refused_pages_not_ended=left((RESUMABLE, 0x12000, 4, 3)),
    refused_no_such_answer=b"\x11",
    refused_nothing=b"",
)

SNP = {file.stem.replace("-", "_"): file.read_bytes() for file in sorted((VECTORS / "snp").glob("*.bin"))}
vlek_certificates = SNP.pop("vlek_certificates")
snp_report = struct.pack("<I", 3) + bytes(1180)
snp_report = put(put(snp_report, 0x50, bytes(range(64))), 0x2A0, b"\x5a" * 144)
write(
    "snp_report",
    accepted_plain=snp_report,
    accepted_oldest=put(snp_report, 0, b"\2"),
    accepted_newest=put(snp_report, 0, b"\xff" * 4),
    accepted_reserved_set=put(put(snp_report, 0x4C, b"\xff" * 4), 0x208, b"\xff" * 152),
    **{f"accepted_{name}": report for name, report in SNP.items()},
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
    accepted_turin_v5=report_answer(0, 1184, SNP["turin_v5"]),
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
    accepted_vlek=vlek_certificates,
    refused_vlek_cut=vlek_certificates[:-1],
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


GUIDS = {
    "certificates": bytes.fromhex("75cb8c074426e849afe75686c5cf72f1"),
    "measurements": bytes.fromhex("c680aa5cef121a40b364ec59a93abe3f"),
    "report": bytes.fromhex("0e5bdc70c00cd54c97bbff0ba25bf320"),
    "other": bytes(range(1, 17)),
}


def tio(which: int, status: int, body: bytes = b"", version: int | None = None, name: int | None = None) -> bytes:
    """An answer to request `which` of version 1, or, if it is odd, of version 2."""
    second = which % 2
    name = (0x0102, 0x0102030405060708)[second] if name is None else name
    version = second + 1 if version is None else version
    return bytes([which, version]) + struct.pack("<QH6x" if second else "<HH12x", name, status) + body


def tio_info(flags: int = 3, *digests: int) -> bytes:
    certificates, measurements, report = digests or (1, 2, 3)
    words = struct.pack("<IIQ", flags, 0x15, 0x02010101)
    return words + bytes([certificates] * 48 + [measurements] * 48 + [report] * 48) + struct.pack("<QQ", 7, 0)


def tio_pages(base: int, count: int = 2, offset: int = 0, flags: int = 1, which: int = 4) -> bytes:
    return struct.pack("<QIIHH12x", base, count, offset, flags, which)


def tio_table(*entries: tuple[str, int, int], rest: bytes = b"") -> bytes:
    return b"".join(GUIDS[name] + struct.pack("<II", *place) for name, *place in entries) + bytes(24) + rest


def tio_config(status: int, attributes: int, which: int = 4, write: int = 0, name: int = 0x0102) -> bytes:
    return bytes([4, 1]) + struct.pack("<HHHHI4x", name, status, attributes, which, write)


# The first bytes of the blobs are what the target takes for their digests.
BLOBS = tio_table(("report", 96, 2), ("certificates", 98, 3), ("measurements", 101, 1), rest=b"\3r\1ec\2")
write(
    "snp_tio",
    accepted_info=tio(0, 0, tio_info()),
    accepted_info_of_version_2=tio(1, 0, tio_info(0)),
    accepted_info_reserved_set=put(tio(1, 0, tio_info(2**32 - 1)), 12, b"\xff" * 6),
    refused_info_invalid=tio(0, 1, tio_info()),
    refused_info_unbound=tio(1, 2, tio_info()),
    refused_info_unknown_status=tio(0, 0xFFFF, tio_info()),
    refused_info_version=tio(0, 0, tio_info(), version=2),
    refused_info_version_0=tio(1, 0, tio_info(), version=0),
    refused_info_other=tio(0, 0, tio_info(), name=0x0103),
    refused_info_low_half_right=tio(1, 0, tio_info(), name=0x05060708),
    refused_info_short=tio(0, 0, tio_info())[:-1],
    refused_info_long=tio(1, 0, tio_info() + b"\0"),
    refused_info_head_alone=tio(0, 0),
    refused_info_half_a_head=tio(0, 0)[:10],
    accepted_validated=tio(2, 0, tio_pages(0x10000000)),
    accepted_not_changed=tio(2, 0, tio_pages(0x10000000, flags=0xFFFE)),
    accepted_validated_of_version_2=tio(3, 0, tio_pages(0x10000)),
    refused_address_in_version_2=tio(3, 0, tio_pages(0x10000000)),
    refused_page_in_version_1=tio(2, 0, tio_pages(0x10000)),
    refused_fewer_pages=tio(2, 0, tio_pages(0x10000000, count=1)),
    refused_offset=tio(2, 0, tio_pages(0x10000000, offset=1)),
    refused_range=tio(3, 0, tio_pages(0x10000, which=5)),
    refused_not_4k=tio(2, 10, tio_pages(0x10000000)),
    refused_unknown_status=tio(3, 11, tio_pages(0x10000)),
    refused_validated_short=tio(2, 0, tio_pages(0x10000000))[:-1],
    accepted_attributes=tio_config(0, 0xB),
    accepted_attributes_reserved_set=tio_config(0, 0xFFFF, write=0xFFFFFFFE),
    refused_attributes_of_another_range=tio_config(0, 0xB, which=5),
    refused_attributes_written=tio_config(0, 0xB, write=1),
    refused_attributes_not_reported=tio_config(3, 0),
    refused_attributes_of_another=tio_config(0, 0, name=0x0202),
    refused_attributes_long=tio_config(0, 0) + b"\0",
    accepted_entry=tio(6, 0),
    accepted_entry_of_version_2=tio(7, 0),
    refused_entry_reserved=tio(6, 3),
    refused_entry_not_bound=tio(7, 2),
    refused_entry_long=tio(7, 0, b"\0"),
    accepted_no_blobs=b"\x08" + tio_table(),
    accepted_blobs=b"\x08" + BLOBS,
    accepted_unknown_blob=b"\x08" + tio_table(("other", 2**31, 2**31), ("report", 72, 1), rest=b"r"),
    accepted_blob_of_no_length=b"\x08" + tio_table(("report", 2**32 - 1, 0)),
    refused_empty=b"\x08",
    refused_without_an_end=b"\x08" + tio_table(("report", 24, 1))[:24],
    refused_with_half_an_end=b"\x08" + tio_table(("report", 24, 1))[:47],
    refused_blob_in_the_table=b"\x08" + tio_table(("report", 47, 1)),
    refused_blob_outside=b"\x08" + tio_table(("report", 48, 2), rest=b"r"),
    refused_blob_wraps=b"\x08" + tio_table(("report", 2**32 - 1, 2), rest=b"r"),
    refused_blobs_overlap=b"\x08" + tio_table(("report", 72, 2), ("certificates", 73, 1), rest=b"rc"),
    refused_two_reports=b"\x08" + tio_table(("report", 72, 1), ("report", 73, 1), rest=b"rr"),
    refused_two_reports_of_no_length=b"\x08" + tio_table(("report", 0, 0), ("report", 0, 0)),
    accepted_evidence=b"\x09" + tio(1, 0, tio_info())[1:] + BLOBS,
    refused_evidence_exchanged=b"\x09" + tio(1, 0, tio_info(3, 3, 2, 1))[1:] + BLOBS,
    refused_evidence_without_valid_digest=b"\x09" + tio(1, 0, tio_info(2))[1:] + BLOBS,
    refused_evidence_without_blobs=b"\x09" + tio(1, 0, tio_info())[1:] + tio_table(),
    refused_evidence_not_bound=b"\x09" + tio(1, 2, tio_info())[1:] + BLOBS,
    refused_no_such_request=tio(10, 0),
    refused_version_alone=b"\0\1",
)


def data_object(vendor: int, kind: int, dwords: int, payload: bytes) -> bytes:
    return struct.pack("<HBBI", vendor, kind, 0, dwords) + payload


write(
    "doe_object",
    accepted_plain=data_object(1, 1, 3, b"\x10\x84\0\0"),
    accepted_empty=data_object(1, 1, 2, b""),
    accepted_reserved_set=data_object(1, 1, 0xFFFC0003, b"\x10\x84\0\0"),
    refused_vendor=data_object(0x101, 1, 3, bytes(4)),
    refused_type=data_object(1, 2, 3, bytes(4)),
    refused_longest=data_object(1, 1, 0, bytes(4)),
    refused_length_1=data_object(1, 1, 1, b""),
    refused_shorter=data_object(1, 1, 2, bytes(4)),
    refused_longer=data_object(1, 1, 4, bytes(4)),
    refused_half_a_header=data_object(1, 1, 2, b"")[:7],
)
write(
    "doe_discovery",
    accepted_three=bytes([1, 0, 0, 1, 1, 0, 1, 2, 1, 0, 2, 0]),
    accepted_256=b"".join(bytes([1, 0, 0, (i + 1) % 256]) for i in range(256)),
    refused_loop=bytes([1, 0, 0, 1, 1, 0, 1, 1]),
    refused_half=bytes([1, 0, 0]),
    refused_endless=bytes([1, 0, 0, 1]),
)

SIGNATURE, DIGEST, NONCE = b"\xa5" + bytes(95), bytes(48), bytes(range(32))
VERSION = bytes([0x10, 4, 0, 0, 0, 2, 0, 0x10, 0, 0x12])
TABLES = bytes.fromhex("022010000320020005200100")
ALGORITHMS = struct.pack("<4BHBBIII16x", 0x12, 0x63, 3, 0, 48, 1, 2, 4, 0x80, 2) + TABLES


def capabilities(flags: int, size: int = 4096) -> bytes:
    return struct.pack("<4BIIII", 0x12, 0x61, 0, 0, 0, flags, size, 4096)


def certificate(chain: bytes, remainder: int = 0) -> bytes:
    return struct.pack("<4BHH", 0x12, 2, 0, 0, len(chain), remainder) + chain


def chain(certificates: bytes) -> bytes:
    return struct.pack("<I", 52 + len(certificates)) + DIGEST + certificates


def auth(version: int, opaque: bytes = b"", context: bytes = b"", signature: bytes = SIGNATURE) -> bytes:
    tail = struct.pack("<H", len(opaque)) + opaque + context + signature
    return bytes([version, 3, 0, 1]) + DIGEST + NONCE + DIGEST + tail


def measurements(count: int, record: bytes, signature: bytes = SIGNATURE) -> bytes:
    return bytes([0x12, 0x60, 0, 0, count, len(record), 0, 0]) + record + NONCE + bytes(2) + signature


SELECTION = bytes.fromhex("010000000000040001000012")


def key_exchange(opaque: bytes = SELECTION, signature: bytes = SIGNATURE) -> bytes:
    head = bytes.fromhex("12640000feff0000") + NONCE + bytes(range(96)) + DIGEST
    return head + struct.pack("<H", len(opaque)) + opaque + signature + DIGEST


def record(session: int, message: bytes) -> bytes:
    return struct.pack("<IHH", session, len(message) + 18, len(message)) + message + bytes(16)


V12 = b"\x12"
BLOCKS = bytes.fromhex("01010500000200abcd10010400870100ef")
write(
    "spdm_version",
    accepted_plain=b"\x14" + VERSION,
    accepted_padded=b"\x14" + VERSION + bytes(2),
    refused_none=b"\x14" + bytes([0x10, 4, 0, 0, 0, 0]),
    refused_draft=b"\x14" + bytes([0x10, 4, 0, 0, 0, 1, 1, 0x12]),
    refused_255=b"\x14" + bytes([0x10, 4, 0, 0, 0, 255, 0, 0x12]),
    refused_trailing=b"\x14" + VERSION + bytes(4),
)
write(
    "spdm_capabilities",
    accepted_plain=V12 + capabilities(0x2D6),
    accepted_all=V12 + capabilities(2**32 - 1 - 8),
    refused_reserved=V12 + capabilities(2**32 - 1),
    accepted_older=b"\x11\x11" + capabilities(0x2D6)[1:12],
    refused_size=V12 + capabilities(0x2D6, 41),
    refused_four_gigabytes=V12 + capabilities(0x2D6, 2**32 - 1),
    refused_short=V12 + capabilities(0x2D6)[:-1],
    refused_of_1_1=b"\x12" + capabilities(0x2D6)[:12],
)
write(
    "spdm_algorithms",
    accepted_plain=V12 + ALGORITHMS,
    accepted_nothing_selected=V12 + put(ALGORITHMS, 42, b"\0"),
    refused_two=V12 + put(ALGORITHMS, 12, b"\x90"),
    refused_none=V12 + put(ALGORITHMS, 16, b"\0"),
    refused_not_offered=V12 + put(ALGORITHMS, 38, b"\x20"),
    refused_twice=V12 + put(ALGORITHMS, 40, b"\2"),
    refused_external=V12 + put(ALGORITHMS, 32, b"\1"),
    refused_tail=V12 + put(ALGORITHMS, 2, b"\0"),
    refused_more_tables=V12 + put(ALGORITHMS, 2, b"\xff"),
)
write(
    "spdm_digests",
    accepted_two=V12 + bytes([0x12, 1, 0, 0b101]) + bytes(96),
    accepted_none=V12 + bytes([0x12, 1, 0, 0]),
    refused_fewer=V12 + bytes([0x12, 1, 0, 255]) + bytes(96),
    refused_more=V12 + bytes([0x12, 1, 0, 1]) + bytes(96),
)
write(
    "spdm_certificate",
    accepted_plain=V12 + certificate(b"chain"),
    accepted_first=V12 + certificate(b"chain", 7),
    accepted_large=b"\x14" + bytes.fromhex("14028000000000000500000007000000636861696e"),
    refused_empty=V12 + certificate(b""),
    refused_long=V12 + certificate(bytes(1001)),
    refused_64_kib=V12 + certificate(b"chain", 65535),
    refused_slot=V12 + put(certificate(b"chain"), 2, b"\1"),
    refused_short=V12 + certificate(b"chain")[:-1],
)
write(
    "spdm_chain",
    accepted_one=chain(bytes.fromhex("3000")),
    accepted_three=chain(bytes.fromhex("300205003081800000") + bytes(126) + bytes.fromhex("300109")),
    refused_none=chain(b""),
    refused_indefinite=chain(bytes.fromhex("30800000")),
    refused_not_minimal=chain(bytes.fromhex("30810100")),
    refused_past_the_end=chain(bytes.fromhex("308300ffff00")),
    refused_four_gigabytes=chain(bytes.fromhex("3084ffffffff")),
    refused_tail=chain(bytes.fromhex("300000")),
    refused_length=put(chain(bytes.fromhex("3000")), 0, b"\0"),
    refused_short=bytes(51),
)
write(
    "spdm_challenge",
    accepted_plain=V12 + auth(0x12),
    accepted_with_opaque_data=V12 + auth(0x12, b"opaque"),
    accepted_with_context=b"\x13" + auth(0x13, b"", bytes(8)),
    refused_context=b"\x13" + auth(0x13, b"", b"\1" + bytes(7)),
    refused_without_signature=V12 + auth(0x12, signature=b""),
    refused_slot=V12 + put(auth(0x12), 2, b"\1"),
    refused_opaque_data=V12 + put(auth(0x12), 132, b"\xff\xff"),
)
write(
    "spdm_measurements",
    accepted_two=V12 + measurements(2, BLOCKS),
    accepted_none=V12 + measurements(0, b""),
    refused_count=V12 + measurements(254, BLOCKS),
    refused_twice=V12 + measurements(2, put(BLOCKS, 9, b"\1")),
    refused_index_0=V12 + measurements(2, put(BLOCKS, 0, b"\0")),
    refused_index_255=V12 + measurements(2, put(BLOCKS, 0, b"\xff")),
    refused_specification=V12 + measurements(2, put(BLOCKS, 1, b"\2")),
    refused_past_the_end=V12 + measurements(2, put(BLOCKS, 11, b"\xff")),
    refused_without_signature=V12 + measurements(2, BLOCKS, b""),
)
write(
    "spdm_error",
    accepted_busy=V12 + bytes.fromhex("127f0300"),
    accepted_not_ready=V12 + bytes.fromhex("127f420001810002"),
    accepted_of_another_version=V12 + bytes.fromhex("107f4100"),
    refused_half=V12 + bytes.fromhex("127f4200018100"),
    refused_other=V12 + bytes.fromhex("12010000"),
)
write(
    "spdm_key_exchange",
    accepted_plain=V12 + key_exchange(),
    accepted_without_opaque_data=V12 + key_exchange(b""),
    refused_short=V12 + key_exchange()[:-1],
    refused_opaque_data=V12 + put(key_exchange(), 184, b"\xff\xff"),
)
write(
    "spdm_opaque",
    accepted_plain=V12 + SELECTION,
    accepted_older=b"\x11FTMD" + bytes.fromhex("010100000000040001000012"),
    refused_none=V12 + bytes(4),
    refused_twice=V12 + bytes([2]) + SELECTION[1:] + SELECTION[4:],
    refused_past_the_end=V12 + put(SELECTION, 6, b"\xff"),
    refused_255_elements=V12 + put(SELECTION, 0, b"\xff"),
    refused_of_1_1=b"\x11" + SELECTION,
)
write(
    "spdm_finish",
    accepted_plain=V12 + bytes.fromhex("12650000"),
    accepted_padded=b"\x14" + bytes.fromhex("1465000000000000"),
    accepted_opaque_data=b"\x14" + bytes.fromhex("146500000300010203"),
    refused_trailing=V12 + bytes.fromhex("1265000000000000"),
    refused_opaque_data=b"\x14" + bytes.fromhex("14650000ffff0000"),
    refused_without_opaque_data=b"\x14" + bytes.fromhex("14650000"),
    refused_version=V12 + bytes.fromhex("13650000"),
)
write(
    "spdm_end_session",
    accepted_plain=V12 + bytes.fromhex("126c0000"),
    accepted_padded=V12 + bytes.fromhex("126c0000010203"),
    refused_short=V12 + bytes.fromhex("126c00"),
    refused_trailing=V12 + bytes.fromhex("126c000000000000"),
    refused_error=V12 + bytes.fromhex("127f0100"),
)
VENDOR = bytes.fromhex("127e00000300020100")
write(
    "spdm_vendor_defined",
    accepted_plain=V12 + VENDOR + struct.pack("<HB", 4, 1) + b"abc",
    accepted_padded=V12 + VENDOR + struct.pack("<HB", 4, 1) + b"abc" + bytes(2),
    accepted_empty=V12 + VENDOR + struct.pack("<HB", 1, 1),
    refused_without_protocol=V12 + VENDOR + bytes(2),
    refused_protocol=V12 + VENDOR + struct.pack("<HB", 4, 0) + b"abc",
    refused_standard=V12 + put(VENDOR, 4, b"\4") + struct.pack("<HB", 4, 1) + b"abc",
    refused_vendor_length=V12 + put(VENDOR, 6, b"\xff") + struct.pack("<HB", 4, 1) + b"abc",
    refused_past_the_end=V12 + VENDOR + struct.pack("<HB", 0xFFFF, 1) + b"abc",
    refused_trailing=V12 + VENDOR + struct.pack("<HB", 4, 1) + b"abc" + bytes(4),
)
write(
    "spdm_secured",
    accepted_plain=record(0x04030201, b"message"),
    accepted_padded=record(0x04030201, b"message") + b"\xff" * 3,
    accepted_empty=record(0x04030201, b""),
    refused_session=record(0x04030202, b"message"),
    refused_mac=record(0x04030201, b"message")[:-1] + b"\1",
    refused_length_below_mac=put(record(0x04030201, b"message"), 4, b"\x0f"),
    refused_past_the_end=put(record(0x04030201, b"message"), 4, b"\xff"),
    refused_message=put(record(0x04030201, b"message"), 6, b"\xff"),
    refused_trailing=record(0x04030201, b"message") + bytes(4),
)


def answers(*messages: bytes) -> bytes:
    return b"".join(struct.pack("<H", len(message)) + message for message in messages)


FIRST = (VERSION, capabilities(0x2D6), ALGORITHMS, bytes([0x12, 1, 0, 1]) + DIGEST, certificate(chain(b"\x30\0")))
CHALLENGE = (VERSION, capabilities(0x16), *FIRST[2:])
FINISH = record(0xFFFEFFFF, bytes.fromhex("12650000"))
MEASUREMENTS = record(0xFFFEFFFF, measurements(2, BLOCKS))
BUSY = bytes.fromhex("127f0300")
SECOND = (
    record(0xFFFEFFFF, bytes([0x12, 1, 0, 3]) + 2 * DIGEST),
    record(0xFFFEFFFF, put(certificate(chain(b"\x30\0")), 2, b"\1")),
)
END = record(0xFFFEFFFF, bytes.fromhex("126c0000"))
REFUSED = record(0xFFFEFFFF, bytes.fromhex("127f0400"))
# DEVICE_INTERFACE_STATE.
STATE = record(0xFFFEFFFF, bytes.fromhex("127e00000300020100" "1200" "01" "10050000" "01020000" "0000000000000000" "01"))
write(
    "spdm_requester",
    accepted_session=answers(*FIRST, key_exchange(), FINISH, MEASUREMENTS),
    accepted_whole=answers(*FIRST, key_exchange(), FINISH, MEASUREMENTS, *SECOND, MEASUREMENTS, STATE, END),
    accepted_refusals=answers(*FIRST, key_exchange(), FINISH, REFUSED, REFUSED, MEASUREMENTS, REFUSED, END),
    accepted_end_in_clear=answers(*FIRST, key_exchange(), FINISH, MEASUREMENTS, *SECOND, MEASUREMENTS, STATE, BUSY),
    accepted_challenge=answers(*CHALLENGE, auth(0x12), measurements(2, BLOCKS)),
    accepted_busy=answers(VERSION, BUSY, *CHALLENGE[1:], BUSY, auth(0x12)),
    refused_signature=answers(*FIRST, key_exchange(signature=bytes(96)), FINISH),
    refused_without_finish=answers(*FIRST, key_exchange()),
    refused_finish_in_clear=answers(*FIRST, key_exchange(), bytes.fromhex("12650000")),
    refused_challenge=answers(*CHALLENGE, auth(0x12, signature=bytes(96))),
    refused_busy_for_ever=answers(VERSION, *[BUSY] * 20),
    refused_version_alone=answers(VERSION),
)


def tdisp(which: int, kind: int, body: bytes = b"", version: int = 0x10, function: int = 0x0201) -> bytes:
    return struct.pack("<BBBHI8x", which, version, kind, 0, function) + body


write(
    "tdisp_message",
    accepted_version=tdisp(0, 1, b"\2\x20\x10"),
    accepted_capabilities=tdisp(1, 2, bytes(28)),
    accepted_nonce=tdisp(2, 3, bytes(range(32))),
    accepted_portion=tdisp(3, 4, struct.pack("<HH", 3, 5) + b"abc"),
    accepted_state=tdisp(4, 5, b"\3"),
    accepted_start=tdisp(5, 6),
    accepted_stop=tdisp(6, 7),
    refused_error=tdisp(5, 0x7F, struct.pack("<II", 0x102, 0)),
    refused_other_version=tdisp(0, 1, b"\1\x20"),
    refused_255_versions=tdisp(0, 1, b"\xff\x10"),
    refused_message_version=tdisp(4, 5, b"\3", version=0x11),
    refused_function=tdisp(4, 5, b"\3", function=0x0202),
    refused_segment=tdisp(4, 5, b"\3", function=0x1000201),
    refused_state=tdisp(4, 5, b"\4"),
    refused_short_nonce=tdisp(2, 3, bytes(31)),
    refused_portion_empty=tdisp(3, 4, struct.pack("<HH", 0, 5)),
    refused_portion_long=tdisp(3, 4, struct.pack("<HH", 101, 0) + bytes(101)),
    refused_portion_past_the_end=tdisp(3, 4, struct.pack("<HH", 100, 0) + b"abc"),
    refused_trailing=tdisp(6, 7, b"\0"),
    refused_half_a_header=tdisp(6, 7)[:10],
)


def interface(*ranges: tuple[int, int, int, int], count: int | None = None, length: int = 0) -> bytes:
    head = struct.pack("<HHHHII", 1, 0, 0, 0, 0, len(ranges) if count is None else count)
    return head + b"".join(struct.pack("<QIHH", *row) for row in ranges) + struct.pack("<I", length)


write(
    "tdisp_report",
    accepted_none=interface(),
    accepted_three=interface((0x100, 2, 1, 0), (0x102, 1, 2, 0), (7, 0x10, 0, 2)),
    accepted_other_numbers=interface((0, 0, 0, 6), (0, 0, 0, 0xFFFF)),
    accepted_reserved_bits=interface((0, 1, 0xFFFF, 0)),
    accepted_of_the_vendor=interface((0, 1, 0, 0), length=3) + b"abc",
    accepted_last_page=interface((2**52 - 1, 1, 0, 0)),
    refused_page_overflows=interface((2**52, 1, 0, 0)),
    refused_pages_overflow=interface((0, 2**20, 0, 0)),
    refused_past_the_end=interface((3, 2, 0, 0)),
    refused_overlap=interface((0, 3, 0, 0), (2, 1, 0, 0)),
    refused_order=interface((0, 1, 0, 2), (0, 1, 0, 0)),
    refused_no_such_bar=interface((0, 1, 0, 1)),
    refused_small_bar=interface((0, 1, 0, 4)),
    refused_empty_range=interface((0, 0, 0, 0)),
    refused_four_gigabytes=interface(count=2**32 - 1),
    refused_count_wraps=interface(count=2**28),
    refused_length=interface(length=1),
    refused_trailing=interface() + b"\0",
    refused_short=interface()[:-1],
)
write(
    "ide_km",
    accepted_port=bytes([0, 1, 0, 1, 8, 0, 0, 7]) + bytes(8),
    accepted_port_without_registers=bytes([0, 1, 0, 1, 8, 0, 0, 1]),
    accepted_key=bytes([1, 3, 0, 0, 3, 0, 2, 1]),
    accepted_go=bytes([2, 6, 0, 0, 3, 0, 2, 1]),
    refused_other_port=bytes([0, 1, 0, 2, 8, 0, 0, 7]),
    refused_port_above_the_last=bytes([0, 1, 0, 1, 8, 0, 0, 0]),
    refused_half_a_register=bytes([0, 1, 0, 1, 8, 0, 0, 7, 1, 2]),
    refused_status=bytes([1, 3, 0, 0, 3, 4, 2, 1]),
    refused_stream=bytes([1, 3, 0, 0, 4, 0, 2, 1]),
    refused_direction=bytes([2, 6, 0, 0, 3, 0, 0, 1]),
    refused_object=bytes([2, 3, 0, 0, 3, 0, 2, 1]),
    refused_short=bytes([2, 6, 0, 0, 3, 0, 2]),
    refused_trailing=bytes([1, 3, 0, 0, 3, 0, 2, 1, 0]),
)
