# SPDX-License-Identifier: GPL-2.0
"""Our drivers on VMMs that are slow, broken or malicious: python3 -m unittest discover tests/vmm

Options of the emulator say how it misbehaves. In each case a reader gets a whole quote or an errno that says what was
wrong, and the kernel reports no fault, for which `run` would end with status 120.
"""

import re
import unittest

from vmm import FAULT, RUNNER, SHARED, Vmm, also


class Answers(Vmm):
    """The errors that a reader gets when the VMM gives no quote."""

    def test_each_has_its_errno(self):
        for option, error in {
            "quote=error": "Input/output error",
            "quote=unavailable": "Host is down",
            "quote_status=8000000000001234": "Input/output error",
            "quote_call=8000000000000000": "Input/output error",
            "quote_call=8000000000000001": "Device or resource busy",
            "quote_call=8000000000000003": "Host is down",
            "quote=empty": "Protocol error",
            "quote=long": "File too large",
            "quote=huge": "File too large",
            "quote=version": "Bad message",
        }.items():
            with self.subTest(option):
                self.assertEqual(self.guest("ask a; ask b; rmmod tsm_tdx && echo gone", option), [error, error, "gone"])

    def test_a_quote_among_noise(self):
        self.assert_quotes(self.guest("asks 2", "quote=noise"), 2)

    def test_what_is_no_quote_but_was_said_to_be(self):
        # Only a verifier can find that out.
        self.assert_quotes(self.guest("ask a", "quote=garbage"), 1)

    def test_a_report_with_bits_set_that_are_reserved(self):
        # The quoting enclave refuses the report; the registers in it are right.
        script = "ask a; cat $register | wc -c; rmmod tsm_tdx && echo gone"
        self.assertEqual(self.guest(script, "mr_report=reserved"), ["Input/output error", "48", "gone"])

    def test_a_length_that_goes_on_changing(self):
        lines = self.guest("asks 8", "quote=changing")
        self.assertEqual(len(lines), 8)
        for line in lines:
            self.assertRegex(line, r"^quote [0-9]+$|^File too large$|^Protocol error$")

    def test_a_status_that_goes_on_changing(self):
        self.assert_quotes(self.guest("asks 16", "quote=flipping"), 16)

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
        # Debian's kernel has CONFIG_CONTIG_ALLOC. On the others a quote has to fit into one piece of the page allocator.
        self.assertEqual(self.guest(script, *options, kernel="stock"), [f"quote {size}"] * 2 + ["gone", "0"])
        less = "no 4097 pages in one piece for quotes, they may have 1024"
        self.assertEqual(self.guest(script, *options), [less] + ["Input/output error"] * 2 + ["gone", "0"])
        size = (4 << 20) - 24
        self.assertEqual(self.guest(script, f"quote_size={size}", "quote_size_field=16M"),
                         [less] + [f"quote {size}"] * 2 + ["gone", "0"])

    def test_a_vmm_that_takes_no_buffer_of_that_size(self):
        lines, calls = self.traced("ask a", "quote_size_field=1M")
        self.assert_quotes(lines, 1)
        sizes = re.findall("VMCALL GetQuote r12=0x[0-9a-f]+ r13=(0x[0-9a-f]+)", calls)
        # The size in the metadata and a header, in whole pages; then the usual size.
        self.assertEqual([int(size, 0) for size in sizes], [(1 << 20) + 4096, 128 << 10])

    def test_the_trace_has_what_the_platform_answered(self):
        for option, answer in {
            "quote=error": "error=-5 quote=0x8000000000000000",
            "quote=unavailable": "error=-112 quote=0x8000000000000001",
            "quote=version": "error=-74 quote=0x0",
            "quote=never": "error=-110 quote=0xffffffffffffffff",
            "quote_call=8000000000000003": "error=-112 vmcall=0x8000000000000003",
        }.items():
            with self.subTest(option):
                self.assertEqual(self.guest("reload quote_timeout_ms=500; refused a", option), [answer])


class Identity(Vmm):
    """The metadata that the VMM gave the TD at its creation."""

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


