#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two parsers of CCEL logs fail with a TypeError at an event without data, and at zeros behind the last event.
#
# Packages: pytdxattest 0.0.11 and cctrusted-base 0.5.0 from PyPI.
#
# The data of an event are a description of any length. An event without any might be expected to be one like others.
# In both packages, which share this code, get_bytes() returns None instead of no bytes, and its caller fails to unpack
# that. One such event, and nothing of the log is replayed.
#
# The same happens where the rest of the log area is zero. Its end is not stored, so a parser has to see it. EDK2 fills
# the area with ones, at which both stop; zeros are read as events of index 0 and type 0, without digests and data.
#
# Output seen (first bytes of the replayed RTMR[0]):
#   with data, ones, pytdxattest: 518923b0
#   with data, ones, cctrusted-base: 518923b0
#   without data, ones, pytdxattest: TypeError
#   without data, ones, cctrusted-base: TypeError
#   with data, zeros, pytdxattest: TypeError
#   with data, zeros, cctrusted-base: TypeError
#
# Exits 0 while the packages behave so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cd -- "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cctrusted-base==0.5.0 pytdxattest==0.0.11

venv/bin/python - <<'EOF' | tee seen
import struct
from hashlib import sha384
from pathlib import Path

from cctrusted_base.eventlog import EventLogs
from pytdxattest.actor import TDEventLogActor

EV_NO_ACTION, EV_SEPARATOR, SHA384 = 3, 4, 12

spec_id = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, SHA384, 48, 0)
header = struct.pack("<II20sI", 1, EV_NO_ACTION, bytes(20), len(spec_id)) + spec_id


def log(data, fill):
    event = struct.pack("<IIIH", 1, EV_SEPARATOR, 1, SHA384) + sha384(bytes(4)).digest()
    return header + event + struct.pack("<I", len(data)) + data + fill * 64


class Actor(TDEventLogActor):
    """Reads the log from the folder of this script."""

    def _read(self, ccel_file="log"):
        return super()._read(ccel_file)


def pytdxattest(log):
    Path("log").write_bytes(log)
    actor = Actor(0, len(log))
    actor.replay()
    return actor.get_rtmr_by_index(0).data


def cctrusted_base(log):
    parsed = EventLogs(log, None, parse_format=0)  # 0: events as in the PC Client specification
    parsed.select(None, None)
    return EventLogs.replay(parsed.event_logs)[0][SHA384]


for text, made in (
    ("with data, ones", log(bytes(4), b"\xff")),
    ("without data, ones", log(b"", b"\xff")),
    ("with data, zeros", log(bytes(4), b"\0")),
):
    for name, replay in ("pytdxattest", pytdxattest), ("cctrusted-base", cctrusted_base):
        try:
            outcome = bytes(replay(made)).hex()[:8]
        except TypeError as error:
            outcome = type(error).__name__
        print(f"{text}, {name}: {outcome}")
EOF

diff - seen <<'EOF'
with data, ones, pytdxattest: 518923b0
with data, ones, cctrusted-base: 518923b0
without data, ones, pytdxattest: TypeError
without data, ones, cctrusted-base: TypeError
with data, zeros, pytdxattest: TypeError
with data, zeros, cctrusted-base: TypeError
EOF
