# SPDX-License-Identifier: GPL-2.0
"""tsm_tdisp.ko on devices whose interfaces and links have faults:
python3 -m unittest discover -p test_interfaces.py tests/vmm

As test_authentication.py, which has the faults of a connection.
"""

import errno
import os
import re

from vmm import DEBUG, KERNEL, also
from test_authentication import BAD, BROKEN, BUSY, GONE, MAILBOX, OK, REMOTE, TOO_LONG, UNSUPPORTED, Spdm

# judged validates the current generation. keys counts the keys that were programmed for the link. config
# OFFSET and set_config OFFSET DWORD read and write configuration space. traces begins to trace failures,
# traced prints the codes and errors of the failures since it was called last.
TDI = r"""
tdi() { echo "$2" | sh -c "cat >$pci/tdi/$1" 2>/tmp/error; outcome $?; }
judged() { tdi validate "$(cat $pci/tdi/generation)"; }
look() { cat $pci/tdi/state 2>/tmp/error || outcome 1; }
link() { echo "$1" | sh -c "cat >$pci/spdm/ide" 2>/tmp/error; outcome $?; }
config() { dd if=$pci/config bs=4 skip=$(($1 / 4)) count=1 2>/dev/null | od -A n -t x4 | tr -d ' '; }
keys() { echo $((0x$(config 0x120))); }
set_config() {
    printf "$(printf '\\x%02x' $(($2 & 255)) $(($2 >> 8 & 255)) $(($2 >> 16 & 255)) $(($2 >> 24 & 255)))" |
        dd of=$pci/config bs=4 seek=$(($1 / 4)) conv=notrunc 2>/dev/null
}
tracing=/sys/kernel/tracing
traces() {
    mkdir -p $tracing; mount -t tracefs tracefs $tracing
    echo 1 >$tracing/events/tsm_tdisp/tsm_tdisp_failed/enable
}
traced() { sed -n 's/.*tsm_tdisp_failed: .* code=/code=/p' $tracing/trace; : >$tracing/trace; }
"""
TRACED = re.compile(r"code=(0|0x[0-9a-f]+) error=-([0-9]+)")

UNLOCKED, LOCKED, RUN, ERROR, UNKNOWN = "unlocked", "locked", "run", "error", "unknown"
STALE, ABSENT, TIMEOUT = "Stale file handle", "Transport endpoint is not connected", "Connection timed out"
CANCELED = "Operation canceled"

# With each fault, the results of `bind` and of `validate` after it, then the states of the interface and of the connection.
BROKEN_SESSION = BROKEN, "", UNKNOWN, "lost"
REFUSED_REPORT = BROKEN, "", UNLOCKED, "session"
FINE = OK, OK, RUN, "session"
BINDS = {
    BROKEN_SESSION: "vendor-standard vendor-length-0 vendor-length-255 vendor-payload-longer vendor-protocol-other "
                    "vendor-ide-for-tdisp tdisp-interface-other tdisp-version-other tdisp-portion-zero "
                    "tdisp-remainder-grows report-empty",
    (BAD, "", UNKNOWN, "lost"): "tdisp-state-unknown tdisp-state-255",
    (REMOTE, "", REMOTE, "session"): "tdisp-error-request tdisp-error-busy tdisp-error-state tdisp-error-unspecified "
                                     "tdisp-error-unsupported tdisp-error-version tdisp-error-vendor tdisp-error-interface "
                                     "tdisp-error-nonce tdisp-error-entropy tdisp-error-configuration tdisp-error-unknown",
    # An interface that is not locked has no report.
    # What the device has locked is stopped, also if it does not say that it has.
    (REMOTE, "", UNLOCKED, "session"): "tdisp-lock-not-moving tdisp-lock-withdrawn",
    REFUSED_REPORT: "report-15 report-count-max report-pages-overflow "
                    "report-first-page-max report-range-outside report-range-overlap report-bar-order",
    (OK, BROKEN, UNLOCKED, "session"): "tdisp-start-not-moving",
    FINE: "tdisp-lock-not-ready report-65535 report-bar-6 report-reserved-bits tdisp-start-any-nonce",
}
# What the device says of itself is in the trace: the code of TDISP_ERROR or of ERROR, an unknown state, the status of KP_ACK.
CODES = {
    "tdisp-error-request": 0x01, "tdisp-error-busy": 0x03, "tdisp-error-state": 0x04, "tdisp-error-unspecified": 0x05,
    "tdisp-error-unsupported": 0x07, "tdisp-error-version": 0x41, "tdisp-error-vendor": 0xff,
    "tdisp-error-interface": 0x101, "tdisp-error-nonce": 0x102, "tdisp-error-entropy": 0x103,
    "tdisp-error-configuration": 0x104, "tdisp-error-unknown": 0x8000_0001, "tdisp-lock-withdrawn": 0x500,
    "tdisp-state-unknown": 4, "tdisp-state-255": 255, "ide-status-1": 1, "ide-status-2": 2, "ide-status-3": 3, "ide-status-4": 4,
    "ide-status-255": 255,
}


