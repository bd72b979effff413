# SPDX-License-Identifier: GPL-2.0
"""Tests of what the debug kernel finds: TSM_TEST_KERNEL=debug python3 -m unittest discover -p test_debug.py tests/run"""

import re
import subprocess
import tempfile
import unittest

from test_run import FAULT, KERNEL, RUNNER, TOP, logged, run

# What lkdtm does wrong in one guest, one after the other, each with its report. Lockdep ends with the first report of any
# kind.
PROVOKED = {
    "SPINLOCKUP": r"lock held when returning to user space",
    "ARRAY_BOUNDS": r"UBSAN: array-index-out-of-bounds",
    "CORRUPT_LIST_ADD": r"list_add corruption",
    "READ_AFTER_FREE": r"BUG: KASAN: slab-use-after-free in lkdtm_READ_AFTER_FREE",
    "SLAB_LINEAR_OVERFLOW": r"BUG: KASAN: slab-out-of-bounds in lkdtm_SLAB_LINEAR_OVERFLOW",
    "VMALLOC_LINEAR_OVERFLOW": r"BUG: KASAN: vmalloc-out-of-bounds in lkdtm_VMALLOC_LINEAR_OVERFLOW",
}


@unittest.skipUnless(KERNEL == "debug", "is for the debug kernel")
class Debug(unittest.TestCase):
    """Faults that other kernels do not report fail the run, whatever the command returned."""

    # See tests/select.
    CHECKS = {"debug"}

    def test_nothing(self):
        result, log = logged("true")
        self.assertEqual(result.returncode, 0, log)

    def test_leak(self):
        result, log = logged("load", "kmemleak-test")
        self.assertEqual(result.returncode, FAULT, result.stderr)
        self.assertIn("unreferenced object 0x", log)
        self.assertIn(b"[kmemleak_test]", result.stderr)

    def test_leak_check_that_does_not_work(self):
        result = run("--", "sh", "-c", "echo off >/sys/kernel/debug/kmemleak; exit 3")
        self.assertEqual(result.returncode, RUNNER, result.stderr)
        self.assertIn(b"could not be asked for leaks, after a command with status 3", result.stderr)

    def test_faults(self):
        result, log = logged("sh", "-c", f"""
            load lkdtm
            for fault in {' '.join(PROVOKED)}; do
                echo "provoked: $fault" >/dev/kmsg
                (echo $fault >/sys/kernel/debug/provoke-crash/DIRECT)
            done
            echo provoked: >/dev/kmsg""")
        self.assertEqual(result.returncode, FAULT, result.stderr)

        before, *parts = re.split(r"(?m)^.*provoked: ?(\w*)\r?\n", log)
        self.assertEqual(parts[::2], [*PROVOKED, ""], log)
        self.assertEqual(self.splat(before), "")
        for fault, part in zip(parts[::2], parts[1:-1:2]):
            with self.subTest(fault):
                # Each by itself fails a run.
                self.assertRegex(self.splat(part), PROVOKED[fault])

    @staticmethod
    def splat(log):
        """Returns the fault that `run` finds in a part of a log."""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(log)
            file.flush()
            return subprocess.run([TOP / "scripts/qemu-tdx/guest/splats", file.name], stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    unittest.main()
