# SPDX-License-Identifier: GPL-2.0
"""Runs the commands of Documentation/measured-boot.md: python3 -m unittest discover tests/docs

The word after ```sh says where a block runs: `demo`, `build`, `guest`, `verifier` and `public` here, in this order;
`initramfs` and `dracut`, see tests/build/test_early_boot.py. `public` needs packages of a registry.
"""

import pathlib
import re
import unittest

from test_commands import shell

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = (TOP / "Documentation/measured-boot.md").read_text()
BLOCKS = re.findall(r"^```(\w*) ?(\w*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


class MeasuredBoot(unittest.TestCase):
    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.outputs = {place: cls.run_block(place) for place in ("demo", "build")}

    @staticmethod
    def run_block(place):
        """Runs the commands for a place."""
        return shell("bash", "-ec", text="".join(text for _, where, text in BLOCKS if where == place), timeout=1800)

    def works(self, place):
        result = self.outputs.get(place) or self.run_block(place)
        self.assertEqual(result.returncode, 0, result.said)
        return result.stdout

    def matches(self, output):
        return len(re.findall(r"(?m)^\S+ +\S+ +[0-9a-f]{96} match\r?$", output))

    def test_each_block_runs_somewhere(self):
        self.assertEqual({(language, place) for language, place, _ in BLOCKS},
                         {("sh", place) for place in ("demo", "build", "guest", "verifier", "public", "initramfs", "dracut")})

    def test_the_demo_compares_all(self):
        output = self.works("demo")
        # MRTD with the image, RTMRs with the log: in sysfs, TDREPORT and quote.
        self.assertEqual(self.matches(output), 5 * 3, output)
        self.assertEqual(output.count("report data "), 2)
        self.assertIn("quote: verified, and its platform is UpToDate", output)

    def test_each_event_is_explained(self):
        """The table of events has what the demo shows."""
        rows = re.findall(r"(?m)^(RTMR[0-3]) +(?:\d+|-) +\S+ +(\S+) +\S+ +\S+ +(\S+) *(.*?)\r?$", self.works("demo"))
        shown = {(register, kind) for register, kind, _, _ in rows if kind != "later"}
        table = set()
        for register, kinds in re.findall(r"(?m)^\| (RTMR[0-3]) \| ([^|]+) \|", PAGE):
            table |= {(register, kind) for kind in re.findall(r"`(EV_\w+)`", kinds)}
        self.assertGreater(len(shown), 5)
        self.assertEqual(shown - table, set())

    def test_in_a_guest(self):
        self.works("build")
        output = self.works("guest")
        self.assertEqual(self.matches(output), 4, output)

    def test_elsewhere(self):
        self.works("demo")
        self.works("build")
        self.assertEqual(self.matches(self.works("verifier")), 5)

    def test_with_public_tools(self):
        self.works("demo")
        self.assertEqual(self.works("public").split(), ["UpToDate", "0", "True", "1", "True", "2", "True"])


if __name__ == "__main__":
    unittest.main()
