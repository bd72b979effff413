# SPDX-License-Identifier: GPL-2.0
"""Our driver for SEV-SNP on VMMs that are slow, broken or malicious: python3 -m unittest discover -p test_snp.py tests/vmm

See test_tdx.py for how these tests work. A broken message costs the key that it was sent with, since the kernel wipes
it; that is expected of both drivers. What is wrong with certificates, or with what the firmware says, costs none.
"""

import re
import unittest

from vmm import DEBUG, FAULT, FUNCTIONS, Vmm, also, built

# with_certificates prints their length too. leaves COMMAND... runs a command that leaves $reader waiting, and kills that. It
# prints `leaves` and the status if a message is still in flight then: another task sleeps in a function snp_* of the kernel.
# The message may have ended just before, so it tries three times before it prints `stays`.
CERTIFICATES = r"""
export TSM_PLATFORM=snp TSM_DRIVERS=rust
with_certificates() { make $1 && fetch $1 && fetch $1 auxblob certificates; rmdir $reports/$1; }
request() { /add/sev_guest $1 >/dev/null & reader=$!; waits /dev/sev-guest; }
leaves() {
	for try in 1 2 3; do
		"$@"; kill -9 $reader; wait $reader; echo $? >/tmp/status
		if grep -q snp_ /proc/[0-9]*/wchan 2>/dev/null; then echo "leaves $(cat /tmp/status)"; return; fi
		[ $1 != begin ] || rmdir $reports/$2
	done
	echo stays
}
"""

# part OFFSET LENGTH FILE prints bytes of a file.
PART = r"""
part() { tail -c +$(($1 + 1)) $3 | head -c $2 | hexdump -v -e '1/1 "%02x"'; echo; }
"""

# With the same ID, several guests have the same reports.
LAUNCH = f"report_id={'5a' * 32}"

REPORT = "report 1184"
ERROR, BAD, WRONG, GONE = "Input/output error", "Bad message", "Protocol error", "Required key not available"


class SnpVmm(Vmm):
    PLATFORM = "snp"
    FUNCTIONS = "provider=tsm_sev theirs=sev_guest blob=report" + FUNCTIONS + CERTIFICATES

    @classmethod
    def setUpClass(cls):
        cls.program = built("sev_guest")

    def guest(self, script, *emulator, **kwargs):
        return super().guest(script, *emulator, add=[self.program], **kwargs)

    def waits(self, trace):
        """Returns how often the VMM was busy before it handled each request of a trace. It has to handle all."""
        waits, busy = [], 0
        for end in re.findall("VMGEXIT event 0x8000001[12] -> (0x[0-9a-f]+)", trace):
            if end == "0x200000000":
                busy += 1
                continue
            self.assertEqual(end, "0x0")
            waits.append(busy)
            busy = 0
        return waits


class Versions(SnpVmm):
    """Firmware of other versions, which put more into a report than the one before."""

    def test_reports_and_registers_of_each(self):
        # The third message costs the key. Reading the registers sends none.
        script = PART + """
            registers() { find /sys/kernel/tsm/sev_snp -type f | sort | xargs cat | sha256sum; }
            registers >/tmp/before; make a; cat $reports/a/outblob >/tmp/report; rmdir $reports/a
            wc -c </tmp/report; part 0 4 /tmp/report; part 144 48 /tmp/report
            part 0 48 /sys/kernel/tsm/sev_snp/measurement/sha384/digest
            ask b; ask c; registers | cmp - /tmp/before && wc -c </tmp/before
        """
        measurement = "0123456789abcdef" * 6
        for version in 2, 4, 5:
            with self.subTest(version):
                lines = self.guest(script, f"report_version={version}", f"measurement={measurement}", "request_error=16",
                                   "refuse_after=2")
                self.assertEqual(lines, ["1184", f"0{version}000000", measurement, measurement, ERROR, GONE, "68"])


