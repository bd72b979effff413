# SPDX-License-Identifier: GPL-2.0
"""The memory of quote requests, on VMMs that do not finish them or do not share memory: python3 -m unittest discover \
-p test_buffers.py tests/vmm

A request that was given up keeps its buffer until the VMM is done with it. There are 16 slots for requests, 4 if a buffer has
16 MiB. Idle buffers are kept for all slots if a buffer has up to 256 KiB, otherwise 4 MiB in all.
"""

import re
import unittest

from vmm import FAULT, SHARED, Vmm

BUSY, ERROR, TIMEOUT = "Device or resource busy", "Input/output error", "Connection timed out"

# readers COUNT begins so many readers, each of a report of its own, and waits until all are in the kernel; killed COUNT kills
# them and removes the reports.
FUNCTIONS = r"""
readers() {
	begun=
	for i in $(seq $1); do make r$i; cat $reports/r$i/outblob >/dev/null 2>&1 & begun="$begun $!"; done
	for i in $(seq $1); do waits $reports/r$i/outblob; done
}
killed() { kill -9 $begun; wait $begun; for i in $(seq $1); do rmdir $reports/r$i; done; }
leaked() { dmesg | grep -c leaked || :; }
"""


class Buffers(Vmm):
    FUNCTIONS = Vmm.FUNCTIONS + FUNCTIONS

    def requests(self, trace):
        """Returns the address of the buffer of each quote request in a trace."""
        return re.findall("VMCALL GetQuote r12=(0x[0-9a-f]+)", trace)

    def conversions(self, trace, to=SHARED):
        """Returns how often the guest has asked to share memory after its first request, or to make it private (`to` is 0)."""
        _, _, later = trace.partition("VMCALL GetQuote ")
        starts = re.findall("VMCALL MapGPA r12=(0x[0-9a-f]+)", later)
        return sum(int(start, 0) & SHARED == to for start in starts)


class Slots(Buffers):
    def test_killed_readers_hold_no_more_than_there_are_slots(self):
        script = """
            reload quote_timeout_ms=1000000
            for round in 1 2 3; do readers 20; killed 20; done
            leaked; rmmod tsm_tdx && echo gone; dmesg | grep -o 'leaked the buffers .*'
        """
        lines, trace = self.traced(script, "quote=never")
        self.assertEqual(lines, ["0", "gone", "leaked the buffers of quote requests in flight: 16"])
        requests = self.requests(trace)
        self.assertEqual((len(requests), len(set(requests))), (16, 16))
        # One buffer was shared when the module was loaded again.
        self.assertEqual(self.conversions(trace), 15)

    def test_more_readers_than_slots_are_served_one_after_the_other(self):
        script = """
            for i in $(seq 20); do make r$i; fetch r$i & done; wait; leaked
            for i in $(seq 20); do rmdir $reports/r$i; done; rmmod tsm_tdx && echo gone
        """
        *quotes, leaked, gone = self.guest(script, "quote_delay_ms=1000")
        self.assertEqual((leaked, gone), ("0", "gone"))
        self.assert_quotes(quotes, 20)

    def test_no_slot_in_the_time_of_a_request(self):
        script = "reload quote_timeout_ms=100; asks 18"
        self.assertEqual(self.guest(script, "quote=never"), [TIMEOUT] * 16 + [BUSY] * 2)

    def test_one_killed_reader_of_the_largest_quotes_stops_no_other(self):
        size = 16 << 20
        options = f"quote_size={size}", f"quote_size_field={size}", "quote_delay_ms=3000"
        script = "begin a; kill -9 $reader; wait $reader; ask b; rmdir $reports/a; leaked"
        self.assertEqual(self.guest(script, *options, kernel="stock"), [f"quote {size}", "0"])

    def test_a_report_has_one_abandoned_request_at_most(self):
        script = """
            reload quote_timeout_ms=2000; begin a; kill -9 $reader; wait $reader
            for i in 1 2; do
                cat $reports/a/outblob >/dev/null 2>&1 & reader=$!; waits $reports/a/outblob; kill -9 $reader; wait $reader
            done
            fetch a; ask b; leaked
        """
        lines, trace = self.traced(script, "quote=never")
        self.assertEqual(lines, [BUSY, TIMEOUT, "0"])
        self.assertEqual(len(self.requests(trace)), 2)

    def test_a_report_waits_for_its_abandoned_request(self):
        script = "begin a; kill -9 $reader; wait $reader; fetch a; rmdir $reports/a"
        lines, trace = self.traced(script, "quote_delay_ms=3000")
        self.assert_quotes(lines, 1)
        requests = self.requests(trace)
        self.assertEqual((len(requests), len(set(requests))), (2, 1))


