# SPDX-License-Identifier: GPL-2.0
"""A guest that the distribution's firmware for SEV-SNP boots: python3 -m unittest discover -p test_firmware_snp.py tests/vmm

The firmware starts no other kernel, initrd and command line than those whose hashes the VMM has put into the guest, and the
hashes are measured. sev-snp-measure, a tool of another project, predicts the measurement from the files and the version of the
CPU. That a report has the same one shows that the emulator launches a guest as QEMU and the secure processor do.
"""

import json
import pathlib
import subprocess
import tempfile
import unittest

from vmm import KERNEL, TOP, also

# A wheel, which is installed without its dependencies: what is used here needs none of them.
PACKAGE = ("sev-snp-measure==0.0.13 "
           "--hash=sha256:feda1aebe69dcbf38e9c636ed1d082bb7dc741fc6969f197d39faddb72b2762d\n")

# Reads as JSON what a guest starts with, and prints the measurement that the package predicts.
MEASURE = """
import json, sys
from sevsnpmeasure import guest, sev_mode, vcpu_types
files, cpu, hashes = json.load(sys.stdin)
kernel, initrd, line = (files["kernel"], files["initrd"], open(files["cmdline"]).read()) if hashes else (None, None, None)
print(guest.calc_launch_digest(sev_mode.SevMode.SEV_SNP, 1, cpu or vcpu_types.CPU_SIGS["EPYC-Milan"], files["firmware"],
                               kernel, initrd, line, 0x1).hex())
"""

# Prints the measurement in a report that our driver gets, and in its register, and lines of the kernel log.
COMMAND = """
report=/sys/kernel/config/tsm/report/a
mkdir $report && head -c 64 /dev/zero >$report/inblob && tail -c +145 $report/outblob | head -c 48 | hexdump -v -e '1/1 "%02x"'
echo
hexdump -v -e '1/1 "%02x"' /sys/kernel/tsm/sev_snp/measurement/sha384/digest; echo
dmesg | grep -o -e 'SNP running at VMPL[0-9]' -e 'Memory Encryption Features active: .*' -e 'efi: EFI v[0-9.]* by .*' | sort
"""


def run(*options, timeout=600):
    """Runs the command in a guest. Returns the result, the predicted measurement, and those of the other guests."""
    with tempfile.TemporaryDirectory(dir=TOP / "build") as folder:
        command = [TOP / "scripts/qemu-tdx/run", "--platform", "snp", "--firmware", "amdsev", "--kernel", KERNEL,
                   "--timeout", str(timeout), "--measured", folder, *options, "--", "sh", "-c", COMMAND]
        result = subprocess.run(command, capture_output=True, text=True, timeout=2 * timeout + 300)
        files = {file.name: str(file) for file in pathlib.Path(folder).iterdir()}
        expected = measure(files)
        return result, expected, {name: measure(files, **how) for name, how in OTHERS.items()}


# Other guests, which have other measurements.
OTHERS = {"another CPU": {"cpu": 0xb00f21}, "no hashes": {"hashes": False}}


def measure(files, cpu=None, hashes=True):
    """Returns the measurement of a guest that starts with these files, in hexadecimal digits."""
    words = json.dumps([files, cpu, hashes])
    python = TOP / "build/sev-snp-measure/bin/python3"
    result = subprocess.run([python, "-c", MEASURE], input=words, check=True, capture_output=True, text=True)
    return result.stdout.strip()


def setUpModule():
    """Installs the package in a folder of its own."""
    (TOP / "build").mkdir(exist_ok=True)
    folder = TOP / "build/sev-snp-measure"
    if not (folder / "done").exists():
        subprocess.run(["python3", "-m", "venv", "--clear", folder], check=True)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
            requirements.write(PACKAGE)
            requirements.flush()
            subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
                            "--no-deps", "-r", requirements.name], check=True)
        (folder / "done").touch()


class Boot(unittest.TestCase):
    """Boots with right hashes and wrong ones. With wrong ones the firmware stops and prints nothing."""

    CHECKS = {"vmm"}

    @also("brief")
    def test_the_measurement_is_the_predicted_one(self):
        result, expected, others = run()
        self.assertEqual(result.returncode, 0, result.stderr)
        report, register, *lines = result.stdout.splitlines()
        self.assertEqual(report, expected)
        self.assertEqual(register, expected)
        self.assertNotIn(expected, others.values())
        self.assertEqual(lines[0], "Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP")
        self.assertEqual(lines[1], "SNP running at VMPL0")
        self.assertRegex(lines[2], "^efi: EFI v2")

    def test_another_processor(self):
        result, expected, others = run("--emulator", "processor=turin")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = result.stdout.splitlines()[0]
        self.assertNotEqual(report, expected)
        self.assertEqual(report, others["another CPU"])

    def test_wrong_hashes(self):
        for wrong in "kernel", "initrd", "command_line", "none":
            with self.subTest(wrong):
                with tempfile.NamedTemporaryFile(dir=TOP / "build", suffix=".log") as log:
                    options = ["--emulator", f"kernel_hashes={wrong}", "--log", log.name]
                    result, _, _ = run(*options, timeout=45)
                    kernel = pathlib.Path(log.name).read_text(errors="replace")
                self.assertEqual((result.returncode, result.stdout), (124, ""), result.stderr)
                self.assertIn("run: the guest was not up in time", result.stderr)
                self.assertNotIn("Linux version", kernel)


if __name__ == "__main__":
    unittest.main()
