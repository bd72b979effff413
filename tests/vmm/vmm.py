# SPDX-License-Identifier: GPL-2.0
"""What the tests of guests on VMMs that misbehave have in common. TSM_TEST_KERNEL=debug runs them on that kernel."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNEL = os.environ.get("TSM_TEST_KERNEL", "test")

# The bit of an address that says that a page is shared, the highest of the 53 that the emulator has.
SHARED = 1 << 52

# What `run` ends with if the kernel has reported a fault, and if the guest did not say how the command has ended.
FAULT, RUNNER = 120, 125

# For `also`: what is part of a check on the debug kernel, but not with BRIEF=1. A guest there takes most of a minute.
DEBUG = () if os.environ.get("BRIEF") else ("debug",)

# Functions for the guest: ask REPORT makes a report and prints `$blob LENGTH` or the error, asks COUNT does so as
# often. await CONDITION waits until a command succeeds, waits FILE [COUNT] until so many processes have a file open and
# sleep in the kernel, by default one. begin REPORT leaves $reader waiting for it. signal REPORT [COMMAND] sends a
# reader that waits a signal that does not kill it, runs the command, and prints whether the reader got the report
# nevertheless. unload COMMAND removes the provider, and runs COMMAND once the removal has begun. refused REPORT asks, and
# prints what the trace has of a failure. release extends a register, which a quote can be held for until then. instead
# CORE loads that and the kernel's own provider in place of the modules that there are.
FUNCTIONS = r"""
reports=/sys/kernel/config/tsm/report
make() { mkdir $reports/$1 && head -c 64 /dev/urandom >$reports/$1/inblob; }
fetch() {
	cat $reports/$1/${2:-outblob} >/tmp/$1 2>/tmp/$1.error || { sed 's/.*: //' /tmp/$1.error; return; }
	echo "${3:-$blob} $(wc -c </tmp/$1)"
}
ask() { make $1 && fetch $1; rmdir $reports/$1; }
asks() { for number in $(seq $1); do ask $number; done; }
await() {
	tries=0
	until eval "$1"; do
		[ $((tries += 1)) -le 2000 ] || { echo "in vain: $1"; return 1; }
		usleep 20000
	done
}
sleeping() {
	count=0
	for fd in /proc/[0-9]*/fd/*; do
		[ $fd -ef $1 ] && read -r stat 2>/dev/null <${fd%/fd/*}/stat || continue
		case ${stat##*) } in [DS]*) [ $((count += 1)) -lt $2 ] || return 0 ;; esac
	done
	return 1
}
waits() { await "sleeping $1 ${2:-1}"; }
begin() { make $1; cat $reports/$1/outblob >/dev/null 2>&1 & reader=$!; waits $reports/$1/outblob; }
signal() {
	make $1; (trap 'echo signal' USR1; read -r -n 1 first <$reports/$1/outblob && echo got) & reader=$!
	waits $reports/$1/outblob; kill -USR1 $reader; sleep 0.2; kill -USR1 $reader
	sleeping $reports/$1/outblob 1 || echo late
	$2; wait $reader
}
release() { head -c 48 /dev/zero >$register; }
unload() {
	{ rmmod $provider && echo gone; } & unloading=$!
	await 'grep -q going /sys/module/$provider/initstate'; $1
	wait $unloading
}
insert() { insmod /lib/modules/*/updates/$provider.ko $*; }
reload() { rmmod $provider && insert $*; }
refused() {
	mkdir -p /sys/kernel/tracing; mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	echo 1 >/sys/kernel/tracing/events/tsm/tsm_report_failed/enable
	ask $1 >/dev/null; grep -o 'error=.*' /sys/kernel/tracing/trace
}
core=tsm
instead() {
	back=$PWD; cd /; rmdir $reports/* 2>/dev/null
	rmmod $provider $core && core=$1 provider=$theirs && load $core $provider && cd $back
}
seconds() { cut -d . -f 1 /proc/uptime; }
"""


def also(*checks):
    """Makes a test, or each test of a class, part of these checks too, which tests/select lists."""
    def tag(test):
        test.ALSO = {*getattr(test, "ALSO", ()), *checks}
        return test
    return tag


def mutations(debug):
    """Returns how many answers a test has changed, by default `debug` on the debug kernel, which is slow; fewer with
    BRIEF=1."""
    usual, brief = (debug, 300) if KERNEL == "debug" else (10_000, 1000)
    return int(os.environ.get("TSM_MUTATIONS", min(usual, brief) if os.environ.get("BRIEF") else usual))


class Vmm(unittest.TestCase):
    # They take many guests. See tests/select.
    CHECKS = {"vmm"}
    PLATFORM = "tdx"
    FUNCTIONS = ("provider=tsm_tdx theirs=tdx_guest blob=quote register=/sys/kernel/tsm/tdx/rtmr3/sha384/digest" +
                 FUNCTIONS)

    def guest(self, script, *emulator, kernel=KERNEL, timeout=600, add=(), devices=(), drivers="rust", status=0,
              because=""):
        """Runs a script with these options of the emulator, and returns the lines that it printed. A page that is freed
        while it is shared is a fault.

        `run` has to end with `status`, and to print something that matches `because`.
        """
        others = [word for file in add for word in ("--add", file)]
        others += [word for device in devices for word in ("--device", device)]
        options = [word for option in emulator for word in ("--emulator", option)]
        result = subprocess.run(
            [TOP / "scripts/qemu-tdx/run", "--platform", self.PLATFORM, "--kernel", kernel, "--drivers", drivers,
             "--timeout", str(timeout), *others, *options, "--", "sh", "-c",
             self.FUNCTIONS + "load tsm_shared_frees\n" + script],
            capture_output=True, text=True, timeout=2 * timeout + 120)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertTrue(re.search(because, result.stderr), result.stderr)
        return result.stdout.splitlines()

    def parts(self, lines, count):
        """Splits what a guest printed where it said `instead`."""
        parts = [[]]
        for line in lines:
            if line == "instead":
                parts.append([])
            else:
                parts[-1].append(line)
        self.assertEqual(len(parts), count, lines)
        return parts

    def both(self, script, *emulator, **kwargs):
        """Runs a script with our driver and, in the same guest, with the kernel's own. Returns what each printed."""
        return self.parts(self.guest(f"{script}\ninstead tsm_report && echo instead\n{script}", *emulator, **kwargs), 2)

    def traced(self, script, *emulator, **kwargs):
        """As `guest`, and returns what the emulator has noted of the guest's calls as well."""
        (TOP / "build").mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=TOP / "build", suffix=".trace") as trace:
            lines = self.guest(script, *emulator, f"trace={trace.name}", **kwargs)
            return lines, pathlib.Path(trace.name).read_text(encoding="ascii")

    def assert_quotes(self, lines, count):
        self.assertEqual(len(lines), count, lines)
        for line in lines:
            self.assertRegex(line, r"^quote [0-9]{4,6}$")


def built(name):
    """Builds a program of tests/guest, and returns its path."""
    build = [TOP / "tests/guest/build", "tsm-guest-tests", name]
    return subprocess.run(build, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def wrong_names():
    """Returns what a device can do wrong, in the order of the numbers by which a guest chooses it, which start at 1."""
    command = [TOP / "scripts/qemu-tdx/run", "--device", "help"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    return re.findall(r"(?m)^  (\S+)", listed.stdout.partition("\nwrong=\n")[2].partition("\n\n")[0])
