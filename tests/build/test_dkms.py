# SPDX-License-Identifier: GPL-2.0
"""Tests of tsm-rs-dkms, which compiles the modules: python3 -m unittest discover tests/build

It is installed in an overlay of a Debian system as those of test_install.py are, with the compilers of the toolbox.
"""

import pathlib
import re
import shutil
import tempfile
import unittest

import packages
from test_kdir import variables

# Packages of the compilers, which are those of the toolbox, and what each module needs of the kernel and of the others.
COMPILED = r"""
    fake bindgen 0.71.1 >/dev/null; fake gcc 14 >/dev/null; fake rustc 1.85.1 >/dev/null
    imports() {
        for name in tsm tsm_tdx tsm_sev tsm_tdisp; do
            cp "$1/$name.ko.xz" /root && xz -df "/root/$name.ko.xz"
            modinfo -F vermagic "/root/$name.ko"
            readelf -SW "/root/$name.ko" | grep -o '\.BTF '
            nm -u "/root/$name.ko"
        done
    }
    # The difference between those that DKMS has made and those of the package.
    compare() {
        dpkg-deb -x tsm-rs-modules-*.deb /root/x
        imports "/lib/modules/$KERNEL/updates/dkms" >/root/dkms
        imports "/root/x/usr/lib/modules/$KERNEL/updates" >/root/package
        grep -c BTF /root/dkms
        diff /root/dkms /root/package
    }
"""


class Compiled(unittest.TestCase):
    """DKMS compiles the modules against the headers of Debian, for the kernel of the system and for one that comes later."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.kernel, cls.second = variables("stock")["KVERSION"], packages.OLDEST_KERNEL
        cls.folder = packages.make_packages(packages.METADATA)
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        copy = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp")))
        packages.copy_to(copy)
        other = packages.make_packages(f"{packages.OLDEST} METADATA=1", copy)
        cls.addClassCleanup(shutil.rmtree, other)
        [metadata] = other.glob(f"tsm-rs-kernel-metadata-{cls.second}_*.deb")
        shutil.move(metadata, cls.folder)
        packages.fetch_kernel(cls.second, cls.folder)
        cls.said = packages.in_debian(packages.debian(compilers=True), cls.folder, cls.kernel, COMPILED + rf"""
            SECOND={cls.second}""" + r"""
            names() { for name in tdx_guest sev-guest; do modprobe -S "$1" -n -v $name; done; }
            section install
            status dpkg -i tsm-rs-common_*.deb tsm-rs-dkms_*.deb "tsm-rs-kernel-metadata-$KERNEL"_*.deb
            section status
            dkms status
            section broken
            broken
            section imports
            compare
            section second kernel
            status dpkg -i linux-*.deb "tsm-rs-kernel-metadata-$SECOND"_*.deb
            section second status
            dkms status
            section second initramfs
            lsinitramfs "/boot/initrd.img-$SECOND" | grep /updates/
            section unbuilt
            dkms unbuild "$(dkms status | sed -n '1s/,.*//p')" -k "$SECOND" >/dev/null
            dkms status -k "$SECOND"
            section autoinstall
            status dkms autoinstall -k "$SECOND"
            section autoinstall status
            dkms status -k "$SECOND"
            section second names
            names "$SECOND"
            section second broken
            broken
            update-initramfs -u -k "$SECOND" >/dev/null
            cp "/boot/initrd.img-$SECOND" initrd
            section removed
            status dpkg -r tsm-rs-dkms tsm-rs-common
            status ls -d /lib/modules/*/updates /var/cache/tsm-rs
            section names of the kernels
            names "$KERNEL"
            names "$SECOND"
            section initramfs
            # Of each: the file of modprobe would keep the kernel's own drivers out.
            for kernel in "$KERNEL" "$SECOND"; do lsinitramfs "/boot/initrd.img-$kernel" | grep -E '/tsm|/updates/' || :; done
        """)

    def test_with_a_package_of_metadata(self):
        self.assertIn("status 0", self.said["install"], self.said["install"])
        self.assertRegex(self.said["status"].strip(), rf"^tsm-rs/\S+, {re.escape(self.kernel)}, x86_64: installed$")
        self.assertEqual(self.said["broken"].strip(), "")
        self.assertEqual(self.said["imports"].split(), ["4"])

    def test_for_a_second_kernel(self):
        self.assertIn("status 0", self.said["second kernel"], self.said["second kernel"])
        for kernel in self.kernel, self.second:
            self.assertRegex(self.said["second status"], rf"(?m)^tsm-rs/\S+, {re.escape(kernel)}, x86_64: installed$")
        self.assertEqual(sorted(re.findall(r"/updates/dkms/(\w+)\.ko", self.said["second initramfs"])),
                         ["tsm", "tsm_sev", "tsm_tdx"])
        second = rf"^tsm-rs/\S+, {re.escape(self.second)}, x86_64:"
        self.assertNotIn(self.second, self.said["unbuilt"])
        self.assertIn("status 0", self.said["autoinstall"], self.said["autoinstall"])
        self.assertRegex(self.said["autoinstall status"].strip(), rf"{second} installed$")
        self.assertEqual(re.findall(r"/updates/dkms/(\w+)\.ko", self.said["second names"]), "tsm tsm_tdx tsm tsm_sev".split())
        self.assertEqual(self.said["second broken"].strip(), "")

    def test_the_second_kernel_as_a_tdx_guest(self):
        packages.check_guest(self, self.folder / "initrd", self.second, "tdx", "tsm_tdx", "tdx_guest")

    def test_the_second_kernel_as_an_snp_guest(self):
        packages.check_guest(self, self.folder / "initrd", self.second, "snp", "tsm_sev", "sev-guest")

    def test_removal_restores_the_drivers_of_the_kernels(self):
        self.assertIn("status 0", self.said["removed"], self.said["removed"])
        for path in (r"/lib/modules/.*/updates", "/var/cache/tsm-rs"):
            self.assertRegex(self.said["removed"], rf"cannot access '{path}'")
        self.assertEqual(re.findall(r"/(tsm\w*|\w+-guest)\.ko", self.said["names of the kernels"]),
                         2 * "tsm_report tdx-guest tsm_report sev-guest".split())
        self.assertEqual(self.said["initramfs"].strip(), "")


