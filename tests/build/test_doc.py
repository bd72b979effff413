# SPDX-License-Identifier: GPL-2.0
"""The documentation of the crates: python3 -m unittest discover -p test_doc.py tests/build"""

import pathlib
import subprocess
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]


class Doc(unittest.TestCase):
    # It compiles the modules once more, and rustdoc reads all crates.
    CHECKS = {"vmm"}

    def test_each_crate_is_described_without_a_warning(self):
        result = subprocess.run(["make", "doc"], cwd=TOP, capture_output=True, text=True, timeout=3600)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for folder, crates in [("target/doc", ["tsm_proto", "tsm_emulator"]),
                               ("build/doc", ["tsm_ext", "tsm_provider", "tsm", "tsm_tdx", "tsm_sev", "tsm_tdisp"])]:
            for crate in crates:
                self.assertTrue((TOP / folder / crate / "index.html").exists(), crate)


if __name__ == "__main__":
    unittest.main()
