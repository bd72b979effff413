# SPDX-License-Identifier: GPL-2.0
"""The emulated PCI device, as guests see it: python3 -m unittest discover -p test_device.py tests/vmm

Most guests have the distribution's kernel, as those of users have.
"""

import subprocess
import unittest

from vmm import RUNNER, TOP, Vmm, also, wrong_names

# Functions for the guest. word DEVICE OFFSET prints a DWORD of configuration space, put DEVICE OFFSET VALUE writes one,
# each in one access. $doe is the function with a mailbox. go DWORD... sends it an object, receive prints the response,
# and status its DOE Status. version prints the response to GET_VERSION. all prints the folders of the functions.
FUNCTIONS = r"""
word() { dd if=$1/config bs=4 skip=$(($2 / 4)) count=1 2>/dev/null | od -A n -t x4 | tr -d ' '; }
put() {
	printf "$(printf '\\%03o' $(($3 & 255)) $(($3 >> 8 & 255)) $(($3 >> 16 & 255)) $(($3 >> 24 & 255)))" |
		dd of=$1/config bs=4 seek=$(($2 / 4)) conv=notrunc 2>/dev/null
}
all() { for found in /sys/bus/pci/devices/*; do grep -q 0x0d15 $found/device && echo $found; done; }
doe=$(ls -d /sys/bus/pci/devices/*/doe_features) && doe=${doe%/doe_features}
status() { word $doe 0x18c; }
go() { for dword in "$@"; do put $doe 0x190 $dword; done; put $doe 0x188 0x80000000; }
receive() {
	response=
	while [ "$(status | cut -c 1)" = 8 ]; do
		response="$response $(word $doe 0x194)"; put $doe 0x194 0
	done
	echo $response
}
version() { go 0x00010001 3 0x00008410; receive; }
capabilities() { go 0x00010001 7 0x0000e112 0 0x000000c6 0x00001000 0x00001000; receive; }
"""

# Discovery of all types, and one more.
TYPES = "for index in 0 1 2 3; do go 1 3 $index; receive; done"
DISCOVERED = ["00000001 00000003 01000001", "00000001 00000003 02010001", "00000001 00000003 00020001",
              "00000001 00000003 00ffffff"]
VERSIONS = "00010001 00000005 00000410 10000300 12001100"


class Device(Vmm):
    PLATFORM = "plain"
    FUNCTIONS = FUNCTIONS

    def look(self, script, options="", **kwargs):
        return self.guest(script, kernel="stock", drivers="none", devices=[f"tdi{options}"], **kwargs)


class Personas:
    """What each kind of a device is to a guest, on each platform."""

    # Of each function: where it is, its class, the headers of the extended capabilities, PCI Express and Device
    # Capabilities, and what the kernel has found behind the mailbox.
    SCRIPT = r"""
        for device in $(all); do
            echo ${device##*/} $(cat $device/class) $(word $device 0x100) $(word $device 0x180) $(word $device 0x1c0) \
                $(word $device 0x40) $(word $device 0x44) $(ls $device/doe_features 2>/dev/null)
        done
    """
    FEATURES = "0001:01 0001:02 doe_discovery"

    def expected(self, place, functions, express, capabilities, ide):
        for number in range(functions):
            first = number == 0
            yield " ".join([f"{place}.{number} 0x080200", f"{'18' if first else '00'}01000b",
                            f"{'1c' if first and ide else '00'}01002e" if first else "00000000",
                            "00010030" if first and ide else "00000000",
                            express, capabilities, *([self.FEATURES] if first else [])])

    def test_a_device_with_nothing_but_a_mailbox(self):
        lines = self.look(self.SCRIPT + TYPES, ",persona=cma,functions=1")
        self.assertEqual(lines, [*self.expected("0000:01:00", 1, "00028010", "10008000", False), *DISCOVERED])

    def test_an_endpoint(self):
        lines = self.look(self.SCRIPT + TYPES, ",persona=endpoint,functions=8")
        self.assertEqual(lines, [*self.expected("0000:01:00", 8, "00028010", "50008000", True), *DISCOVERED])

    def test_an_integrated_device(self):
        lines = self.look(self.SCRIPT + TYPES)
        self.assertEqual(lines, [*self.expected("0000:00:10", 2, "00928010", "50008000", False), *DISCOVERED])


