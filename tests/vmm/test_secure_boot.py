# SPDX-License-Identifier: GPL-2.0
"""A TD that the distribution's firmware boots from a disk, with Secure Boot and without:
python3 -m unittest discover -p test_secure_boot.py tests/vmm

With Secure Boot the firmware starts what is signed with a key in its variable db, shim what is signed with Debian's or a key
that the machine's owner has enrolled, and the kernel loads modules that any of these keys has signed.
"""

import hashlib
import os
import pathlib
import pty
import re
import select
import subprocess
import tempfile
import unittest

import boots
import event_log
from vmm import TOP, also

DISK = TOP / "scripts/qemu-tdx/disk"
TOOLBOX = TOP / "scripts/qemu-tdx/toolbox"

# Says what the kernel makes of Secure Boot, and loads modules that are not signed, which fails.
REFUSED = r"""
mount -t securityfs securityfs /sys/kernel/security
echo "lockdown $(cat /sys/kernel/security/lockdown)"
dmesg -c | grep -E 'secureboot|Kernel is locked down' | sed 's/^\[[^]]*\] //'
for name in $unsigned; do
	insmod $name || echo "refused"
	dmesg -c | sed 's/^\[[^]]*\] //'
done
"""
# Loads our modules, which are signed, and has a report made.
LOADED = r"""
load tsm tsm_tdx || echo "refused"
dmesg -c | sed 's/^\[[^]]*\] //'
mkdir /sys/kernel/config/tsm/report/mine
head -c 64 /dev/zero >/sys/kernel/config/tsm/report/mine/inblob
echo "quote $(wc -c </sys/kernel/config/tsm/report/mine/outblob)"
rmdir /sys/kernel/config/tsm/report/mine
"""
THEIRS = "load tsm_report tdx_guest"


def make_key(folder):
    """Makes a key and its certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", "/CN=a test/",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


class Case(unittest.TestCase):
    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.key, cls.certificate = make_key(cls.folder)
        cls.sign = ["--sign", f"{cls.key},{cls.certificate}"]

    def der(self):
        command = ["openssl", "x509", "-in", self.certificate, "-outform", "der"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def assert_replays(self, boot):
        self.assertEqual([value.hex() for value in event_log.replay(boot.log)], [value.hex() for value in boot.rtmrs])
        for register in 0, 1, 2:
            self.assertNotEqual(boot.rtmrs[register], bytes(48))

    def assert_started(self, boot, *programs):
        """Checks that the programs that were started are these, in this order."""
        expected = [boots.authenticode(pathlib.Path(program).read_bytes()).hex() for program in programs]
        self.assertEqual([digest.hex() for digest in boot.programs()], expected)


@also("brief")
class Signed(Case):
    """Our modules are signed, and the firmware knows the key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What `run` adds is the module as it was built.
        script = "unsigned=/unsigned.ko\n" + REFUSED + LOADED
        cls.boot = boots.Boot.of("--secure-boot", "on", "--drivers", "none", *cls.sign, "--enroll", f"db={cls.certificate}",
                                 "--add", f"{TOP}/build/stock/tsm.ko:/unsigned.ko", script=script)

    def test_the_kernel_is_locked_down(self):
        self.assertIn("lockdown none [integrity] confidentiality", self.boot.said)
        self.assertIn("secureboot: Secure boot enabled", self.boot.said)

    def test_a_module_that_is_not_signed_is_refused(self):
        self.assertRegex(self.boot.said, "insmod: can't insert '/unsigned.ko': Key was rejected by service\n"
                         "refused\n(Loading of unsigned module is rejected\n)+tsm: loading")

    def test_signed_ones_load_and_make_a_report(self):
        self.assertRegex(self.boot.said, r"tsm_tdx: version \S+, Intel TDX guest")
        self.assertNotIn("module verification failed", self.boot.said)
        self.assertRegex(self.boot.said, r"quote [1-9][0-9]{3}")

    def test_the_log_stands_for_the_registers(self):
        self.assert_replays(self.boot)

    def test_the_firmware_has_measured_what_it_trusts(self):
        variables = self.boot.variables()
        self.assertEqual(variables["SecureBoot"], b"\1")
        for name in "PK", "KEK", "db", "dbx":
            self.assertGreater(len(variables[name]), 1000, name)
        self.assertIn(self.der(), variables["db"])

    def test_a_key_more_is_no_other_firmware(self):
        self.assertEqual(self.boot.mrtd.hex(), boots.mrtd(boots.firmware("secure-boot")).hex())

    def test_the_programs_are_those_of_the_distribution(self):
        tree = boots.tree()
        self.assert_started(self.boot, tree / "boot/shim.efi", tree / "boot/grub.efi", boots.kernel_image("stock"))
        self.assertEqual(len(self.boot.events(1, boots.GPT_EVENT)), 1)


