# SPDX-License-Identifier: GPL-2.0
"""Tests of what KCSAN sees of Rust: TSM_TEST_KERNEL=kcsan python3 -m unittest discover -p test_data_races.py tests/run"""

import unittest

from test_run import FAULT, KERNEL, logged


@unittest.skipUnless(KERNEL == "kcsan", "is for the kernel with KCSAN")
class DataRaces(unittest.TestCase):
    """Of two tasks of a module in Rust, the kernel reports the data race that they have, and none otherwise."""

    # See tests/select.
    CHECKS = {"debug"}

    def race(self, number):
        """Returns the status and the kernel log, after the fault of this number."""
        result, log = logged("sh", "-c", f"insmod /lib/modules/*/updates/tsm_data_race.ko race={number}")
        return result.returncode, log

    def test_atomic_operations_and_a_release_are_none(self):
        status, log = self.race(0)
        self.assertEqual(status, 0, log)

    def test_plain_writes_of_two_tasks(self):
        status, log = self.race(1)
        self.assertEqual(status, FAULT, log)
        self.assertRegex(log, r"BUG: KCSAN: data-race in \S+tsm_data_race\S+3add\b")

    def test_a_release_that_is_missing(self):
        status, log = self.race(2)
        self.assertEqual(status, FAULT, log)
        self.assertRegex(log, r"BUG: KCSAN: data-race in \S+19hand_over_too_early \[tsm_data_race\] / \S+4take ")
        self.assertRegex(log, r"write \(reordered\) to 0x")


if __name__ == "__main__":
    unittest.main()