class PlainPersonas(Personas, Device):
    pass


class TdxPersonas(Personas, Device):
    PLATFORM = "tdx"


class SnpPersonas(Personas, Device):
    PLATFORM = "snp"


class Mailbox(Device):
    """What goes through the mailbox, and what is wrong there."""

    def test_versions_a_reset_and_counts(self):
        # The kernel has sent three requests of discovery. After a reset GET_CAPABILITIES is not expected.
        script = """
            word $doe 0x108; word $doe 0x10c; word $doe 0x110
            version; capabilities | cut -d ' ' -f 3
            version; echo 1 >$doe/reset; capabilities | cut -d ' ' -f 3; word $doe 0x4
            version; for device in $(all); do [ $device = $doe ] || echo 1 >$device/reset; done
            capabilities | cut -d ' ' -f 3; word $doe 0x108
        """
        self.assertEqual(self.look(script), [
            "00000003", "00000009", "00000009", VERSIONS, "00006112", VERSIONS, "00047f10", "00100102", VERSIONS,
            "00006112", "00000009"])

    def test_each_access_of_the_guest_is_one_of_the_device(self):
        script = """
            reads() { echo $((0x$(word $doe 0x114))); }
            writes() { echo $((0x$(word $doe 0x118))); }
            first=$(reads); second=$(reads); status; third=$(reads); echo $((second - first)) $((third - second))
            first=$(writes); put $doe 0x3c 0; second=$(writes); put $doe 0x188 0; third=$(writes)
            echo $((second - first)) $((third - second))
        """
        self.assertEqual(self.look(script), ["00000000", "1 2", "1 1"])

    def test_a_device_that_is_slow_is_found(self):
        # The kernel waits for a second.
        script = """
            echo $(ls $doe/doe_features); go 0x00010001 3 0x00008410
            until [ "$(status | cut -c 1)" = 8 ]; do :; done; receive
        """
        lines = self.look(script, ",busy=200000,delay=200000")
        self.assertEqual(lines, ["0001:01 0001:02 doe_discovery", VERSIONS])

    def test_what_is_wrong_can_be_chosen_by_the_guest(self):
        names = wrong_names()
        # The status after Go, after Abort and after a reset.
        script = """
            try() {
                put $doe 0x11c $1; go 0x00010001 3 0x00008410; status; put $doe 0x188 1; status
                echo 1 >$doe/reset; status; put $doe 0x11c 0; version
            }
        """
        expected = []
        for name, wrong, aborted in (("mailbox-never-ready", 0, 0), ("mailbox-busy", 1, 1), ("mailbox-error", 4, 0),
                                     ("mailbox-dead", 4, 4), ("mailbox-reset", 0, 0)):
            script += f"try {names.index(name) + 1}\n"
            expected += [f"{wrong:08x}", f"{aborted:08x}", "00000000", VERSIONS]
        script += f"put $doe 0x11c {names.index('doe-type') + 1}; version"
        self.assertEqual(self.look(script), [*expected, VERSIONS.replace("00010001", "00ff0001")])

    def test_a_device_that_vanishes(self):
        script = "version; word $doe 0; version; word $doe 0; for device in $(all); do word $device 0; done"
        first, there, second, gone, *others = self.look(script, ",wrong=mailbox-vanish,wrong_after=1")
        self.assertEqual([first, there, gone], [VERSIONS, "0d151b36", "ffffffff"])
        # The response begins as usual and goes on with all ones, by which the status says for ever that there is more.
        self.assertNotEqual(second, VERSIONS)
        self.assertEqual(others, ["ffffffff", "0d151b36"])

    def test_a_kernel_that_finds_no_types(self):
        # What a short response lacks is read as 0: the type of discovery, and no next index.
        script = "echo $(ls /sys/bus/pci/devices/*/doe_features); dmesg | grep -c 'failed to cache' || :"
        for name, expected in (("discovery-short", ["doe_discovery", "0"]), ("discovery-empty", ["", "1"])):
            with self.subTest(name):
                self.assertEqual(self.look(script, f",wrong={name}"), expected)


