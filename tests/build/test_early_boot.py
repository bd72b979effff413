# SPDX-License-Identifier: GPL-2.0
"""A measured boot of Debian's own kernel and initramfs, with our packages: python3 -m unittest discover tests/build

What Documentation/measured-boot.md shows is done in a Debian system: the initramfs that this makes, by initramfs-tools or by
dracut, extends RTMR3 and gets a quote, before a root file system is looked for.
"""

import hashlib
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import unittest

import packages
from test_kdir import variables

VECTORS = packages.TOP / "tests/vectors/tdx"


def documented(place):
    """Returns the commands of the page, as a word for the shell."""
    return shlex.quote("\n".join(packages.commands("Documentation/measured-boot.md", place)))


def check_quote(test, initrd):
    """Boots an initramfs that measures, and replays the events that its quote is of."""
    said = packages.run(packages.SCRIPTS / "run", "--kernel", "stock", "--firmware", "tdvf", "--memory", "1024",
                        "--timeout", "900", "--initrd", initrd, "--", "sh", "-euc", r"""
        keep() { echo "@ $1 $(xxd -p "$2" | tr -d '\n')"; }
        keep CCEL /sys/firmware/acpi/tables/data/CCEL
        keep cmdline /proc/cmdline
        cd /run/tsm-rs
        for file in rtmr3 nonce quote; do keep $file $file; done
    """)
    folder = pathlib.Path(test.enterContext(tempfile.TemporaryDirectory()))
    for line in said.splitlines():
        if line.startswith("@ "):
            _, name, digits = line.split()
            (folder / name).write_bytes(bytes.fromhex(digits))
    digest = hashlib.sha384((folder / "cmdline").read_bytes()).hexdigest()
    test.assertEqual((folder / "rtmr3").read_text(), f"{digest}  /proc/cmdline\n")

    program = packages.run(packages.TOP / "tests/guest/build", "tsm-replay", "replay").splitlines()[-1]
    command = [program, "--log", "CCEL", "--rtmr3", "rtmr3", "--quote", "quote", "--report-data", "nonce",
               "--root", VECTORS / "test_root.pem", "--collateral", VECTORS / "collateral.json", "--time", "1780272000"]
    test.assertIn("RTMR3    quote", packages.run(*command, cwd=folder))
    # Without the event of the initramfs nothing explains RTMR3.
    (folder / "rtmr3").write_text("")
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    test.assertEqual(result.returncode, 1, result.stdout + result.stderr)


class InitramfsTools(unittest.TestCase):
    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.folder = packages.make_packages()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        said = packages.in_debian(packages.debian(), cls.folder, variables("stock")["KVERSION"], rf"""
            section install
            status dpkg -i tsm-rs-common_*.deb tsm-rs-modules-*.deb
            section measure
            status bash -exc {documented("initramfs")}
            cp "/boot/initrd.img-$KERNEL" initrd
            section files
            lsinitramfs initrd
        """)
        for section in ("install", "measure"):
            assert "status 0" in said[section], said[section]
        cls.files = said["files"].split()

    def test_the_initramfs_has_what_measures(self):
        self.assertIn("scripts/init-premount/tsm-measure", self.files)
        self.assertIn("usr/bin/sha384sum", self.files)

    def test_a_quote_of_the_initramfs_is_explained_event_by_event(self):
        check_quote(self, self.folder / "initrd")


class Dracut(unittest.TestCase):
    """dracut makes the initramfs in place of initramfs-tools, with which it cannot be installed."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.kernel = variables("stock")["KVERSION"]
        cls.folder = packages.make_packages()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        packages.fetch(cls.folder, "dracut", "dracut-core", "dracut-install")
        cls.said = packages.in_debian(packages.debian(), cls.folder, cls.kernel, rf"""
            section dracut
            dpkg -r --force-depends initramfs-tools >/dev/null
            dpkg -i tsm-rs-common_*.deb >/dev/null
            # It also depends on what checks file systems.
            status dpkg -i --force-depends dracut*.deb
            section without modules
            lsinitrd "/boot/initrd.img-$KERNEL"
            section install
            status dpkg -i tsm-rs-modules-*.deb
            section modules
            lsinitrd "/boot/initrd.img-$KERNEL"
            # For a machine without devices: there are none in /sys.
            section dracut --hostonly
            status dracut --hostonly --kver "$KERNEL" /root/hostonly
            section hostonly
            lsinitrd /root/hostonly
            section measure
            status bash -exc {documented("dracut")}
            cp "/boot/initrd.img-$KERNEL" initrd
            section files
            lsinitrd initrd
            # Another kernel, of which dracut itself makes the initramfs once.
            ln -s "$KERNEL" /lib/modules/1.0
            /etc/kernel/postinst.d/dracut 1.0
            section other
            lsinitrd /boot/initrd.img-1.0
            section remove
            status dpkg -r tsm-rs-common "tsm-rs-modules-$KERNEL"
            section removed
            lsinitrd "/boot/initrd.img-$KERNEL"
            section other removed
            lsinitrd /boot/initrd.img-1.0
        """)

    def files(self, section):
        """Returns the files in an initramfs that was made."""
        return {line.split()[-1] for line in self.said[section].splitlines() if line.startswith("-")}

    def test_the_drivers_are_in_the_initramfs(self):
        for section in ("dracut", "install", "dracut --hostonly", "remove"):
            self.assertIn("status 0", self.said[section], self.said[section])
        updates = f"usr/lib/modules/{self.kernel}/updates/"
        # dracut itself adds what is in `updates`, but not to an initramfs for one machine.
        for section, modules in (("without modules", ()), ("modules", packages.OURS),
                                 ("hostonly", ("tsm", "tsm_tdx", "tsm_sev"))):
            files = self.files(section)
            self.assertEqual({name for name in files if name.startswith(updates)},
                             {f"{updates}{name}.ko.xz" for name in modules}, section)
            self.assertIn("usr/lib/modprobe.d/tsm-rs.conf", files)

    def test_nothing_is_left_of_what_was_removed(self):
        self.assertIn("usr/lib/modprobe.d/tsm-rs.conf", self.files("other"))
        for section in "removed", "other removed":
            files = self.files(section)
            self.assertIn("usr/bin/udevadm", files)
            self.assertEqual([name for name in files if "/updates/" in name or "tsm-rs" in name], [], section)

    def test_the_initramfs_has_what_measures(self):
        self.assertIn("status 0", self.said["measure"], self.said["measure"])
        files = self.files("files")
        self.assertIn("var/lib/dracut/hooks/pre-trigger/50-tsm-measure.sh", files)
        self.assertIn("usr/bin/tsm-measure", files)
        self.assertIn("usr/bin/sha384sum", files)

    def test_a_quote_of_the_initramfs_is_explained_event_by_event(self):
        check_quote(self, self.folder / "initrd")

    def test_udev_loads_the_driver_of_an_snp_guest(self):
        packages.check_guest(self, self.folder / "initrd", self.kernel, "snp", "tsm_sev", "sev-guest")


if __name__ == "__main__":
    unittest.main()
