# SPDX-License-Identifier: GPL-2.0
"""Tests of `make KDIR=...`, as for any external module: python3 -m unittest discover tests/build"""

import lzma
import pathlib
import re
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
    """For a kernel that GCC built, without System.map and a key."""

    KERNEL = "stock"

    def setUp(self):
        # A copy, so that nothing of the checkout is built or removed. The cache is in sight of the toolbox.
        self.copy = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=TOP, check=True,
                               capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, files):
            if (TOP / name).is_file():
                (self.copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TOP / name, self.copy / name)

    def headers(self):
        """Returns the folder of the kernel as the headers of some distributions are: of `rust`, with only what rustc loads."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        build = pathlib.Path(variables(self.KERNEL)["KDIR"])
        for name, tree in (("build", build), ("source", (build / "source").resolve())):
            (folder / name / "rust").mkdir(parents=True)
            for path in {*tree.iterdir()} - {tree / "rust", build / "source", build / "Makefile"}:
                (folder / name / path.name).symlink_to(path)
        for path in (*build.glob("rust/*.rmeta"), *build.glob("rust/*.so")):
            (folder / "build/rust" / path.name).symlink_to(path)
        (folder / "build/Makefile").write_text(f"export KBUILD_OUTPUT = {folder}/build\ninclude {folder}/source/Makefile\n")
        return folder / "build"

    def test_builds_installs_and_cleans(self):
        folder = self.headers()
        result = make(f"KDIR={folder}", "-j2", cwd=self.copy)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertTrue((self.copy / "build/kdir/tsm.ko").exists())
        # Nothing but that folder has changed.
        self.assertEqual([*self.copy.glob("rust/**/*.o")], [])
        # Only the suites need the vendored crates, and they are not built.
        self.assertTrue((self.copy / "build/kdir/rust/proto/lib.o").exists())
        self.assertEqual([*self.copy.glob("build/kdir/rust/vendor/**/*.o")], [])

        root = self.copy / "root"
        self.assertEqual(self.installed(root), set())
        result = make(f"KDIR={folder}", f"INSTALL_MOD_PATH={root}", "install", cwd=self.copy)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        files = {"tsm.ko", "tsm_sev.ko", "tsm_tdisp.ko", "tsm_tdx.ko", "tsm-rs.conf"}
        self.assertEqual(self.installed(root), files)
        self.are_found_and_small(root)
        # There is no key for Debian's kernel, and no System.map in what stands for its headers.
        for noise in ("SSL", "sign-file", "System.map"):
            self.assertNotIn(noise, result.stdout + result.stderr)
        self.ours_are_loaded(root)

        result = make(f"KDIR={folder}", f"INSTALL_MOD_PATH={root}", "uninstall", cwd=self.copy)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(self.installed(root), set())

        result = make(f"KDIR={folder}", "clean", cwd=self.copy)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual([*self.copy.glob("build/kdir/**/*.o")], [])

    @staticmethod
    def installed(root):
        """Returns what of ours is there; the kernel's own modules are in the folder `kernel`."""
        files = [*root.glob("lib/modules/*/updates/*.ko*"), *root.glob("etc/modprobe.d/*")]
        return {path.name.removesuffix(".xz") for path in files}

    def are_found_and_small(self, root):
        """What `install` leaves is all that modprobe needs, and has no debug information."""
        (folder,) = root.glob("lib/modules/*")
        show = [TOOLBOX, "/sbin/modprobe", "-d", root, "-S", folder.name, "--show-depends", "tsm_tdx"]
        shown = subprocess.run(show, check=True, capture_output=True, text=True).stdout
        self.assertEqual(re.findall(r"updates/(\w+)\.ko", shown), ["tsm", "tsm_tdx"])
        for path in folder.glob("updates/*.ko*"):
            content = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
            self.assertIn(b".modinfo", content)
            self.assertNotIn(b".debug_info", content)

    def ours_are_loaded(self, root):
        """What the aliases of the CPU and of the device, and the names of the kernel's own drivers lead to, where these are
        installed, too."""
        (version,) = [path.name for path in root.glob("lib/modules/*")]
        shutil.copytree(variables(self.KERNEL)["KMODULES"], root / f"lib/modules/{version}/kernel")
        tool = [TOOLBOX, "/sbin/depmod", "-b", root, version]
        subprocess.run(tool, check=True, capture_output=True)
        show = [TOOLBOX, "/sbin/modprobe", "-C", root / "etc/modprobe.d", "-d", root, "-S", version, "-b", "-n", "-v"]
        aliases = {"cpu:type:x86,ven0000fam0006mod008F:feature:,0000,0116,": "tsm_tdx", "platform:sev-guest": "tsm_sev"}
        names = {"tdx_guest": "tsm_tdx", "sev-guest": "tsm_sev"}
        for alias, provider in (aliases | names).items():
            shown = subprocess.run([*show, alias], check=True, capture_output=True, text=True).stdout
            loaded = [pathlib.Path(line.split()[1]).name.split(".")[0] for line in shown.splitlines()]
            self.assertEqual([name for name in loaded if name != "configfs"], ["tsm", provider])
        shutil.rmtree(root / f"lib/modules/{version}/kernel")


