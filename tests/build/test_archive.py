# SPDX-License-Identifier: GPL-2.0
"""Tests of what setup asks the archive: python3 -m unittest discover tests/build"""

import pathlib
import subprocess
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
ARCHIVE = TOP / "scripts/qemu-tdx/setup.d/archive.sh"

# An apt that is not done when it has said the version, as it is not when the machine is busy.
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
