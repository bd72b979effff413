# SPDX-License-Identifier: GPL-2.0
"""TDs that the distribution's firmware boots: what a boot leaves in the registers and in the event log, and what the log
should have for the programs that were started and the variables that the firmware read.
"""

import functools
import hashlib
import pathlib
import struct
import subprocess
import typing

import event_log
from vmm import TOP

RUN = TOP / "scripts/qemu-tdx/run"

# Where the kernel's own driver has the registers, and ours as well. A TDREPORT and a quote have them, too.
COMMAND = """
log=/sys/firmware/acpi/tables/data/CCEL
report=/sys/kernel/config/tsm/report/registers
wc -c <$log
for register in mrtd rtmr0 rtmr1 rtmr2 rtmr3; do
	cat /sys/devices/virtual/misc/tdx_guest/measurements/$register:sha384
done
head -c 64 /dev/zero >/tmp/data
/add/tdreport /tmp/data
mkdir $report && cat /tmp/data >$report/inblob && head -c 632 $report/outblob && rmdir $report
cat $log
"""

# Sizes of MRTD and the RTMRs in a row, of a TDREPORT, and of the header and the body of a quote. In both, three other values of
# the size of a register are between MRTD and the RTMRs.
REGISTERS, TDREPORT, QUOTE = 5 * 48, 1024, 48 + 584
# Where MRTD is: "Intel TDX Module ABI", TDREPORT_STRUCT and TDINFO_STRUCT; "Intel TDX DCAP Quoting Library API", TD Quote Body.
MRTD_IN_TDREPORT, MRTD_IN_QUOTE = 512 + 16, 48 + 136

# TCG PC Client Platform Firmware Profile, "Event Types".
VARIABLE_DRIVER_CONFIG, BOOT_SERVICES_APPLICATION, GPT_EVENT = 0x80000001, 0x80000003, 0x80000006
PLATFORM_FIRMWARE_BLOB2 = 0x8000000a

# The GUID by which the table at the end of an image has the metadata of TDX, as it is in memory.
METADATA = bytes.fromhex("35657ae44a989847865e4685a7bf8ec2")


def run(*options, command="", timeout=900):
    """Runs a guest with the firmware, and returns its status and output."""
    words = [RUN, "--firmware", "tdvf", "--timeout", str(timeout), *options]
    if command:
        words += ["--", "sh", "-c", command]
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * timeout + 200)


@functools.cache
def tdreport():
    """Returns the program that gets a TDREPORT."""
    build = [TOP / "tests/guest/build", "tsm-guest-tests", "tdreport"]
    return subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip()


def registers_at(report, place):
    """Returns MRTD and the RTMRs of a TDREPORT or a quote, in which MRTD is at that place."""
    rtmrs = place + 4 * 48
    return report[place:place + 48] + report[rtmrs:rtmrs + 4 * 48]


