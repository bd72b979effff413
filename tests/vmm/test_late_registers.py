# SPDX-License-Identifier: GPL-2.0
"""A platform that makes no report when our drivers are loaded: python3 -m unittest discover -p test_late_registers.py tests/vmm

The drivers are loaded nevertheless, since a client that finds no interface goes on without a report. The registers are
published by the first report that is made.
"""

import unittest

from vmm import Vmm
from test_snp import ERROR, GONE, REPORT, SnpVmm

SCRIPT = r"""
registers() { [ -d $folder ] && find $folder -type f | wc -l || echo none; }
log() { dmesg | grep -o 'no measurement registers until.*' | uniq; }
load tsm; load $provider; log; registers; ls $device
"""


class Tdx(Vmm):
    FUNCTIONS = (Vmm.FUNCTIONS + "\nfolder=/sys/kernel/tsm/tdx device=/dev/tdx_guest"
                 "\nshown() { find /sys/class/misc/tdx_guest/ -name '*:*' | wc -l; }" + SCRIPT)
    BEGIN = ["no measurement registers until there is a report: error=-5", "none", "/dev/tdx_guest"]

    def test_a_quote_publishes_the_registers(self):
        script = "ask a; registers; ask b | cut -c 1-5; registers; shown; ask c | cut -c 1-5; registers; rmmod $provider && registers"
        # Loading asks for the first report, and the first reader for the second.
        lines = self.guest(script, "mr_report=invalid", "refuse_count=2", drivers="none")
        self.assertEqual(lines, [*self.BEGIN, ERROR, "none", "quote", "8", "5", "quote", "8", "none"])

    def test_a_tdreport_without_a_quote_publishes_the_registers(self):
        script = "ask a; registers; ask b; registers"
        lines = self.guest(script, "mr_report=invalid", "refuse_count=2", "quote=unavailable", drivers="none")
        self.assertEqual(lines, [*self.BEGIN, ERROR, "none", "Host is down", "8"])

    def test_a_module_that_is_unloaded_without_registers(self):
        script = "ask a; registers; rmmod $provider && echo gone; load $provider; ask b; registers"
        lines = self.guest(script, "mr_report=invalid", drivers="none")
        self.assertEqual(lines, [*self.BEGIN, ERROR, "none", "gone", ERROR, "none"])


class Snp(SnpVmm):
    FUNCTIONS = SnpVmm.FUNCTIONS + "\nfolder=/sys/kernel/tsm/sev_snp device=/dev/sev-guest" + SCRIPT

    def begin(self, why):
        return [f"no measurement registers until there is a report: {why}", "none", "/dev/sev-guest"]

    def test_what_the_firmware_refuses(self):
        for option, why, error in (
                ("report_status=16", "error=-22 firmware=0x16", "Invalid argument"),
                ("report_status=27", "error=-129 firmware=0x27", "Key was rejected by service"),
                ("report_size=0", "error=-90", "Message too long")):
            with self.subTest(option):
                lines = self.guest("ask a; registers; rmmod $provider && echo gone", option, drivers="none")
                self.assertEqual(lines, [*self.begin(why), error, "none", "gone"])

    def test_what_costs_the_key(self):
        for option, why in (("guest_request=tag", "error=-74 exitinfo2=0x0"), ("request_error=16", "error=-5 exitinfo2=0x16")):
            with self.subTest(option):
                # When it is loaded again, the driver has no key from the start, and registers nevertheless.
                script = "ask a; registers; reload && echo loaded; ask b; /add/sev_guest report; reload vmpck_id=0 2>&1"
                lines = self.guest(script + " | sed 's/.*: //'", option, drivers="none")
                refused = ["ENOKEY 0xff", "Invalid argument"]
                self.assertEqual(lines, [*self.begin(why), GONE, "none", "loaded", GONE, *refused])

    def test_any_report_publishes_the_registers(self):
        begin = self.begin("error=-22 firmware=0x16")
        for ask, answer in {
            "ask a": REPORT,
            "/add/sev_guest report": "done",
            "/add/sev_guest extended 4": "done",
        }.items():
            with self.subTest(ask):
                # A derived key publishes no registers.
                script = f"/add/sev_guest key; registers; {ask}; registers; ask z; registers; rmmod $provider && registers"
                lines = self.guest(script, "report_status=16", "refuse_count=1", drivers="none")
                self.assertEqual(lines, [*begin, "done", "none", answer, "11", REPORT, "11", "none"])


if __name__ == "__main__":
    unittest.main()