class Interfaces(Spdm):
    FUNCTIONS = Spdm.FUNCTIONS + TDI

    @also("brief", *DEBUG)
    def test_each_fault(self):
        """Each fault of an interface ends in one errno and one line of trace, and without the fault it is bound."""
        expected = {name: outcome for outcome, listed in BINDS.items() for name in listed.split()}
        listed = {name for name in self.names if re.match("vendor-|tdisp-|report-", name)}
        apart = {"tdisp-relocked", "tdisp-run-without-start", "tdisp-report-once", "tdisp-lock-without-keys"}
        self.assertEqual(set(expected), listed - apart)
        script = """
            traces
            fault() {
                wrong $2; request connect 0 >/dev/null; traced >/dev/null
                bound=$(tdi bind 0); started=; [ "$bound" != ok ] || started=$(judged)
                traced=$(traced)
                look=$(look); state=$(state); leave
                wrong 0; request connect 0 >/dev/null; again=$(tdi bind 0); started_again=$(judged); last=$(look); leave
                echo "$1|$bound|$started|$look|$state|$traced|$again|$started_again|$last"
            }
        """ + "".join(f"fault {name} {self.number(name)}\n" for name in expected) + "dmesg | grep -c tsm_tdisp; true"
        *lines, logged = self.devices(script, "tdi", timeout=7200 if KERNEL == "debug" else 1800)
        self.assertEqual(logged, "0")
        for line in lines:
            name, bound, started, look, state, traced, *again = line.split("|")
            with self.subTest(name):
                self.assertEqual((bound, started, look, state), expected.pop(name))
                self.assertEqual(again, [OK, OK, RUN])
                if (bound, started) == (OK, OK):
                    self.assertEqual(traced, "")
                else:
                    code, error = TRACED.fullmatch(traced).groups()
                    self.assertEqual(os.strerror(int(error)), started or bound)
                    if name in CODES:
                        self.assertEqual(int(code, 0), CODES[name])
        self.assertEqual(expected, {})

    @also(*DEBUG)
    def test_a_device_that_moves_by_itself(self):
        # With the first fault the interface is in RUN after the lock, with the second one it returns its report only once, with
        # the third one it unlocks and locks itself after the report, so that its nonce is another one.
        script = f"""
            traces; good() {{ traced; leave; wrong 0; request connect 0; tdi bind 0; judged; look; traced; leave; }}
            wrong {self.number('tdisp-run-without-start')}; request connect 0; tdi bind 0; look; state; good
            wrong {self.number('tdisp-report-once')}; request connect 0; tdi bind 0; look; judged; tdi unbind 1; good
            wrong {self.number('tdisp-relocked')}; request connect 0; tdi bind 0; look; judged; look; state; good
            dmesg | grep -c tsm_tdisp; true
        """
        lines = self.devices(script, "tdi")
        good = [OK, OK, OK, RUN]
        self.assertEqual(lines, [
            OK, BROKEN, UNLOCKED, "session", f"code=0x0 error=-{errno.EPROTO}", *good,
            OK, OK, LOCKED, OK, OK, *good,
            OK, OK, LOCKED, REMOTE, UNLOCKED, "session", f"code=0x102 error=-{errno.EREMOTEIO}", *good, "0"])

    @also("brief")
    def test_a_request_that_ends_before_the_device_says_that_it_has_locked(self):
        # It says so a second later: a disconnect, rmmod or the time that a request may take ends the request meanwhile. The
        # interface is stopped nevertheless, and with it nothing that is locked is left to the next session.
        script = f"""
            provider=tsm_tdisp
            locks() {{
                request connect 0; before=$(exchanges); tdi bind 0 >/tmp/bound & pid=$!
                await '[ $(exchanges) -ge $((before + 4)) ]'
            }}
            wrong {self.number('tdisp-lock-not-ready')}
            locks; request disconnect 1; wait $pid; cat /tmp/bound; request connect 0; look; request disconnect 1
            locks; rmmod tsm_tdisp; wait $pid; cat /tmp/bound; insert request_timeout_ms=1000; request connect 0; look
            tdi bind 0; state; look; request disconnect 1
            reload; request connect 0; tdi bind 0; judged; look
        """
        self.assertEqual(self.devices(script, "tdi"), [
            OK, OK, CANCELED, OK, UNLOCKED, OK,
            OK, GONE, OK, UNLOCKED,
            TIMEOUT, "session", UNLOCKED, OK,
            OK, OK, OK, RUN])

    def test_a_device_without_tee_io_has_no_interface(self):
        script = "ls -d /sys/bus/pci/devices/*/tdi 2>/dev/null || echo none; ls -d /sys/bus/pci/devices/*/spdm | wc -l"
        self.assertEqual(self.devices(script, "tdi,persona=cma"), ["none", "1"])

    def test_a_device_that_knows_its_functions_by_other_ids(self):
        # An integrated device can't tell the guest by which IDs it knows its functions.
        script = "request connect 0; tdi bind 0; look; state"
        self.assertEqual(self.devices(script, "tdi,requester_id=1234"), [OK, REMOTE, REMOTE, "session"])

    def test_a_device_that_tells_by_which_ids_it_knows_its_functions(self):
        # The IDs of the functions follow that of function 0, whatever it is, also into the next bus.
        script = """
            provider=tsm_tdisp; reload ide_unpaired=1; found; request connect 0; link 7
            for number in 0 1 2; do pci=${pci%?}$number; tdi bind 0; judged; look; done
        """
        for first in "1234", "1fff", "ffff":
            with self.subTest(first):
                lines = self.devices(script, f"tdi,persona=endpoint,functions=3,requester_id={first}")
                self.assertEqual(lines, [OK, OK, *[OK, OK, RUN] * 3])

    def test_another_mailbox_has_no_say_in_interfaces(self):
        # Function 1 has a mailbox, too. Its connection is another one, over which no interface was bound.
        script = """
            evidence() { echo $(cat $pci/tdi/trust) $(($(cat $pci/tdi/generation) - first)) $(wc -c <$pci/tdi/report); }
            request connect 0; tdi bind 0; judged; first=$(cat $pci/tdi/generation); evidence
            (pci=${pci%0}1; request connect 0; measure; request disconnect 1); evidence
            (pci=${pci%0}1; request connect 0; again && echo found); evidence; look; tdi unbind 1; look
        """
        *lines, unbound, unlocked = self.devices(script, "tdi,mailboxes=2")
        evidence = lines[3]
        self.assertRegex(evidence, "^authenticated measured session run 0 [1-9]")
        self.assertEqual(lines, [OK, OK, OK, evidence, OK, OK, OK, evidence, OK, "found", evidence, RUN])
        self.assertEqual((unbound, unlocked), (OK, UNLOCKED))

    def test_addresses_of_the_guest(self):
        script = "request connect 0; tdi bind 4; cat $pci/tdi/ranges; judged"
        lines = ["0 0x0 0x2000 non-tee", "2 0x0 0x1000 msix-table", "2 0x1000 0x1000 msix-pba", "4 0x0 0x10000"]
        for bars in "guest", "host":
            with self.subTest(bars):
                self.assertEqual(self.devices(script, f"tdi,bars={bars}"), [OK, OK, *lines, OK])

    def test_a_bound_function_stays_awake(self):
        # Only Debian's kernel has power management. A function that no driver is bound to sleeps, if it may, whenever
        # nothing is asked of it.
        script = """
            slept() { cat $pci/power/runtime_suspended_time; }
            sleeps() { await '[ $(cat $pci/power/runtime_status) = suspended ]'; before=$(slept); await '[ $(slept) -gt $before ]'; }
            echo auto >$pci/power/control; sleeps; request connect 0; sleeps
            tdi bind 0; before=$(slept); look; look; judged; look; look; [ $(slept) = $before ] && echo awake
            tdi unbind 1; sleeps; request disconnect 1
        """
        self.assertEqual(self.devices(script, "tdi", kernel="stock"), [
            OK, OK, LOCKED, LOCKED, OK, RUN, RUN, "awake", OK, OK])

    def test_a_change_of_what_is_locked(self):
        # Table 11-2: BARs, the power state, and with flag 4 the control register of MSI-X. The same does nothing to an
        # interface that is not locked, and the next bind is a good one.
        script = """
            request connect 0
            changed() { set_config $1 $2; look; set_config $1 $3; }
            for flags in 0 4; do
                for change in 0x10:0x10000 0x18:0x10000 0x20:0x10000 0x84:3 0x90:0x40000000; do
                    register=${change%:*}; before=0x$(config $register); other=$((before ^ ${change#*:}))
                    echo $flags $register $(changed $register $other $before) $(tdi bind $flags) \
                        $(changed $register $other $before) $(tdi unbind 1) $(look)
                done
            done
            tdi bind 4; judged; look
        """
        lines = self.devices(script, "tdi")
        expected = [f"{flags} {register} {UNLOCKED} {OK} {ERROR} {OK} {UNLOCKED}"
                    for flags in (0, 4) for register in ("0x10", "0x18", "0x20", "0x84", "0x90")]
        expected[4] = f"0 0x90 {UNLOCKED} {OK} {LOCKED} {OK} {UNLOCKED}"
        self.assertEqual(lines, [OK, *expected, OK, OK, RUN])


