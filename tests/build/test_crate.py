# SPDX-License-Identifier: GPL-2.0
"""Tests of how crates are fetched that clients are built from: python3 -m unittest discover tests/build"""

import hashlib
import io
import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
CRATE = TOP / "tests/clients/crate"

# `info` puts what the test has prepared where cargo puts what it fetches. `install` copies the source to the program.
CARGO = """#!/bin/bash
echo "$*" >>"$TSM_TEST/log"
case $1 in
info)
    [[ -e $TSM_TEST/registry.crate ]] || { echo "error: could not find it" >&2; exit 101; }
    mkdir -p "$CARGO_HOME/registry/cache/some-registry"
    cp "$TSM_TEST/registry.crate" "$CARGO_HOME/registry/cache/some-registry/client-1.0.0.crate" ;;
install)
    while [[ $1 != --path ]]; do shift; done
    mkdir -p "$TSM_TEST/out/bin"
    cp "$2/src/main.rs" "$TSM_TEST/out/bin/client" ;;
esac
"""


def archive(source, lock=True):
    """Returns a crate, in the format of a registry."""
    files = {"Cargo.toml": b"[package]", "src/main.rs": source} | ({"Cargo.lock": b"version = 4"} if lock else {})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"client-1.0.0/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Crate(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "bin").mkdir()
        (self.folder / "bin/cargo").write_text(CARGO)
        (self.folder / "bin/cargo").chmod(0o755)
        self.program = self.folder / "out/bin/client"
        self.content = archive(b"genuine")
        (self.folder / "registry.crate").write_bytes(self.content)
        (self.folder / "out").mkdir()

    def build(self, content, *options):
        """Builds the client, with the hash of this content as the one that is expected."""
        environment = os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "TSM_TEST": str(self.folder),
                                    "CARGO_HOME": str(self.folder / "cargo")}
        command = [CRATE, self.folder / "out", "client", "1.0.0", hashlib.sha256(content).hexdigest(), *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    def calls(self):
        """Returns how cargo was called since the last time."""
        log = self.folder / "log"
        calls = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [call.split()[0] for call in calls]

    def test_builds_what_has_the_hash(self):
        result = self.build(self.content, "--debug")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.program.read_bytes(), b"genuine")
        (install,) = [line for line in (self.folder / "log").read_text().splitlines() if line.startswith("install")]
        self.assertIn(" --locked ", install)
        self.assertTrue(install.endswith(" --debug"), install)

    def test_refuses_another_hash_before_anything_is_built(self):
        forged = archive(b"forged")
        (self.folder / "registry.crate").write_bytes(forged)
        result = self.build(self.content)
        self.assertEqual(result.returncode, 1)
        found, wanted = (hashlib.sha256(content).hexdigest() for content in (forged, self.content))
        self.assertIn(f"client-1.0.0.crate has the SHA-256 {found}, and not {wanted};", result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual(self.calls(), ["info"])
        self.assertFalse(self.program.exists())
        # Once it is in cargo's cache it is not trusted, either.
        self.assertEqual(self.build(self.content).returncode, 1)
        self.assertEqual(self.calls(), [])

    def test_builds_once(self):
        self.build(self.content)
        self.assertEqual(self.calls(), ["info", "install"])
        self.assertEqual(self.build(self.content).returncode, 0)
        self.assertEqual(self.calls(), [])
        # Other options make another program.
        self.assertEqual(self.build(self.content, "--debug").returncode, 0)
        self.assertEqual(self.calls(), ["install"])
        self.program.unlink()
        self.assertEqual(self.build(self.content, "--debug").returncode, 0)
        self.assertEqual(self.calls(), ["install"])

    def test_another_hash_is_not_what_was_built_before(self):
        self.build(self.content)
        self.assertEqual(self.build(archive(b"forged")).returncode, 1)

    def test_refuses_a_crate_that_does_not_pin_what_it_depends_on(self):
        content = archive(b"genuine", lock=False)
        (self.folder / "registry.crate").write_bytes(content)
        result = self.build(content)
        self.assertEqual((result.returncode, result.stderr), (1, "crate: client 1.0.0 has no Cargo.lock\n"))
        self.assertFalse(self.program.exists())

    def test_a_registry_that_lacks_it(self):
        (self.folder / "registry.crate").unlink()
        result = self.build(self.content)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("could not find it", result.stderr)

    def test_hashes_are_in_the_repository(self):
        lines = [line.split() for line in (TOP / "tests/clients/build").read_text().splitlines()]
        crates = [line for line in lines if line[:1] == ["crate"]]
        self.assertEqual([line[1] for line in crates], ["configfs-tsm", "snpguest"])
        for line in crates:
            self.assertRegex(line[3], "^[0-9a-f]{64}$")
