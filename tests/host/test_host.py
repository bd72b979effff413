# SPDX-License-Identifier: GPL-2.0
"""Our drivers on hosts that are slow, broken or malicious: python3 -m unittest discover tests/host

The emulator is told how to misbehave. Whatever it does, a reader gets a whole quote or an errno that says what was wrong,
and the kernel reports no fault, which `run` would end with status 120 for. TSM_TEST_KERNEL=debug runs them there.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNEL = os.environ.get("TSM_TEST_KERNEL", "test")

# The bit of an address that says that the VMM has the memory too, of the 53 that the emulator has.
SHARED = 1 << 52

# Functions for the guest: ask REPORT makes a report and prints `quote LENGTH` or the error.
GUEST = r"""
reports=/sys/kernel/config/tsm/report
make() { mkdir $reports/$1 && head -c 64 /dev/urandom >$reports/$1/inblob; }
fetch() { cat $reports/$1/outblob >/tmp/$1 2>/tmp/$1.error && echo "quote $(wc -c </tmp/$1)" || sed 's/.*: //' /tmp/$1.error; }
ask() { make $1 && fetch $1; rmdir $reports/$1; }
reload() { rmmod tsm_tdx && insmod /lib/modules/*/updates/tsm_tdx.ko $*; }
register=/sys/kernel/tsm/tdx/rtmr3/sha384/digest
"""


class Host(unittest.TestCase):
    PLATFORM = "tdx"
    FUNCTIONS = GUEST

    def guest(self, script, *emulator, kernel=KERNEL, timeout=240, add=(), drivers="rust", status=0):
        """Runs a script on a host that is told these things, and returns the lines that it printed."""
        files = [word for file in add for word in ("--add", file)]
        options = [word for option in emulator for word in ("--emulator", option)]
        result = subprocess.run(
            [TOP / "scripts/qemu-tdx/run", "--platform", self.PLATFORM, "--kernel", kernel, "--drivers", drivers,
             "--timeout", str(timeout), *files, *options, "--", "sh", "-c", self.FUNCTIONS + script],
            capture_output=True, text=True, timeout=2 * timeout + 120)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.errors = result.stderr
        return result.stdout.splitlines()

    def assert_quote(self, line):
        self.assertRegex(line, r"^quote [0-9]{4,6}$")


class Answers(Host):
    """What the reader is told when the host gives no quote."""

    def test_each_has_its_errno(self):
        for option, error in {
            "quote=error": "Input/output error",
            "quote=unavailable": "Host is down",
            "quote_status=8000000000001234": "Input/output error",
            "quote_call=8000000000000000": "Input/output error",
            "quote_call=8000000000000001": "Device or resource busy",
            "quote_call=8000000000000003": "Operation not supported",
            "quote=empty": "Protocol error",
            "quote=long": "File too large",
            "quote=huge": "File too large",
            "quote=version": "Bad message",
        }.items():
            with self.subTest(option):
                self.assertEqual(self.guest("ask a; ask b; rmmod tsm_tdx && echo gone", option), [error, error, "gone"])

    def test_a_quote_among_noise(self):
        first, second = self.guest("ask a; ask b", "quote=noise")
        self.assert_quote(first)
        self.assert_quote(second)

    def test_what_is_no_quote_but_was_said_to_be(self):
        # It is for who verifies it to find that out.
        self.assert_quote(self.guest("ask a", "quote=garbage")[0])

    def test_a_report_with_bits_set_that_are_reserved(self):
        # The quoting enclave does not take it; the registers in it are what they are.
        script = "ask a; cat $register | wc -c; rmmod tsm_tdx && echo gone"
        self.assertEqual(self.guest(script, "mr_report=reserved"), ["Input/output error", "48", "gone"])

    def test_a_length_that_goes_on_changing(self):
        for line in self.guest("for i in 1 2 3 4 5 6 7 8; do ask $i; done", "quote=changing"):
            self.assertRegex(line, r"^quote [0-9]+$|^File too large$|^Protocol error$")

    def test_a_status_that_goes_on_changing(self):
        for line in self.guest("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do ask $i; done", "quote=flipping"):
            self.assert_quote(line)

    def test_a_quote_that_is_as_large_as_can_be(self):
        self.assertEqual(self.guest("ask a", f"quote_size={128 * 1024 - 24}"), [f"quote {128 * 1024 - 24}"])

    def test_the_buffer_is_as_large_as_the_metadata_say(self):
        # As much as the page allocator has in one piece, with the header.
        size = (4 << 20) - 24
        self.assertEqual(self.guest("ask a; ask b; rmmod tsm_tdx && echo gone", f"quote_size={size}",
                                    f"quote_size_field={size}"), [f"quote {size}"] * 2 + ["gone"])

    def test_a_buffer_of_more_than_the_page_allocator_has_in_one_piece(self):
        script = "dmesg | grep -o 'no .* for quotes, .*'; ask a; ask b; rmmod tsm_tdx && echo gone"
        script += "; dmesg | grep -c leaked || :"
        size = 16 << 20
        options = f"quote_size={size}", f"quote_size_field={size}"
        # It has CONFIG_CONTIG_ALLOC, the others have not: there a quote has to fit into what there is.
        self.assertEqual(self.guest(script, *options, kernel="stock"), [f"quote {size}"] * 2 + ["gone", "0"])
        less = "no 4097 pages in one piece for quotes, they may have 1024"
        self.assertEqual(self.guest(script, *options), [less] + ["Input/output error"] * 2 + ["gone", "0"])
        size = (4 << 20) - 24
        self.assertEqual(self.guest(script, f"quote_size={size}", "quote_size_field=16M"),
                         [less] + [f"quote {size}"] * 2 + ["gone", "0"])

    def test_a_vmm_that_takes_no_buffer_of_that_size(self):
        self.assert_quote(self.guest("ask a", "quote_size_field=1M")[0])

    def test_the_trace_has_what_the_platform_answered(self):
        script = """
            mkdir -p /sys/kernel/tracing; mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
            echo 1 >/sys/kernel/tracing/events/tsm/tsm_report_failed/enable
            ask a >/dev/null; grep -o 'error=.*' /sys/kernel/tracing/trace
        """
        for option, answer in {
            "quote=error": "error=-5 quote=0x8000000000000000",
            "quote=unavailable": "error=-112 quote=0x8000000000000001",
            "quote_call=8000000000000003": "error=-95 vmcall=0x8000000000000003",
        }.items():
            with self.subTest(option):
                self.assertEqual(self.guest(script, option), [answer])


class Identity(Host):
    """What the host has said of the TD when it made it."""

    # Bytes of the quote, from an offset on.
    SCRIPT = """
        bytes() { tail -c +$(($1 + 1)) /tmp/a | head -c $2 | xxd -p -c 64; }
        ask a | cut -c1-6
    """
    # Where a quote's body begins, and where the registers are in it.
    BODY = {4: 48, 5: 54}
    PLACES = {"mrseam": 16, "mrsignerseam": 64, "mrtd": 136, "mrconfigid": 184, "mrowner": 232, "mrownerconfig": 280}

    def test_a_quote_and_the_registers_have_it(self):
        values = {name: f"{number:02x}" * 48 for number, name in enumerate(self.PLACES, 0xa1)}
        options = [f"{name}={value}" for name, value in values.items()]
        for version, body in self.BODY.items():
            with self.subTest(version):
                script = self.SCRIPT + "bytes 0 8\n" + f"bytes {body + 120} 8; bytes {body + 128} 8\n"
                script += "".join(f"bytes {body + place} 48\n" for place in self.PLACES.values())
                script += "cd /sys/kernel/tsm/tdx; xxd -p -c 48 mrtd/sha384/digest\n"
                script += "for name in mrconfigid mrowner mrownerconfig; do xxd -p -c 48 $name; done"
                lines = self.guest(script, *options, "attributes=50000000", "xfam=7", f"quote_version={version}")
                self.assertEqual(lines[:4], ["quote ", f"0{version}00020081000000", "0000005000000000", "07" + "00" * 7])
                self.assertEqual(lines[4:10], list(values.values()))
                self.assertEqual(lines[10:], list(values.values())[2:])


class Delays(Host):
    def test_a_slow_quote_arrives(self):
        for line in self.guest("ask a; ask b", "quote_delay_ms=300"):
            self.assert_quote(line)

    def test_several_quotes_are_in_flight_at_once(self):
        # One after the other they would take longer than there is time for one.
        script = """
            reload quote_timeout_ms=1500
            for i in 1 2 3 4 5 6 7 8; do make $i; fetch $i & done; wait
        """
        lines = self.guest(script, "quote_delay_ms=1000")
        self.assertEqual(len(lines), 8)
        for line in lines:
            self.assert_quote(line)

    def test_who_waits_can_be_killed_and_the_next_one_is_served(self):
        script = """
            make a; cat $reports/a/outblob >/dev/null & reader=$!
            until grep -q outblob /proc/*/cmdline 2>/dev/null; do :; done
            usleep 200000; kill -9 $reader; wait $reader; echo "status $?"
            ask b; rmdir $reports/a; rmmod tsm_tdx && echo gone
        """
        status, line, gone = self.guest(script, "quote_delay_ms=1500")
        self.assertEqual((status, gone), ("status 137", "gone"))
        self.assert_quote(line)

    def test_a_host_that_never_answers(self):
        script = """
            reload quote_timeout_ms=100
            i=0; while [ $i -lt 18 ]; do i=$((i + 1)); ask $i; done
            rmmod tsm_tdx && echo gone; dmesg | grep -c 'still in flight, leaked'
        """
        expected = ["Connection timed out"] * 16 + ["Device or resource busy"] * 2 + ["gone", "16"]
        self.assertEqual(self.guest(script, "quote=never"), expected)

    def test_buffers_come_back_when_the_host_lets_go_of_them(self):
        script = """
            reload quote_timeout_ms=100
            i=0; while [ $i -lt 18 ]; do i=$((i + 1)); ask $i; done
            sleep 4; reload_check() { i=20; while [ $i -lt 24 ]; do i=$((i + 1)); ask $i; done; }; reload_check
            rmmod tsm_tdx && echo gone
        """
        lines = self.guest(script, "quote_delay_ms=3500")
        self.assertEqual(lines[:18], ["Connection timed out"] * 16 + ["Device or resource busy"] * 2)
        self.assertEqual(lines[18:], ["Connection timed out"] * 4 + ["gone"])


class Time(Host):
    """How long a host may take."""

    def test_a_quote_that_is_there_when_the_time_is_over(self):
        # What is over at once leaves time for one look.
        self.assert_quote(self.guest("reload quote_timeout_ms=0; ask a")[0])
        self.assertEqual(self.guest("reload quote_timeout_ms=0; ask a", "quote_delay_ms=800"), ["Connection timed out"])


class Unloading(Host):
    """What becomes of who waits when our driver is unloaded: `rmmod` waits for him."""

    # Starts `$1 &`, and unloads the driver while it waits.
    SCRIPT = r"""
        unload() {
            $1 & waiting=$!
            usleep 500000; kill -0 $waiting && echo waits
            rmmod tsm_tdx && echo gone
            wait $waiting; dmesg | grep -c leaked || :
        }
        read_register() { cat $register 2>&1 >/dev/null | sed 's/.*: //'; }
        extend() { head -c 48 /dev/zero | dd of=$register bs=48 2>&1 | sed -n 's/.*: //p'; }
        again() { insmod /lib/modules/*/updates/tsm_tdx.ko && $1; }
    """

    def test_a_quote_that_is_waited_for_arrives(self):
        script = """
            make a; fetched() { fetch a; }
            unload fetched; cat $reports/a/outblob 2>&1 | sed 's/.*: //'; again fetched; rmdir $reports/a
        """
        lines = self.guest(self.SCRIPT + script, "quote_delay_ms=3000")
        waits, *done, leaked, nobody, again = lines
        self.assertEqual((waits, leaked, nobody), ("waits", "0", "No such device or address"))
        # Both end at the same time.
        first, second = sorted(done)
        self.assertEqual(first, "gone")
        self.assertRegex(second, "^quote [0-9]+$|^No such device or address$")
        self.assert_quote(again)

    def test_who_waits_for_a_quote_that_never_comes_can_be_killed(self):
        script = """
            make a; cat $reports/a/outblob 2>/dev/null & reader=$!; usleep 500000
            { usleep 500000; kill -9 $reader; } & killer=$!
            rmmod tsm_tdx && echo gone
            wait $reader; echo "status $?"; wait $killer; dmesg | grep -c 'still in flight, leaked'
            cat /proc/uptime | cut -d. -f1 >/tmp/end; [ $(cat /tmp/end) -lt 30 ] && echo soon; rmdir $reports/a
        """
        self.assertEqual(self.guest(script, "quote=never"), ["gone", "status 137", "1", "soon"])

    def test_a_register_that_is_busy(self):
        # It has been read once by loading, and extended once.
        for what, error in ("extend", "Device or resource busy"), ("read_register", "No such device"):
            with self.subTest(what):
                lines = self.guest(self.SCRIPT + f"extend; unload {what}", "busy=4000000000", "refuse_after=1")
                waits, *done, leaked = lines
                self.assertEqual((waits, leaked), ("waits", "0"))
                self.assertEqual(sorted(done), [error, "gone"])


class Module(Host):
    """What the TDX module refuses."""

    def test_registers_that_are_busy_for_a_while(self):
        for line in self.guest("ask a; ask b", "busy=3"):
            self.assert_quote(line)

    def test_registers_that_are_busy_for_ever(self):
        # Loading reads them once.
        script = "ask a; cat /sys/class/misc/tdx_guest/measurements/mrtd:sha384 | wc -c; rmmod tsm_tdx && echo gone"
        self.assertEqual(self.guest(script, "busy=4000000000", "refuse_after=1"), ["Device or resource busy", "48", "gone"])

    def test_invalid_report(self):
        self.assertEqual(self.guest("ask a", "mr_report=invalid", "refuse_after=1"), ["No such device or address"])

    def test_a_register_that_cannot_be_extended_keeps_its_value(self):
        script = """
            cp $register /tmp/before
            head -c 48 /dev/zero | dd of=$register bs=48 2>&1 | grep -o 'No such device or address'
            cmp $register /tmp/before && echo same
        """
        self.assertEqual(self.guest(script, "rtmr_extend=invalid"), ["No such device or address", "same"])


class Lies(Host):
    """A host that says it has converted memory between private and shared, and has not, from the first quote on."""

    def test_memory_that_stays_shared(self):
        # To use it the guest would have to accept it, which the TDX module does not let it survive.
        script = "ask a; sleep 1; rmmod tsm_tdx; echo goes on; sleep 1"
        (quote,) = self.guest(script, "map=keep_shared", status=125)
        self.assert_quote(quote)
        self.assertIn("EPT violation in TDG.MEM.PAGE.ACCEPT", self.errors)

    def test_memory_that_stays_private(self):
        script = """
            ask a; reload; ask b; rmmod tsm_tdx && echo gone
            dmesg | grep -c 'failed to take .* back from the host, leaked'
        """
        # That it can't be taken back the kernel reports as a fault of its own, once.
        quote, *others = self.guest(script, "map=keep_private", status=120)
        self.assert_quote(quote)
        self.assertEqual(others, ["Input/output error", "gone", "1"])


class Defects(Host):
    """What the kernel's own driver does wrong, which is expected of it here, and what ours does instead.

    Documentation/differences.md says which test is of which defect.
    """

    KERNELS = "c"
    FAULT = 120

    def test_a_request_that_is_not_answered_has_timed_out(self):
        self.assertEqual(self.guest("reload quote_timeout_ms=1000; ask a; ask b", "quote=never"),
                         ["Connection timed out"] * 2)
        # It waits for 30 s.
        self.assertEqual(self.guest("ask a; ask b", "quote=never", drivers=self.KERNELS),
                         ["Input/output error", "Device or resource busy"])

    def test_a_quote_that_comes_shortly_before_the_time_is_over(self):
        # The kernel's looks at it once a second, and not after the last one of them.
        option = "quote_delay_ms=29800"
        self.assertEqual(self.guest("ask a | cut -c1-6", option), ["quote "])
        self.assertEqual(self.guest("ask a", option, drivers=self.KERNELS), ["Connection timed out"])

    def test_a_success_after_a_timeout(self):
        self.assertEqual(self.guest("reload quote_timeout_ms=1000; ask a; sleep 3; reload; ask b | cut -c1-6",
                                    "quote_delay_ms=2500"), ["Connection timed out", "quote "])

    def test_who_is_interrupted_leaves_nothing_behind(self):
        script = """
            make a; cat $reports/a/outblob >/dev/null & reader=$!
            sleep 1; kill -9 $reader; wait $reader; echo "status $?"; ask b | cut -c1-6; dmesg | grep -c timedout
        """
        option = "quote_delay_ms=4000"
        self.assertEqual(self.guest(script + "true", option), ["status 137", "quote ", "0"])
        self.assertEqual(self.guest(script, option, drivers=self.KERNELS),
                         ["status 137", "Device", "1"])

    def test_memory_that_the_vmm_may_still_write_is_not_used_again(self):
        # Both drivers are asked once and killed, and unloaded while the VMM has the buffer.
        script = """
            make a; cat $reports/a/outblob >/dev/null & reader=$!
            sleep 1; kill -9 $reader; wait $reader; rmdir $reports/a
        """
        self.assertFalse(self.takes_back(script + "rmmod tsm_tdx", "rust"))
        self.assertTrue(self.takes_back(script + "rmmod tdx_guest", self.KERNELS))

    def takes_back(self, script, drivers):
        """Says whether the guest makes the memory of its last quote request private again."""
        (TOP / "build").mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=TOP / "build", suffix=".trace") as trace:
            self.guest(script, "quote=never", f"trace={trace.name}", drivers=drivers)
            calls = pathlib.Path(trace.name).read_text(encoding="ascii")
        _, request, later = calls.rpartition("VMCALL GetQuote ")
        shared = int(re.search("r12=(0x[0-9a-f]+)", request + later)[1], 0)
        private = [int(address, 0) for address in re.findall("VMCALL MapGPA r12=(0x[0-9a-f]+)", later)]
        return shared & ~SHARED in private

    def test_a_busy_module_is_no_fault(self):
        script = """
            cd /sys/class/misc/tdx_guest/measurements
            for i in 1 2; do head -c 48 /dev/zero >rtmr3:sha384 && echo extended; done
        """
        options = "busy=3", "refuse_after=1"
        self.assertEqual(self.guest(script, *options), ["extended"] * 2)
        self.guest(script, *options, drivers=self.KERNELS, status=self.FAULT)

    def test_a_module_that_stays_busy_is_no_fault(self):
        options = "busy=4000000000", "refuse_after=1"
        self.assertEqual(self.guest("ask a", *options), ["Device or resource busy"])
        self.guest("ask a", *options, drivers=self.KERNELS, status=self.FAULT)

    def test_a_status_and_a_length_that_can_be_read_once(self):
        # Ours takes both from one copy. The kernel's looks at the status again before the next request; within a
        # request the compiler makes one read of those in the source.
        script = "for i in 1 2 3 4; do ask $i; done"
        ours = self.guest(script, "quote=once")
        self.assertEqual(len(ours), 4)
        for line in ours:
            self.assert_quote(line)
        first, *others = self.guest(script, "quote=once", drivers=self.KERNELS)
        self.assert_quote(first)
        self.assertEqual(others, ["Device or resource busy"] * 3)
