# SPDX-License-Identifier: GPL-2.0
"""Tests of scripts/qemu-tdx/run, on this machine: python3 -m unittest discover tests/run

TSM_TEST_KERNEL=stock runs them on that kernel instead of the test kernel.
"""

import os
import pathlib
import pty
import random
import re
import select
import subprocess
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
RUN = TOP / "scripts/qemu-tdx/run"
KERNEL = os.environ.get("TSM_TEST_KERNEL", "test")
PLAIN = ["--kernel", KERNEL, "--platform", "plain", "--drivers", "none"]
# A guest on a busy machine: its options, with a longer timeout, and the longest that a run takes.
GUEST_OPTIONS = [*PLAIN, "--timeout", "600"]
LONGEST = 660

FAULT, TIMEOUT, RUNNER = 120, 124, 125


# Has a command reach no network.
WITHOUT_NETWORK = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-current-user"])]


def run(*arguments, stdin=b"", before=()):
    """Runs `run` in a plain guest with no drivers, unless the arguments say otherwise; `before` are words in front of it."""
    return subprocess.run([*before, RUN, *GUEST_OPTIONS, *arguments], input=stdin, capture_output=True, timeout=LONGEST)


def logged(*command):
    """Runs a command in a guest. Returns how that ended, and the kernel log."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log")
        return run("--log", str(log), "--", *command), log.read_text(errors="replace")


class Command(unittest.TestCase):
    """Command, arguments and output are passed unchanged."""

    def test_status_is_the_commands_also_without_a_network(self):
        # Other tests have commands that end with 0 and 1.
        self.assertEqual(run("--", "sh", "-c", "exit 77", before=WITHOUT_NETWORK).returncode, 77)

    def test_command_that_is_not_there_or_no_program(self):
        result = run("--", "no-such-command")
        self.assertEqual(result.returncode, 127)
        self.assertIn(b"no-such-command", result.stderr)
        self.assertEqual(run("--", "/etc/passwd").returncode, 126)

    def test_arguments_arrive_as_they_are(self):
        arguments = ["", "two words", "it's", 'a "quote"', "$HOME `id` \\", "new\nline", "*", "-x", "ä€", "tab\t", ""]
        result = run("--", "sh", "-c", 'printf "<%s>\\0" "$@"', "sh", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.decode(), "".join(f"<{a}>\0" for a in arguments))

    def test_stdout_is_binary_clean(self):
        blob = bytes(range(256)) * 8 + random.Random(1).randbytes(100_000)
        with tempfile.NamedTemporaryFile() as file:
            file.write(blob)
            file.flush()
            result = run("--add", f"{file.name}:/blob", "--", "cat", "/blob")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, blob)

    def test_stderr_is_separate_and_stdin_empty(self):
        result = run("--", "sh", "-c", "echo out; echo err >&2; wc -c", stdin=b"unused")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"out\n0\n", b"err\n"))

    def test_output_is_live(self):
        # The command does not end by itself.
        command = [RUN, *GUEST_OPTIONS, "--", "sh", "-c", "echo now; sleep 1000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"now\n")
            self.assertIsNone(process.poll())
            process.terminate()
            self.assertEqual(process.wait(LONGEST), 143)

    def test_reader_that_goes_away_does_not_hang_the_guest(self):
        result = subprocess.run(["sh", "-c", '"$@" | head -c 1', "sh", RUN, *GUEST_OPTIONS, "--", "cat", "/bin/busybox"],
                                capture_output=True, timeout=LONGEST)
        self.assertEqual(result.stdout, b"\x7f")

    def test_add_file_and_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            base = pathlib.Path(folder)
            (base / "dir/deep").mkdir(parents=True)
            (base / "dir/deep/a b").write_text("nested")
            (base / "tool").write_text("#!/bin/sh\necho tool $1\n")
            (base / "tool").chmod(0o755)
            result = run("--add", f"{base}/dir", "--add", f"{base}/tool:/opt/x", "--add", f"{base}/tool:/bin/",
                         "--", "sh", "-c", "cat '/add/dir/deep/a b'; /opt/x 1; tool 2; ls -ln /opt/x")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.startswith(b"nestedtool 1\ntool 2\n-rwxr-xr-x    1 0        0 "), result.stdout)

    def test_two_at_once(self):
        processes = [subprocess.Popen([RUN, *GUEST_OPTIONS, "--", "sh", "-c", f"sleep 1; echo {n}; exit {n}"],
                                      stdout=subprocess.PIPE) for n in (3, 4)]
        for n, process in zip((3, 4), processes):
            self.assertEqual(process.communicate(timeout=LONGEST)[0], f"{n}\n".encode())
            self.assertEqual(process.returncode, n)

    def test_processors_and_memory(self):
        result = run("--smp=4", "--memory", "768", "--", "sh", "-c",
                     "nproc; awk '/MemTotal/ {print ($2 > 600000)}' /proc/meminfo")
        self.assertEqual(result.stdout, b"4\n1\n", result.stderr)


class Shell(unittest.TestCase):
    """Without a command there is a shell."""

    def test_fed_through_a_pipe(self):
        result = run(stdin=b"echo one\ncat <<E\ntwo\nE\nexit 5\n")
        self.assertEqual((result.returncode, result.stdout), (5, b"one\ntwo\n"), result.stderr)

    def test_on_a_terminal(self):
        pid, master = pty.fork()
        if pid == 0:
            os.execv(RUN, [str(RUN), *PLAIN])
        self.wait_for(master, b"# ")
        # The output differs from what is typed. By `exec`, the process that has printed it is the one that is interrupted.
        os.write(master, b"tty; sh -c 'echo $((6 * 7)); exec sleep 1000'\n")
        self.wait_for(master, rb"/dev/ttyS1\s+42\s")
        os.write(master, b"\x03")
        self.wait_for(master, b"# ")
        os.write(master, b"exit $((40 + 2))\n")
        try:
            while os.read(master, 4096):
                pass
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 42)

    def wait_for(self, fd, wanted):
        seen = b""
        while not re.search(wanted, seen):
            self.assertTrue(select.select([fd], [], [], LONGEST)[0], seen)
            seen += os.read(fd, 4096)


class Verdict(unittest.TestCase):
    """A kernel that reports a fault, or hangs, fails the run with a status of its own."""

    def test_panic_ends_the_run_at_once(self):
        # The command and its timeout last longer than the run may.
        result = run("--timeout", str(LONGEST + 60), "--", "sh", "-c", "echo c >/proc/sysrq-trigger; sleep 1000")
        self.assertEqual(result.returncode, FAULT, result.stderr)
        self.assertIn(b"Kernel panic - not syncing: sysrq triggered crash", result.stderr)

    @unittest.skipIf(KERNEL == "stock", "has no lkdtm")
    def test_warning_outdoes_success(self):
        result = run("--", "sh", "-c", "load lkdtm && echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT")
        self.assertEqual(result.returncode, FAULT, result.stderr)
        self.assertIn(b"lkdtm_WARNING", result.stderr)

    @unittest.skipIf(KERNEL == "stock", "has no lkdtm")
    def test_other_faults(self):
        for fault in ("BUG", "EXCEPTION", "WARNING_MESSAGE", "REFCOUNT_INC_OVERFLOW"):
            with self.subTest(fault):
                result = run("--", "sh", "-c", f"load lkdtm; echo {fault} >/sys/kernel/debug/provoke-crash/DIRECT")
                self.assertEqual(result.returncode, FAULT, result.stderr)

    def test_time_is_up(self):
        # On a busy machine the guest may not be up so soon, or the emulator not answer.
        for seconds in 7, 30, 240:
            start = time.monotonic()
            result = run("--timeout", str(seconds), "--", "sleep", "1000")
            self.assertEqual(result.returncode, TIMEOUT, result.stderr)
            self.assertGreaterEqual(time.monotonic() - start, seconds)
            if b"the guest was not up in time" not in result.stderr and b"CPU#0" in result.stderr:
                break
        self.assertIn(b"the command did not end in time", result.stderr)
        self.assertIn(b"Run /init", result.stderr)
        # Where each of its processors was.
        self.assertEqual(len(re.findall(rb"^CPU#[01]\nRIP=[0-9a-f]{16} .*HLT=1$", result.stderr, re.M)), 2, result.stderr)

    def test_guest_that_ends_without_an_answer(self):
        result = run("--", "poweroff", "-f")
        self.assertEqual(result.returncode, RUNNER, result.stderr)
        self.assertIn(b"ended without an answer", result.stderr)

    def test_driver_that_does_not_load(self):
        result = run("--drivers", "c", "--platform", "plain", "--", "load", "tdx_guest")
        self.assertEqual(result.returncode, 1, result.stderr)

    def test_log(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "a, b.log")
            self.assertEqual(run("--log", str(log), "--", "true").returncode, 0)
            self.assertIn("Run /init as init process", log.read_text(errors="replace"))


class Arguments(unittest.TestCase):
    """Wrong arguments are refused in one line."""

    def test_refusals(self):
        for arguments, reason in [
            (["--bogus", "1"], "unknown option"),
            (["--platform"], "needs a value"),
            (["--platform", "sgx"], "--platform must be one of"),
            (["--platform", "snp", "--kernel", "stock", "--emulator", "platform=tdx"], "takes no platform"),
            (["--firmware", "uefi"], "--firmware must be one of"),
            (["--firmware", "tdvf", "--platform", "snp"], "--firmware tdvf is for --platform tdx"),
            (["--emulator", "firmware=tdvf"], "takes no firmware"),
            (["--firmware", "amdsev"], "--firmware amdsev is for --platform snp"),
            (["--platform", "snp", "--firmware", "amdsev", "--smp", "2"], "--firmware amdsev has one processor"),
            (["--platform", "snp", "--firmware", "amdsev", "--emulator", "vmpl=2"], "amdsev runs at VMPL 0"),
            (["--platform", "snp", "--emulator", "bios=amdsev"], "takes no bios"),
            (["--platform", "snp", "--measured", "/tmp"], "--measured is for --firmware amdsev"),
            (["--platform", "snp", "--firmware", "amdsev", "--measured", "/no/such"], "there is no folder"),
            (["--drivers", ""], "--drivers must be one of"),
            (["--kernel", "mine"], "--kernel must be one of"),
            (["--smp", "9"], "--smp must be"),
            (["--smp", "x"], "--smp must be"),
            (["--memory", "010"], "--memory must be"),
            (["--timeout", "-1"], "--timeout must be"),
            (["--emulator", "novalue"], "KEY=VALUE"),
            (["--add", "/no/such/file", "--", "true"], "there is no"),
            (["--initrd", "/no/such/file", "--", "true"], "there is no"),
            (["--add", "/etc/passwd:relative", "--", "true"], "not an absolute path"),
            (["--add", "/etc/passwd:/../x", "--", "true"], "not an absolute path"),
        ]:
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, RUNNER)
                self.assertEqual(result.stdout, b"")
                self.assertRegex(result.stderr.decode(), f"^run: .*{reason}.*\n$")

    def test_refusals_of_what_a_firmware_boots(self):
        own = "which has its own kernel and initramfs"
        with tempfile.TemporaryDirectory() as folder:
            key, qcow = f"{folder}/key", f"{folder}/qcow"
            pathlib.Path(key).write_text("-----BEGIN CERTIFICATE-----\n")
            pathlib.Path(qcow).write_bytes(b"QFI\xfb")
            for arguments, reason in [
                *([[option, "x"], f"{option} is for --firmware tdvf"] for option in ("--enroll", "--sign", "--disk", "--uki")),
                (["--secure-boot", "on"], "--secure-boot is for --firmware tdvf"),
                (["--boot", "grub"], "--boot is for --firmware tdvf"),
                (["--firmware", "tdvf", "--secure-boot", "1"], "--secure-boot must be one of"),
                (["--firmware", "tdvf", "--boot", "given"], "--boot must be one of"),
                (["--firmware", "tdvf", "--secure-boot", "on", "--kernel", "test"], "is for a signed kernel"),
                (["--firmware", "tdvf", "--secure-boot", "on", "--debug"], "is for a signed kernel"),
                (["--firmware", "tdvf", "--secure-boot", "on", "--boot", "kernel"], "no kernel but from a disk"),
                (["--firmware", "tdvf", "--secure-boot", "on", "--boot", "uki"], "--boot uki needs --sign KEY,CERT"),
                (["--firmware", "tdvf", "--secure-boot", "on", "--boot", "systemd"], "--boot systemd needs --sign KEY,CERT"),
                (["--firmware", "tdvf", "--enroll", "kek=" + key], "--enroll takes db=CERT or mok=CERT"),
                (["--firmware", "tdvf", "--enroll", "db=/no/such/file"], "--enroll: there is no"),
                (["--firmware", "tdvf", "--enroll", "mok=/etc/passwd"], "is no certificate"),
                (["--firmware", "tdvf", "--sign", key], "--sign takes KEY,CERT"),
                (["--firmware", "tdvf", "--sign", key + ",/no/such/file"], "--sign: there is no"),
                (["--firmware", "tdvf", "--sign", f"{key},{key}"], "--sign is for --kernel stock or amd64"),
                (["--firmware", "tdvf", "--disk", key, "--uki", key], "exclude each other"),
                (["--firmware", "tdvf", "--disk", "/no/such/file"], "--disk: there is no"),
                (["--firmware", "tdvf", "--uki", "/no/such/file"], "--uki: there is no"),
                (["--firmware", "tdvf", "--disk", qcow], "takes a raw image"),
                (["--firmware", "tdvf", "--disk", key, "--", "true"], "no COMMAND can be run"),
                (["--firmware", "tdvf", "--disk", key, "--debug"], f"--debug is of no use .* {own}"),
                *([["--firmware", "tdvf", "--uki", key, *words], f"{words[0]} is of no use .* {own}"] for words in (
                    ["--kernel", "stock"], ["--drivers", "c"], ["--add", key], ["--initrd", key], ["--boot", "grub"],
                    ["--sign", f"{key},{key}"])),
            ]:
                with self.subTest(arguments):
                    result = subprocess.run([RUN, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST)
                    self.assertEqual((result.returncode, result.stdout), (RUNNER, b""))
                    self.assertRegex(result.stderr.decode(), f"^run: .*{reason}.*\n$")

    def test_a_certificate_that_cannot_be_enrolled(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("-----BEGIN CERTIFICATE-----\n")
            file.flush()
            command = [RUN, "--firmware", "tdvf", "--kernel", KERNEL, "--enroll", f"db={file.name}", "--", "true"]
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST)
        self.assertEqual((result.returncode, result.stdout), (RUNNER, ""))
        self.assertRegex(result.stderr, "(?m)^run: the certificates can't be enrolled: .*$")

    def test_help(self):
        self.assertIn(b"usage: run", subprocess.run([RUN, "--help"], capture_output=True, check=True).stdout)


    def test_help_on_the_emulator(self):
        for platform in "tdx", "snp":
            with self.subTest(platform):
                # First, because it also builds the emulator, and says so on stderr.
                refused = run("--platform", platform, "--emulator", "bogus=1", "--", "true").stderr.decode()
                shown = run("--platform", platform, "--emulator", "help")
                self.assertEqual((shown.returncode, shown.stderr), (0, b""))
                keys = re.search("expected another key: (.*)", refused)[1].replace(" or ", ", ").split(", ")
                self.assertGreater(len(keys), 20)
                # Options that all platforms share.
                keys += ["arguments", "count", "device", "sockets"]
                for key in keys:
                    self.assertRegex(shown.stdout.decode(), rf"(?m)^  (\w+, )?{key}\b.* \[.+\]$")
                helped = re.findall(r"(?m)^  (\w+) .* \[.+\]$", shown.stdout.decode())
                self.assertEqual(sorted(helped), sorted(keys))

    def test_help_on_the_emulator_says_so_if_it_cannot_be_printed(self):
        with open("/dev/full", "wb") as full:
            shown = subprocess.run([RUN, "--emulator", "help"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(shown.returncode, RUNNER)
        self.assertIn(b"the help cannot be printed", shown.stderr)


class Disk(unittest.TestCase):
    """scripts/qemu-tdx/disk; tests/vmm/test_secure_boot.py boots what it makes."""

    def disk(self, *arguments):
        result = subprocess.run([TOP / "scripts/qemu-tdx/disk", *arguments], capture_output=True, text=True, timeout=LONGEST)
        return result.returncode, result.stdout, result.stderr

    def test_refusals(self):
        for arguments in ([], ["grub", "/etc/passwd"], ["iso", "/etc/passwd", "/etc/passwd", "", "/x"], ["uki", *"abcde"],
                          ["systemd", *"abc"]):
            status, stdout, stderr = self.disk(*arguments)
            self.assertEqual((status, stdout), (2, ""))
            self.assertIn("usage: disk grub", stderr)
        with tempfile.TemporaryDirectory() as folder:
            to = f"{folder}/to"
            self.assertEqual(self.disk("efi", "/no/such/file", to), (1, "", "disk: there is no /no/such/file\n"))
            status, stdout, stderr = self.disk("uki", "/etc/passwd", "/etc/passwd", "", to)
            self.assertEqual((status, stdout), (1, ""))
            self.assertRegex(stderr, "disk: ukify failed, see above\n$")
            status, stdout, stderr = self.disk("systemd", "/etc/passwd", to, "/etc/passwd", "/etc/passwd")
            self.assertEqual((status, stdout), (1, ""))
            self.assertRegex(stderr, "disk: sbsign failed, see above\n$")
            self.assertFalse(os.path.exists(to))

    def test_help(self):
        self.assertIn("usage: disk grub", self.disk("--help")[1])


class Snp(unittest.TestCase):
    """The kernel boots as an SEV-SNP guest, and its own driver gets a report from the firmware."""

    def test_kernel_says_what_it_runs_on(self):
        for kernel in "stock", "test":
            with self.subTest(kernel):
                result = run("--platform", "snp", "--kernel", kernel, "--drivers", "c", "--", "sh", "-c",
                             "dmesg; cat /sys/devices/system/cpu/sev/vmpl; test -c /dev/sev-guest")
                self.assertEqual(result.returncode, 0, result.stderr)
                log = result.stdout.decode(errors="replace")
                self.assertIn("Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP", log)
                self.assertIn("SEV: SNP running at VMPL0.", log)
                self.assertRegex(log, r"SEV: Using SNP CPUID table, \d+ entries present")
                self.assertTrue(log.endswith("\n0\n"), log[-80:])

    def test_pvalidate_says_whether_anything_has_changed(self):
        result = run("--platform", "snp", "--drivers", "none", "--", "sh", "-c",
                     "insmod /lib/modules/*/updates/tsm_pvalidate.ko; cat /sys/module/tsm_pvalidate/parameters/answers")
        self.assertEqual((result.returncode, result.stdout.split()), (0, [b"1010"] * 5), result.stderr)

    def test_kernel_starts_the_other_processors(self):
        for vmpl in "0", "2":
            with self.subTest(vmpl):
                self.check_processors("vmpl=" + vmpl)

    def check_processors(self, option):
        with tempfile.NamedTemporaryFile("r") as trace:
            self.ask_on_each(option, "--emulator", f"trace={trace.name}")
            # The RIP of the VMSA: the kernel's entry for these guests is not at the start of its page.
            self.assertRegex(trace.read(), r"(?m)^1: starts at 0x[1-9a-f][0-9a-f]* in its page$")

    def ask_on_each(self, option, *options):
        result = run("--platform", "snp", "--emulator", option, *options, "--smp", "3", "--drivers", "rust", "--",
                     "sh", "-c", "nproc; mkdir /sys/kernel/config/tsm/report/x; cd /sys/kernel/config/tsm/report/x;"
                     "head -c 64 /dev/zero >inblob; for cpu in 0 1 2; do echo 3 >privlevel; taskset -c $cpu wc -c <outblob; done")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.split(), [b"3", b"1184", b"1184", b"1184"])

    def test_kernel_runs_under_an_svsm(self):
        result = run("--platform", "snp", "--kernel", "stock", "--drivers", "c", "--emulator", "vmpl=2", "--", "sh", "-c",
                     "dmesg; grep -c -w svsm /proc/cpuinfo; cat /sys/devices/system/cpu/sev/vmpl")
        self.assertEqual(result.returncode, 0, result.stderr)
        log = result.stdout.decode(errors="replace")
        self.assertIn("SEV: SNP running at VMPL2.", log)
        self.assertIn("using VMPCK2 communication key", log)
        self.assertTrue(log.endswith("\n2\n2\n"), log[-80:])

    def test_reports_bind_what_they_were_asked_to(self):
        for drivers in "rust", "c":
            with self.subTest(drivers):
                result = run("--platform", "snp", "--drivers", drivers, "--", "sh", "-c",
                             "cd /sys/kernel/config/tsm/report; mkdir x; head -c 64 /dev/urandom >/data;"
                             "cat /data >x/inblob; cat /data x/outblob; wc -c <x/auxblob;"
                             "[ $0 = c ] || cat /sys/kernel/tsm/sev_snp/measurement/sha384/digest", drivers)
                self.assertEqual(result.returncode, 0, result.stderr)
                data, report, rest = result.stdout[:64], result.stdout[64:64 + 1184], result.stdout[64 + 1184:]
                size, measurement = rest.split(b"\n", 1)
                # ATTESTATION_REPORT: the version, REPORT_DATA and MEASUREMENT.
                self.assertEqual(report[:4], b"\x03\0\0\0")
                self.assertEqual(report[0x50:0x90], data)
                self.assertGreater(int(size), 1000)
                if drivers == "rust":
                    self.assertEqual(measurement, report[0x90:0xc0])

    def test_options_of_a_td_are_refused(self):
        result = run("--platform", "snp", "--kernel", "stock", "--emulator", "quote=never", "--", "true")
        self.assertEqual(result.returncode, RUNNER)
        self.assertIn(b"expected another key", result.stderr)


class Splats(unittest.TestCase):
    """The function that finds reports of faults in a kernel log."""

    def test_a_fault_long_before_the_end(self):
        with tempfile.NamedTemporaryFile("w") as log:
            log.write("[    0.100000] WARNING: kernel/sched/core.c:1 at f+0x0/0x1, CPU#0: swapper/0\n")
            log.writelines(f"[    1.000000] line {number}\n" for number in range(100_000))
            log.flush()
            result = subprocess.run([RUN.parent / "guest/splats", log.name], capture_output=True)
            self.assertEqual((result.returncode, result.stdout.count(b"\n")), (0, 79))

    def test_each_sample(self):
        samples = sorted((TOP / "tests/vectors/splats").glob("*.log"))
        self.assertGreater(len(samples), 15)
        for sample in samples:
            with self.subTest(sample.name):
                result = subprocess.run([RUN.parent / "guest/splats", sample], capture_output=True)
                benign = sample.name.startswith("benign-")
                self.assertEqual(result.returncode, 1 if benign else 0, result.stdout)
                self.assertEqual(bool(result.stdout), not benign)


if __name__ == "__main__":
    unittest.main()