class Links(Spdm):
    """The encryption of a device's link."""

    FUNCTIONS = Spdm.FUNCTIONS + TDI
    ENDPOINT = "tdi,persona=endpoint"
    START = """
        provider=tsm_tdisp; reload ide_unpaired=1; found
    """

    def test_no_key_is_sent_where_the_other_end_is_not_programmed(self):
        script = """
            found; request connect 0; before=$(exchanges); link 1; [ $(exchanges) = $before ] && echo none
            cat $pci/spdm/ide; link off; link 256; link x; tdi bind 0; look
        """
        self.assertEqual(self.devices(script, self.ENDPOINT), [
            OK, UNSUPPORTED, "none", "off", OK, "Invalid argument", "Invalid argument", REMOTE, UNLOCKED])

    @also("brief")
    def test_no_stream_begins_or_ends_while_an_interface_is_bound(self):
        # A change of the stream's registers would put a locked interface into ERROR.
        script = self.START + f"""
            wrong {self.number('tdisp-lock-without-keys')}; request connect 0; tdi bind 0; judged; before=$(exchanges)
            link 7; cat $pci/spdm/ide; [ $(exchanges) = $before ] && echo none; look; tdi unbind 1
            link 7; tdi bind 0; link off; look; tdi unbind 1; link off
        """
        self.assertEqual(self.devices(script, self.ENDPOINT), [
            OK, OK, OK, BUSY, "off", "none", RUN, OK, OK, OK, BUSY, LOCKED, OK, OK])

    @also("check")
    def test_a_link_is_encrypted_and_interfaces_are_bound(self):
        script = self.START + """
            link 1; request connect 0; tdi bind 0; before=$(exchanges); link 7; echo $(($(exchanges) - before)); keys
            cat $pci/spdm/ide; link 7; link 8; tdi bind 0; link off; judged; look
            (pci=${pci%0}1; tdi bind 0; judged; look; tdi unbind 1)
            tdi unbind 1; link off; cat $pci/spdm/ide; tdi bind 0
            link 255; cat $pci/spdm/ide; tdi bind 0; request disconnect 1; cat $pci/spdm/ide
            request connect 0; cat $pci/spdm/ide; tdi bind 0; link 0; tdi bind 0; look; keys
        """
        # The device refuses any key that it has had before: all 18 keys of the three links are different.
        self.assertEqual(self.devices(script, self.ENDPOINT), [
            ABSENT, OK, REMOTE, OK, "13", "6",
            "7 secure", BUSY, BUSY, OK, BUSY, OK, RUN,
            OK, OK, RUN, OK,
            OK, OK, "off", REMOTE,
            OK, "255 secure", OK, OK, "off",
            OK, "off", REMOTE, OK, OK, LOCKED, "18"])

    def test_a_change_of_the_stream(self):
        # By Table 11-2 the interfaces of all functions fail with the stream. The one change disables it in its control
        # register, the other one excludes requester IDs from it.
        script = self.START + """
            request connect 0; other=${pci%0}1
            for change in 0x1d0:0x07400000 0x1d8:0x100; do
                link 7; tdi bind 0; (pci=$other; tdi bind 0; judged)
                set_config ${change%:*} ${change#*:}; look; (pci=$other; look; tdi unbind 1); cat $pci/spdm/ide
                tdi unbind 1; link off
            done
            link 7; tdi bind 0; judged; look
        """
        ended = ERROR, ERROR, OK
        self.assertEqual(self.devices(script, self.ENDPOINT), [
            OK, *[OK] * 4, *ended, "7 insecure", OK, OK, *[OK] * 4, *ended, "7 secure", OK, OK, OK, OK, OK, RUN])

    def test_a_device_without_tee_io_has_a_link(self):
        script = self.START + """
            request connect 0; link 7; cat $pci/spdm/ide; keys; ls -d $pci/tdi 2>/dev/null || echo none
            request disconnect 1; cat $pci/spdm/ide
        """
        self.assertEqual(self.devices(script, "tdi,persona=ide"), [OK, OK, "7 secure", "6", "none", OK, "off"])

    @also(*DEBUG)
    def test_each_fault(self):
        lost = BROKEN, "lost"
        expected = {name: (REMOTE, "session") for name in ("ide-status-1", "ide-status-2", "ide-status-3", "ide-status-4",
                                                           "ide-status-255")}
        expected |= {name: lost for name in ("ide-port-255", "ide-max-port-less", "ide-ack-stream", "ide-ack-sub-stream",
                                             "ide-ack-key-set")}
        expected |= {name: (BROKEN, "session") for name in ("ide-registers-differ", "ide-insecure")}
        self.assertEqual(set(expected), {name for name in self.names if name.startswith("ide-")})
        script = self.START + """
            traces
            fault() {
                wrong $2; request connect 0 >/dev/null; traced >/dev/null
                encrypted=$(link 3); link=$(cat $pci/spdm/ide); state=$(state); traced=$(traced); leave
                wrong 0; request connect 0 >/dev/null; again=$(link 3); secure=$(cat $pci/spdm/ide); bound=$(tdi bind 0); leave
                echo "$1|$encrypted|$link|$state|$traced|$again|$secure|$bound"
            }
        """ + "".join(f"fault {name} {self.number(name)}\n" for name in expected) + "dmesg | grep -c tsm_tdisp; true"
        *lines, logged = self.devices(script, self.ENDPOINT, timeout=3600 if KERNEL == "debug" else 600)
        self.assertEqual(logged, "0")
        for line in lines:
            name, encrypted, link, state, traced, *again = line.split("|")
            with self.subTest(name):
                self.assertEqual((encrypted, state), expected.pop(name))
                self.assertEqual((link, again), ("off", [OK, "3 secure", OK]))
                code, error = TRACED.fullmatch(traced).groups()
                self.assertEqual((os.strerror(int(error)), int(code, 0)), (encrypted, CODES.get(name, 0)))
        self.assertEqual(expected, {})