class Platforms(SnpVmm):
    """Machines of other kinds than the usual one."""

    PARTS = PART + """
        parts() { make $1; for blob in outblob auxblob; do cat $reports/$1/$blob >/tmp/$blob; done; rmdir $reports/$1; }
    """

    def test_a_cloud_with_a_key_of_its_own(self):
        # One certificate, behind its entry and the end. The report names the key, and not the chip.
        script = self.PARTS + """
            parts a; part 0 16 /tmp/auxblob; part 16 4 /tmp/auxblob; part 24 24 /tmp/auxblob; part 48 1 /tmp/auxblob
            part 72 4 /tmp/outblob; part 416 64 /tmp/outblob; wc -c </tmp/outblob
        """
        lines = ["a8074bc2a25a483eaae639c045a0b8a1", "30000000", 24 * "00", "30", "04000000", 64 * "00", "1184"]
        for drivers in "rust", "c":
            with self.subTest(drivers):
                self.assertEqual(self.guest(script, "vlek=on", "mask_chip_id=on", drivers=drivers), lines)

    def test_turin(self):
        # In a TCB version the first mutable code (FMC) comes first, and the ID of the chip has 8 bytes.
        script = self.PARTS + """
            parts a; part 384 8 /tmp/outblob; part 392 3 /tmp/outblob; part 424 56 /tmp/outblob
            wc -c </tmp/outblob
        """
        self.assertEqual(self.guest(script, "processor=turin", "report_version=5"),
                         ["0101010400000052", "1a0201", 56 * "00", "1184"])

    def test_cpuid_names_the_processor_that_reports_name(self):
        # The kernel has it from leaf 1: the first two of its fields are the family and the model.
        script = self.PARTS + r"""
            field() { sed -n "s/^$1[\t ]*: //p" /proc/cpuinfo | sort -u; }
            parts a; part 392 3 /tmp/outblob; field 'cpu family'; field model; field stepping; field 'model name'
        """
        for processor, version, report, *fields in (
                ("milan", 3, "190101", "25", "1", "1", "AMD EPYC-Milan Processor"),
                ("genoa", 4, "191101", "25", "17", "1", "AMD EPYC-Genoa Processor"),
                ("turin", 5, "1a0201", "26", "2", "1", "AMD EPYC-Turin Processor")):
            with self.subTest(processor):
                lines = self.guest(script, f"processor={processor}", f"report_version={version}")
                self.assertEqual(lines, [report, *fields])


