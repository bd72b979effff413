# SPDX-License-Identifier: GPL-2.0
"""Tests of the targets of make, without what they make: python3 -m unittest discover tests/build"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]


class Words(unittest.TestCase):
    """make refuses an unknown value of a variable before it makes anything."""

    def setUp(self):
        self.cache = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "cache")

    def make(self, *arguments, **environment):
        # Each script would make the cache first, and find no packages at this mirror.
        environment = os.environ | {"TSM_CACHE": str(self.cache), "TSM_MIRROR": "file:///none"} | environment
        return subprocess.run(["make", "--no-print-directory", *arguments], cwd=TOP, capture_output=True, text=True,
                              env=environment, timeout=60)

    def refused(self, *arguments, says, **environment):
        result = self.make(*arguments, **environment)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn(says, result.stderr)
        self.assertFalse(self.cache.exists())

    def test_a_platform_that_there_is_not(self):
        for target in (["demo"], ["bench"], ["bench-profile", "ROW=x"], ["shell"]):
            for platform in ("sev", "tdx snp", "plain"):
                with self.subTest(target, platform=platform):
                    self.refused(*target, f"PLATFORM={platform}", says=f"PLATFORM={platform} is none of: tdx snp")
        self.refused("demo", says="PLATFORM=sev is none of: tdx snp", PLATFORM="sev")

    def test_a_firmware_that_there_is_not(self):
        self.refused("demo", "FIRMWARE=ovmf", says="FIRMWARE=ovmf is none of: pc tdvf")
        self.refused("demo", "FIRMWARE=tdvf", "PLATFORM=snp", says="PLATFORM=snp is none of: tdx")

    def test_a_kernel_that_there_is_not(self):
        for target in ("modules", "shell"):
            self.refused(target, "KERNEL=debian", says="KERNEL=debian is none of: stock amd64 test debug kcsan")
        for target in (["bench"], ["bench-profile", "ROW=x"]):
            self.refused(*target, "KERNEL=debug", says="KERNEL=debug is none of: stock test")
        self.refused("package", "KERNEL=test", says="KERNEL=test is none of: stock amd64")

    def test_those_that_there_are(self):
        for arguments in (["demo"], ["demo", "PLATFORM=snp"], ["demo", "FIRMWARE=tdvf"], ["bench", "KERNEL=test", "PLATFORM=tdx"], ["shell"],
                          ["shell", "KERNEL=debug", "PLATFORM=snp"], ["modules"], ["modules", "KERNEL=amd64"],
                          ["package"], ["package", "KERNEL=amd64"]):
            result = self.make("-n", *arguments)
            self.assertEqual(result.returncode, 0, result.stderr)
            # The platform of the demo is in the environment.
            for word in arguments[1:] if arguments[0] != "demo" else ():
                self.assertIn(word.partition("=")[2], result.stdout)

    def test_the_old_name_of_a_check(self):
        result = self.make("-n", "check-host")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("scripts/check vmm", result.stdout)

    def test_install_for_no_kernel(self):
        for target in ("install", "uninstall", "modules_install"):
            self.refused(target, says=f"`make KDIR=/lib/modules/$(uname -r)/build {target}`")


class Modules(unittest.TestCase):
    """scripts/qemu-tdx/modules, where something else stands for the build."""

    # It makes the files that Kbuild would, and notes its arguments.
    TOOLBOX = """#!/bin/bash
        echo "$@" >>"${0%/*}/arguments"
        [[ $1 != strip ]] || cp "$5" "$4"
        [[ $1 == make ]] || exit 0
        for word; do [[ $word != MO=* ]] || cd "${word#MO=}"; done
        echo x | tee tsm.ko tsm_tdx.ko tsm_sev.ko >tsm_tdisp.ko
        if [[ " $* " == *" TSM_TESTS=1 "* ]]; then echo x | tee tsm_kunit.ko >tsm_fake.ko; fi
    """
    SETUP = """#!/bin/bash
        echo "${0%/*}/env"
    """

    def setUp(self):
        self.top = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.scripts = self.top / "scripts/qemu-tdx"
        self.scripts.mkdir(parents=True)
        for name in ("modules", "lib.sh", "versions"):
            shutil.copy2(TOP / "scripts/qemu-tdx" / name, self.scripts)
        for name, text in (("toolbox", self.TOOLBOX), ("setup", self.SETUP)):
            (self.scripts / name).write_text(text.replace("        ", ""))
            (self.scripts / name).chmod(0o755)
        (self.scripts / "env").write_text("KVERSION=7.3.4 KDIR=/kernel KMAKEFLAGS=CC=cc\n")
        # The newest source, which is older than what is built after it.
        (self.top / "Kbuild").touch()

    def modules(self, *arguments, **environment):
        (self.scripts / "arguments").write_text("")
        subprocess.run([self.scripts / "modules", *arguments], check=True, capture_output=True,
                       env=os.environ | {"TSM_CACHE": str(self.top / "cache")} | environment)
        return (self.scripts / "arguments").read_text()

    def names(self, folder):
        return {path.name for path in (self.top / "build" / folder).iterdir() if path.suffix == ".ko"}

    OURS = {"tsm.ko", "tsm_tdx.ko", "tsm_sev.ko", "tsm_tdisp.ko"}
    TESTS = {"tsm_kunit.ko", "tsm_fake.ko"}

    def test_ours_are_made_without_those_of_the_tests(self):
        self.assertNotIn("TSM_TESTS", self.modules("--ours", "stock"))
        self.assertEqual(self.names("stock"), self.OURS)
        self.assertEqual(self.names("modules/stock"), self.OURS)

    def test_a_check_after_that_makes_those_of_the_tests(self):
        self.modules("--ours", "stock")
        self.assertIn("TSM_TESTS=1", self.modules("--stale", "stock"))
        self.assertEqual(self.names("stock"), self.OURS | self.TESTS)
        self.assertEqual(self.modules("--stale", "stock"), "")

    def test_those_of_the_tests_stay_up_to_date_and_are_not_beside_ours(self):
        self.modules("stock")
        self.assertIn("TSM_TESTS=1", self.modules("--ours", "stock"))
        self.assertEqual(self.names("stock"), self.OURS | self.TESTS)
        (self.top / "build/modules/stock/tsm_old.ko").touch()
        self.modules("--ours", "stock")
        self.assertEqual(self.names("modules/stock"), self.OURS)
        self.assertEqual(self.modules("--stale", "stock"), "")

    def test_ours_are_signed_if_there_is_a_key(self):
        kernel = self.top / "kernel"
        kernel.mkdir()
        (kernel / ".config").write_text('CONFIG_MODULE_SIG_HASH="sha999"\n')
        (self.scripts / "env").write_text(f"KVERSION=7.3.4 KDIR={kernel} KMAKEFLAGS=CC=cc\n")
        key, certificate = (self.top / name for name in ("key", "certificate"))
        for file in key, certificate:
            file.write_text("x")
        said = self.modules("--ours", "stock", KEY=str(key), CERT=str(certificate))
        signed = re.findall(rf"(?m)^{kernel}/scripts/sign-file sha999 /dev/stdin /dev/fd/3 (\S+)$", said)
        self.assertEqual(set(signed), {str(self.top / "build/modules/stock" / name) for name in self.OURS})
        self.assertNotIn("sign-file", self.modules("--ours", "stock"))
        for environment, reason in (({"KEY": str(key)}, b"both KEY and CERT are needed"),
                                    ({"KEY": str(key), "CERT": f"{key}.none"}, b"none can't be read")):
            with self.assertRaises(subprocess.CalledProcessError) as refused:
                self.modules("--ours", "stock", **environment)
            self.assertIn(reason, refused.exception.stderr)

    def test_a_new_version_is_a_change(self):
        self.modules("stock")
        self.assertEqual(self.modules("--stale", "stock"), "")
        (self.top / "Cargo.toml").touch()
        self.assertNotEqual(self.modules("--stale", "stock"), "")
