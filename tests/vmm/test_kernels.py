# SPDX-License-Identifier: GPL-2.0
"""The distribution's ordinary kernel: python3 -m unittest discover -p test_kernels.py tests/vmm

It has more options than the one for clouds, which other tests run on.
"""

import unittest

from vmm import FUNCTIONS, Vmm

REPORT = r"""
    uname -r; asks 2; rmmod $provider && rmmod tsm && echo gone
"""


class Ordinary(Vmm):
    def test_a_report_of_tdx(self):
        release, *lines, gone = self.guest(REPORT, kernel="amd64")
        self.assertRegex(release, r"^[0-9.]+\+deb[0-9]+-amd64$")
        self.assert_quotes(lines, 2)
        self.assertEqual(gone, "gone")


class OrdinarySnp(Vmm):
    PLATFORM = "snp"
    FUNCTIONS = "provider=tsm_sev blob=report" + FUNCTIONS

    def test_a_report_of_snp(self):
        release, *lines, gone = self.guest(REPORT, kernel="amd64")
        self.assertRegex(release, r"^[0-9.]+\+deb[0-9]+-amd64$")
        self.assertEqual(lines, ["report 1184"] * 2)
        self.assertEqual(gone, "gone")


class OrdinaryDevice(Vmm):
    """The kernel has PCI/TSM, where tsm_tdisp.ko registers as a TSM: `tsm/connect` of a device."""
    PLATFORM = "plain"
    FUNCTIONS = FUNCTIONS + r"""
        cd /sys/bus/pci/devices/0000:00:10.0 || exit
        request() { echo "$2" | sh -c "cat >$1" 2>/tmp/error && echo ok || sed 's/.*: //' /tmp/error; }
        exchanges() { echo $((0x$(dd if=config bs=4 skip=66 count=1 2>/dev/null | od -A n -t x4 | tr -d ' '))); }
        # Starts a command, and returns when the device has had so many exchanges since. /tmp/ended has the outcome.
        during() { last=$(($(exchanges) + $2)); ($1 >/tmp/ended) & await '[ $(exchanges) -ge $last ]'; }
    """

    def test_both_ways_to_connect(self):
        script = """
            uname -r; cat tsm/connect
            request tsm/connect tsm0; cat tsm/connect authenticated spdm/state spdm/version; ls spdm/measurements | wc -l
            request spdm/connect 0; request spdm/disconnect 1; request tsm/disconnect tsm0; cat spdm/state
            request spdm/connect 0; request tsm/connect tsm0; request tsm/disconnect tsm0; request spdm/disconnect 1
            request tsm/connect tsm0; rmmod tsm_tdisp; echo $?; ls | grep -cE "^(tsm|spdm|authenticated)$"
            insmod /lib/modules/*/updates/tsm_tdisp.ko; request tsm/connect tsm0
            echo 1 >remove; echo 1 >/sys/bus/pci/rescan; cd /sys/bus/pci/devices/0000:00:10.0
            cat tsm/connect spdm/state; request tsm/connect tsm0; cat spdm/state
        """
        busy, gone = "Device or resource busy", "No such device or address"
        release, *lines = self.guest(script, kernel="amd64", devices=["tdi"])
        self.assertRegex(release, r"^[0-9.]+\+deb[0-9]+-amd64$")
        self.assertEqual(lines, [
            "", "ok", "tsm0", "tsm0", "session", "1.2", "8", busy, busy, "ok", "disconnected",
            "ok", busy, gone, "ok", "ok", "0", "0", "ok", "", "disconnected", "ok", "session"])

    def test_which_devices_have_it(self):
        """A device with neither TEE-IO nor IDE has no `tsm/`, and is connected by `spdm/connect` all the same."""
        script = """
            for spdm in /sys/bus/pci/devices/*/spdm; do
                cd ${spdm%/spdm}; request spdm/connect 0; cat spdm/state; ls -d tsm 2>/dev/null || echo none
            done
        """
        devices = [f"tdi,persona={persona}" for persona in ("integrated", "cma", "endpoint")]
        lines = self.guest(script, kernel="amd64", devices=devices)
        self.assertEqual(lines, ["ok", "session", "tsm", "ok", "session", "none", "ok", "session", "tsm"])

    def test_another_tsm(self):
        """With two TSMs, the core keeps the files when one of them goes, and a task may select it until it is unregistered."""
        script = """
            ls -d tsm; rmmod tsm_tdisp; ls -d tsm 2>/dev/null || echo none; load tsm_fake_link
            insmod /lib/modules/*/updates/tsm_tdisp.ko; ls -1 /sys/class/tsm
            request tsm/connect tsm0; request tsm/connect tsm1; cat tsm/connect spdm/state
            insmod /lib/modules/*/updates/tsm_hold.ko function=device_unregister; held=/sys/module/tsm_hold/parameters
            rmmod tsm_tdisp & await 'grep -q 1 $held/held'; ls -1 /sys/class/tsm
            request tsm/connect tsm1; cat tsm/connect; echo 0 >$held/hold; wait; ls -1 /sys/class/tsm; ls -d tsm
            request tsm/connect tsm1; rmmod tsm_fake_link; ls -d tsm 2>/dev/null || echo none
        """
        gone = "No such device or address"
        lines = self.guest(script, kernel="amd64", devices=["tdi"])
        self.assertEqual(lines, [
            "tsm", "none", "tsm0", "tsm1", gone, "ok", "tsm1", "session",
            "tsm0", "tsm1", gone, "", "tsm0", "tsm", gone, "none"])

    def test_the_machine_sleeps(self):
        """A sleep ends a connection and cancels a request that runs, instead of waiting for it."""
        script = """
            echo 0 >/sys/module/suspend/parameters/pm_test_delay; echo devices >/sys/power/pm_test
            state() { cat spdm/state spdm/generation; cat spdm/transcript/session >/tmp/session 2>/dev/null && echo some || echo none; }
            request spdm/connect 0; state
            cd ../0000:00:11.0; (request spdm/connect 0 >/tmp/slow) & waits spdm/connect; cd ../0000:00:10.0
            request /sys/power/state freeze; state; wait; cat /tmp/slow ../0000:00:11.0/spdm/state
            request spdm/connect 0; cat spdm/state; request spdm/disconnect 1
            request tsm/connect tsm0; request /sys/power/state freeze; cat tsm/connect spdm/state
            request spdm/disconnect 1; request tsm/disconnect tsm0; cat spdm/state; request tsm/connect tsm0; cat spdm/state
            exec 3</dev/snapshot; cat spdm/state; request spdm/disconnect 1; request tsm/disconnect tsm0; cat spdm/state
            request spdm/connect 0; exec 3<&-; request spdm/connect 0; cat spdm/state
            rmmod tsm_tdisp; request /sys/power/state freeze
        """
        lines = self.guest(script, kernel="amd64", devices=["tdi", "tdi,delay=900000"])
        self.assertEqual(lines, [
            "ok", "session", "1", "some", "ok", "lost", "2", "none", "Operation canceled", "disconnected",
            "ok", "session", "ok", "ok", "ok", "tsm0", "lost", "Device or resource busy", "ok", "disconnected", "ok", "session",
            # A hibernation by user space begins when it opens this file, and ends when it closes it.
            "lost", "Device or resource busy", "ok", "disconnected", "Operation canceled", "ok", "session", "ok"])

    def test_the_machine_sleeps_with_an_interface(self):
        """A sleep ends a session and its interfaces, whatever the step of a bind or of a start it comes at."""
        script = """
            echo 0 >/sys/module/suspend/parameters/pm_test_delay; echo devices >/sys/power/pm_test
            sleeps() { request /sys/power/state freeze; cat tdi/state tdi/trust; cat tdi/report >/dev/null 2>&1 || echo none; }
            judged() { request tdi/validate $(cat tdi/generation); }
            again() { request spdm/disconnect 1; request spdm/connect 0; cat tdi/state; }
            good() { again; request tdi/bind 0; judged; cat tdi/state; request tdi/unbind 1; }
            request spdm/connect 0; request tdi/bind 0; judged; cat tdi/state; before=$(cat tdi/generation)
            sleeps; judged; [ $(cat tdi/generation) -gt $before ] && echo later; good
            echo steps; cd ../0000:00:11.0
            slept() {
                during $1 $2; said=$(sleeps); wait; echo $said $(cat /tmp/ended); good | md5sum
            }
            request spdm/connect 0; good; good | md5sum
            # Five exchanges, after the read of the state has asked for the version of TDISP. A start takes three.
            bind() { request tdi/bind 0; }
            for step in 0 1 2 3 4 5; do again >/dev/null; slept bind $step; done
            for step in 0 1 2 3; do again >/dev/null; bind >/dev/null; slept judged $step; done
        """
        lines = self.guest(script, kernel="amd64", devices=["tdi", "tdi,delay=200000"])
        good = ["ok", "ok", "unlocked", "ok", "ok", "run", "ok"]
        place = lines.index("steps")
        self.assertEqual(lines[:place], [
            "ok", "ok", "ok", "run", "ok", "unknown", "none", "none", "Transport endpoint is not connected", "later", *good])
        connected, *lines = lines[place + 1:]
        self.assertEqual([connected, *lines[:7]], ["ok", *good])
        right, *steps = lines[7:]
        self.assertEqual(steps[1::2], [right] * 10)
        ended = [step.removeprefix("ok unknown none none ") for step in steps[::2]]
        # A request that had not begun finds no session, and one at its last message may succeed.
        self.assertLessEqual(set(ended), {"ok", "Operation canceled", "Transport endpoint is not connected"})
        self.assertLessEqual(set(ended[1:6] + ended[7:]), {"ok", "Operation canceled"})
        self.assertIn("Operation canceled", ended)

    def test_the_machine_sleeps_while_a_link_is_encrypted(self):
        """A sleep ends the request, whatever the step it comes at, and the link can be encrypted after it."""
        script = """
            echo 0 >/sys/module/suspend/parameters/pm_test_delay; echo devices >/sys/power/pm_test
            rmmod tsm_tdisp; insmod /lib/modules/*/updates/tsm_tdisp.ko ide_unpaired=1
            for spdm in /sys/bus/pci/devices/*/spdm; do cd ${spdm%/spdm}; done
            link() { request spdm/ide 3; }
            good() { request spdm/disconnect 1; request spdm/connect 0; cat spdm/ide; link; cat spdm/ide; }
            request spdm/connect 0; echo $(good)
            for step in $(seq 0 13); do
                request spdm/disconnect 1 >/dev/null; request spdm/connect 0 >/dev/null
                during link $step
                said=$(request /sys/power/state freeze; cat spdm/state spdm/ide); wait
                echo $said $(cat /tmp/ended); echo $(good)
            done
        """
        connected, right, *steps = self.guest(script, kernel="amd64", devices=["tdi,persona=endpoint,delay=200000"])
        self.assertEqual((connected, right), ("ok", "ok ok off ok 3 secure"))
        self.assertEqual(steps[1::2], [right] * 14)
        first, *ended = [step.removeprefix("ok lost off ") for step in steps[::2]]
        # As for an interface.
        self.assertIn(first, {"Operation canceled", "Transport endpoint is not connected"})
        self.assertLessEqual(set(ended), {"ok", "Operation canceled"})
        self.assertIn("Operation canceled", ended)


class OrdinaryTdxDevice(Vmm):
    FUNCTIONS = OrdinaryDevice.FUNCTIONS

    def test_a_device_is_taken_into_trust_by_tsm_connect(self):
        script = """
            request tsm/connect tsm0; cat tsm/connect spdm/state; request tdi/bind 0; cat tdi/state
            request tdi/validate $(cat tdi/generation); cat tdi/state tdi/trust
            request tsm/disconnect tsm0; cat spdm/state tdi/state
        """
        self.assertEqual(self.guest(script, kernel="amd64", devices=["tdi"]), [
            "ok", "tsm0", "session", "ok", "locked", "ok", "run", "authenticated measured session run",
            "ok", "disconnected", "unknown"])


if __name__ == "__main__":
    unittest.main()
