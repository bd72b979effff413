# SPDX-License-Identifier: GPL-2.0
"""A TD that the distribution's firmware boots: python3 -m unittest discover -p test_firmware.py tests/vmm

The firmware measures what it is told, its variables and the kernel, and writes an event for each measurement. The registers
are the TDX module's. That both agree shows that the emulator does what the firmware expects: where its image is no memory, it
measures zeros, and boots nevertheless.
"""

import hashlib
import struct
import subprocess
import unittest

import event_log
from vmm import KERNEL, TOP

COMMAND = """
cd /sys/kernel/tsm/tdx
for register in mrtd rtmr0 rtmr1 rtmr2 rtmr3; do cat $register/sha384/digest; done
cat /sys/firmware/acpi/tables/data/CCEL
"""

# The GUID by which the table at the end of an image has the metadata of TDX, as it is in memory.
METADATA = bytes.fromhex("35657ae44a989847865e4685a7bf8ec2")


def mrtd(image):
    """Returns the MRTD of an image: TDX module ABI, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND over the sections in its metadata."""
    def record(name, address):
        return name.ljust(16, b"\0") + struct.pack("<Q", address) + bytes(104)

    place = image.rindex(METADATA)
    metadata = len(image) - struct.unpack_from("<I", image, place - 6)[0]
    measured = hashlib.sha384()
    for number in range(struct.unpack_from("<I", image, metadata + 12)[0]):
        offset, _, start, size, _, attributes = struct.unpack_from("<IIQQII", image, metadata + 16 + 32 * number)
        for page in range(start, start + size, 4096):
            measured.update(record(b"MEM.PAGE.ADD", page))
            for address in range(page, page + 4096, 256) if attributes & 1 else ():
                measured.update(record(b"MR.EXTEND", address))
                measured.update(image[offset + address - start:][:256])
    return measured.digest()


def made(index, digest, kind=1, algorithm=event_log.SHA384):
    """Makes an event without data."""
    return struct.pack("<IIIH48sI", index, kind, 1, algorithm, digest, 0)


# The first event of a log that has SHA-384 only.
SPECIFICATION = b"Spec ID Event03\0" + bytes(8) + struct.pack("<IHH", 1, event_log.SHA384, 48) + bytes(1)
FIRST = struct.pack("<II20xI", 1, event_log.NO_ACTION, len(SPECIFICATION)) + SPECIFICATION


class Boot(unittest.TestCase):
    """One boot, whose log is looked at in several ways."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        command = [TOP / "scripts/qemu-tdx/run", "--kernel", KERNEL, "--firmware", "tdvf", "--timeout", "900"]
        cls.result = subprocess.run([*command, "--", "sh", "-c", COMMAND], capture_output=True, timeout=2000)
        digests, cls.log = cls.result.stdout[:240], cls.result.stdout[240:]
        cls.mrtd, *cls.rtmrs = (digests[at:at + 48] for at in range(0, 240, 48))

    def setUp(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr.decode(errors="replace"))

    def measured(self):
        """Returns the events that are in a register."""
        return [event for event in event_log.events(self.log) if event.kind != event_log.NO_ACTION]

    def assert_differs(self, log):
        self.assertNotEqual(event_log.replay(bytes(log)), self.rtmrs)

    def test_the_log_stands_for_the_registers(self):
        self.assertEqual([value.hex() for value in event_log.replay(self.log)], [value.hex() for value in self.rtmrs])
        for register in 0, 1, 2:
            self.assertNotEqual(self.rtmrs[register], bytes(48))
        self.assertEqual(self.rtmrs[3], bytes(48))

    def test_the_image_is_what_was_measured(self):
        images = subprocess.run(["bash", "-euc", '. "$1/lib.sh"; firmware_root', "bash", TOP / "scripts/qemu-tdx"],
                                check=True, capture_output=True, text=True).stdout.strip()
        for name in "secure-boot", "no-secure-boot":
            with open(f"{images}/firmware/{name}.fd", "rb") as image:
                self.assertEqual(self.mrtd.hex(), mrtd(image.read()).hex())

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


class Logs(unittest.TestCase):
    """What a log stands for, and what is none."""

    CHECKS = {"vmm"}

    def test_events_go_to_their_registers(self):
        log = FIRST + made(1, b"a" * 48) + made(4, b"b" * 48) + made(0, b"c" * 48) + made(2, b"d" * 48, kind=3)
        one, other = (hashlib.sha384(bytes(48) + digest * 48).digest() for digest in (b"a", b"b"))
        for rest in b"", b"\xff" * 100, bytes(100):
            self.assertEqual(event_log.replay(log + rest), [one, bytes(48), bytes(48), other])

    def test_refusals(self):
        event = made(1, bytes(48))
        for log, why in (
            (b"", "cut off"),
            (FIRST[:-1], "cut off"),
            (FIRST + event[:-1], "cut off"),
            (FIRST + event[:20], "cut off"),
            (struct.pack("<I", 2) + FIRST[4:], "the first event"),
            (FIRST[:4] + struct.pack("<I", 8) + FIRST[8:], "the first event"),
            (FIRST.replace(b"Event03", b"Event02"), "no log of digests"),
            (FIRST + made(1, bytes(48), algorithm=0xb), "of algorithm 0xb"),
            (FIRST + struct.pack("<IIII", 1, 1, 0, 0) + event, "no SHA-384"),
            (FIRST + made(5, bytes(48)), "has index 5"),
        ):
            with self.subTest(why), self.assertRaisesRegex(event_log.LogError, why):
                event_log.replay(log)


if __name__ == "__main__":
    unittest.main()