class BuildByClang(Build):
    """For a kernel that clang built."""

    KERNEL = "debug"
    CHECKS = {"debug"}


class Refusals(unittest.TestCase):
    """One line that says why, instead of a page of errors."""

    RUSTC = "rustc 1.85.1 (4eb161250 2025-03-15)"
    CONFIG = f"""\
CONFIG_CC_IS_GCC=y
CONFIG_MODULES=y
CONFIG_RUST=y
CONFIG_RUSTC_VERSION_TEXT="{RUSTC}"
CONFIG_CONFIGFS_FS=m
CONFIG_CRYPTO_HASH_INFO=y
"""
    FILES = ["rust/libcore.rmeta", "rust/libbindings.rmeta", "rust/libmacros.so", "rust/libkernel.rmeta",
             "include/config/auto.conf", "include/generated/autoconf.h", "include/generated/rustc_cfg",
             "scripts/basic/fixdep", "scripts/mod/modpost", "Module.symvers"]
    VERSION = "include/generated/uapi/linux/version.h"

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.kernel = self.folder / "kernel"
        # A project that was not built, so that what is in this checkout makes no difference.
        self.project = self.folder / "project"
        self.project.mkdir()
        shutil.copy2(TOP / "Makefile", self.project)
        self.write(self.kernel / "Makefile",
                   "modules modules_install clean:\n\t@echo kbuild does $@ with LLVM=$(LLVM)\n")
        self.write(self.kernel / ".config", self.CONFIG)
        self.write(self.kernel / "include/config/kernel.release", "7.2.0\n")
        self.write(self.kernel / "System.map")
        self.version(7, 2)
        for name in self.FILES:
            self.write(self.kernel / name)
        self.tools = {"RUSTC": self.tool("rustc", self.RUSTC), "BINDGEN": self.tool("bindgen", "bindgen 0.71.1"),
                      "CC": self.tool("gcc", "gcc 14.2.0"), "LD": self.tool("ld", "GNU ld 2.44")}

    @staticmethod
    def write(path, text=""):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def version(self, major, minor):
        self.write(self.kernel / self.VERSION, f"#define LINUX_VERSION_CODE {major * 65536 + minor * 256 + 9}\n")

    def tool(self, name, version):
        """Returns the path of a program that only prints its version."""
        path = self.folder / "tools" / name
        self.write(path, f"#!/bin/sh\n[ \"$1\" = --version ] && echo '{version}'\n")
        path.chmod(0o755)
        return path

    def make(self, *arguments, **environment):
        """Runs make with each tool that is not None; the folder `bin` comes first in PATH."""
        path = f"{self.folder}/bin:/usr/sbin:/usr/bin"
        tools = [f"{name}={path}" for name, path in self.tools.items() if path]
        return subprocess.run([TOOLBOX, "env", f"PATH={path}", *(f"{k}={v}" for k, v in environment.items()), "make",
                               f"KDIR={self.kernel}", *tools, *arguments],
                              cwd=self.project, capture_output=True, text=True, timeout=60)

    def refused(self, *texts, target="modules", **environment):
        result = self.make(target, **environment)
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        self.assertNotIn("kbuild does", result.stdout)
        for text in texts:
            self.assertIn(text, result.stderr)

    def accepted(self, target="modules", llvm="", **environment):
        result = self.make(target, **environment)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"kbuild does {target} with LLVM={llvm}\n", result.stdout)

    def test_a_kernel_that_has_everything(self):
        self.accepted()

    def test_no_kernel(self):
        (self.kernel / "Makefile").unlink()
        for target in ("modules", "modules_install", "clean", "uninstall"):
            self.refused("no kernel to build for", target=target)

    def test_kernel_that_is_too_old(self):
        for major, minor in ((7, 1), (6, 12)):
            self.version(major, minor)
            self.refused(f"this is Linux {major}.{minor}", "7.2 or newer")
        for major, minor in ((7, 10), (8, 0)):
            self.version(major, minor)
            self.accepted()
        (self.kernel / self.VERSION).unlink()
        self.accepted()

    def test_no_rust(self):
        self.write(self.kernel / ".config", "CONFIG_RUST_IS_AVAILABLE=y\n")
        self.refused("without CONFIG_RUST=y")

    def test_options(self):
        for option in ("CONFIG_MODULES", "CONFIG_CONFIGFS_FS", "CONFIG_CRYPTO_HASH_INFO"):
            self.write(self.kernel / ".config", self.CONFIG.replace(option, "# " + option))
            self.refused(f"without {option}")
        self.write(self.kernel / ".config", self.CONFIG + "CONFIG_TSM_REPORTS=y\n")
        self.refused("tsm_report module built in")

    def test_files_that_are_missing(self):
        for name in self.FILES:
            with self.subTest(name):
                (self.kernel / name).unlink()
                self.refused(f"{name} of this kernel is missing;")
                self.write(self.kernel / name)
        self.accepted()

    def test_symbols_from_elsewhere(self):
        (self.kernel / "Module.symvers").unlink()
        self.accepted(KBUILD_MODPOST_WARN=1)
        self.accepted(KBUILD_EXTRA_SYMBOLS="/elsewhere/Module.symvers")

    def test_another_rustc_than_the_kernels(self):
        other = self.RUSTC.replace("1.85.1", "1.86.0")
        self.tool("rustc", other)
        self.refused(f"built by {self.RUSTC} but", f"is {other};", "RUSTC=")
        # The same number alone does not make it the same compiler.
        self.tool("rustc", self.RUSTC + " (built from a source tarball)")
        self.refused(f"built by {self.RUSTC} but")

    def test_rustc_that_the_configuration_in_use_names(self):
        """Kbuild reads auto.conf, where strings have no quotes."""
        other = "rustc 1.86.0 (05f9846f8 2025-03-31)"
        self.write(self.kernel / "include/config/auto.conf", f"CONFIG_RUSTC_VERSION_TEXT={other}\n")
        self.refused(f"built by {other} but")
        self.tool("rustc", other)
        self.accepted()

    def test_kernel_that_names_no_rustc(self):
        self.write(self.kernel / ".config", self.CONFIG.replace("CONFIG_RUSTC_VERSION_TEXT", "#"))
        self.accepted()

    def test_tools_that_are_missing(self):
        for name, text in (("RUSTC", f"install {self.RUSTC} or"), ("BINDGEN", "0.71 or newer"), ("CC", ""), ("LD", "")):
            with self.subTest(name):
                path, self.tools[name] = self.tools[name], self.folder / "none"
                self.refused("none` is missing or does not run", text, f"say {name}=")
                self.tools[name] = path

    def test_bindgen_that_is_too_old(self):
        for version in ("0.60.1", "0.9.0", "0.70"):
            self.tool("bindgen", f"bindgen {version}")
            self.refused(f"is bindgen {version};", "0.71 or newer", "BINDGEN=")
        for version in ("0.71.0", "0.72.1", "0.100.0", "1.0.0"):
            self.tool("bindgen", f"bindgen {version}")
            self.accepted()

    def test_tools_by_their_names(self):
        """The default is the tool in PATH."""
        self.tools.update(RUSTC=None, CC=None)
        self.refused("`rustc` is rustc", "RUSTC=")
        self.write(self.folder / "bin/rustc", (self.folder / "tools/rustc").read_text())
        (self.folder / "bin/rustc").chmod(0o755)
        self.accepted()

    def test_environment_names_no_tool(self):
        """Kbuild ignores these variables in the environment, and so do the checks."""
        bad = {name: "/none" for name in ("RUSTC", "BINDGEN", "CC", "LD")}
        self.accepted(**bad)
        rustc, self.tools["RUSTC"] = self.tools["RUSTC"], None
        self.refused("`rustc` is rustc", RUSTC=str(rustc))

    def test_tools_that_the_kernel_names(self):
        """Debian's headers name the C compiler in this file."""
        self.tools["CC"] = None
        self.write(self.kernel / ".kernelvariables", "CC = $(CROSS_COMPILE)gcc-none\n")
        self.refused("`gcc-none` is missing", "CC=")
        self.tools["CC"] = self.tool("gcc", "gcc 14.2.0")
        self.accepted()

    def test_kernel_that_clang_built(self):
        self.write(self.kernel / ".config", self.CONFIG.replace("CC_IS_GCC", "CC_IS_CLANG"))
        self.accepted(llvm="1")
        self.accepted(llvm="-0", LLVM="-0")
        self.tools.update(CC=None, LD=None)
        self.refused("`clang-0` is missing", LLVM="-0")
        self.refused("`/none/clang` is missing", LLVM="/none/")
        self.tools["CC"] = self.tool("clang", "clang 19")
        self.refused("`ld.lld-0` is missing", LLVM="-0")

    def test_no_tool_is_needed_but_to_build(self):
        self.tools = {name: self.folder / "none" for name in self.tools}
        self.write(self.project / "build/kdir/modules.order")
        self.accepted("modules_install")
        self.accepted("clean")
        result = self.make(f"INSTALL_MOD_PATH={self.folder}/root", "uninstall")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_clean_of_a_kernel_that_cannot_be_built_for(self):
        self.write(self.kernel / ".config")
        self.accepted("clean")

    def test_installs_what_was_built_for_a_kernel_of_that_name(self):
        self.refused("nothing was built yet;", target="install")
        self.write(self.project / "build/kdir/modules.order")
        (self.kernel / "include/config/kernel.release").unlink()
        self.refused("kernel.release of this kernel is missing;", target="install")
        self.refused("kernel.release of this kernel is missing;", target="uninstall")
        self.accepted()

    def printed(self, *arguments):
        """Returns the variables that Kbuild gets for an installation, and the depmod that follows."""
        self.write(self.kernel / "Makefile", "CONFIG_MODULE_SIG_ALL = y\n"
                   "$(info strip=$(INSTALL_MOD_STRIP) sign=$(CONFIG_MODULE_SIG_ALL))\n"
                   "$(info depmod=$(cmd_depmod))\nmodules_install:\n\t@:\n")
        self.write(self.project / "build/kdir/modules.order")
        self.write(self.folder / "bin/depmod", "#!/bin/sh\necho depmod $@\n")
        (self.folder / "bin/depmod").chmod(0o755)
        result = self.make(*arguments, "modules_install")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_depmod_where_there_is_no_symbol_map(self):
        self.assertNotIn("depmod -b", self.printed("INSTALL_MOD_PATH=/root"))
        self.assertIn("depmod=\n", self.printed())
        (self.kernel / "System.map").unlink()
        printed = self.printed("INSTALL_MOD_PATH=/root")
        self.assertIn("depmod=:\n", printed)
        self.assertIn("depmod -b /root/ 7.2.0\n", printed)

    def test_signs_only_with_a_key(self):
        self.write(self.kernel / ".config", self.CONFIG + 'CONFIG_MODULE_SIG_KEY="certs/key.pem"\n')
        self.assertIn("sign=\n", self.printed())
        for key in (f"{self.kernel}/Makefile", "pkcs11:token=x"):
            self.assertIn("sign=y\n", self.printed(f"CONFIG_MODULE_SIG_KEY={key}"))
        self.write(self.kernel / "certs/key.pem")
        self.assertIn("sign=y\n", self.printed())

    def test_strips_where_there_is_a_tool_for_it(self):
        self.assertIn("strip=1 ", self.printed())
        self.assertIn("strip=-g ", self.printed("INSTALL_MOD_STRIP=-g"))
        self.assertIn("strip= ", self.printed("INSTALL_MOD_STRIP="))
        self.assertIn("strip= ", self.printed("STRIP=/none"))
