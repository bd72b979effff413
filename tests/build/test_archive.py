# SPDX-License-Identifier: GPL-2.0
"""Tests of the requests of setup to the archive: python3 -m unittest discover tests/build"""

import os
import pathlib
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
SETUP = TOP / "scripts/qemu-tdx"
ARCHIVE = SETUP / "setup.d/archive.sh"

# An apt that still runs after it has printed the version, as on a busy machine.
APT = """
apt() {
    [[ ${!#} == there=1 ]] || { echo "E: No packages found" >&2; return 100; }
    echo Package: there; echo Version: 1; sleep 0.2; echo Architecture: amd64
}
"""


class Archive(unittest.TestCase):
    def has(self, package):
        script = f'set -euo pipefail; . "$0"; {APT} archive_has "$1"'
        return subprocess.run(["bash", "-c", script, ARCHIVE, package], timeout=60).returncode == 0

    def test_a_package_is_there_however_slowly_apt_says_so(self):
        self.assertTrue(self.has("there=1"))

    def test_a_package_or_version_that_is_not_there(self):
        self.assertFalse(self.has("there=2"))
        self.assertFalse(self.has("elsewhere"))


class Boot(unittest.TestCase):
    """What the firmware boots by is of the versions that are pinned, or of the newest ones."""

    def pinned(self, *packages):
        script = """set -euo pipefail
            . "$0/lib.sh"; . "$0/setup.d/firmware.sh"
            BOOT_PACKAGES=("$@")
            archive_has() { [[ $1 == shim=1 ]]; }
            version_of() { [[ $1 == nothing ]] || echo 2; }
            pin_boot
            echo "${boot[@]}"
            """
        with tempfile.TemporaryDirectory() as cache:
            return subprocess.run(["bash", "-c", script, SETUP, *packages], env=os.environ | {"TSM_CACHE": cache},
                                  capture_output=True, text=True, timeout=60)

    def test_a_version_that_is_gone_is_replaced_with_a_warning(self):
        result = self.pinned("shim=1", "grub=1")
        self.assertEqual((result.returncode, result.stdout), (0, "shim=1 grub=2\n"))
        self.assertEqual(result.stderr, "warning: the archive has no grub=1 any more; using 2\n")

    def test_a_package_that_is_not_there(self):
        result = self.pinned("shim=1", "nothing=1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("the archive has no nothing\n", result.stderr)


class Expired(unittest.TestCase):
    """A list of packages that was fetched after its date is refused; a toolbox does not expire."""

    PAST = "Thu, 03 Dec 2020 02:14:46 UTC"
    FUTURE = "Thu, 03 Dec 2099 02:14:46 UTC"

    def setUp(self):
        self.cache = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def release(self, folder, suite, until=None):
        """Writes a signed list of lists as apt and the toolbox keep it."""
        path = self.cache / folder / f"mirror_dists_{suite}_InRelease"
        path.parent.mkdir(parents=True, exist_ok=True)
        valid = f"Valid-Until: {until}\n" if until else ""
        path.write_text("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
                        f"Suite: x\nCodename: {suite}\nDate: Thu, 26 Nov 2020 02:14:46 UTC\n{valid}Components: main\n")
        return path

    def bash(self, script, *arguments, **environment):
        """Runs a script that has sourced what setup sources, with an archive that is fetched from nowhere."""
        sources = """set -euo pipefail
            for part in lib setup.d/archive setup.d/tree setup.d/toolbox; do . "$0/$part.sh"; done
            apt() { :; }
            """
        inherited = {name: value for name, value in os.environ.items() if name != "TSM_ALLOW_EXPIRED"}
        return subprocess.run(["bash", "-c", sources + script, SETUP, *arguments], capture_output=True, text=True,
                              timeout=60, env=inherited | {"TSM_CACHE": str(self.cache)} | environment)

    def update(self, **environment):
        return self.bash("archive_update; echo fetched", **environment)

    def test_lists_that_are_valid(self):
        self.release("apt/lists", "trixie")
        self.release("apt/lists", "trixie-backports", self.FUTURE)
        result = self.update()
        self.assertEqual((result.returncode, result.stdout), (0, "fetched\n"), result.stderr)
        self.assertNotIn("valid until", result.stderr)

    def test_a_list_that_has_expired_is_refused(self):
        self.release("apt/lists", "trixie")
        self.release("apt/lists", "trixie-backports", self.PAST)
        result = self.update()
        self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
        self.assertIn(f"list of trixie-backports was valid until {self.PAST} only; set TSM_ALLOW_EXPIRED=1 to",
                      result.stderr.splitlines()[-1])

    def test_a_date_that_makes_no_sense_is_refused(self):
        self.release("apt/lists", "trixie-backports", "later")
        self.assertEqual(self.update().returncode, 1)

    def test_an_expired_list_is_used_on_demand(self):
        self.release("apt/lists", "trixie-backports", self.PAST)
        result = self.update(TSM_ALLOW_EXPIRED="1")
        self.assertEqual((result.returncode, result.stdout), (0, "fetched\n"), result.stderr)
        self.assertIn(f"warning: the archive's list of trixie-backports was valid until {self.PAST}", result.stderr)
        self.assertEqual(self.update(TSM_ALLOW_EXPIRED="0").returncode, 1)

    def test_a_toolbox_is_not_made_of_it(self):
        """The hook of mmdebstrap that sees the lists first, run as mmdebstrap runs it."""
        self.release("tree/var/lib/apt/lists", "trixie-backports", self.PAST)
        script = """
            work=$1/work
            rm -rf "$work"; mkdir "$work"; touch "$work/preferences"
            tar() { cat; }
            mmdebstrap() {
                local option
                for option; do
                    [[ $option != --extract-hook=* ]] || sh -c "${option#*=}" exec "${work%/*}/tree" || return
                done
                echo made
            }
            make_tree make"""
        result = self.bash(script, self.cache)
        self.assertNotEqual(result.returncode, 0)
        self.assertNotIn("made", result.stdout)
        self.assertIn("TSM_ALLOW_EXPIRED=1", result.stderr)
        result = self.bash(script, self.cache, TSM_ALLOW_EXPIRED="1")
        self.assertIn("made", result.stdout, result.stderr)

    def test_a_toolbox_does_not_expire(self):
        until = 1606961686
        self.release("tree/etc/tsm", "trixie-backports", self.PAST)
        versions = self.cache / "tree/etc/tsm/versions"
        versions.touch()
        for made, warned in ((until - 3600, False), (until + 3600, True)):
            os.utime(versions, (made, made))
            result = self.bash('warn_outdated "$1"', self.cache / "tree")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual("may lack security updates" in result.stderr, warned, result.stderr)
