# SPDX-License-Identifier: GPL-2.0
"""A TD that the distribution's firmware boots: python3 -m unittest discover -p test_firmware.py tests/vmm

The firmware measures what the VMM says of the machine, its variables and the kernel, and writes an event for each measurement.
The registers are the TDX module's. That both agree shows that the emulator does what the firmware expects: where the image of
the firmware is no memory, it measures zeros, and boots nevertheless.
"""

import hashlib
import itertools
import os
import struct
import sys
import tempfile
import time
import unittest

import boots
import event_log
from vmm import DEBUG, KERNEL, TOP, also

# Fills memory with copies of a file of random bytes, of so many KiB, and compares the last ones, for which memory has to be
# accepted. Prints before and after that how much memory there is, and how much of it is not accepted, in KiB.
COPIES, LATE, FILE = 50, 10, 64 << 10
FILL = fr"""
memory() {{ sed -n -E 's/^(MemTotal|Unaccepted): *([0-9]+) kB/\2/p' /proc/meminfo; }}
memory
mkdir /filled
mount -t tmpfs -o size=100% tmpfs /filled
head -c {FILE}k /dev/urandom >/filled/0
for number in $(seq {COPIES}); do cp /filled/0 /filled/$number; done
memory
for number in $(seq {COPIES - LATE + 1} {COPIES}); do cmp /filled/0 /filled/$number && echo same; done
"""

# Prints how many processors there are, how much memory, and how much of it is not accepted, in KiB.
MACHINE = r"nproc; sed -n -E 's/^(MemTotal|Unaccepted): *([0-9]+) kB/\2/p' /proc/meminfo"

# How long one of several boots in a row may take, in seconds.
LIMIT = 300


def made(index, digest):
    """Makes an event without data."""
    return struct.pack("<IIIH48sI", index, 1, 1, event_log.SHA384, digest, 0)


def emulated(*values):
    """Returns the words that give the emulator these options."""
    return [word for value in values for word in ("--emulator", value)]


def boot(*options, script=MACHINE):
    """Boots a TD, loads our driver, runs a script, and reads registers and log. All of that has to succeed. The script and what
    `run` loads are in the initramfs: with the same ones it is the same."""
    return boots.Boot.of("--kernel", KERNEL, "--drivers", "none", *options, script=f"load tsm tsm_tdx\n{script}")


def run(*options, **others):
    """Runs a TD, and returns its status and output."""
    return boots.run("--kernel", KERNEL, *options, command="true", **others)