class Boot(typing.NamedTuple):
    """The registers after a boot, the log, and what a script printed before they were read."""

    mrtd: bytes
    rtmrs: list
    log: bytes
    said: str

    @classmethod
    def of(cls, *options, script=""):
        """Boots a guest, runs a script in it, which has to leave a driver loaded, and reads registers and log. The registers have
        to be the same in sysfs, in a TDREPORT and in a quote."""
        result = run("--add", f"{tdreport()}:/add/tdreport", *options,
                     command=f"{{\n:\n{script}\n}} 2>&1\necho; echo registers\n{COMMAND}")
        if result.returncode:
            output = (result.stdout[-4000:] + result.stderr).decode(errors="replace")
            raise AssertionError(f"status {result.returncode}\n{output}")
        said, _, rest = result.stdout.partition(b"\nregisters\n")
        size, _, rest = rest.partition(b"\n")
        reports, log = rest[:-int(size)], rest[-int(size):]
        if len(reports) != REGISTERS + TDREPORT + QUOTE:
            raise AssertionError(f"{len(reports)} bytes of registers and reports\n{said.decode(errors='replace')}")
        digests, quote = reports[:REGISTERS], reports[-QUOTE:]
        for name, value in (("TDREPORT", registers_at(reports[REGISTERS:], MRTD_IN_TDREPORT)),
                            ("quote", registers_at(quote, MRTD_IN_QUOTE))):
            if value != digests:
                raise AssertionError(f"the {name} has other registers\n{value.hex()}\n{digests.hex()}")
        mrtd, *rtmrs = (digests[at:at + 48] for at in range(0, REGISTERS, 48))
        return cls(mrtd, rtmrs, log, said.decode(errors="replace"))

    def events(self, register, kind):
        """Returns the events of a type by which an RTMR was extended."""
        return [event for event in event_log.events(self.log) if (event.index, event.kind) == (register + 1, kind)]

    def variables(self):
        """Returns the values of the variables that the firmware read to decide what it may start, by name."""
        found = {}
        for event in self.events(0, VARIABLE_DRIVER_CONFIG):
            _, letters, size = struct.unpack_from("<16sQQ", event.data)
            name = event.data[32:32 + 2 * letters].decode("utf-16-le")
            value = event.data[32 + 2 * letters:]
            if len(value) != size or event.digest != hashlib.sha384(event.data).digest():
                raise AssertionError(f"the event of {name} is wrong")
            found[name] = value
        return found

    def programs(self):
        """Returns the digests of the programs that were started."""
        return [event.digest for event in self.events(1, BOOT_SERVICES_APPLICATION)]


# TDVF: the type of the section that has the variables.
VARIABLES = 1


def sections(image):
    """Returns of each section in the metadata of an image its place there, its size there, its address, its size in memory, its
    type and its attributes."""
    place = image.rindex(METADATA)
    metadata = len(image) - struct.unpack_from("<I", image, place - 6)[0]
    count = struct.unpack_from("<I", image, metadata + 12)[0]
    return [struct.unpack_from("<IIQQII", image, metadata + 16 + 32 * number) for number in range(count)]


def measured_variables(image):
    """Returns the digest of the variables in an image."""
    [(place, size)] = [(place, size) for place, size, _, _, kind, _ in sections(image) if kind == VARIABLES]
    return hashlib.sha384(image[place:place + size]).digest()


def mrtd(image, extend=True):
    """Returns the MRTD of an image: TDX module ABI, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND over the sections in its metadata. Without
    `extend`, their contents are not measured."""
    def record(name, address):
        return name.ljust(16, b"\0") + struct.pack("<Q", address) + bytes(104)

    measured = hashlib.sha384()
    for offset, _, start, size, _, attributes in sections(image):
        for page in range(start, start + size, 4096):
            measured.update(record(b"MEM.PAGE.ADD", page))
            for address in range(page, page + 4096, 256) if extend and attributes & 1 else ():
                measured.update(record(b"MR.EXTEND", address))
                measured.update(image[offset + address - start:][:256])
    return measured.digest()


def authenticode(image):
    """Returns the digest of a program that is signed, and measured: "Windows Authenticode Portable Executable Signature Format",
    of an image whose sections are in the order of their places."""
    header = struct.unpack_from("<I", image, 0x3c)[0] + 24
    checksum, directory = header + 64, header + 112 + 8 * 4
    place, size = struct.unpack_from("<II", image, directory)
    end = place if size else len(image)
    parts = image[:checksum], image[checksum + 4:directory], image[directory + 8:end], image[end + size:]
    # A signed image was padded to a multiple of 8 bytes first.
    padding = bytes(-len(image) % 8) if not size else b""
    return hashlib.sha384(b"".join(parts) + padding).digest()


def tree():
    """Returns the folder with the firmware and with what it boots by."""
    find = '. "$1/lib.sh"; firmware_root'
    command = ["bash", "-euc", find, "bash", TOP / "scripts/qemu-tdx"]
    return pathlib.Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def firmware(name):
    """Returns an image of the firmware."""
    return (tree() / f"firmware/{name}.fd").read_bytes()


def kernel_image(kernel):
    """Returns the image of a kernel."""
    find = '. "$1/lib.sh"; need_kernel "$2"; echo "$KIMAGE"'
    command = ["bash", "-euc", find, "bash", TOP / "scripts/qemu-tdx", kernel]
    return pathlib.Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
