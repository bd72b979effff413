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


def variables(kernel):
    """Returns what setup says of a kernel."""
    path = subprocess.run([SETUP, "--env", kernel], check=True, capture_output=True, text=True).stdout.strip()
    return dict(word.split("=", 1) for word in shlex.split(pathlib.Path(path).read_text()))


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
                folder = variables(kernel)["KDIR"]
                result = make(f"KDIR={folder}", "-j2", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertTrue((self.copy / "build/kdir/tsm.ko").exists())
                # Nothing but that folder has changed.
                self.assertEqual([*self.copy.glob("rust/**/*.o")], [])

                root = self.copy / f"root-{kernel}"
                self.assertEqual(self.installed(root), set())
                result = make(f"KDIR={folder}", f"INSTALL_MOD_PATH={root}", "install", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertEqual(self.installed(root), {"tsm.ko", "tsm_sev.ko", "tsm_tdx.ko", "tsm-rs.conf"})
                self.udev_loads_ours(root, kernel)

                result = make(f"KDIR={folder}", f"INSTALL_MOD_PATH={root}", "uninstall", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertEqual(self.installed(root), set())

                result = make(f"KDIR={folder}", "clean", cwd=self.copy)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertEqual([*self.copy.glob("build/kdir/**/*.o")], [])
                shutil.rmtree(self.copy / "build")

    @staticmethod
    def installed(root):
        """Returns what of ours is there; the kernel's own modules are in the folder `kernel`."""
        files = [*root.glob("lib/modules/*/updates/*.ko*"), *root.glob("etc/modprobe.d/*")]
        return {path.name.removesuffix(".xz") for path in files}

    def udev_loads_ours(self, root, kernel):
        """What the aliases of the CPU and of the device lead to, where the kernel's own drivers are installed, too."""
        (version,) = [path.name for path in root.glob("lib/modules/*")]
        shutil.copytree(variables(kernel)["KMODULES"], root / f"lib/modules/{version}/kernel")
        tool = [TOOLBOX, "/sbin/depmod", "-b", root, version]
        subprocess.run(tool, check=True, capture_output=True)
        show = [TOOLBOX, "/sbin/modprobe", "-C", root / "etc/modprobe.d", "-d", root, "-S", version, "-b", "-n", "-v"]
        aliases = {"cpu:type:x86,ven0000fam0006mod008F:feature:,0000,0116,": "tsm_tdx", "platform:sev-guest": "tsm_sev"}
        for alias, provider in aliases.items():
            shown = subprocess.run([*show, alias], check=True, capture_output=True, text=True).stdout
            loaded = [pathlib.Path(line.split()[1]).name.split(".")[0] for line in shown.splitlines()]
            self.assertEqual([name for name in loaded if name != "configfs"], ["tsm", provider])
        shutil.rmtree(root / f"lib/modules/{version}/kernel")


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
