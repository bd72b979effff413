# SPDX-License-Identifier: GPL-2.0
"""A VMM that changes what it wrote as soon as the guest has read it: python3 -m unittest discover -p test_racing.py tests/vmm

Each byte of an answer is inverted as soon as a vCPU has loaded it. So a driver that reads a byte twice, to check it and then
to use it, or that hands it out later from memory that the VMM can write, returns a wrong report.
"""

import re
import unittest

from test_snp import LAUNCH, SnpVmm
from vmm import Vmm

# Reports of the same data, one after the other, so that their buffers are used again. What was measured is the same in each
# run.
ASK = r"""
fixed() { mkdir $reports/r && head -c 64 /dev/zero | tr '\0' 'R' >$reports/r/inblob; }
for number in 1 2 3; do
    fixed && for blob in outblob auxblob; do [ ! -e $reports/r/$blob ] || sha256sum <$reports/r/$blob || echo $?; done
    rmdir $reports/r
done
"""


class Tdx(Vmm):
    def test_a_quote(self):
        right = self.guest(ASK)
        self.assertEqual(len(set(right)), 1)
        # The kernel's driver looks at the status again before the next request.
        ours, theirs = self.both(ASK, "quote=racing")
        self.assertEqual(ours, right)
        self.assertEqual(theirs, [right[0], "1", "1"])

    def test_a_large_quote(self):
        options = "quote_size=100000",
        self.assertEqual(self.guest(ASK, "quote=racing", *options), self.guest(ASK, *options))


class Snp(SnpVmm):
    def test_a_report_and_its_certificates(self):
        # The program checks what it reads from the device itself.
        racing = "guest_request=racing", "certs=racing"
        right = self.guest(ASK, LAUNCH)
        self.assertEqual(len(set(right)), 2)
        script = ASK + "/add/sev_guest certificates 40 | sort"
        found = [*right, "3 30", "report 10"]
        for drivers in "rust", "c":
            with self.subTest(drivers):
                lines, calls = self.traced(script, LAUNCH, *racing, drivers=drivers)
                self.assertEqual(lines, found)
                # Each of the 43 requests has a table of more than a page.
                changed = [int(number) for number in re.findall(r"([0-9]+) bytes were changed", calls)]
                self.assertGreater(changed[-1], 43 * 4096)


if __name__ == "__main__":
    unittest.main()