class Messages(SnpVmm):
    # The first is for the registers, when the module is loaded.
    AFTER_TWO = "refuse_after=2"
    SCRIPT = "ask a; ask b; ask c; rmmod tsm_sev && echo gone"

    def test_a_wrong_one_costs_the_key(self):
        for option in "silent", "replay", "sequence", "tag", "huge", "kind", "version":
            with self.subTest(option):
                lines = self.guest(self.SCRIPT, f"guest_request={option}", self.AFTER_TWO)
                self.assertEqual(lines, [REPORT, BAD, GONE, "gone"])

    def test_a_refusal_costs_the_key(self):
        # The last one is the `exitinfo2` of a request that was not sent.
        for status in "300000000", "16", "ffffffffffffffff", "ff":
            with self.subTest(status):
                lines = self.guest(self.SCRIPT, f"request_error={status}", self.AFTER_TWO)
                self.assertEqual(lines, [REPORT, ERROR, GONE, "gone"])

    def test_a_request_that_is_not_taken_has_no_answer(self):
        # A success would hand out a derived key of zeros.
        script = "/add/sev_guest REQUEST; ask a"
        for request in "report", "key", "extended 4":
            with self.subTest(request):
                lines = self.guest(script.replace("REQUEST", request), "guest_request=malformed", "refuse_after=1")
                self.assertEqual(lines, ["EIO 0xffffffffffffffff", GONE])
        self.assertEqual(self.guest("ask a; ask b; ask c", "guest_request=malformed", self.AFTER_TWO), [REPORT, ERROR, GONE])

    def test_another_key_goes_on_working(self):
        script = "ask a; ask b; ask c; reload vmpck_id=1 && ask d; make e; cat $reports/e/privlevel_floor"
        lines = self.guest(script, "request_error=16", "request_error_count=1", self.AFTER_TWO)
        self.assertEqual(lines, [REPORT, ERROR, GONE, REPORT, "1"])

    def test_the_caller_gets_what_vmm_and_firmware_said(self):
        script = "for i in 1 2; do /add/sev_guest key; done"
        self.assertEqual(self.guest(script, "request_error=300000016", "refuse_after=1"),
                         ["EIO 0x300000016", "ENOKEY 0xff"])

    def test_one_that_is_too_short_or_too_long(self):
        # Both answers are authentic: the firmware itself made them too short or too long.
        script = "ask a; /add/sev_guest report; /add/sev_guest key; /add/sev_guest key"
        self.assertEqual(self.guest(script, "guest_request=truncated", "refuse_after=1"),
                         ["Message too long", "done", "done", "done"])
        self.assertEqual(self.guest(script, "guest_request=oversized", "refuse_after=1"),
                         [REPORT, "done", "EBADMSG 0x0", "ENOKEY 0xff"])

    def test_what_the_firmware_says_costs_no_key(self):
        for option, error in {
            "report_status=16": "Invalid argument",
            "report_status=27": "Key was rejected by service",
            "report_status=ffffffff": "Remote I/O error",
            "report_size=0": "Message too long",
            "report_size=1183": "Message too long",
            "report_size=1185": "Message too long",
            "report_size=4294967295": "Message too long",
        }.items():
            with self.subTest(option):
                script = "ask a; ask b; /add/sev_guest report"
                lines = self.guest(script, option, "refuse_after=1")
                answer = "done" if "size" in option else "status 0x" + option.partition("=")[2]
                self.assertEqual(lines, [error, error, answer])

    def test_the_trace_has_what_the_platform_answered(self):
        for option, answer in {
            "report_status=16": "error=-22 firmware=0x16",
            "request_error=16": "error=-5 exitinfo2=0x16",
            "guest_request=tag": "error=-74 exitinfo2=0x0",
            "certs=outside": "error=-71 certificate=0x2",
            "certs=unterminated": "error=-71 table=0x0",
            "certs=growing": "error=-71 pages=0x7",
            "certs_size=1048577": "error=-27 pages=0x101",
        }.items():
            with self.subTest(option):
                self.assertEqual(self.guest("refused a", option, "refuse_after=1"), [answer])

    def test_numbers_run_out(self):
        # The kernel counts to 2^32 - 2, answers included, so there are two left. Ours sends the first when it loads.
        numbers = "messages=4294967290"
        script = "ask b; ask c; for request in report key 'extended 4'; do /add/sev_guest $request; done"
        none = "Value too large for defined data type"
        self.assertEqual(self.guest(script, numbers), [REPORT, none, *["EOVERFLOW 0xff"] * 3])
        lines = [REPORT, REPORT, ERROR, *["EIO 0x5555666677778888"] * 3]
        self.assertEqual(self.guest("ask a;" + script, numbers, drivers="c"), lines)

    def test_parameters_that_there_can_not_be(self):
        script = "rmmod tsm_sev; for value in vmpck_id=4 svsm_interval_ms=60001; do insert $value 2>&1 | sed 's/.*: //'; done"
        self.assertEqual(self.guest(script), ["Invalid argument"] * 2)


