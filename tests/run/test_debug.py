# SPDX-License-Identifier: GPL-2.0
"""Tests of what the debug kernel finds: TSM_TEST_KERNEL=debug python3 -m unittest discover -p test_debug.py tests/run"""

import pathlib
import tempfile
import unittest

from test_run import FAULT, KERNEL, RUNNER, run


@unittest.skipUnless(KERNEL == "debug", "is for the debug kernel")
class Debug(unittest.TestCase):
    """What other kernels pass over fails the run, whatever the command returned."""

    # See tests/select.
    CHECKS = {"debug"}

    def reported(self, report, *command):
        """Asserts that the command fails the run, with the report in the kernel log and some report on stderr."""
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "log")
            result = run("--log", str(log), "--", *command)
            self.assertEqual(result.returncode, FAULT, result.stderr)
            self.assertRegex(log.read_text(errors="replace"), report)
        return result.stderr.decode(errors="replace")

    def provoked(self, report, crash):
        self.reported(report, "sh", "-c", f"load lkdtm; echo {crash} >/sys/kernel/debug/provoke-crash/DIRECT")

    def test_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "log")
            result = run("--log", str(log), "--", "true")
            self.assertEqual(result.returncode, 0, log.read_text(errors="replace"))

    def test_leak(self):
        shown = self.reported("unreferenced object 0x", "load", "kmemleak-test")
        self.assertIn("[kmemleak_test]", shown)

    def test_leak_check_that_does_not_work(self):
        result = run("--", "sh", "-c", "echo off >/sys/kernel/debug/kmemleak; exit 3")
        self.assertEqual(result.returncode, RUNNER, result.stderr)
        self.assertIn(b"could not be asked for leaks, after a command with status 3", result.stderr)

    def test_use_after_free(self):
        self.provoked(r"BUG: KASAN: slab-use-after-free in lkdtm_READ_AFTER_FREE", "READ_AFTER_FREE")

    def test_overflow_of_slab_and_vmalloc(self):
        self.provoked(r"BUG: KASAN: slab-out-of-bounds in lkdtm_SLAB_LINEAR_OVERFLOW", "SLAB_LINEAR_OVERFLOW")
        self.provoked(r"BUG: KASAN: vmalloc-out-of-bounds in lkdtm_VMALLOC_LINEAR_OVERFLOW", "VMALLOC_LINEAR_OVERFLOW")

    def test_index_out_of_bounds(self):
        self.provoked(r"UBSAN: array-index-out-of-bounds", "ARRAY_BOUNDS")

    def test_list_that_is_corrupt(self):
        self.provoked(r"list_add corruption", "CORRUPT_LIST_ADD")

    def test_lock_that_is_kept(self):
        self.provoked(r"lock held when returning to user space", "SPINLOCKUP")


if __name__ == "__main__":
    unittest.main()