class TdxLinks(Links):
    PLATFORM = "tdx"
    # The faults do not depend on the platform.
    test_each_fault = None

    # These are no part of `check`.
    def test_a_link_is_encrypted_and_interfaces_are_bound(self):
        super().test_a_link_is_encrypted_and_interfaces_are_bound()

    def test_no_stream_begins_or_ends_while_an_interface_is_bound(self):
        super().test_no_stream_begins_or_ends_while_an_interface_is_bound()


class SnpLinks(TdxLinks):
    PLATFORM = "snp"


class Mutated:
    """Answers that are changed at random, before they are encrypted or after it. Each round of requests ends with errors
    that the ABI has for them, and the kernel reports nothing; a round without a change is good."""

    FUNCTIONS = Spdm.FUNCTIONS + TDI
    # Those of an exchange that an answer can lead to.
    ERRORS = {BROKEN, BAD, MAILBOX, REMOTE, UNSUPPORTED, TOO_LONG, TIMEOUT}
    # More are possible if the device says that an interface is in another state, or the session was lost before.
    BINDS, STARTS, ENDS = {OK, BUSY, *ERRORS}, {OK, STALE, BUSY, *ERRORS}, {OK, ABSENT, *ERRORS}
    MANY = 300 if KERNEL == "debug" else 3_000

    def mutated(self, part, count):
        script = self.ROUND + f"""
            going() {{ [ $(exchanges) -lt {count + 100} ]; }}
            while going; do
                request connect 0 >/dev/null; while going && [ $(state) = session ]; do round; done; leave
            done | sort | uniq -c
            echo last; request connect 0; round; leave; dmesg | grep -c tsm_tdisp; true
        """
        device = f"{self.DEVICE},mutate=7,mutate_count={count},mutate_every=15,mutate_part={part}"
        lines = self.devices(script, device, timeout=7200)
        place = lines.index("last")
        print(f"kernel {KERNEL}, {device}:", *lines[:place], sep="\n    ")
        self.assertEqual(lines[place + 1:], [OK, self.GOOD, "0"])
        rounds = [line.strip().partition(" ")[2] for line in lines[:place]]
        # Some rounds had a changed answer.
        self.assertNotEqual(set(rounds) - {self.GOOD}, set())
        for line in rounds:
            with self.subTest(line):
                self.check_round(*line.split("|"))
                if part == "object" and line.endswith("|session"):
                    # A changed record ends the session. The round after it may find the interface in ERROR.
                    self.assertIn(line, {self.GOOD, self.LEFT})

    @also("brief")
    def test_some_bytes_of_messages(self):
        self.mutated("message", 200)

    @also(*DEBUG)
    def test_any_byte_of_a_message(self):
        self.mutated("message", self.MANY)

    @also(*DEBUG)
    def test_any_byte_of_an_object(self):
        self.mutated("object", self.MANY)


