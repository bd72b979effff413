# SPDX-License-Identifier: GPL-2.0
"""What becomes of what is in a page that is converted: python3 -m unittest discover -p test_conversions.py tests/vmm

On hardware the memory behind a page is another one when it is shared, or its bytes are encrypted with another key. So a
driver that reads a page after it was converted, and has not written it since, gets other bytes than were there.
"""

import unittest

from vmm import Vmm

# tsm_converted.ko is such a driver. It counts the words of a page that are what it wrote.
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
