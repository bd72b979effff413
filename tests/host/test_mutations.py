# SPDX-License-Identifier: GPL-2.0
"""Answers that the host changes at random: python3 -m unittest discover -p test_mutations.py tests/host

Whatever is changed, a reader gets a quote or an errno that says what was wrong, the kernel reports no fault (on the debug
kernel, no leak either), and the first quote that is not changed is right. TSM_MUTATIONS says how many answers are changed,
TSM_SEED in which way.
"""

import os
import subprocess
import unittest

from test_host import KERNEL, TOP, Host

MUTATIONS = int(os.environ.get("TSM_MUTATIONS", 10_000))
SEED = int(os.environ.get("TSM_SEED", 7))

# What each of these is for, tests/host/test_host.py says; a request that is late in the end has timed out.
ERRORS = {"EIO", "EHOSTDOWN", "EBUSY", "EFBIG", "EPROTO", "EBADMSG", "ETIMEDOUT"}

# Half of what is late, is so by more than the guest waits for.
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
# The machine has no clock and no dice: what was measured, and so a quote of it, are the same in each run.
LAST_LINES = 4


def built(name):
    """Builds a program of tests/guest, without libraries, and returns its path."""
    triple = "x86_64-unknown-linux-gnu"
    flags = f"CARGO_TARGET_{triple.upper().replace('-', '_')}_RUSTFLAGS=-C target-feature=+crt-static"
    subprocess.run(
        [TOP / "scripts/qemu-tdx/toolbox", "env", "-C", TOP, flags, "cargo", "build", "-p", "tsm-guest-tests",
         "--release", "--locked", "--target", triple, "--bin", name], check=True)
    return TOP / "target" / triple / "release" / name


class Mutations(Host):
    def mutated(self, count, *emulator):
        """Has so many answers changed. Returns how often each was given, and what the last one was."""
        # The debug kernel does 70 a second, where there is nothing else to do.
        lines = self.guest(f"{RELOAD} /add/quotes {count}\n{LAST}", f"mutate={SEED}", f"mutate_count={count}", *emulator,
                           timeout=300 + count // 10, add=[built("quotes")])
        answers = {answer: int(number) for answer, number in map(str.split, lines[:-LAST_LINES])}
        print(f"kernel {KERNEL}, seed {SEED}:", answers)
        return answers, lines[-LAST_LINES:]

    def assert_right(self, last):
        self.assertEqual(last, self.guest(LAST))
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


if __name__ == "__main__":
    unittest.main()
