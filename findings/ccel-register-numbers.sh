#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same call replays the same CCEL log into registers with different numbers.
#
# Packages: cctrusted-base 0.5.0 and evidence-api 0.5.0 from PyPI. The second one is the first one under a new name,
# with the same version, the same classes and the same methods.
#
# A CCEL log has no number for an RTMR. Its field holds the index of a CC measurement register: 0 is MRTD, 1 is
# RTMR[0], 4 is RTMR[3]. cctrusted-base subtracts one while it parses, so the keys of replay() are numbers of RTMRs.
# evidence-api keeps the index of the log, so the keys are one more. A change of the import might be expected to change
# nothing. It makes a caller compare RTMR[1] with the value of RTMR[0], and no look-up fails, as both keys exist.
#
# Output seen for a log with one event each in RTMR[0], RTMR[1] and RTMR[2] (first bytes of the replayed values):
#   cctrusted_base 0=39940ac9 1=af68f489 2=ebee370f
#   evidence_api 1=39940ac9 2=af68f489 3=ebee370f
#
# Exits 0 while the packages behave so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check cctrusted-base==0.5.0 evidence-api==0.5.0

"$dir/venv/bin/python" - <<'EOF' | tee "$dir/seen"
import struct
from hashlib import sha384
from importlib import import_module

EV_NO_ACTION, EV_SEPARATOR, SHA384 = 3, 4, 12

spec_id = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, SHA384, 48, 0)
log = struct.pack("<II20sI", 1, EV_NO_ACTION, bytes(20), len(spec_id)) + spec_id
for index in 1, 2, 3:
    event = b"ev%d" % index
    log += struct.pack("<IIIH", index, EV_SEPARATOR, 1, SHA384) + sha384(event).digest()
    log += struct.pack("<I", len(event)) + event
log += b"\xff" * 64  # the rest of the log area, as firmware leaves it

for package in "cctrusted_base", "evidence_api":
    event_logs = import_module(package + ".eventlog").EventLogs
    parsed = event_logs(log, None, parse_format=0)  # 0: events as in the PC Client specification
    parsed.select(None, None)
    replayed = event_logs.replay(parsed.event_logs)
    print(package, *(f"{mr}={banks[SHA384].hex()[:8]}" for mr, banks in replayed.items()))
EOF

diff - "$dir/seen" <<'EOF'
cctrusted_base 0=39940ac9 1=af68f489 2=ebee370f
evidence_api 1=39940ac9 2=af68f489 3=ebee370f
EOF