class Endings(Vmm):
    """What real quotes end with. A driver does not parse it: both pass on as many bytes as the VMM says."""

    def test_each(self):
        bare = self.size(0, "quote_nul=off", "quote_zeros=0")
        # A zero byte behind the certificates. Version 5 has a descriptor of 6 bytes, and more in the body.
        for zeros, more, options in (
            (71, 0, ()),
            (4001, 0, ("quote_zeros=4000",)),
            (1, 6 + 64, ("quote_version=5",)),
            (1, 6, ("quote_version=5:1.0",)),
            (1, 6 + 301, ("quote_version=5:1.5ex",)),
        ):
            with self.subTest(options):
                self.assertEqual(self.size(zeros, *options), bare + more + zeros)
        self.assertEqual(self.size(8000 - bare, "quote_zeros=up_to:8000"), 8000)

    def size(self, zeros, *options):
        """Returns the size of a quote, which has to end with so many zero bytes and no more."""
        script = """
            mkdir $reports/a && head -c 64 /dev/zero >$reports/a/inblob && cat $reports/a/outblob >/tmp/a; rmdir $reports/a
            wc -c </tmp/a; sha256sum </tmp/a
        """ + f"""
            for count in {zeros} {zeros + 1}; do tail -c +$(($(wc -c </tmp/a) + 1 - count)) /tmp/a | tr -d '\\0' | wc -c; done
        """
        ours, theirs = self.both(script, *options)
        self.assertEqual(ours, theirs)
        size, _, *others = ours
        self.assertEqual(others, ["0", "1"])
        return int(size)


class Delays(Vmm):
    def test_a_slow_quote_arrives(self):
        self.assert_quotes(self.guest("asks 2", "quote_delay_ms=300"), 2)

    def test_several_quotes_are_in_flight_at_once(self):
        # The VMM answers none of them before it has all.
        script = """
            reload quote_timeout_ms=100000
            for i in 1 2 3 4 5 6 7 8; do make $i; fetch $i & done; wait
        """
        self.assert_quotes(self.guest(script, "quote_until=requests:8"), 8)

    def test_a_reader_that_waits_can_be_killed_and_the_next_one_is_served(self):
        script = """
            begin a; kill -9 $reader; wait $reader; echo "status $?"
            ask b; rmdir $reports/a; rmmod tsm_tdx && echo gone
        """
        status, *lines, gone = self.guest(script, "quote_until=requests:2")
        self.assertEqual((status, gone), ("status 137", "gone"))
        self.assert_quotes(lines, 1)

    def test_a_reader_that_waits_does_not_notice_other_signals(self):
        lines = self.guest("another() { ask b >/dev/null; }; signal a another", "quote_until=requests:2")
        self.assertEqual(lines, ["signal", "got"])

    def test_a_host_that_never_answers(self):
        script = """
            reload quote_timeout_ms=100
            asks 18
            rmmod tsm_tdx && echo gone; dmesg | grep -o 'leaked the buffers .*'
        """
        expected = ["Connection timed out"] * 16 + ["Device or resource busy"] * 2 + ["gone"]
        expected += ["leaked the buffers of quote requests in flight: 16"]
        self.assertEqual(self.guest(script, "quote=never"), expected)

    def test_buffers_come_back_when_the_host_lets_go_of_them(self):
        script = """
            reload quote_timeout_ms=100
            asks 18
            release; asks 4
            rmmod tsm_tdx && echo gone
        """
        lines = self.guest(script, "quote_until=extend")
        self.assertEqual(lines[:18], ["Connection timed out"] * 16 + ["Device or resource busy"] * 2)
        self.assertEqual(lines[18:], ["Connection timed out"] * 4 + ["gone"])


class Time(Vmm):
    """How long the VMM may take for a quote."""

    def test_a_quote_that_is_there_when_the_time_is_over(self):
        # A timeout of 0 leaves time for one look at the answer.
        self.assert_quotes(self.guest("reload quote_timeout_ms=0; ask a"), 1)
        self.assertEqual(self.guest("reload quote_timeout_ms=0; ask a", "quote_until=extend"), ["Connection timed out"])


class Polling(Vmm):
    """How often a reader is woken up until its quote is there."""

    def test_a_reader_sleeps_less_often_when_it_is_known_how_long_quotes_take(self):
        # The shell is the reader, so that it is the one whose sleeps are counted.
        script = """
            sleeps() { while read -r name value; do [ $name != voluntary_ctxt_switches: ] || slept=$value; done </proc/$$/status; }
            reads() {
                head -c 64 /dev/urandom >$reports/a/inblob
                sleeps; before=$slept; read -r -n 1 first <$reports/a/outblob; sleeps; total=$((total + slept - before))
            }
            for number in 1 2 3 4 5; do reload; mkdir $reports/a; reads; rmdir $reports/a; done; unknown=$total
            mkdir $reports/a; for number in $(seq 20); do reads; done; total=0; for number in 1 2 3 4 5; do reads; done
            echo $unknown $total
        """
        (line,) = self.guest(script, "quote_delay_ms=200")
        unknown, known = map(int, line.split())
        self.assertLess(known, unknown)