class Boot(unittest.TestCase):
    """One boot, whose log is looked at in several ways. Others are compared with it."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.td = boot("--smp", "2")
        cls.log, cls.rtmrs = cls.td.log, cls.td.rtmrs

    def assert_log_stands_for_registers(self, td):
        self.assertEqual([value.hex() for value in event_log.replay(td.log)], [value.hex() for value in td.rtmrs])

    def measured(self):
        """Returns the events that are in a register."""
        return [event for event in event_log.events(self.log) if event.kind != event_log.NO_ACTION]

    def assert_differs(self, log):
        self.assertNotEqual(event_log.replay(bytes(log)), self.rtmrs)

    @also(*DEBUG)
    def test_the_log_stands_for_the_registers(self):
        self.assert_log_stands_for_registers(self.td)
        self.assertEqual(len(self.measured()), 23)
        for register in 0, 1, 2:
            self.assertNotEqual(self.rtmrs[register], bytes(48))
        self.assertEqual(self.rtmrs[3], bytes(48))

    def test_all_processors_are_there(self):
        self.assertEqual(self.processors(self.td), 2)

    @staticmethod
    def processors(td):
        return int(td.said.split()[0])

    @staticmethod
    def memory(td):
        return int(td.said.split()[1])

    @staticmethod
    def unaccepted(td):
        return int(td.said.split()[2])

    def test_the_image_is_what_was_measured(self):
        for name in "secure-boot", "no-secure-boot":
            self.assertEqual(self.td.mrtd.hex(), boots.mrtd(boots.firmware(name)).hex())

    def test_the_variables_are_those_in_the_image(self):
        [event] = self.td.events(0, boots.PLATFORM_FIRMWARE_BLOB2)
        self.assertEqual(event.digest.hex(), boots.measured_variables(boots.firmware("no-secure-boot")).hex())

    def test_the_kernel_is_measured(self):
        kernel = boots.kernel_image(KERNEL).read_bytes()
        self.assertEqual([digest.hex() for digest in self.td.programs()], [boots.authenticode(kernel).hex()])

    def assert_differs_in_rtmr0(self, td):
        """Checks that a TD has the same firmware, kernel, command line and initramfs, and that its VMM says something else of the
        machine."""
        self.assert_log_stands_for_registers(td)
        self.assertEqual(td.mrtd.hex(), self.td.mrtd.hex())
        self.assertNotEqual(td.rtmrs[0].hex(), self.rtmrs[0].hex())
        self.assertEqual([value.hex() for value in td.rtmrs[1:]], [value.hex() for value in self.rtmrs[1:]])

    def test_eight_processors(self):
        td = boot("--smp", "8")
        self.assertEqual(self.processors(td), 8)
        self.assert_differs_in_rtmr0(td)

    def test_one_more_device(self):
        self.assert_differs_in_rtmr0(boot("--device", "tdi,functions=1"))

    def test_memory_above_4_gib_is_left_to_the_kernel(self):
        td = boot("--memory", "4096")
        unaccepted = self.unaccepted(td)
        # The firmware accepts what is below 4 GiB, which is half of it, and the kernel some of the rest when it boots.
        self.assertGreater(unaccepted, 0)
        self.assertLess(unaccepted, 2 << 20)
        self.assert_differs_in_rtmr0(td)

    def test_memory_is_accepted_when_it_is_used(self):
        """More of it than was accepted when the guest had booted."""
        td = boot("--memory", "4096", script=FILL)
        total, before, total_after, after, *compared = td.said.split()
        self.assertEqual((total, compared), (total_after, LATE * ["same"]))
        used = (COPIES + 1) * FILE
        self.assertGreater(used, int(total) - int(before))
        self.assertLessEqual(used, int(total) - int(after))

    def test_a_log_without_one_event(self):
        for event in self.measured():
            self.assert_differs(self.log[:event.start] + self.log[event.end:])

    def test_a_log_with_a_digest_changed(self):
        for event in self.measured():
            changed = bytes([event.digest[0] ^ 1]) + event.digest[1:]
            there = self.log[event.start:event.end].replace(event.digest, changed, 1)
            self.assert_differs(self.log[:event.start] + there + self.log[event.end:])

    def test_a_log_with_an_event_appended(self):
        end = self.measured()[-1].end
        self.assert_differs(self.log[:end] + made(1, bytes(48)) + self.log[end:])

    # A VMM that misbehaves: what the guest sees of it, and a verifier.

    def test_less_memory_than_there_is(self):
        td = boot(*emulated("hob=less"))
        self.assertLess(self.memory(td), 256 << 10)
        self.assert_differs_in_rtmr0(td)

    def test_memory_that_is_there_and_is_to_be_accepted(self):
        self.assert_differs_in_rtmr0(boot(*emulated("hob=twice")))

    def test_memory_that_is_not_accepted(self):
        """A real TD would end at the first access. Here it ends at the first call with an address in such memory."""
        result = run("--memory", "4096", *emulated("hob=accepted"))
        self.assertEqual(result.returncode, 125)
        self.assertRegex(result.stderr, rb"EPT violation in TDG\.[A-Z.]+: private GPA 0x1[0-9a-f]{8}: .* is Pending")

    def test_code_that_is_not_measured(self):
        td = boot(*emulated("launch=unmeasured"))
        self.assertEqual(td.mrtd.hex(), boots.mrtd(boots.firmware("no-secure-boot"), extend=False).hex())
        self.assertNotEqual(td.mrtd.hex(), self.td.mrtd.hex())
        self.assertEqual(td.rtmrs, self.rtmrs)

    def test_other_variables(self):
        self.assert_differs_in_rtmr0(boot(*emulated("launch=variables")))

    def test_an_apic_that_is_elsewhere_changes_no_measurement(self):
        for apic in "refuse", "fee00000":
            td = boot(*emulated(f"apic_base={apic}"))
            self.assertEqual(self.processors(td), 2)
            self.assertEqual([td.mrtd, *td.rtmrs], [self.td.mrtd, *self.rtmrs])

    def test_memory_that_the_vmm_does_not_share(self):
        """The firmware boots the kernel all the same, which needs such memory for bounce buffers."""
        result = run(*emulated("map=refuse", "map_from=start"))
        self.assertEqual(result.returncode, 120)
        self.assertIn(b"CPA VMM failure to convert memory", result.stderr)

    def assert_does_not_boot(self, option, log, trace):
        """Checks that a guest does not boot, and by its log and the trace, where it has stopped."""
        (TOP / "build").mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile() as kernel, tempfile.NamedTemporaryFile(dir=TOP / "build") as calls:
            result = run("--log", kernel.name, *emulated(option, f"trace={calls.name}"), timeout=60)
            self.assertEqual(result.returncode, 124, result.stderr)
            self.assertIn(b"the guest was not up in time", result.stderr)
            self.assertRegex(kernel.read().rstrip(), log)
            self.assertRegex(calls.read(), trace)

    def test_a_processor_that_does_not_know_its_number_is_awaited_for_ever(self):
        self.assert_does_not_boot("cpuid=empty", rb"Booting SMP configuration:\Z", rb"\n1: VMCALL Instruction.CPUID ")

    def test_a_firmware_that_can_not_read_its_configuration_does_not_go_on(self):
        self.assert_does_not_boot("refuse_port=511", rb"\A\Z", rb" r14=0x511 .* r10=0x8000000000000000 ")


class Repeated(unittest.TestCase):
    """Boots in a row, of which none may hang: 20, or as many as TSM_BOOTS says. `run` prints what each processor does in one
    that is not up in time."""

    CHECKS = {"vmm"}

    def test_no_boot_hangs(self):
        count = int(os.environ.get("TSM_BOOTS", 20))
        for number, processors in zip(range(1, count + 1), itertools.cycle((8, 1, 2, 4, 3))):
            with self.subTest(boot=number, processors=processors):
                start = time.monotonic()
                result = boots.run("--kernel", KERNEL, "--smp", str(processors), command="nproc", timeout=LIMIT)
                seconds = time.monotonic() - start
                print(f"boot {number} of {count}, {processors} processors: {seconds:.0f} s", file=sys.stderr, flush=True)
                self.assertEqual((result.returncode, result.stdout), (0, b"%d\n" % processors),
                                 result.stderr.decode(errors="replace"))


if __name__ == "__main__":
    unittest.main()