class Keys(Case):
    """The keys by which a module can be signed for the kernel to load it."""

    def test_that_of_the_owner(self):
        boot = boots.Boot.of("--secure-boot", "on", "--drivers", "none", *self.sign, "--enroll", f"mok={self.certificate}",
                             script=LOADED)
        self.assertRegex(boot.said, r"quote [1-9][0-9]{3}")
        self.assertNotIn(self.der(), boot.variables()["db"])
        self.assert_replays(boot)

    def test_no_other(self):
        """With the firmware as the distribution ships it."""
        script = f"unsigned=$(echo /lib/modules/*/updates/tsm.ko)\n{REFUSED}\n{THEIRS}"
        boot = boots.Boot.of("--secure-boot", "on", "--drivers", "none", *self.sign, script=script)
        self.assertRegex(boot.said, "insmod: can't insert '.*/tsm.ko': Key was rejected by service\n"
                         "refused\n(Loading of module with unavailable key is rejected\n)+$")
        self.assertEqual(boot.variables()["SecureBoot"], b"\1")
        self.assert_replays(boot)


class Images(Case):
    """What the firmware starts of a disk."""

    def test_a_unified_kernel_image(self):
        """The digests of its sections are in a register of their own."""
        boot = boots.Boot.of("--boot", "uki", "--kernel", "stock", "--drivers", "none", script=THEIRS)
        self.assert_replays(boot)
        self.assertEqual(boot.variables()["SecureBoot"], b"\0")
        self.assert_sections(boot)

    def test_signed_ones(self):
        """The firmware starts such an image, or systemd-boot, which has the firmware start it."""
        for what in "uki", "systemd":
            with self.subTest(what):
                boot = boots.Boot.of("--secure-boot", "on", "--boot", what, *self.sign, "--enroll", f"db={self.certificate}",
                                     "--drivers", "none", script="unsigned=\n" + REFUSED + LOADED)
                self.assertIn("lockdown none [integrity] confidentiality", boot.said)
                self.assertRegex(boot.said, r"quote [1-9][0-9]{3}")
                self.assert_replays(boot)
                self.assertEqual(boot.variables()["SecureBoot"], b"\1")
                self.assert_sections(boot)
                # A module is signed by the same key as the image of which it is a part.
                self.assertIn(self.der(), boot.variables()["db"])

    def test_systemd_boot(self):
        """The firmware measures it, and then the image that it starts and the kernel in that."""
        boot = boots.Boot.of("--boot", "systemd", "--kernel", "test", "--drivers", "c")
        self.assert_replays(boot)
        self.assertEqual(boot.variables()["SecureBoot"], b"\0")
        self.assert_sections(boot)
        first, _, last = boot.programs()
        expected = [boots.tree() / "boot/systemd-boot.efi", boots.kernel_image("test")]
        self.assertEqual([digest.hex() for digest in (first, last)],
                         [boots.authenticode(program.read_bytes()).hex() for program in expected])

    def assert_sections(self, boot):
        names = [event.data.decode("utf-16-le", "replace").rstrip("\0") for event in boot.events(2, event_log.IPL)]
        for name in ".linux", ".cmdline", ".initrd":
            # The name is measured, and then the section.
            self.assertEqual(names.count(name), 2, names)

    def test_grub_without_secure_boot(self):
        """GRUB does not have shim verify the kernel then, so nothing measures it."""
        boot = boots.Boot.of("--boot", "grub", "--kernel", "test", "--drivers", "c")
        tree = boots.tree()
        self.assert_replays(boot)
        self.assert_started(boot, tree / "boot/shim.efi", tree / "boot/grub.efi")
        kernel = boots.kernel_image("test").read_bytes()
        digests = {event.digest for event in event_log.events(boot.log)}
        self.assertFalse(digests & {boots.authenticode(kernel), hashlib.sha384(kernel).digest()})


