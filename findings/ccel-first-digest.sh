#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two parsers of CCEL logs extend an RTMR by the first digest of an event, of whatever algorithm that is.
#
# Packages: pytdxattest 0.0.11 and cctrusted-base 0.5.0 from PyPI, eventlog-rs 0.1.8 from crates.io.
#
# An event of a log has a digest for each algorithm that the head of the log lists. An RTMR is extended by SHA-384, so
# it might be expected that a replay takes the SHA-384 of each event, or says that there is none. The log of EDK2 in a
# TD has SHA-384 alone. Where another firmware also logs SHA-256, and lists it first, pytdxattest and eventlog-rs hash
# the old value with 32 bytes of SHA-256: what they replay is the value of no register, and no error says why.
# cctrusted-base keeps a value for each algorithm.
#
# Output seen (first bytes of the replayed RTMR[0]):
#   SHA-384, pytdxattest: 518923b0
#   SHA-384, cctrusted-base: 518923b0
#   SHA-256 and SHA-384, pytdxattest: 4338e69e
#   SHA-256 and SHA-384, cctrusted-base: 518923b0
#   SHA-384, eventlog-rs: 518923b0
#   SHA-256 and SHA-384, eventlog-rs: 4338e69e
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
from hashlib import sha256, sha384
from pathlib import Path

from cctrusted_base.eventlog import EventLogs
from pytdxattest.actor import TDEventLogActor

EV_NO_ACTION, EV_SEPARATOR, SHA384 = 3, 4, 12
# The number of an algorithm, and what makes its digests.
ALGORITHMS = {"SHA-256": (11, sha256), "SHA-384": (SHA384, sha384)}


def log(algorithms):
    spec_id = b"Spec ID Event03\0" + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, len(algorithms))
    spec_id += b"".join(struct.pack("<HH", number, make().digest_size) for number, make in algorithms) + b"\0"
    header = struct.pack("<II20sI", 1, EV_NO_ACTION, bytes(20), len(spec_id)) + spec_id
    event = struct.pack("<III", 1, EV_SEPARATOR, len(algorithms))
    event += b"".join(struct.pack("<H", number) + make(bytes(4)).digest() for number, make in algorithms)
    return header + event + struct.pack("<I4x", 4) + b"\xff" * 64  # the rest of the log area, as firmware leaves it


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


for names in ["SHA-384"], ["SHA-256", "SHA-384"]:
    text, made = " and ".join(names), log([ALGORITHMS[name] for name in names])
    Path(text).write_bytes(made)
    for name, replay in ("pytdxattest", pytdxattest), ("cctrusted-base", cctrusted_base):
        print(f"{text}, {name}: {bytes(replay(made)).hex()[:8]}")
EOF

cargo init --quiet --vcs none --name finding finding
cd finding
cargo add --quiet eventlog-rs@=0.1.8
cat >src/main.rs <<'EOF'
use eventlog_rs::Eventlog;

fn main() {
    for name in ["SHA-384", "SHA-256 and SHA-384"] {
        let log = std::fs::read(format!("../{name}")).unwrap();
        let replayed = Eventlog::try_from(log).unwrap().replay_measurement_registry();
        let hex: String = replayed[&1][..4].iter().map(|byte| format!("{byte:02x}")).collect(); // 1 is RTMR[0]
        println!("{name}, eventlog-rs: {hex}");
    }
}
EOF
cargo run --quiet | tee -a ../seen
cd ..

diff - seen <<'EOF'
SHA-384, pytdxattest: 518923b0
SHA-384, cctrusted-base: 518923b0
SHA-256 and SHA-384, pytdxattest: 4338e69e
SHA-256 and SHA-384, cctrusted-base: 518923b0
SHA-384, eventlog-rs: 518923b0
SHA-256 and SHA-384, eventlog-rs: 4338e69e
EOF