class Unloading(Vmm):
    """Tasks that wait while our driver is unloaded: `rmmod` waits for them."""

    def test_a_quote_that_is_waited_for_arrives(self):
        # `release` extends a register, whose file goes after the reports.
        script = """
            make a; fetch a & waiting=$!; waits $reports/a/outblob
            unload release; wait $waiting; dmesg | grep -c leaked
            cat $reports/a/outblob 2>&1 | sed 's/.*: //'
            insert; fetch a & waiting=$!; waits $reports/a/outblob; release; wait $waiting; rmdir $reports/a
        """
        *done, leaked, none, again = self.guest(script, "quote_until=extend")
        self.assert_quotes([again], 1)
        self.assertEqual((leaked, none), ("0", "No such device or address"))
        # The two lines come in any order.
        first, second = sorted(done)
        self.assertEqual(first, "gone")
        self.assertRegex(second, "^quote [0-9]+$|^No such device or address$")

    def test_a_reader_of_a_quote_that_never_comes_can_be_killed(self):
        # Nothing else ends it within the time that the guest has.
        script = """
            reload quote_timeout_ms=1000000; begin a; killed() { kill -9 $reader; }
            unload killed; wait $reader; echo "status $?"; dmesg | grep -c 'leaked the buffers'; rmdir $reports/a
        """
        self.assertEqual(self.guest(script, "quote=never"), ["gone", "status 137", "1"])

    def test_a_register_that_is_busy(self):
        # It has been read once by loading, and extended once.
        for what, error in ("extend", "Device or resource busy"), ("read_register", "No such device"):
            with self.subTest(what):
                *done, leaked = self.unloaded_under(what)
                self.assertEqual(sorted(done), [error, "gone"])
                self.assertEqual(leaked, "0")

    def unloaded_under(self, what):
        """Unloads the driver while a register is busy, which it is for a second. Tries again if that is over too soon."""
        script = r"""
            read_register() { cat $register 2>&1 >/dev/null | sed 's/.*: //'; }
            extend() { head -c 48 /dev/zero | dd of=$register bs=48 2>&1 | sed -n 's/.*: //p'; }
            check() { [ ! -e /tmp/end ] || grep -q 'No such device' /tmp/end || echo late; }
        """ + f"""
            extend; {{ {what} >/tmp/said; mv /tmp/said /tmp/end; }} & waiting=$!
            until sleeping $register 1 || [ -e /tmp/end ]; do :; done
            unload check; wait $waiting; cat /tmp/end; dmesg | grep -c leaked
        """
        for _ in range(5):
            lines = self.guest(script + "true", "busy=4000000000", "refuse_after=1")
            if "late" not in lines:
                break
        return lines


class Module(Vmm):
    """What the TDX module refuses."""

    def test_whatever_is_busy_is_asked_again(self):
        script = "asks 2; head -c 48 /dev/zero >$register && echo extended"
        for busy in "operand", "host_priority", "system":
            with self.subTest(busy):
                *quotes, extended = self.guest(script, "busy=3", f"busy_status={busy}")
                self.assert_quotes(quotes, 2)
                self.assertEqual(extended, "extended")

    def test_registers_that_are_busy_for_ever(self):
        # Loading reads them once.
        script = "ask a; cat /sys/class/misc/tdx_guest/measurements/mrtd:sha384 | wc -c; rmmod tsm_tdx && echo gone"
        self.assertEqual(self.guest(script, "busy=4000000000", "refuse_after=1"), ["Device or resource busy", "48", "gone"])

    def test_invalid_report(self):
        self.assertEqual(self.guest("ask a", "mr_report=invalid", "refuse_after=1"), ["Input/output error"])

    def test_a_register_that_cannot_be_extended_keeps_its_value(self):
        script = """
            cp $register /tmp/before
            head -c 48 /dev/zero | dd of=$register bs=48 2>&1 | grep -o 'Input/output error'
            cmp $register /tmp/before && echo same
        """
        self.assertEqual(self.guest(script, "rtmr_extend=invalid"), ["Input/output error", "same"])


