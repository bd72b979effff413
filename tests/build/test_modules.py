# SPDX-License-Identifier: GPL-2.0
"""Tests of what our modules are linked to: python3 -m unittest discover tests/build"""

import pathlib
import re
import subprocess
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


if __name__ == "__main__":
    unittest.main()