class MutatedInterfaces(Mutated, Spdm):
    DEVICE = "tdi"
    ROUND = """
        round() {
            bound=$(tdi bind 4); started=; [ "$bound" != ok ] || started=$(judged)
            look=$(look); ended=$(tdi unbind 1); echo "$bound|$started|$look|$ended|$(state)"
        }
    """
    GOOD = f"{OK}|{OK}|{RUN}|{OK}|session"
    LEFT = f"{BUSY}||{ERROR}|{OK}|session"

    def check_round(self, bound, started, look, ended, state):
        self.assertIn(bound, self.BINDS)
        self.assertIn(started, self.STARTS if bound == OK else {""})
        self.assertIn(look, {UNLOCKED, LOCKED, RUN, ERROR, UNKNOWN, *self.ERRORS})
        self.assertIn(ended, self.ENDS)
        self.assertIn(state, {"session", "lost"})
        if UNKNOWN == look or ABSENT == ended:
            self.assertEqual((ended, state), (ABSENT, "lost"))


class MutatedLinks(Mutated, Spdm):
    DEVICE = "tdi,persona=endpoint"
    ROUND = Links.START + """
        round() {
            encrypted=$(link 3); link=$(cat $pci/spdm/ide)
            bound=; [ "$encrypted" != ok ] || bound=$(tdi bind 0)
            unbound=$(tdi unbind 1); ended=$(link off); echo "$encrypted|$link|$bound|$unbound|$ended|$(state)"
        }
    """
    GOOD = f"{OK}|3 secure|{OK}|{OK}|{OK}|session"
    LEFT = f"{OK}|3 secure|{BUSY}|{OK}|{OK}|session"

    def check_round(self, encrypted, link, bound, unbound, ended, state):
        self.assertIn(encrypted, self.BINDS)
        self.assertIn(link, {"3 secure"} if encrypted == OK else {"off", "3 secure", "3 insecure"})
        self.assertIn(bound, self.BINDS if encrypted == OK else {""})
        self.assertIn(unbound, self.ENDS)
        # An interface that could not be unbound still is bound.
        self.assertIn(ended, {*self.ENDS, BUSY} if unbound != OK else self.ENDS)
        self.assertIn(state, {"session", "lost"})


