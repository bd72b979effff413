# SPDX-License-Identifier: GPL-2.0
"""Pages that are freed while the VMM can still write to them: python3 -m unittest discover tests/vmm"""

from vmm import Vmm, also


@also("check")
class Tdx(Vmm):
    def test_is_a_fault(self):
        self.guest("echo 1 >/sys/module/tsm_shared_frees/parameters/leak", status=120,
                   because="page 0x[0-9a-f]+ is freed while it is shared with the VMM")


@also("check")
class Snp(Tdx):
    PLATFORM = "snp"
    FUNCTIONS = ""
