# SPDX-License-Identifier: GPL-2.0
"""Answers that the VMM of an SEV-SNP guest changes at random: python3 -m unittest discover -p test_snp_mutations.py tests/vmm

A changed message costs the key, and a guest has four, so several guests are needed for few messages. Changed certificates,
too little room for them, another status of the firmware, and changed answers of an SVSM cost none: one guest is enough.
TSM_MUTATIONS says how many of these are changed, TSM_SEED in which way.
"""

import unittest

from vmm import KERNEL, also, built, mutations
from test_mutations import SEED
from test_snp import GONE, LAUNCH, REPORT, SnpVmm
from test_svsm import Svsm

# Fewer on the debug kernel, because a report is signed for each, and there is a guest for each few messages.
MUTATIONS = mutations(debug=2000)
SERVICES = mutations(debug=500)

# How many guests there are for messages, by default four.
GUESTS = max(1, MUTATIONS // 2500)

# The errors in place of a report, with changed messages and with changed certificates.
MESSAGE = {"Bad message", "Input/output error", "Required key not available", "Connection timed out"}
TABLE = {"EFBIG", "EPROTO", "EIO"}

# The errors of a status of the firmware, and of a report that is too short.
FIRMWARE = {"EINVAL", "EKEYREJECTED", "EREMOTEIO", "EMSGSIZE"}

# The errors with changed answers of an SVSM.
SVSM = {"EPROTO", "EFBIG", "EIO", "EINVAL", "EREMOTEIO"}

LAST = """
    mkdir $reports/last
    head -c 64 /dev/zero | tr '\\0' 'Q' >$reports/last/inblob
    cat $reports/last/outblob $reports/last/auxblob | sha256sum
    rmdir $reports/last
    rmmod tsm_sev
    echo "leaked $(dmesg | grep -c leaked)"
"""


@also("debug")
class Mutations(SnpVmm):
    def test_any_byte_of_the_certificates(self):
        lines = self.guest(f"/add/sev_guest certificates {MUTATIONS}\n{LAST}", f"mutate={SEED}",
                           f"mutate_count={MUTATIONS}", "mutate_part=certs", LAUNCH, timeout=900 + MUTATIONS // 10)
        answers = {answer: int(number) for answer, number in map(str.split, lines[:-2])}
        print(f"kernel {KERNEL}, seed {SEED}:", answers)

        self.assertEqual(sum(answers.values()), MUTATIONS)
        # A number is that of the certificates that are where they should be, `report` a report by the device.
        errors = {answer for answer in answers if not answer.isdigit()} - {"report", "empty"}
        self.assertLessEqual({error.partition("-")[0] for error in errors}, TABLE)
        self.assertGreater(answers["report"], MUTATIONS // 10)
        self.assertGreater(answers["3"], MUTATIONS // 10)
        self.assertGreater(answers["EPROTO"], 0)
        self.assertEqual(lines[-2:], self.guest(LAST, LAUNCH, kernel="test"))
        self.assertEqual(lines[-1], "leaked 0")

    def test_any_byte_of_what_the_firmware_says(self):
        script = f"/add/sev_guest payloads {MUTATIONS}; ask a\n{LAST}"
        lines = self.guest(script, f"mutate={SEED}", f"mutate_count={MUTATIONS}", "mutate_part=payload", "refuse_after=1",
                           LAUNCH, timeout=900 + MUTATIONS // 10)
        answers = {answer: int(number) for answer, number in map(str.split, lines[:-3])}
        print(f"kernel {KERNEL}, seed {SEED}:", answers)

        self.assertEqual(sum(answers.values()), MUTATIONS)
        # The device hands out the answer as it is. A lost message would cost the key.
        self.assertLessEqual(set(answers), FIRMWARE | {"report", "answer"})
        if MUTATIONS >= 1000:
            self.assertEqual(set(answers), FIRMWARE | {"report", "answer"})
        self.assertEqual(answers["answer"], len([number for number in range(MUTATIONS) if number % 8 < 2]))
        self.assertEqual(lines[-3], REPORT)
        self.assertEqual(lines[-2:], self.guest(LAST, LAUNCH, kernel="test"))
        self.assertEqual(lines[-1], "leaked 0")

    def test_any_byte_of_what_the_firmware_says_of_the_registers(self):
        script = """
            for number in $(seq 50); do
                reload; cat /sys/kernel/tsm/sev_snp/measurement/sha384/digest 2>/dev/null | wc -c
            done | sort | uniq -c
            dmesg | sed -n 's/.*no measurement registers until .*: \\(error=[-0-9]*\\).*/\\1/p' | sort | uniq -c
            ask a
        """
        # A load takes one message, and the debug kernel 2 s.
        *lines, last = self.guest(script, f"mutate={SEED}", "mutate_count=50", "mutate_part=payload", "refuse_after=1",
                                  timeout=1200)
        answers = {answer: int(number) for number, answer in (line.split(maxsplit=1) for line in lines)}
        print(f"kernel {KERNEL}, seed {SEED}:", answers)

        self.assertEqual(last, REPORT)
        # EINVAL, EKEYREJECTED, EREMOTEIO, EMSGSIZE, and EBADMSG for a version that there never was.
        errors = {f"error=-{number}" for number in (22, 129, 121, 90, 74)}
        self.assertLessEqual(set(answers), errors | {"0", "48"})
        self.assertGreater(answers["48"], 0)
        self.assertGreater(answers["0"], 0)
        self.assertEqual(answers["48"] + answers["0"], 50)
        self.assertEqual(sum(answers[error] for error in errors & set(answers)), answers["0"])

    def test_any_byte_of_a_message(self):
        # When a key is gone, the module is loaded with the next one. Loading sends a message too.
        script = """
            for key in 0 1 2 3; do
                [ $key = 0 ] || reload vmpck_id=$key || insert vmpck_id=$key
                test -e /dev/sev-guest && asks 8
            done 2>/dev/null
            test -e /dev/sev-guest && rmmod tsm_sev; echo end
        """
        seen = set()
        for seed in range(SEED, SEED + GUESTS):
            with self.subTest(seed):
                lines = self.guest(script, f"mutate={seed}", "refuse_after=1")
                print(f"kernel {KERNEL}, seed {seed}:", {line: lines.count(line) for line in lines})
                self.assertEqual(lines.pop(), "end")
                # With the first key, `asks` prints 8 lines in any case.
                self.assertGreaterEqual(len(lines), 8)
                self.assertLessEqual(set(lines), MESSAGE | {REPORT})
                seen.update(lines)
        self.assertIn(GONE, seen)


@also("debug")
class Services(Svsm):
    def test_any_byte_of_what_an_svsm_answers(self):
        lines = self.guest(f"/add/sev_guest services {SERVICES}; dump last; rmdir last; rmmod tsm_sev", f"mutate={SEED}",
                           f"mutate_count={SERVICES}", "mutate_part=svsm", timeout=900 + SERVICES // 10,
                           add=[built("sev_guest")])
        answers = {answer: int(number) for answer, number in map(str.split, lines[:-5])}
        print(f"kernel {KERNEL}, seed {SEED}:", answers)

        self.assertEqual(sum(answers.values()), SERVICES)
        self.assertLessEqual(set(answers), SVSM | {"report"})
        if SERVICES >= 1000:
            self.assertEqual(set(answers), SVSM | {"report"})
        self.assertGreater(answers["report"], SERVICES // 4)
        self.check(lines[-5:])


if __name__ == "__main__":
    unittest.main()
