#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A parser of CCEL logs takes each EV_NO_ACTION event for the header of the log.
#
# Packages: pytdxattest 0.0.11 and cctrusted-base 0.5.0 from PyPI.
#
# A log begins with an EV_NO_ACTION event that names its digests. This event alone has the old form, with one SHA-1. It
# might be expected to be the only EV_NO_ACTION event, as such an event is extended into no register. But EDK2 puts more
# right behind it, if the platform has them: the events of SP 800-155, which identify its reference manifest. They have
# the new form, with a count of digests, and in a TD the register index 0. pytdxattest looks at the type of an event
# only. It reads the second one as a header too, forgets the digest sizes, goes on in the middle of that event, and
# fails at what it takes for the next one. cctrusted-base takes only the first event for the header.
#
# The two agree on a log with the header alone, so that log is not enough to test a parser.
#
# Output seen (first bytes of the replayed RTMRs):
#   header only, cctrusted-base: 39940ac9 af68f489
#   header only, pytdxattest: 39940ac9 af68f489
#   header and SP 800-155, cctrusted-base: 39940ac9 af68f489
#   header and SP 800-155, pytdxattest: AssertionError
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


def event(index, kind, digest, data):
    return struct.pack("<IIIH", index, kind, 1, SHA384) + digest + struct.pack("<I", len(data)) + data


spec_id = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, SHA384, 48, 0)
header = struct.pack("<II20sI", 1, EV_NO_ACTION, bytes(20), len(spec_id)) + spec_id
# The number of the vendor and the GUID of its reference manifest.
platform_id = event(0, EV_NO_ACTION, bytes(48), b"SP800-155 Event\0" + struct.pack("<I16s", 343, b"\x5a" * 16))
measured = b"".join(
    event(index, EV_SEPARATOR, sha384(b"ev%d" % index).digest(), b"ev%d" % index) for index in (1, 2)
)
rest = b"\xff" * 64  # the rest of the log area, as firmware leaves it


class Actor(TDEventLogActor):
    """Reads the log from the folder of this script."""

    def _read(self, ccel_file="log"):
        return super()._read(ccel_file)


def cctrusted_base(log):
    parsed = EventLogs(log, None, parse_format=0)  # 0: events as in the PC Client specification
    parsed.select(None, None)
    replayed = EventLogs.replay(parsed.event_logs)
    return [replayed[rtmr][SHA384] for rtmr in (0, 1)]


def pytdxattest(log):
    Path("log").write_bytes(log)
    actor = Actor(0, len(log))
    actor.replay()
    return [actor.get_rtmr_by_index(rtmr).data for rtmr in (0, 1)]


for text, first in ("header only", header), ("header and SP 800-155", header + platform_id):
    for name, replay in ("cctrusted-base", cctrusted_base), ("pytdxattest", pytdxattest):
        try:
            outcome = " ".join(bytes(value).hex()[:8] for value in replay(first + measured + rest))
        except AssertionError as error:
            outcome = type(error).__name__
        print(f"{text}, {name}: {outcome}")
EOF

diff - seen <<'EOF'
header only, cctrusted-base: 39940ac9 af68f489
header only, pytdxattest: 39940ac9 af68f489
header and SP 800-155, cctrusted-base: 39940ac9 af68f489
header and SP 800-155, pytdxattest: AssertionError
EOF
