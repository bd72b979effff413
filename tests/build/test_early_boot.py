# SPDX-License-Identifier: GPL-2.0
"""A measured boot of Debian's own kernel and initramfs, with our packages: python3 -m unittest discover tests/build

What Documentation/measured-boot.md shows is done in a Debian system: the initramfs that this makes extends RTMR3 and gets a
quote, before a root file system is looked for.
"""

import hashlib
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import unittest

import packages
from test_kdir import variables

VECTORS = packages.TOP / "tests/vectors/tdx"


class Measured(unittest.TestCase):
    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.folder = packages.make_packages()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        commands = "\n".join(packages.commands("Documentation/measured-boot.md", "initramfs"))
        said = packages.in_debian(packages.debian(), cls.folder, variables("stock")["KVERSION"], rf"""
            section install
            status dpkg -i tsm-rs-common_*.deb tsm-rs-modules-*.deb
            section measure
            status bash -exc {shlex.quote(commands)}
            cp "/boot/initrd.img-$KERNEL" initrd
            section files
            lsinitramfs initrd
        """)
        for section in ("install", "measure"):
            assert "status 0" in said[section], said[section]
        cls.files = said["files"].split()

    def test_the_initramfs_has_what_measures(self):
        self.assertIn("scripts/init-premount/tsm-measure", self.files)
        self.assertIn("usr/bin/sha384sum", self.files)

    def test_a_quote_of_the_initramfs_is_explained_event_by_event(self):
        said = packages.run(packages.SCRIPTS / "run", "--kernel", "stock", "--firmware", "tdvf", "--memory", "1024",
                            "--timeout", "900", "--initrd", self.folder / "initrd", "--", "sh", "-euc", r"""
            keep() { echo "@ $1 $(xxd -p "$2" | tr -d '\n')"; }
            keep CCEL /sys/firmware/acpi/tables/data/CCEL
            keep cmdline /proc/cmdline
            cd /run/tsm-rs
            for file in rtmr3 nonce quote; do keep $file $file; done
        """)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for line in said.splitlines():
            if line.startswith("@ "):
                _, name, digits = line.split()
                (folder / name).write_bytes(bytes.fromhex(digits))
        digest = hashlib.sha384((folder / "cmdline").read_bytes()).hexdigest()
        self.assertEqual((folder / "rtmr3").read_text(), f"{digest}  /proc/cmdline\n")

        program = packages.run(packages.TOP / "tests/guest/build", "tsm-replay", "replay").splitlines()[-1]
        command = [program, "--log", "CCEL", "--rtmr3", "rtmr3", "--quote", "quote", "--report-data", "nonce",
                   "--root", VECTORS / "test_root.pem", "--collateral", VECTORS / "collateral.json", "--time", "1780272000"]
        self.assertIn("RTMR3    quote", packages.run(*command, cwd=folder))
        # Without the event of the initramfs nothing explains RTMR3.
        (folder / "rtmr3").write_text("")
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
