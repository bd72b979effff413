# SPDX-License-Identifier: GPL-2.0
"""Tests of what is in the Debian packages: python3 -m unittest discover tests/build"""

import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest

from packages import (MAINTAINED, METADATA, OLDEST, ORDINARY, OURS, SCRIPTS, SIGNED, TOOLBOX, TOP, copy_to, make_packages,
                      run)
from test_kdir import variables

RELEASE = tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["package"]["version"]


class Packages(unittest.TestCase):
    """What is in them."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.folder = make_packages()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.kernel = variables("stock")
        cls.paths = {path.name.partition("_")[0]: path for path in cls.folder.iterdir()}
        cls.modules = f"tsm-rs-modules-{cls.kernel['KVERSION']}"

    def make(self, *arguments, **environment):
        folder = make_packages(*arguments, **environment)
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def modinfo(self, folder, name):
        """Returns what modinfo says of each module of a package in the folder."""
        [path] = folder.glob("tsm-rs-modules-*.deb")
        run(TOOLBOX, "dpkg-deb", "-x", path, folder / "x")
        files = folder.glob("x/usr/lib/modules/*/updates/*.ko.xz")
        return {file.name.split(".")[0]: run(TOOLBOX, "/sbin/modinfo", "-F", name, file).strip() for file in files}

    def field(self, package, name):
        return run(TOOLBOX, "dpkg-deb", "-f", self.paths[package], name).strip()

    def contents(self, package):
        """Returns the files, but those that each package has."""
        lines = run(TOOLBOX, "dpkg-deb", "-c", self.paths[package]).splitlines()
        names = [line.split()[5].removeprefix("./") for line in lines if not line.startswith("d")]
        self.assertEqual({line.split()[1] for line in lines}, {"root/root"})
        each = rf"usr/share/(doc/{re.escape(package)}/(changelog.gz|copyright)$|lintian)"
        return {name for name in names if not re.match(each, name)}

    def test_there_are_three(self):
        self.assertEqual(self.paths.keys(), {"tsm-rs-common", self.modules, "tsm-rs-dkms"})

    def test_what_is_common(self):
        names = self.contents("tsm-rs-common")
        pages = {path.name for path in (TOP / "Documentation/ABI/testing").iterdir()}
        docs = "usr/share/doc/tsm-rs-common/"
        self.assertEqual({name.removesuffix(".gz") for name in names}, {
            "usr/lib/modprobe.d/tsm-rs.conf",
            "usr/lib/dracut/dracut.conf.d/50-tsm-rs.conf",
            "usr/lib/tsm-rs/remake-initramfs",
            "usr/share/initramfs-tools/hooks/tsm-rs-common",
            f"{docs}examples/dracut/module-setup.sh",
            f"{docs}examples/dracut/tsm-measure.sh",
            f"{docs}examples/measure",
            f"{docs}examples/measure.hook",
            f"{docs}examples/tsm-rs.rules",
            f"{docs}examples/tsm-rs.tmpfiles",
            *(f"{docs}ABI/testing/{page}" for page in pages)})

    def test_the_modules(self):
        folder = f"usr/lib/modules/{self.kernel['KVERSION']}/updates"
        self.assertEqual(self.contents(self.modules), {f"{folder}/{name}.ko.xz" for name in OURS})

    def test_the_modules_have_btf_and_no_debug_information(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        run(TOOLBOX, "dpkg-deb", "-x", self.paths[self.modules], folder)
        for name in OURS:
            [file] = folder.glob(f"usr/lib/modules/*/updates/{name}.ko.xz")
            sections = run(TOOLBOX, "sh", "-ec", 'xz -dk "$1"; readelf -SW "${1%.xz}"', "sh", file)
            self.assertIn(" .BTF ", sections)
            self.assertNotIn(".debug_info", sections)

    def test_the_sources_have_all_that_is_built_and_no_more(self):
        prefix = f"usr/src/tsm-rs-{self.field('tsm-rs-dkms', 'Version')}/"
        names = self.contents("tsm-rs-dkms")
        self.assertIn("usr/lib/tsm-rs/rust-metadata", names)
        names = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
        folders = ("src", "rust/bindings", "rust/ext", "rust/helpers", "rust/proto", "rust/provider", "include")
        tracked = run("git", "ls-files", "Cargo.toml", "Kbuild", "Makefile", *folders).split()
        self.assertEqual(set(tracked) - names, set())
        self.assertEqual(names - set(tracked), {"dkms.conf", "scripts/modprobe.d/tsm-rs.conf"})

    def test_versions(self):
        versions = {self.field(package, "Version") for package in self.paths}
        self.assertEqual(len(versions), 1)
        self.assertRegex(versions.pop(), rf"^{re.escape(RELEASE)}([~+]git\d{{8}}\.\d{{4}}\.[0-9a-f]+(\.changed)?)?$")

    def test_they_are_for_one_kernel_and_one_kind_at_a_time(self):
        depends = self.field(self.modules, "Depends")
        self.assertIn(f"linux-modules-{self.kernel['KVERSION']} (= {self.kernel['KORIGIN'].split()[-1]})", depends)
        self.assertIn("tsm-rs-dkms", self.field(self.modules, "Conflicts"))
        self.assertIn("tsm-rs-modules", self.field("tsm-rs-dkms", "Conflicts"))
        for package in (self.modules, "tsm-rs-dkms"):
            self.assertIn("tsm-rs-common (=", self.field(package, "Depends"))
            self.assertIn("tsm-rs-modules", self.field(package, "Provides"))

    def lint(self, *paths):
        said = run(TOOLBOX, "--packager", "lintian", "--allow-root", "--display-info", "--fail-on=none", *paths)
        self.assertEqual([line for line in said.splitlines() if re.match(r"[A-Z]: ", line)], [], said)

    def test_lintian_says_nothing(self):
        self.lint(*self.paths.values())

    def test_metadata_is_made_on_demand(self):
        folder = self.make(METADATA)
        [path] = folder.glob("tsm-rs-kernel-metadata-*")
        self.assertEqual(len([*folder.iterdir()]), 4)
        self.lint(path)
        prefix = f"./usr/lib/tsm-rs/kernel-metadata/{self.kernel['KVERSION']}/"
        names = {line.split()[5].removeprefix(prefix) for line in run(TOOLBOX, "dpkg-deb", "-c", path).splitlines()}
        for name in ("version", "build/rust/libkernel.rmeta", "build/rust/libcore.rmeta", "build/rust/libmacros.so",
                     "build/scripts/target.json", "build/include/generated/rustc_cfg"):
            self.assertIn(name, names)

    def test_the_same_is_made_again(self):
        again = self.make()
        sums = [{path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
                for folder in (self.folder, again)]
        self.assertEqual(*sums)

    def test_modules_are_signed_if_there_is_a_key(self):
        # The toolbox has a /var/tmp of its own: it need not see the key.
        key = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/var/tmp")))
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            run(TOOLBOX, "openssl", "req", "-new", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=test of tsm-rs/",
                "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem")
            shutil.copytree(folder, key, dirs_exist_ok=True)
        folder = self.make(SIGNED, KEY=str(key / "key.pem"), CERT=str(key / "certificate.pem"))
        self.assertEqual(self.modinfo(folder, "signer"), {name: "test of tsm-rs" for name in OURS})

    def test_other_kernels(self):
        ordinary = self.make(ORDINARY)
        copy = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        copy_to(copy)
        oldest = self.make(OLDEST, copy)
        [abi] = re.findall(r"^OLDEST_KERNEL=(\S+)$", (SCRIPTS / "versions").read_text(), re.MULTILINE)
        for folder, name in ((ordinary, variables("amd64")["KVERSION"]), (oldest, abi)):
            packages = {path.name.partition("_")[0] for path in folder.glob("*.deb")}
            self.assertEqual(packages, {"tsm-rs-common", f"tsm-rs-modules-{name}", "tsm-rs-dkms"})
            self.assertEqual({text.split()[0] for text in self.modinfo(folder, "vermagic").values()}, {name})
        self.assertEqual({path.name.split("_")[1] for path in oldest.glob("*.deb")}, {RELEASE})

    def test_the_maintainer(self):
        folder = self.make(MAINTAINED)
        for path in folder.iterdir():
            self.assertIn(f"MAINTAINER='{run(TOOLBOX, 'dpkg-deb', '-f', path, 'Maintainer').strip()}'", MAINTAINED)

    def test_half_a_key_is_refused(self):
        result = subprocess.run(["make", "package", "KEY=Cargo.toml"], cwd=TOP, capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("both KEY and CERT are needed", result.stderr)


if __name__ == "__main__":
    unittest.main()
