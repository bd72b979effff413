# SPDX-License-Identifier: GPL-2.0
"""Tests of what our modules import, and of what modinfo shows: python3 -m unittest discover tests/build"""

import pathlib
import re
import subprocess
import tomllib
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "scripts/qemu-tdx"


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([SCRIPTS / "modules", "--stale", "stock"], check=True, capture_output=True)
        cls.modules = sorted((TOP / "build/stock").glob("*.ko"))

    def symbols(self, module, kind):
        command = [SCRIPTS / "toolbox", "nm", f"--{kind}-only", "--format=just-symbols", module]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    def test_a_lock_class_and_its_name_are_in_one_module(self):
        """lockdep keeps the name beyond the module that the name is in, if the class is elsewhere."""
        of_a_static = re.compile(r"_R\w*5CLASS$")
        own = [name for module in self.modules for name in self.symbols(module, "defined") if of_a_static.match(name)]
        self.assertGreater(len(own), 5)
        for module in self.modules:
            with self.subTest(module.name):
                self.assertEqual([name for name in self.symbols(module, "undefined") if of_a_static.match(name)], [])


class Information(unittest.TestCase):
    """What modinfo shows."""

    VERSION = tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    # What each is for, as its users call it.
    HARDWARE = {"tsm": ["Intel TDX", "AMD SEV-SNP"], "tsm_tdx": ["Intel TDX"], "tsm_sev": ["AMD SEV-SNP"],
                "tsm_tdisp": ["PCIe", "SPDM", "TDISP", "IDE"]}

    @classmethod
    def setUpClass(cls):
        subprocess.run([SCRIPTS / "modules", "--stale", "stock"], check=True, capture_output=True)

    def field(self, module, name):
        command = [SCRIPTS / "toolbox", "/sbin/modinfo", "-F", name, TOP / f"build/stock/{module}.ko"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    def test_fields(self):
        for module, hardware in self.HARDWARE.items():
            with self.subTest(module):
                self.assertEqual(self.field(module, "version"), [self.VERSION])
                [source] = self.field(module, "srcversion")
                self.assertRegex(source, r"^[0-9A-F]{23}$")
                self.assertEqual(self.field(module, "author"), ["The tsm-rs authors"])
                # To the kernel that is version 2, as is "GPL v2": Documentation/process/license-rules.rst.
                self.assertEqual(self.field(module, "license"), ["GPL"])
                [description] = self.field(module, "description")
                for name in hardware:
                    self.assertIn(name, description)
                for parameter in self.field(module, "parm"):
                    self.assertRegex(parameter, r"^\w+:.*default.* \(\w+\)$")

    def test_the_changelog_and_the_tag_have_the_version(self):
        self.assertIn(f"`Cargo.toml` has version {self.VERSION}.", (TOP / "CHANGELOG.md").read_text())
        # An archive has no tags.
        tags = subprocess.run(["git", "tag", "--points-at", "HEAD"], cwd=TOP, capture_output=True, text=True).stdout
        for tag in tags.split():
            if re.match(r"v\d", tag):
                self.assertEqual(tag, f"v{self.VERSION}")


if __name__ == "__main__":
    unittest.main()
