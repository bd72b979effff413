# SPDX-License-Identifier: GPL-2.0
"""Tests of kernel code that changes while both processors run it: python3 -m unittest discover tests/vmm

The kernel patches a jump at each place that a static key has. Two keys are switched as often as a few thousand boots would do.
"""

import unittest

from vmm import Vmm

# CPU 1 executes the code all the time. CPU 0 switches the keys, and executes the code once between two switches.
SWITCH = r"""
taskset -p 1 $$ >/dev/null
cd /proc/sys/kernel
taskset 2 sh -c 'while :; do true & wait; done' &
for round in $(seq 1000); do
	for value in 1 0; do
		for key in sched_schedstats task_delayacct; do
			taskset 1 true
			echo $value >$key || exit
		done
	done
done
echo $round $(cat sched_schedstats task_delayacct)
"""


class Code(Vmm):
    # Without emulator/src/machine/breakpoint.rs, one of the three platforms fails in most runs.
    def test_no_processor_keeps_what_is_no_longer_in_memory(self):
        for platform in "plain", "tdx", "snp":
            with self.subTest(platform):
                self.PLATFORM = platform
                self.assertEqual(self.guest(SWITCH, kernel="stock", drivers="none"), ["1000 0 0"])


if __name__ == "__main__":
    unittest.main()