class Memory(Vmm):
    """What the device does to guest memory, on a kernel whose /dev/mem has all of it."""

    PLATFORM = "plain"
    # BAR 0 and the table in BAR 2, and pages below 1 MiB, which the kernel leaves alone.
    FUNCTIONS = FUNCTIONS.partition("doe=")[0] + r"""
        set -- $(all); device=$1
        bar() { echo $(($(sed -n "$(($1 + 1))p" $device/resource | cut -d ' ' -f 1))); }
        registers=$(bar 0) table=$(bar 2) page=$((0x50000))
        at() { devmem $(printf 0x%x $1) 32 $2 | sed s/0x//; }
        counts() { echo $(at $((registers + 0x30))) $(at $((registers + 0x34))); }
        copy() { at $((registers + 0x20)) $1; at $((registers + 0x28)) $2; at $((registers + 0x2c)) $3; counts; }
    """

    def test_copies_both_ways_and_interrupts(self):
        script = r"""
            put $device 0x4 0x6; at $((registers + 0x1000)) 0x12345678
            at $page 0; copy $page 4 1; at $page
            at $page 0xcafe; copy $page 2 2; at $((registers + 0x1000))
            copy 0xe0000000 4 1
            put $device 0x4 0x2; copy $page 4 1; put $device 0x4 0x6
            at $((page + 64)) 0; at $((table + 16)) $((page + 64)); at $((table + 20)) 0; at $((table + 24)) 0x4321
            at $((table + 28)) 0; put $device 0x90 0x80010011; copy $page 4 1
            for try in $(seq 100); do [ $(at $((page + 64))) = 00000000 ] || break; done; at $((page + 64))
        """
        self.assertEqual(self.guest(script, kernel="test", drivers="none", devices=["tdi"]), [
            "00000001 00000000", "12345678", "00000002 00000000", "1234CAFE", "00000002 00000001", "00000002 00000002",
            "00000003 00000002", "00004321"])


@also("check")
class Short(Device):
    """One device in one boot, and what is said of options."""

    PLATFORM = "tdx"

    def test_a_device_responds(self):
        lines = self.look("echo $(ls $doe/doe_features); version", ",persona=endpoint")
        self.assertEqual(lines, ["0001:01 0001:02 doe_discovery", VERSIONS])

    def test_options_that_there_are_not(self):
        for device, why in {
            "gpu": r"expected tdi\[,KEY=VALUE\.\.\.\]",
            "": r"expected tdi\[,KEY=VALUE\.\.\.\]",
            "tdi,persona": "KEY=VALUE instead of `persona`",
            "tdi,colour=red": "another key: persona, functions, ",
            "tdi,functions=9": "for functions, instead of `9`: 1 to 8",
            "tdi,persona=gpu": "cma, ide, endpoint or integrated",
            "tdi,wrong=nothing": "mailbox-never-ready, ",
        }.items():
            with self.subTest(device):
                result = run("--device", device, "--", "true")
                self.assertEqual((result.returncode, result.stdout), (RUNNER, ""))
                self.assertRegex(result.stderr, why)
                self.assertIn("run: there is no such device; see --device help", result.stderr)
        for key in "device=tdi", "sockets=/tmp", "arguments=on":
            result = run("--emulator", key, "--", "true")
            self.assertEqual(result.returncode, RUNNER)
            self.assertIn(f"--emulator takes no {key.partition('=')[0]}", result.stderr)

    def test_the_help(self):
        names = wrong_names()
        self.assertEqual((names[0], names[-1]), ("mailbox-never-ready", "report-reserved-bits"))


def run(*words):
    return subprocess.run([TOP / "scripts/qemu-tdx/run", *words], capture_output=True, text=True, timeout=600)


if __name__ == "__main__":
    unittest.main()
