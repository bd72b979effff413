# SPDX-License-Identifier: GPL-2.0
"""The contents of a page are lost when it is converted: python3 -m unittest discover -p test_conversions.py tests/vmm

On hardware, the shared page is other memory than the private one, or its bytes are encrypted with another key. So a driver
that reads a page after its conversion, without writing it first, does not get the bytes that were there.
"""

import unittest

from vmm import Vmm

# tsm_converted.ko is such a driver. It counts the words of a page that still are as it wrote them.
SCRIPT = """
insmod /lib/modules/*/updates/tsm_converted.ko
for when in written shared private; do cat /sys/module/tsm_converted/parameters/$when; done
"""


class Tdx(Vmm):
    def test_what_was_in_a_page_is_gone(self):
        self.assertEqual(self.guest(SCRIPT), ["512", "0", "0"])


class Snp(Tdx):
    PLATFORM = "snp"
    FUNCTIONS = ""


if __name__ == "__main__":
    unittest.main()
