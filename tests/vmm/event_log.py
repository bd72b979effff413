# SPDX-License-Identifier: GPL-2.0
"""The event log of a TD, as tests/replay reads it: its events, and what registers it stands for."""

import functools
import pathlib
import re
import struct
import subprocess
import tempfile
import typing

TOP = pathlib.Path(__file__).resolve().parents[2]

# EV_NO_ACTION: an event that extends no register.
NO_ACTION = 3

# EV_IPL, by which programs of UEFI measure what they load: TCG PC Client Platform Firmware Profile, "Event Types".
IPL = 13

# TPM_ALG_SHA384, the only algorithm of the logs that are read here.
SHA384 = 0xc


class LogError(Exception):
    """What is wrong with a log."""


class Event(typing.NamedTuple):
    """An event, and where in the log it begins and ends."""

    start: int
    end: int
    index: int
    kind: int
    digest: bytes
    data: bytes


@functools.cache
def program():
    build = [TOP / "tests/guest/build", "tsm-replay", "replay"]
    return subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip()


def printed(log):
    """Returns what the program prints of a log that it can read."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(log)
        file.flush()
        result = subprocess.run([program(), "--log", file.name], capture_output=True, text=True)
    if result.returncode == 2:
        raise LogError(result.stderr)
    return result.stdout


def events(log):
    """Returns the events, without the first."""
    text = printed(log)
    starts = [int(at, 16) for at in re.findall(r"(?m)^\S+ +[0-9]+ +(0x\S+)", text)]
    [end] = re.findall(r"(?m)^[0-9]+ events, (0x\S+) bytes$", text)
    found = []
    for start, after in zip(starts[1:], [*starts[2:], int(end, 16)]):
        index, kind, count, algorithm, digest = struct.unpack_from("<IIIH48s", log, start)
        assert (count, algorithm) == (1, SHA384)
        found.append(Event(start, after, index, kind, digest, log[start + 66:after]))
    return found


def replay(log):
    """Returns the values that RTMR 0 to 3 have after all events."""
    return [bytes.fromhex(value) for value in re.findall(r"(?m)^RTMR[0-3] +log +([0-9a-f]{96})$", printed(log))]