class Idle(Buffers):
    """Buffers that are kept when their requests have ended."""

    # The VMM answers no request before it has 16.
    SCRIPT = """
        for i in $(seq 16); do make r$i; done
        for round in 1 2 3; do
            for i in $(seq 16); do fetch r$i & done; wait
            for i in $(seq 16); do head -c 64 /dev/urandom >$reports/r$i/inblob; done
        done
        for i in $(seq 16); do rmdir $reports/r$i; done; leaked; rmmod tsm_tdx && echo gone
    """

    def buffers(self, size):
        """Has 16 requests wait at the same time, three times; returns how many buffers were shared, of how many addresses
        they were, and how many were made private."""
        options = () if size is None else (f"quote_size={size - 24}", f"quote_size_field={size - 24}")
        (*quotes, leaked, gone), trace = self.traced(self.SCRIPT, "quote_until=requests:16", *options)
        self.assertEqual((leaked, gone), ("0", "gone"))
        self.assert_quotes(quotes, 48)
        requests = self.requests(trace)
        self.assertEqual(len(requests), 48)
        # The first one was shared when the module was loaded.
        return self.conversions(trace) + 1, len(set(requests[:16])), self.conversions(trace, to=0)

    def test_a_buffer_for_each_slot_is_kept_until_the_module_is_unloaded(self):
        self.assertEqual(self.buffers(None), (16, 16, 16))

    def test_large_buffers_above_the_limit_are_given_back(self):
        # 8 are kept after each round, and 8 are made for the next one.
        self.assertEqual(self.buffers(512 << 10), (32, 16, 32))


class Unloading(Buffers):
    def test_readers_that_wait_for_a_slot_give_up(self):
        # 16 are in flight until they are killed.
        script = """
            reload quote_timeout_ms=1000000; readers 16; first=$begun
            make last; fetch last & last=$!; waits $reports/last/outblob
            { rmmod tsm_tdx; echo gone; } & unloading=$!
            wait $last; kill -9 $first; wait $unloading
        """
        self.assertEqual(self.guest(script, "quote=never"), ["No such device or address", "gone"])

    def test_readers_give_up_if_the_module_can_not_be_loaded(self):
        # There is no device because there is no memory, and by then the provider has readers.
        script = """
            rmmod $provider
            insmod /lib/modules/*/updates/tsm_hold.ko fails=12; held=/sys/module/tsm_hold/parameters
            { insert quote_timeout_ms=60000 2>/dev/null || echo failed; } & inserting=$!; await 'grep -q 1 $held/held'
            readers 16; first=$begun
            make last; fetch last & last=$!; waits $reports/last/outblob
            echo 0 >$held/hold; wait $last; kill -9 $first; wait $inserting
        """
        self.assertEqual(self.guest(script, "quote=never", kernel="stock"), ["No such device or address", "failed"])


class Sharing(Buffers):
    """A VMM that refuses to share memory after the first quote. The kernel reports that as a fault of its own, once."""

    REFUSAL = {"status": FAULT, "because": "CPA VMM failure"}
    REFUSALS = "dmesg | grep -c 'failed to share 32 pages with the VMM, leaked'"

    def test_a_refusal_is_remembered_and_readers_share_the_buffer_that_there_is(self):
        # A quote is in flight until it is released, so all readers wait at the same time on a slow machine too.
        script = f"""
            served() {{
                {{ while release; do usleep 20000; done; }} & releasing=$!
                wait $begun; kill $releasing; wait $releasing
            }}
            readers 1; served; fetch r1 | cut -c 1-5; rmdir $reports/r1; start=$(seconds)
            for round in 1 2; do
                readers 5; served; for i in 1 2 3 4 5; do fetch r$i; rmdir $reports/r$i; done | cut -c 1-5 | uniq -c
                {self.REFUSALS}; sleep 11
            done
            echo $(($(seconds) - start))
        """
        (*lines, elapsed), trace = self.traced(script, "map=refuse", "quote_until=extend", **self.REFUSAL)
        self.assertEqual([line.strip() for line in lines], ["quote"] + ["5 quote", "1"] * 2)
        # Once in each round, and not before 10 s have passed.
        self.assertIn(self.conversions(trace), range(2, int(elapsed) // 10 + 2))

    def test_the_first_buffer(self):
        # The VMM refuses from the first read of the registers on.
        script = f"""
            grep -q . $register; reload && echo loaded; asks 2; {self.REFUSALS}
            ls /dev/tdx_guest; cat $register | wc -c; rmmod tsm_tdx && echo gone
        """
        lines = self.guest(script, "map=refuse", "map_from=report", **self.REFUSAL)
        self.assertEqual(lines, ["loaded", ERROR, ERROR, "1", "/dev/tdx_guest", "48", "gone"])

    def test_the_module_loads_nevertheless(self):
        script = f"""
            ask a | cut -c 1-5; reload && echo loaded; asks 2; {self.REFUSALS}
            ls /dev/tdx_guest; cat $register | wc -c; rmmod tsm_tdx && echo gone
        """
        lines = self.guest(script, "map=refuse", **self.REFUSAL)
        self.assertEqual(lines, ["quote", "loaded", ERROR, ERROR, "1", "/dev/tdx_guest", "48", "gone"])


if __name__ == "__main__":
    unittest.main()
