# SPDX-License-Identifier: GPL-2.0
"""Has systemd-report make a report and sign it, without systemd, which would start its services.

Prints the provider that the signature names. The digest of what is signed, and the blob, are in files.
"""

import base64
import hashlib
import json
import pathlib
import socket
import subprocess
import threading

PROGRAMS = "/add/clients/debian/usr/lib/systemd"
# A service has the connection as its first descriptor behind stderr.
SERVE = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=varlink exec "$0" 3<&0 </dev/null'
SEPARATOR = b"\x1e"


def serve(name, program):
    """Runs a service for each connection to a socket."""
    path = pathlib.Path("/run/systemd", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def accept():
        while True:
            with listener.accept()[0] as connection:
                subprocess.run(["sh", "-c", SERVE, f"{PROGRAMS}/{program}.standalone"], stdin=connection)

    threading.Thread(target=accept, daemon=True).start()


serve("report/io.systemd.Basic", "systemd-report-basic")
serve("report.sign/tsm", "systemd-report-sign-tsm")
stream = subprocess.run([f"{PROGRAMS}/systemd-report.standalone", "generate", "--sign=require-all"], check=True,
                        stdout=subprocess.PIPE).stdout
_, report, signature = stream.split(SEPARATOR)
signed = json.loads(signature)["data"]
print(signed["provider"])
# With the separator in front, which is no part of the object.
pathlib.Path("/tmp/digest").write_bytes(hashlib.sha256(SEPARATOR + report).digest())
pathlib.Path("/tmp/blob").write_bytes(base64.b64decode(signed["outblob"]))