class Lies(Vmm):
    """A VMM that says it has converted memory between private and shared, and has not, from the first quote on."""

    def test_memory_that_stays_shared(self):
        # To use the page again, the guest has to accept it, at which the TDX module ends the guest. stty waits until all that
        # was printed is out.
        script = "ask a; stty -F /dev/ttyS1 raw; rmmod tsm_tdx; echo goes on"
        lines = self.guest(script, "map=keep_shared", status=RUNNER, because="EPT violation in TDG.MEM.PAGE.ACCEPT")
        self.assert_quotes(lines, 1)

    def test_memory_that_stays_private(self):
        script = """
            ask a; reload; ask b; rmmod tsm_tdx && echo gone
            dmesg | grep -c 'failed to take .* back from the VMM, leaked'
        """
        # The kernel warns once that it can't take memory back, which is a fault to `run`.
        quote, *others = self.guest(script, "map=keep_private", status=FAULT, because="CPA VMM failure")
        self.assert_quotes([quote], 1)
        self.assertEqual(others, ["Input/output error", "gone", "1"])


class Waits(Vmm):
    """As Defects, but too long for `make check`, because the kernel's driver waits for 30 s."""

    def test_a_request_that_is_not_answered_has_timed_out(self):
        self.assertEqual(self.guest("reload quote_timeout_ms=1000; ask a; ask b", "quote=never"),
                         ["Connection timed out"] * 2)
        self.assertEqual(self.guest("ask a; ask b", "quote=never", drivers="c"),
                         ["Input/output error", "Device or resource busy"])

    def test_a_quote_that_comes_shortly_before_the_time_is_over(self):
        # The kernel's driver reads the status once a second, but not after the last second. The quote comes after 30 reads.
        option = "quote_until=reads:30"
        self.assertEqual(self.guest("ask a | cut -c1-6", option), ["quote "])
        self.assertEqual(self.guest("ask a", option, drivers="c"), ["Connection timed out"])


@also("check")
class Defects(Vmm):
    """Defects of the kernel's own driver, which are expected of it here, and what ours does instead.

    Documentation/differences.md says which test is of which defect.
    """

    def test_a_success_after_a_timeout(self):
        script = """
            reload quote_timeout_ms=1000; ask a; release; reload
            make b; fetch b | cut -c1-6 & waits $reports/b/outblob; release; wait
        """
        self.assertEqual(self.guest(script, "quote_until=extend"), ["Connection timed out", "quote "])

    def test_a_reader_that_is_interrupted_leaves_nothing_behind(self):
        script = """
            begin a; kill -9 $reader; wait $reader; echo "status $?"; ask b | cut -c1-6; dmesg | grep -c timedout
        """
        option = "quote_until=requests:2"
        self.assertEqual(self.guest(script + "true", option), ["status 137", "quote ", "0"])
        self.assertEqual(self.guest(script, option, drivers="c"),
                         ["status 137", "Device", "1"])

    def test_memory_that_the_vmm_may_still_write_is_not_used_again(self):
        # With each driver, a reader is killed and the driver unloaded while the VMM has the buffer.
        script = "begin a; kill -9 $reader; wait $reader;"
        script += f"instead tsm_report; {script} rmdir $reports/a; rmmod tdx_guest"
        _, calls = self.traced(script, "quote=never")
        _, *requests = calls.split("VMCALL GetQuote ")
        self.assertEqual([self.takes_back(later) for later in requests], [False, True])

    def takes_back(self, later):
        """Says whether the guest makes the memory of a quote request private again. `later` are its calls from then on."""
        shared = int(re.match("r12=(0x[0-9a-f]+)", later)[1], 0)
        private = [int(address, 0) for address in re.findall("VMCALL MapGPA r12=(0x[0-9a-f]+)", later)]
        return shared & ~SHARED in private

    def test_a_busy_module_is_no_fault(self):
        script = """
            cd /sys/class/misc/tdx_guest/measurements
            for i in 1 2; do head -c 48 /dev/zero >rtmr3:sha384 && echo extended; done
        """
        options = "busy=3", "refuse_after=1"
        self.assertEqual(self.guest(script, *options), ["extended"] * 2)
        self.guest(script, *options, drivers="c", status=FAULT, because="tdx_guest|tdx_mr|tdg_")

    def test_a_module_that_stays_busy_is_no_fault(self):
        options = "busy=4000000000", "refuse_after=1"
        self.assertEqual(self.guest("ask a", *options), ["Device or resource busy"])
        self.guest("ask a", *options, drivers="c", status=FAULT, because="tdx_guest|tdx_mr|tdg_")

    def test_a_status_and_a_length_that_can_be_read_once(self):
        # Ours takes both from one copy. The kernel's looks at the status again before the next request; within a
        # request the compiler makes one read of those in the source.
        ours, (first, *others) = self.both("asks 4", "quote=once")
        self.assert_quotes(ours, 4)
        self.assert_quotes([first], 1)
        self.assertEqual(others, ["Device or resource busy"] * 3)


if __name__ == "__main__":
    unittest.main()