class Given(Case):
    """A disk, and a unified kernel image, that `run` has not made."""

    # Prints its command line to the console, with `name=wait` reads a line there, and ends the machine.
    INIT = """#!/bin/busybox sh
        /bin/busybox mount -t proc proc /proc
        /bin/busybox mount -t devtmpfs dev /dev
        # What is sent to a port that is not open is lost.
        exec </dev/ttyS0
        line=$(/bin/busybox cat /proc/cmdline)
        echo "given: $line $((6 * 7))" >/dev/console
        case $line in *name=wait*) read -r word && echo "read: $word" >/dev/console ;; esac
        /bin/busybox poweroff -f
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.initrd = cls.folder / "initrd"
        make = """
            mkdir -p "$1/root/bin" "$1/root/proc" "$1/root/dev"
            cp /usr/bin/busybox "$1/root/bin/"
            cat >"$1/root/init"
            chmod 755 "$1/root/init"
            cd "$1/root" && find . | cpio --quiet -o -H newc >"$1/initrd"
        """
        subprocess.run([TOOLBOX, "sh", "-euc", make, "sh", cls.folder], input=cls.INIT, text=True, check=True)

    def make(self, kind, kernel, name="value"):
        """Makes a disk or an image with a kernel and that initramfs."""
        file = self.folder / kind
        subprocess.run([DISK, kind, boots.kernel_image(kernel), self.initrd, f"console=ttyS0,115200 name={name}", file],
                       check=True)
        return file

    def assert_says(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        self.assertRegex(result.stdout, rb"given: .*console=ttyS0,115200 name=value 42\r?\n")

    def test_a_disk(self):
        disk = self.make("grub", "stock")
        before = disk.read_bytes()
        result = boots.run("--secure-boot", "on", "--disk", disk)
        self.assert_says(result)
        self.assertIn(b"Kernel is locked down from EFI Secure Boot", result.stdout)
        self.assertEqual(disk.read_bytes(), before)

    def test_a_disk_on_a_terminal(self):
        pid, master = pty.fork()
        if pid == 0:
            os.execv(boots.RUN, [str(boots.RUN), "--firmware", "tdvf", "--disk", str(self.make("grub", "test", name="wait"))])
        self.wait_for(master, rb"given: .*name=wait 42\s")
        os.write(master, b"a line\r")
        self.wait_for(master, rb"read: a line\s")
        try:
            while os.read(master, 4096):
                pass
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def wait_for(self, terminal, wanted):
        seen = b""
        while not re.search(wanted, seen):
            self.assertTrue(select.select([terminal], [], [], 600)[0], seen)
            seen += os.read(terminal, 4096)

    def test_an_image(self):
        self.assert_says(boots.run("--uki", self.make("uki", "stock")))

    def test_a_kernel_that_is_not_signed(self):
        """GRUB ends the machine, as its configuration says."""
        result = boots.run("--secure-boot", "on", "--disk", self.make("grub", "test"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"bad shim signature", result.stdout)
        self.assertNotIn(b"Linux version", result.stdout)

    def test_an_image_that_is_not_signed(self):
        """The firmware has nothing else to start, and waits."""
        result = boots.run("--secure-boot", "on", "--uki", self.make("uki", "stock"), timeout=120)
        self.assertEqual(result.returncode, 124, result.stderr)
        self.assertIn(b"Access Denied", result.stdout)
        self.assertNotIn(b"Linux version", result.stdout)


if __name__ == "__main__":
    unittest.main()
