#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes the vectors of this folder, with nothing but the standard library.

Independent of the Rust code on purpose: what the two agree on is what the specification says.
"""

import hashlib
import hmac
import pathlib
import struct

KEY = bytes(range(32))


def digest(text: str) -> bytes:
    return hashlib.sha384(text.encode()).digest()


def extend(old: bytes, data: bytes) -> bytes:
    return hashlib.sha384(old + data).digest()


tcb = struct.pack(
    "<Q16s48s48sQ16s95s",
    0x301FF,
    bytes([3, 0, 5]),
    digest("mrseam"),
    bytes(48),
    0,
    bytes([3, 0, 6]),
    b"",
)
rtmr = [bytes(48), extend(bytes(48), digest("one")), digest("rtmr2"), digest("rtmr3")]


def td_report(version: int, attributes: int, servtd_hash: bytes) -> bytes:
    info = struct.pack(
        "<QQ48s48s48s48s48s48s48s48s48s64s",
        attributes,
        0x602E7,
        digest("mrtd"),
        digest("mrconfigid"),
        digest("mrowner"),
        digest("mrownerconfig"),
        *rtmr,
        servtd_hash,
        b"",
    )
    covered = struct.pack(
        "<BBBB12s16s48s48s64s32s",
        0x81,
        0,
        version,
        0,
        b"",
        bytes(range(16)),
        hashlib.sha384(tcb).digest(),
        hashlib.sha384(info).digest(),
        bytes(range(64)),
        b"",
    )
    whole = covered + hmac.new(KEY, covered, "sha256").digest() + tcb + bytes(17) + info
    assert (len(tcb), len(info), len(covered), len(whole)) == (239, 512, 224, 1024)
    return whole


SEPT_VE_DISABLE = 1 << 28
report = td_report(0, SEPT_VE_DISABLE, bytes(48))

here = pathlib.Path(__file__).parent
(here / "report_servtd.bin").write_bytes(td_report(1, SEPT_VE_DISABLE, digest("servtd")))
(here / "report_debug.bin").write_bytes(td_report(0, SEPT_VE_DISABLE | 1, bytes(48)))
header = struct.pack("<QQII", 1, 0, len(report), 0)
(here / "report.bin").write_bytes(report)
(here / "quote_request.bin").write_bytes(header + report)
(here / "quote_answer.bin").write_bytes(struct.pack("<QQII", 1, 0, 1024, 5) + b"quote" + bytes(35))


def record(name: bytes, gpa: int) -> bytes:
    return name.ljust(16, b"\0") + struct.pack("<Q104s", gpa, b"")


mrtd = hashlib.sha384()
for page in range(2**32 - 2**18, 2**32, 4096):
    mrtd.update(record(b"MEM.PAGE.ADD", page))
    for gpa in range(page, page + 4096, 256):
        mrtd.update(record(b"MR.EXTEND", gpa) + b"\xf4" * 256)
(here / "mrtd.bin").write_bytes(mrtd.digest())
