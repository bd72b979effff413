# SPDX-License-Identifier: GPL-2.0
"""Answers that the VMM of an SEV-SNP guest changes at random: python3 -m unittest discover -p test_snp_mutations.py tests/vmm

A message that is changed costs the key, and there are four in a guest; certificates that are changed, or too little room
for them, cost none, nor does what the firmware itself says otherwise, or what an SVSM answers. So many of the latter are
tried in one guest, and of the former one for each key, in some guests. TSM_MUTATIONS says how many of the latter are
changed, TSM_SEED in which way.
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

# What there can be in place of a report, by what is wrong: the message, the GHCB, the table, the room for it.
MESSAGE = {"Bad message", "Input/output error", "Required key not available", "Connection timed out"}
TABLE = {"EFBIG", "EPROTO", "EIO"}

# What the firmware can have said: a status, or a report that is too short.
FIRMWARE = {"EINVAL", "EKEYREJECTED", "EREMOTEIO", "EMSGSIZE"}

# And in place of what an SVSM attests.
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
        # Any number of certificates that are where they should be, and reports by the device.
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
        # The device hands out what there is. No message is lost, or the key would be.
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
        # Until each key is gone: the next one is taken then, with which loading asks for a report as well.
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
                # The first key is there in any case, or was.
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