class Drivers(Spdm):
    """A driver and an interface: no driver may be bound when the interface is locked or started; afterwards any may be."""

    PLATFORM = "tdx"
    FUNCTIONS = Spdm.FUNCTIONS + TDI + r"""
    driver=/sys/bus/pci/drivers/tsm_tdi_driver
    attach() { echo ${pci##*/} | sh -c "cat >$driver/bind" 2>/tmp/error; outcome $?; }
    detach() { echo ${pci##*/} >$driver/unbind; }
    works() { echo "$(cat $pci/mmio) $(cat $pci/dma)"; }
    maps() { attach; cat $pci/mappings; echo $(cat $pci/mmio); detach; }
    master() { printf "\\$(printf %03o $1)" | dd of=$pci/config bs=1 seek=4 conv=notrunc 2>/dev/null; }
    """
    ONES_READ, PATTERN_READ = "0xffffffff", "0x5a17c0de"
    ONES, WORKS = f"{ONES_READ} done", f"{PATTERN_READ} done"
    SHARED, PRIVATE = "shared shared", "shared private"

    @also("check", "debug")
    def test_a_driver_is_bound_and_unbound(self):
        script = """
            echo 0 >/sys/bus/pci/drivers_autoprobe; load tsm_tdi_driver; request connect 0
            attach; works; tdi bind 0; detach
            tdi bind 0; attach; judged; detach; look
            judged; for time in 1 2; do attach; works; look; tdi bind 0; judged; detach; look; done
            attach; tdi unbind 1; works; look; detach
            tdi bind 4; judged; look; attach; look; detach; tdi unbind 1; request disconnect 1
        """
        # With flag 4 the table of MSI-X is locked: a driver that writes it puts the interface into ERROR.
        self.assertEqual(self.devices(script, "tdi"), [
            OK, OK, self.ONES, BUSY, OK, OK, BUSY, LOCKED, OK,
            *[OK, self.WORKS, RUN, BUSY, BUSY, RUN] * 2,
            OK, OK, self.ONES, UNLOCKED,
            OK, OK, RUN, OK, ERROR, OK, OK])

    @also("brief")
    def test_private_mappings(self):
        # BAR 4 is memory of the TEE as a whole, BAR 0 is not.
        script = """
            echo 0 >/sys/bus/pci/drivers_autoprobe; load tsm_tdi_driver; provider=tsm_tdisp
            reload private_mmio=1; request connect 0; maps; tdi bind 0; judged; maps; maps; tdi unbind 1; maps
        """
        self.assertEqual(self.devices(script, "tdi"), [
            OK, OK, self.SHARED, self.ONES_READ, OK,
            OK, *[OK, self.PRIVATE, self.PATTERN_READ] * 2, OK, OK, self.SHARED, self.ONES_READ])

    @also(*DEBUG)
    def test_what_ends_private_mappings(self):
        script = """
            echo 0 >/sys/bus/pci/drivers_autoprobe; load tsm_tdi_driver; request connect 0; tdi bind 0; judged; maps
            provider=tsm_tdisp; reload private_mmio=1; request connect 0
            tdi bind 0; judged; attach; cat $pci/mappings; tdi unbind 1; master 2; master 6; look; echo $(cat $pci/mmio); detach
            tdi unbind 1; maps
            tdi bind 0; judged; attach; request disconnect 1; tdi unbind 1; detach; tdi unbind 1; maps
            request connect 0; tdi bind 0; judged; attach; cat $pci/mappings; again && echo found; maps
            request connect 0; tdi bind 0; judged; rmmod tsm_tdisp; maps
        """
        gone = "Transport endpoint is not connected"
        self.assertEqual(self.devices(script, "tdi"), [
            OK, OK, OK, OK, self.SHARED, self.PATTERN_READ,
            *[OK] * 4, self.PRIVATE, BUSY, ERROR, self.ONES_READ,
            OK, OK, self.SHARED, self.ONES_READ,
            OK, OK, OK, OK, gone, gone, OK, self.SHARED, self.ONES_READ,
            OK, OK, OK, OK, self.PRIVATE, "found", OK, self.SHARED, self.ONES_READ,
            OK, OK, OK, OK, self.SHARED, self.ONES_READ])

    def test_dma_to_private_memory(self):
        # Only Debian's kernel has DMA operations of a device. A device whose interface has
        # left RUN does not reach the memory.
        script = """
            echo 0 >/sys/bus/pci/drivers_autoprobe; load tsm_tdi_driver
            provider=tsm_tdisp; reload private_dma=1; request connect 0; tdi bind 0
            judged; for time in 1 2; do attach; works; tdi unbind 1; look; detach; done; tdi unbind 1; look
            tdi bind 0; judged; attach; works; master 2; master 6; look; works; rmmod tsm_tdisp 2>/dev/null; echo $?
            detach; tdi unbind 1; attach; works; detach
            tdi bind 0; judged; attach; works; again && echo found; attach; works; detach; request connect 0
            tdi bind 0; judged; attach; request disconnect 1; works; tdi unbind 1; detach; tdi unbind 1; attach; works
            detach; rmmod tsm_tdisp; echo $?
        """
        lines = self.devices(script, "tdi", kernel="stock")
        self.assertEqual(lines, [
            OK, OK, OK, *[OK, self.WORKS, BUSY, RUN] * 2, OK, UNLOCKED,
            OK, OK, OK, self.WORKS, ERROR, "0xffffffff private", "1",
            OK, OK, self.ONES,
            OK, OK, OK, self.WORKS, "found", OK, self.ONES, OK,
            OK, OK, OK, OK, "0xffffffff private", ABSENT, ABSENT, OK, self.ONES, "0"])

    def test_dma_that_an_iommu_maps(self):
        # The kernel asks no operations of such a device: its DMA would go on as before.
        script = """
            echo 0 >/sys/bus/pci/drivers_autoprobe; load tsm_tdi_driver
            provider=tsm_tdisp; reload private_dma=1; request connect 0
            insmod /lib/modules/*/updates/tsm_translated.ko function=${pci##*/}
            tdi bind 0; judged; look; rmmod tsm_translated
            tdi bind 0; judged; attach; works; detach; tdi unbind 1
        """
        self.assertEqual(self.devices(script, "tdi", kernel="stock"), [
            OK, OK, "Operation not supported", UNLOCKED,
            OK, OK, OK, self.WORKS, OK])


class SnpDrivers(Drivers):
    PLATFORM = "snp"
