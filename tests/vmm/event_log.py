# SPDX-License-Identifier: GPL-2.0
"""The event log of a TD, which its firmware and its boot loader write: what it says, and what registers it stands for.

TCG PC Client Platform Firmware Profile, "Event Logging": the first event has the older format and lists the algorithms of
the others. A TD has it in the memory that the ACPI table CCEL names. There, an event of index 0 is one of MRTD, and one of
index n + 1 is one of RTMR n (UEFI, "Virtual Platform CC Event Log").
"""

import hashlib
import struct
import typing

# An event that is no measurement, and one of a boot loader.
NO_ACTION, IPL = 3, 13

# TPM_ALG_SHA384.
SHA384 = 0xc


class LogError(Exception):
    """What is wrong with a log."""


class Reader:
    def __init__(self, log):
        self.log, self.at = log, 0

    def take(self, count):
        """Takes so many bytes."""
        if count > len(self.log) - self.at:
            raise LogError("cut off")
        self.at += count
        return self.log[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")


def algorithms(specification):
    """Returns the sizes of digests in a log, by the number of the algorithm."""
    reader = Reader(specification)
    if reader.take(16) != b"Spec ID Event03\0":
        raise LogError("no log of digests of several algorithms")
    reader.take(8)
    return dict(struct.unpack("<HH", reader.take(4)) for _ in range(reader.number(4)))


class Event(typing.NamedTuple):
    """An event, and where in the log it begins and ends."""

    start: int
    end: int
    index: int
    kind: int
    digest: bytes
    data: bytes


def events(log):
    """Returns the events, without the first. What follows the last one is all zeros or all ones."""
    reader = Reader(log)
    first, kind, _, size = struct.unpack("<II20sI", reader.take(32))
    if first > 1 or kind != NO_ACTION:
        raise LogError("the first event does not say what the others are")
    sizes = algorithms(reader.take(size))
    found = []
    while log[reader.at:].strip(b"\xff") and log[reader.at:].strip(b"\0"):
        start = reader.at
        index, kind, count = struct.unpack("<III", reader.take(12))
        digests = {}
        for _ in range(count):
            algorithm = reader.number(2)
            if algorithm not in sizes:
                raise LogError(f"an event has a digest of algorithm {algorithm:#x}")
            digests[algorithm] = reader.take(sizes[algorithm])
        if SHA384 not in digests:
            raise LogError("an event has no SHA-384")
        if index > 4:
            raise LogError(f"an event has index {index}")
        data = reader.take(reader.number(4))
        found.append(Event(start, reader.at, index, kind, digests[SHA384], data))
    return found


def replay(log):
    """Returns the values that RTMR 0 to 3 have after all events."""
    registers = [bytes(48)] * 4
    for event in events(log):
        if event.kind != NO_ACTION and event.index:
            extended = registers[event.index - 1] + event.digest
            registers[event.index - 1] = hashlib.sha384(extended).digest()
    return registers
