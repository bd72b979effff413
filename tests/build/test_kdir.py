# SPDX-License-Identifier: GPL-2.0
"""Tests of `make KDIR=...`, as for any external module: python3 -m unittest discover tests/build"""

import pathlib
import shlex
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOLBOX = TOP / "scripts/qemu-tdx/toolbox"
SETUP = TOP / "scripts/qemu-tdx/setup"


def make(*arguments, cwd=TOP):
    """Runs make where the tools are that a machine with kernel headers has."""
    return subprocess.run([TOOLBOX, "make", *arguments], cwd=cwd, capture_output=True, text=True, timeout=600)


def kdir(kernel):
    """Returns the build folder of a kernel."""
    path = subprocess.run([SETUP, "--env", kernel], check=True, capture_output=True, text=True).stdout.strip()
    variables = dict(word.split("=", 1) for word in shlex.split(pathlib.Path(path).read_text()))
    return variables["KDIR"]


class Build(unittest.TestCase):
    def setUp(self):
        # A copy, so that nothing of the checkout is built or removed. The cache is in sight of the toolbox.
        self.copy = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=TOP, check=True,
                               capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, files):
            if (TOP / name).is_file():
                (self.copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TOP / name, self.copy / name)

    def test_builds_installs_and_cleans(self):
        for kernel in ("test", "stock"):
            with self.subTest(kernel):
                folder = kdir(kernel)
                result = make(f"KDIR={folder}", "-j2", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertTrue((self.copy / "build/kdir/tsm.ko").exists())
                # Nothing but that folder has changed.
                self.assertEqual([*self.copy.glob("rust/**/*.o")], [])

                root = self.copy / "root"
                result = make(f"KDIR={folder}", f"INSTALL_MOD_PATH={root}", "modules_install", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                names = {path.name.removesuffix(".xz") for path in root.rglob("*.ko*")}
                self.assertLessEqual({"tsm.ko", "tsm_tdx.ko"}, names)

                result = make(f"KDIR={folder}", "clean", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertEqual([*self.copy.glob("build/kdir/**/*.o")], [])
                shutil.rmtree(root)
                shutil.rmtree(self.copy / "build")


class Refusals(unittest.TestCase):
    """One line that says why, instead of a page of errors."""

    def refusal(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                pathlib.Path(folder, name).write_text(text)
            result = make(f"KDIR={folder}")
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            return result.stderr

    def test_no_kernel(self):
        self.assertIn("no kernel to build for", self.refusal())

    def test_no_rust(self):
        self.assertIn("without CONFIG_RUST=y", self.refusal(Makefile="", **{".config": "CONFIG_RUST_IS_AVAILABLE=y\n"}))

    def test_no_metadata(self):
        self.assertIn("libkernel.rmeta", self.refusal(Makefile="", **{".config": "CONFIG_RUST=y\n"}))
