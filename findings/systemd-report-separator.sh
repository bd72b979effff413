#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A signature of systemd-report is not one of the report, but of the report with what frames it in the stream.
#
# Package: systemd-report 262.1-1 of Debian's unstable suite.
#
# `generate --sign=` writes the report and its signatures as JSON-SEQ: each text has a record separator (1e) in front and a
# line feed behind, which are no part of it. The manual says that a signature covers the precise binary representation of
# the report object. So might be expected the digest of the JSON text, with its line feed or without. A signer, such as the
# one that puts the digest into the report data of a TDX or SEV-SNP report, gets the digest of all three: separator, text,
# line feed. A reader of JSON-SEQ hands on the texts alone. A verifier that hashes what it got from such a reader, or the
# same report as it is without --sign, refuses each signature.
#
# The script is the source of the metrics and the signer itself.
#
# Output seen:
#   text: no
#   text, line feed: no
#   separator, text: no
#   separator, text, line feed: signed
#
# Exits 0 while the package behaves so, and 1 when the behaviour changes.
set -euo pipefail

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
"$top/scripts/qemu-tdx/toolbox" "$top/tests/clients/package" "$dir/debian" pool/main/s/systemd/systemd-report_262.1-1_amd64.deb \
	04812c2393093ba939175859d1b2ce3030fa7053adcf0e061dba154f494ebb81 >/dev/null 2>&1

cat >"$dir/finding.py" <<'EOF'
import hashlib
import json
import pathlib
import socket
import subprocess
import sys
import threading

DIGESTS = []


def serve(name, answer):
    """Answers each call of Varlink, which is JSON and a byte of zero, at a socket below /run/systemd."""
    path = pathlib.Path("/run/systemd", name)
    path.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def accept():
        while True:
            with listener.accept()[0] as connection:
                call = b""
                while not call.endswith(b"\0"):
                    call += connection.recv(4096)
                connection.sendall(json.dumps({"parameters": answer(json.loads(call[:-1]))}).encode() + b"\0")
                connection.recv(1)

    threading.Thread(target=accept, daemon=True).start()


def sign(call):
    DIGESTS.append(call["parameters"]["digest"])
    return {"data": [{"signer": "finding"}]}


serve("report/org.example.Finding", lambda call: {"name": "org.example.Finding.Answer", "value": 42})
serve("report.sign/finding", sign)
output = subprocess.run([sys.argv[1], "generate", "--sign=require-all"], check=True, stdout=subprocess.PIPE).stdout
_, report, _ = output.split(b"\x1e")
text = report.removesuffix(b"\n")
assert text + b"\n" == report and json.loads(text)["metrics"][0]["value"] == 42
for what, signed in (("text", text), ("text, line feed", report), ("separator, text", b"\x1e" + text),
                     ("separator, text, line feed", b"\x1e" + report)):
    print(f"{what}: {'signed' if [hashlib.sha256(signed).hexdigest()] == DIGESTS else 'no'}")
EOF

# With a /run of its own.
# shellcheck disable=SC2016  # for the other shell
unshare --map-root-user --mount sh -euc 'mount -t tmpfs run /run && exec python3 "$1" "$2"' sh "$dir/finding.py" \
	"$dir/debian/usr/lib/systemd/systemd-report.standalone" | tee "$dir/seen"

diff - "$dir/seen" <<'EOF'
text: no
text, line feed: no
separator, text: no
separator, text, line feed: signed
EOF