class Certificates(SnpVmm):
    def test_wrong_tables_cost_no_key(self):
        script = "with_certificates a; ask b; /add/sev_guest report; /add/sev_guest extended 4"
        for option, lines in {
            "certs=overflowing": [WRONG] * 3 + ["done", "done"],
            "certs=outside": [WRONG] * 3 + ["done", "done"],
            "certs=unterminated": [WRONG] * 3 + ["done", "done"],
            "certs=none": [REPORT, "certificates 0", REPORT, "done", "done"],
            "certs=growing": [WRONG] * 3 + ["done", "EIO 0x100000000, 5 pages are needed"],
        }.items():
            with self.subTest(option):
                self.assertEqual(self.guest(script, option), lines)

    def test_certificates_that_overlap_do_no_harm(self):
        lines = self.guest("with_certificates a", "certs=overlapping")
        self.assertEqual(lines[0], REPORT)
        self.assertRegex(lines[1], r"^certificates [0-9]{3,4}$")

    def test_certificates_of_any_size_up_to_a_bound(self):
        for size, lines in {
            "16384": [REPORT, "certificates 16384"],
            "16385": [REPORT, "certificates 16385"],
            "1M": [REPORT, "certificates 1048576"],
            "1048577": ["File too large"] * 2,
            "60M": ["File too large"] * 2,
        }.items():
            with self.subTest(size):
                script = "with_certificates a; /add/sev_guest report"
                self.assertEqual(self.guest(script, f"certs_size={size}"), lines + ["done"])

    @also("debug")
    def test_too_little_room_is_found_out_once(self):
        script = "for report in a b c; do with_certificates $report; done"
        lines, calls = self.traced(script, "certs_size=20000")
        self.assertEqual(lines, [REPORT, "certificates 20000"] * 3)
        # Plain: one for the registers, and one that the kernel repeats without room. Extended: three, one of them twice.
        self.assertEqual((calls.count("event 0x80000011 "), calls.count("event 0x80000012 ")), (2, 4))

    def test_too_little_room_for_ever(self):
        # Each extended request is sent again without room, and that is refused too: see the end of
        # Documentation/differences.md.
        script = "ask a; ask b; ask c; ask d"
        options = "request_error=100000000", "request_error_count=2", "refuse_after=2"
        self.assertEqual(self.guest(script, *options), [REPORT, ERROR, GONE, GONE])
        # The kernel's driver asks once, and its next request is refused.
        lines = [REPORT, REPORT, ERROR, ERROR, "Inappropriate ioctl for device"]
        self.assertEqual(self.guest("ask z;" + script, *options, drivers="c"), lines)

    def test_too_little_room_and_then_no_answer(self):
        # The kernel says that there is too little room, but the key is gone: the driver must not ask again.
        options = "request_error=100000000", "request_error_count=1", "guest_request=malformed", "refuse_after=1"
        self.assertEqual(self.guest("ask a; ask b", *options), [ERROR, GONE])
        self.assertEqual(self.guest("/add/sev_guest extended 4; ask b", *options), ["EIO 0xffffffffffffffff", GONE])


# How often the VMM may be asked in 3 to 6 s by a driver that pauses for 2 s in between. If the machine is busy while the guest
# measures the rate of its clock, the guest's 2 s can be less than one. A driver that does not pause asks hundreds of times.
PAUSED = range(1, 21)


class Busy(SnpVmm):
    """A VMM that throttles requests. The kernel asks again each 2 s, for 60 s."""

    def test_a_while(self):
        # The first is that of the registers.
        for option, waited in ("busy=2", {2}), ("busy_ms=3000", PAUSED):
            with self.subTest(option):
                lines, calls = self.traced("asks 2", option, "refuse_after=1")
                self.assertEqual(lines, [REPORT] * 2)
                first, *waits = self.waits(calls)
                self.assertEqual((first, len(waits)), (0, 2))
                self.assertLessEqual({*waits}, {*waited})

    @also(*DEBUG)
    def test_a_caller_that_is_killed_leaves_at_once_and_the_key_survives(self):
        # The second waits for the message of the first.
        script = "leaves begin a; leaves begin b; ask c; /add/sev_guest report"
        lines, calls = self.traced(script, "busy_ms=6000", "refuse_after=1")
        self.assertEqual(lines, ["leaves 137", "leaves 137", REPORT, "done"])
        # That no task waits for it any more is no reason to ask more often.
        first, *waits = self.waits(calls)
        self.assertEqual(first, 0)
        self.assertLessEqual({*waits}, {*PAUSED})

    @also("debug")
    def test_a_caller_that_is_killed_in_an_ioctl_leaves_at_once_and_the_key_survives(self):
        # The second waits for the message of the first.
        script = """
            leaves request report; leaves request key
            for request in report key 'extended 4'; do /add/sev_guest $request; done
        """
        lines = ["leaves 137"] * 2 + ["done"] * 3
        self.assertEqual(self.guest(script, "busy_ms=6000", "refuse_after=1"), lines)

    def test_a_caller_that_waits_does_not_notice_other_signals(self):
        script = "signal a; /add/sev_guest report"
        self.assertEqual(self.guest(script, "busy=4", "refuse_after=1"), ["signal", "got", "done"])

    @also("debug")
    def test_unloading_waits_for_a_message_in_flight(self):
        script = "begin a; kill -9 $reader; rmmod tsm_sev && echo gone; insert; ask b"
        self.assertEqual(self.guest(script, "busy=3", "refuse_after=1"), ["gone", REPORT])

    @also(*DEBUG)
    def test_unloading_does_not_wait_for_callers_that_wait(self):
        script = """
            for report in a b c; do make $report; fetch $report & waits $reports/$report/outblob; done
            rmmod tsm_sev; echo gone; wait
        """
        lines = self.guest(script, "busy=5", "refuse_after=1")
        self.assertEqual(sorted(lines), ["No such device or address"] * 2 + ["gone", REPORT])

    def test_a_load_that_fails_does_not_wait_for_callers_that_wait(self):
        # There is no device because there is no memory, and by then the provider has callers.
        script = """
            for report in a b c; do make $report; done; rmmod tsm_sev
            insmod /lib/modules/*/updates/tsm_hold.ko fails=12; held=/sys/module/tsm_hold/parameters
            { insert 2>/dev/null || echo failed; } & await 'grep -q 1 $held/held'
            for report in a b c; do fetch $report & waits $reports/$report/outblob; done
            echo 0 >$held/hold; wait
        """
        lines = self.guest(script, "busy=5", "refuse_after=1", kernel="stock")
        self.assertEqual(sorted(lines), ["No such device or address"] * 2 + ["failed", REPORT])

    def test_a_minute_costs_the_key(self):
        self.assertEqual(self.guest("ask a; ask b", "busy_ms=100000", "refuse_after=1"), ["Connection timed out", GONE])


