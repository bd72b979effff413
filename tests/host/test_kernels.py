# SPDX-License-Identifier: GPL-2.0
"""The distribution's ordinary kernel: python3 -m unittest discover -p test_kernels.py tests/host

It has more options than the one for clouds, which other tests run on.
"""

import unittest

from host import FUNCTIONS, Host

REPORT = r"""
    uname -r; asks 2; rmmod $provider && rmmod tsm && echo gone
"""


class Ordinary(Host):
    def test_a_report_of_tdx(self):
        release, *lines, gone = self.guest(REPORT, kernel="amd64")
        self.assertRegex(release, r"^[0-9.]+\+deb[0-9]+-amd64$")
        self.assert_quotes(lines, 2)
        self.assertEqual(gone, "gone")


class OrdinarySnp(Host):
    PLATFORM = "snp"
    FUNCTIONS = "provider=tsm_sev blob=report" + FUNCTIONS

    def test_a_report_of_snp(self):
        release, *lines, gone = self.guest(REPORT, kernel="amd64")
        self.assertRegex(release, r"^[0-9.]+\+deb[0-9]+-amd64$")
        self.assertEqual(lines, ["report 1184"] * 2)
        self.assertEqual(gone, "gone")


if __name__ == "__main__":
    unittest.main()
