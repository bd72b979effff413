# SPDX-License-Identifier: GPL-2.0
"""Answers that the VMM changes at random: python3 -m unittest discover -p test_mutations.py tests/vmm

Whatever is changed, a reader gets a quote or an errno that says what was wrong, the kernel reports no fault (on the debug
kernel, no leak either), and the first quote that is not changed is right. TSM_MUTATIONS says how many answers are changed,
TSM_SEED in which way.
"""

import os
import re
import unittest

from vmm import FAULT, KERNEL, SHARED, Vmm, also, built, mutations

MUTATIONS = mutations(debug=10_000)
SEED = int(os.environ.get("TSM_SEED", 7))

# tests/vmm/test_tdx.py says what each of these is for. ETIMEDOUT is that of an answer that comes too late.
ERRORS = {"EIO", "EHOSTDOWN", "EBUSY", "EFBIG", "EPROTO", "EBADMSG", "ETIMEDOUT"}

# Half of the late answers come after this timeout.
RELOAD = "reload quote_timeout_ms=20\n"
LAST = """
    sleep 1
    mkdir $reports/last
    head -c 64 /dev/zero | tr '\\0' 'Q' >$reports/last/inblob
    cat $reports/last/outblob >/tmp/last
    rmdir $reports/last
    rmmod tsm_tdx
    echo "leaked $(dmesg | grep -c leaked)"
    wc -c </tmp/last
    grep -c QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ /tmp/last
    sha256sum </tmp/last
"""
LAST_LINES = 4


@also("debug")
class Mutations(Vmm):
    def mutated(self, count, *emulator):
        """Asks for quotes with so many changed answers. Returns how often each result came, and what LAST printed."""
        # The debug kernel does 70 a second on an idle machine.
        lines = self.guest(f"{RELOAD} /add/quotes {count}\n{LAST}", f"mutate={SEED}", f"mutate_count={count}", *emulator,
                           timeout=900 + count // 10, add=[built("quotes")])
        answers = {answer: int(number) for answer, number in map(str.split, lines[:-LAST_LINES])}
        print(f"kernel {KERNEL}, seed {SEED}:", answers)
        return answers, lines[-LAST_LINES:]

    def assert_right(self, last):
        # Without a clock and random numbers, what was measured, and so a quote of it, are the same in each run and on the test
        # kernel, which boots in a tenth of the time of the debug kernel.
        self.assertEqual(last, self.guest(LAST, kernel="test"))
        leaked, size, lines_with_the_data, _ = last
        self.assertEqual(leaked, "leaked 0")
        self.assertGreater(int(size), 1000)
        self.assertEqual(lines_with_the_data, "1")

    def test_any_byte_of_an_answer(self):
        answers, last = self.mutated(MUTATIONS)
        self.assertEqual(sum(answers.values()), MUTATIONS)
        self.assertLessEqual(set(answers), ERRORS | {"quote"})
        if MUTATIONS >= 10_000:
            self.assertEqual(set(answers), ERRORS | {"quote"})
        self.assert_right(last)


@also("debug")
class Conversions(Vmm):
    """Memory that the VMM does not convert between private and shared, or not all of it."""

    # Each load shares a buffer, and each unload takes it back. If it can't be shared, the module has none, and asks for none.
    SCRIPT = """
        ask first
        for i in $(seq 60); do reload; ask $i; done | sort | uniq -c
        until ask last >/tmp/end; grep quote /tmp/end; do reload; done
        dmesg >/tmp/log; grep -c 'cut here' /tmp/log; grep -o 'CPA VMM failure' /tmp/log
        grep -c 'failed to .* the VMM, leaked' /tmp/log
    """

    def test_any_answer_to_a_conversion(self):
        # The kernel warns of the first conversion that fails, which is a fault to `run`.
        lines, calls = self.traced(self.SCRIPT, f"mutate_map={SEED}", status=FAULT, because="CPA VMM failure")
        first, refused, made, last, *faults, leaked = lines
        self.assertRegex(refused, "^ *[0-9]+ Input/output error$")
        self.assertRegex(made, "^ *[0-9]+ quote [0-9]+$")
        self.assert_quotes([first, last], 2)
        self.assertEqual(faults, ["1", "CPA VMM failure"])

        lost = []
        for pages, done in self.conversions(calls):
            for old in lost:
                self.assertFalse(pages.start < old.stop and old.start < pages.stop, "memory is used again that was lost")
            if not done:
                lost.append(pages)
        self.assertEqual(len(lost), int(leaked))
        self.assertGreater(len(lost), 10)

    @staticmethod
    def conversions(trace):
        """Yields the addresses of each conversion after the first quote, and whether it was completed. If the VMM asks
        for a retry, the kernel retries, but at most twice at the same address."""
        _, _, trace = trace.partition("VMCALL GetQuote ")
        number = "(0x[0-9a-f]+)"
        found = re.findall(f"VMCALL MapGPA r12={number} r13={number} .* r10={number} r11={number}", trace)
        calls = iter([tuple(int(value, 0) for value in call) for call in found])
        for start, size, status, again in calls:
            begin, end, tries = start, start + size, 0
            while status == 1 and start <= again < end:
                tries = tries + 1 if again == start else 0
                if tries == 3:
                    break
                start, size, status, again = next(calls)
            yield range(begin & ~SHARED, end & ~SHARED), status == 0


if __name__ == "__main__":
    unittest.main()