@also("check")
class Defects(SnpVmm):
    """Defects of the kernel's own driver, which are expected of it here, and what ours does instead.

    Documentation/differences.md says which test is of which defect.
    """

    def test_reports_that_are_read_while_the_provider_goes(self):
        script = "ask z >/dev/null; make a; fetch a & waits $reports/a/outblob; rmmod $provider; echo gone; wait"
        options = "busy=4", "refuse_after=2"
        self.assertEqual(sorted(self.guest("provider=tsm_sev;" + script, *options)), ["gone", REPORT])
        self.guest("provider=sev_guest; ask y >/dev/null;" + script, *options, drivers="c", status=FAULT,
                   because="sev_guest|snp_")

    def test_reports_that_are_read_while_the_provider_comes(self):
        # On our core there may be reports from before the provider. Both drivers register their device after the provider:
        # the task that loads the driver is held there, until the report was asked for.
        script = """
            make r; rmmod $provider; load tsm_hold; held=/sys/module/tsm_hold/parameters
            load $provider & await 'grep -q 1 $held/held'; fetch r; echo 0 >$held/hold; wait; fetch r
        """
        self.assertEqual(self.guest("provider=tsm_sev;" + script, kernel="stock"), [REPORT] * 2)
        self.guest("provider=sev_guest;" + script, kernel="stock", drivers="rust-core", status=FAULT,
                   because="sev_guest|snp_")

    def test_a_certificate_that_wraps_around(self):
        script = "with_certificates a"
        ours, lines = self.both(script, "certs=overflowing")
        self.assertEqual(ours, [WRONG, WRONG])
        whole = self.guest(script, drivers="c")
        self.assertEqual((lines[0], whole[0]), (REPORT, REPORT))
        # The last one is hidden.
        self.assertLess(*(int(found[1].split()[1]) for found in (lines, whole)))

    def test_tables_that_are_wrong(self):
        script = "with_certificates a"
        for option, theirs in {"outside": "certificates 16384", "unterminated": "certificates 24"}.items():
            with self.subTest(option):
                self.assertEqual(self.both(script, f"certs={option}"), [[WRONG, WRONG], [REPORT, theirs]])

    def test_a_report_that_is_not_whole(self):
        for option, theirs in {"guest_request=truncated": REPORT, "report_size=0": "report 0"}.items():
            with self.subTest(option):
                self.assertEqual(self.both("ask a", option, "refuse_after=1"), [["Message too long"], [theirs]])

    def test_a_request_that_is_not_taken(self):
        # What the program finds in an answer that was never written.
        untouched = "status 0xaaaaaaaa"
        for request in "report", "key":
            with self.subTest(request):
                script = f"/add/sev_guest report >/dev/null; /add/sev_guest {request}"
                options = "guest_request=malformed", "refuse_after=2"
                self.assertEqual(self.guest(script, *options), ["EIO 0xffffffffffffffff"])
                self.assertEqual(self.guest("ask z;" + script, *options, drivers="c"), [REPORT, untouched])

    def test_a_version_that_a_message_does_not_have(self):
        ours, theirs = self.both("ask z; /add/sev_guest version 2; /add/sev_guest report")
        self.assertEqual(ours, [REPORT, "EINVAL 0xff", "done"])
        self.assertEqual(theirs, [REPORT, "EIO 0x16", "ENOTTY 0x5555666677778888"])

    def test_certificates_above_16_kib(self):
        script = "with_certificates a"
        self.assertEqual(self.both(script, "certs_size=20000"), [[REPORT, "certificates 20000"], [ERROR, ERROR]])

    def test_what_is_left_in_memory_that_is_given_back(self):
        # The kernel's driver clears keys only.
        script = "insmod /lib/modules/*/updates/tsm_leftovers.ko; /add/sev_guest leftovers; rmmod tsm_leftovers"
        ours, (report, key) = self.both(script, kernel="stock")
        self.assertEqual(ours, ["report 0", "key 0"])
        self.assertRegex(report, "^report [1-9][0-9]*$")
        self.assertEqual(key, "key 0")