class CompiledMetadata(unittest.TestCase):
    """The metadata is compiled too, from the source of the kernel."""

    CHECKS = {"vmm"}

    def test_with_the_source_of_the_kernel(self):
        kernel = variables("stock")["KVERSION"]
        folder = packages.make_packages()
        self.addCleanup(shutil.rmtree, folder)
        packages.fetch_source(kernel, folder)
        said = packages.in_debian(packages.debian(compilers=True), folder, kernel, COMPILED + r"""
            # What it depends on is the toolbox's.
            dpkg -i --force-depends linux-source-*.deb >/dev/null
            section install
            status dpkg -i tsm-rs-common_*.deb tsm-rs-dkms_*.deb
            section status
            dkms status
            section imports
            compare
            section size
            du -s -BM /var/cache/tsm-rs
            section removed
            status dpkg -r tsm-rs-dkms
            status ls -d /lib/modules/*/updates /var/cache/tsm-rs
        """)
        self.assertIn("status 0", said["install"], said["install"])
        self.assertRegex(said["install"], r"(?m)^tsm-rs: making the Rust metadata of Linux \S+, which may take minutes$")
        self.assertRegex(said["status"], r"^tsm-rs/\S+, \S+, x86_64: installed", said["install"])
        self.assertEqual(said["imports"].split(), ["4"])
        # What the script asks for before it begins.
        self.assertLess(int(said["size"].partition("M")[0]), 1000)
        self.assertIn("status 0", said["removed"], said["removed"])
        for path in (r"/lib/modules/.*/updates", "/var/cache/tsm-rs"):
            self.assertRegex(said["removed"], rf"cannot access '{path}'")


if __name__ == "__main__":
    unittest.main()
