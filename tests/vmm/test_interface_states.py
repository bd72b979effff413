# SPDX-License-Identifier: GPL-2.0
"""How user space learns of the states of interfaces and links:
python3 -m unittest discover -p test_interface_states.py tests/vmm

As test_interfaces.py, which has the faults of interfaces and links.
"""

from test_authentication import OK, Spdm
from test_interfaces import ERROR, TDI


class Events(Spdm):
    FUNCTIONS = Spdm.FUNCTIONS + TDI

    def test_a_change_of_the_state_is_an_event(self):
        # Only Debian's kernel has a network, which the events come over. An event names its function.
        script = r"""
            uevent sh -c 'echo $ACTION $DEVPATH $TDI_STATE >>/tmp/events' &
            await 'echo add >$pci/uevent; [ -s /tmp/events ]'
            request connect 0; tdi bind 0; judged
            printf '\002' | dd of=$pci/config bs=1 seek=4 conv=notrunc 2>/dev/null; look; tdi unbind 1
            (pci=${pci%0}1; tdi bind 0)
            request disconnect 1; await 'grep -q "0 unknown" /tmp/events && grep -q "1 unknown" /tmp/events'
            for number in 0 1; do grep "^change.*00:10.$number [a-z]" /tmp/events; done
        """
        lines = self.devices(script, "tdi", kernel="stock")
        self.assertEqual(lines[:7], [OK, OK, OK, ERROR, OK, OK, OK])
        device = "change /devices/pci0000:00/0000:00:10."
        self.assertEqual(lines[7:], [
            *[f"{device}0 {state}" for state in ("locked", "run", "error", "unlocked", "unknown")],
            *[f"{device}1 {state}" for state in ("locked", "unknown")]])


class Links(Spdm):
    FUNCTIONS = Spdm.FUNCTIONS + TDI

    def test_a_stream_whose_keys_are_gone_is_insecure(self):
        # The device forgets its keys and the session, and sends no message about it. The registers of the stream show it.
        script = """
            provider=tsm_tdisp; reload ide_unpaired=1; found; request connect 0; link 7; cat $pci/spdm/ide
            wrong 0; cat $pci/spdm/ide; state; request disconnect 1; cat $pci/spdm/ide
            request connect 0; link 7; cat $pci/spdm/ide; tdi bind 0
        """
        self.assertEqual(self.devices(script, "tdi,persona=endpoint"), [
            OK, OK, "7 secure", "7 insecure", "session", OK, "off", OK, OK, "7 secure", OK])