class LongDefects(SnpVmm):
    """Defects whose tests take long."""

    def test_a_caller_that_is_killed_while_the_vmm_is_busy(self):
        script = "leaves begin a; ask b"
        options = "busy_ms=6000", "refuse_after=1"
        lines, calls = self.traced(script, *options)
        self.assertEqual(lines, ["leaves 137", REPORT])
        self.assertIn(max(self.waits(calls)), PAUSED)
        lines, calls = self.traced("ask z >/dev/null;" + script, *options, drivers="c")
        self.assertEqual(lines, ["stays", REPORT])
        self.assertGreater(max(self.waits(calls)), 100)

    def test_memory_that_can_not_be_taken_back(self):
        # The kernel's driver shares memory for each request, ours when it needs more pages.
        script = """
            insmod /lib/modules/*/updates/tsm_faults.ko fail=set_memory_encrypted times=1
            with_certificates a; cat /sys/module/tsm_faults/parameters/faults; dmesg | grep -o 'failed to .*leak.*'; ask b
        """
        lines = [REPORT, "certificates 20000", "1", "failed to take 4 pages back from the VMM, leaked", REPORT]
        self.assertEqual(self.guest(script, "certs_size=20000", kernel="stock"), lines)
        lines = [REPORT, "certificates 10000", "1", REPORT]
        self.assertEqual(self.guest(script, "certs_size=10000", kernel="stock", drivers="c"), lines)

    def test_memory_that_can_not_be_shared(self):
        # Both leak it, since a part may be shared.
        script = """
            insmod /lib/modules/*/updates/tsm_faults.ko fail=set_memory_decrypted times=2
            /add/sev_guest extended 4; ask a; cat /sys/module/tsm_faults/parameters/faults; $later
            /add/sev_guest extended 4; ask b; dmesg | grep -o 'failed to .*share.*'
        """
        # Ours remembers it: it asks again after 10 s, and then after 20 s.
        ours = """later='eval sleep 11; ask c; cat /sys/module/tsm_faults/parameters/faults; sleep 21'"""
        lines = ["EIO 0xff", ERROR, "1", ERROR, "2", "done", REPORT, "failed to share 4 pages with the VMM, leaked"]
        self.assertEqual(self.guest(ours + script, kernel="stock"), lines)
        lines = ["EFAULT 0xff", "Bad address", "2", "done", REPORT, *["failed to mark page shared, ret=-12"] * 2]
        self.assertEqual(self.guest(script, kernel="stock", drivers="c"), lines)


if __name__ == "__main__":
    unittest.main()
