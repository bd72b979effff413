# SPDX-License-Identifier: GPL-2.0
"""tsm_tdisp.ko on devices with faults, and what openssl says of its evidence:
python3 -m unittest discover -p test_authentication.py tests/vmm

See test_tdx.py for how these tests work; these have devices of the emulator. What a device can do wrong is listed by
`run --device help`.
"""

import hashlib
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import unittest

from vmm import DEBUG, FUNCTIONS, KERNEL, TOP, Vmm, also, wrong_names

# request FILE TEXT writes, and prints ok or the error. wrong NUMBER selects another misbehaviour, and resets the device.
# found selects the first device. again removes the function and finds it again: a mailbox that the kernel has given up
# works again then.
SPDM = r"""
pci=/sys/bus/pci/devices/0000:00:10.0
outcome() { [ $1 = 0 ] && echo ok || sed 's/.*: //' /tmp/error; }
request() { echo "$2" | sh -c "cat >$pci/spdm/$1" 2>/tmp/error; outcome $?; }
measure() { head -c 32 /dev/urandom | sh -c "cat >$pci/spdm/measurements/nonce" 2>/tmp/error; outcome $?; }
wrong() { printf "\\x$(printf %02x $1)\\0\\0\\0" | dd of=$pci/config bs=4 seek=71 conv=notrunc 2>/dev/null; }
again() { echo 1 >$pci/remove; echo 1 >/sys/bus/pci/rescan; [ -e $pci/spdm/state ]; }
state() { cat $pci/spdm/state; }
exchanges() { echo $((0x$(dd if=$pci/config bs=4 skip=66 count=1 2>/dev/null | od -A n -t x4 | tr -d ' '))); }
leave() { [ $(state) = disconnected ] || request disconnect 1 >/dev/null; }
found() { pci=$(echo /sys/bus/pci/devices/*/spdm | cut -d ' ' -f 1); pci=${pci%/spdm}; }
"""

OK, BROKEN, BAD = "ok", "Protocol error", "Bad message"
MAILBOX, REJECTED, REMOTE = "Input/output error", "Key was rejected by service", "Remote I/O error"
UNSUPPORTED, TOO_LONG, GONE = "Operation not supported", "Message too long", "No such device or address"
NO_DATA, NO_ALGORITHM, BUSY = "No data available", "Package not installed", "Device or resource busy"

# The result of `connect` with each fault. Where `measure` then fails, faults() says how.
OUTCOMES = {
    MAILBOX: "doe-vendor doe-type doe-length-0 doe-length-1 doe-long finish-in-clear session-forgotten record-plain "
             "record-error record-before",
    "Connection timed out": "error-busy error-not-ready",
    REMOTE: "error-resynch",
    UNSUPPORTED: "version-none-common version-no-entry version-alpha",
    NO_ALGORITHM: "algorithm-none",
    NO_DATA: "slot-missing",
    REJECTED: "leaf-rsa-512 leaf-no-key signature-wrong signature-other signature-requester nonce-other",
    BAD: "verify-data-wrong record-mac record-gap",
    TOO_LONG: "measurements-huge",
    OK: "ct-exponent-255 capabilities-unknown chain-changes session-id-zero session-id-reused measurements-change "
        "record-replay measurements-none measurements-refused slot-refused",
    BROKEN: "doe-length-2 doe-short doe-earlier version-255 version-short transfer-size-0 "
            "transfer-size-41 transfer-size-max capabilities-version algorithm-two algorithm-not-offered "
            "algorithms-tail "
            "algorithms-overrun algorithms-duplicate algorithms-unsorted algorithms-external measurement-spec-unset "
            "hash-other digest-other portion-zero portion-longer portion-small remainder-endless remainder-grows "
            "certificate-short "
            "slot-other chain-short chain-root-only der-indefinite der-longer der-4gib leaf-curve clear-handshake "
            "point-off-curve point-infinity point-echoed mutual-authentication opaque-overrun secured-version "
            "key-exchange-psk key-exchange-version record-session record-length record-application-length "
            "record-trailing end-session-unasked key-update-unasked block-overrun block-count block-index-0 "
            "block-index-255 block-spec block-duplicate measurements-unsigned measurements-opaque",
}
# Outcomes that differ for a device without sessions.
WITHOUT_SESSIONS = {
    OK: "finish-in-clear session-forgotten record-plain record-error verify-data-wrong record-mac record-gap "
        "clear-handshake point-off-curve point-infinity point-echoed mutual-authentication secured-version "
        "key-exchange-psk key-exchange-version record-session record-length record-application-length record-trailing "
        "end-session-unasked key-update-unasked opaque-overrun",
}
# The code in the trace: an ERROR of the device, or the byte that a message of another kind has in place of the right one.
CODES = {"error-resynch": 0x4300, "measurements-refused": 0x0500, "doe-earlier": 0x10, "capabilities-version": 0x11,
         "key-exchange-version": 0x11,
         "key-exchange-psk": 0x66, "key-update-unasked": 0xe9, "end-session-unasked": 0xec}
# Faults with tests of their own: the kernel gives up the mailbox, they take long, or there is no mailbox at all. Those of
# interfaces and links are in test_interfaces.py.
APART = re.compile(r"mailbox-|doe-megabyte$|discovery-|vendor-|ide-|tdisp-|report-")


class Spdm(Vmm):
    PLATFORM = "plain"
    FUNCTIONS = FUNCTIONS + SPDM

    @classmethod
    def setUpClass(cls):
        cls.names = wrong_names()

    def number(self, name):
        return self.names.index(name) + 1

    def devices(self, script, *devices, **kwargs):
        return self.guest(script, devices=devices, **kwargs)


class Faults(Spdm):
    """Each fault of a device ends in one errno and one line of trace, and without the fault the device is authenticated."""

    @also(*DEBUG)
    def test_each_fault(self):
        self.faults("tdi", "session", {})

    def test_each_fault_without_sessions(self):
        self.faults("tdi,sessions=off", "authenticated", WITHOUT_SESSIONS)

    def faults(self, device, there, others):
        """Injects each fault. `there` is the state of a connected device without a fault, `others` are outcomes that differ
        from OUTCOMES."""
        expected = {name: outcome for outcome, listed in OUTCOMES.items() for name in listed.split()}
        self.assertEqual(set(expected), {name for name in self.names if not APART.match(name)})
        expected |= {name: outcome for outcome, listed in others.items() for name in listed.split()}
        script = """
            mkdir -p /sys/kernel/tracing; mount -t tracefs tracefs /sys/kernel/tracing
            echo 1 >/sys/kernel/tracing/events/tsm_tdisp/tsm_tdisp_failed/enable
            fault() {
                wrong $2; : >/sys/kernel/tracing/trace
                connected=$(request connect 0); measured=; [ "$connected" != ok ] || measured=$(measure)
                state=$(state); leave
                traced=$(sed -n 's/.*tsm_tdisp_failed: .* code=/code=/p' /sys/kernel/tracing/trace)
                wrong 0; again=$(request connect 0); [ $again != ok ] || again=$(state); leave
                echo "$1|$connected|$measured|$state|$traced|$again"
            }
        """ + "".join(f"fault {name} {self.number(name)}\n" for name in expected) + "dmesg | grep -c tsm_tdisp; true"
        *lines, logged = self.devices(script, device, timeout=7200 if KERNEL == "debug" else 1800)
        self.assertEqual(logged, "0")
        for line in lines:
            name, connected, measured, state, traced, again = line.split("|")
            with self.subTest(name):
                self.assertEqual(connected, expected.pop(name))
                self.assertEqual(again, there)
                if name == "record-replay" and there == "session":
                    # Each record comes twice, so the first one that is not new comes with the second measurements.
                    self.assertEqual((measured, state), (BAD, "lost"))
                elif name == "measurements-refused":
                    # The connection stays.
                    self.assertEqual((measured, state), (REMOTE, there))
                elif connected == OK:
                    self.assertEqual((measured, state, traced), (OK, there, ""))
                    continue
                else:
                    self.assertEqual((measured, state), ("", "disconnected"))
                # One line, with the error that user space got, and what an ERROR of the device said.
                code, error = re.fullmatch(r"code=(0|0x[0-9a-f]+) error=-([0-9]+)", traced).groups()
                self.assertEqual(os.strerror(int(error)), measured or connected)
                self.assertEqual(int(code, 0), CODES.get(name, 0))
        self.assertEqual(expected, {})

    @also(*DEBUG)
    def test_a_mailbox_that_the_kernel_gives_up(self):
        listed = "mailbox-never-ready", "mailbox-busy", "mailbox-error", "mailbox-dead"
        script = "".join(f"""
            wrong {self.number(name)}; echo "{name} $(request connect 0)"; state
            wrong 0; again && request connect 0; leave
        """ for name in listed)
        lines = self.devices(script, "tdi")
        self.assertEqual(lines, [line for name in listed for line in (f"{name} {MAILBOX}", "disconnected", OK)])

    @also(*DEBUG)
    def test_a_device_that_resets_itself(self):
        # The request is lost. The kernel aborts it, and keeps the mailbox.
        script = f"""
            wrong {self.number('mailbox-reset')}; request connect 0; state
            wrong 0; request connect 0; state; leave
        """
        self.assertEqual(self.devices(script, "tdi"), [MAILBOX, "disconnected", OK, "session"])

    @also(*DEBUG)
    def test_discovery_that_finds_no_mailbox(self):
        # Of a mailbox whose types are not found there are no files. The one whose discovery does not end is given up by
        # the kernel after 256 types.
        listed = "discovery-endless", "discovery-short", "discovery-empty"
        script = """
            for number in 0 1 2; do
                pci=/sys/bus/pci/devices/0000:00:1$number.0
                ls -d $pci/spdm 2>/dev/null || echo none
                again && echo found || echo none
                wrong 0; again && request connect 0; state; leave
            done
        """
        lines = self.devices(script, *(f"tdi,functions=1,wrong={name}" for name in listed))
        self.assertEqual(lines, ["none", "none", OK, "session"] * len(listed))

    @also(*DEBUG)
    def test_a_device_that_vanishes(self):
        script = "request connect 0; state; rmmod tsm_tdisp; echo $?"
        lines = self.devices(f"wrong {self.number('mailbox-vanish')}; {script}", "tdi")
        self.assertEqual(lines, [GONE, "disconnected", "0"])

    def test_readers_do_not_wait_while_a_connected_device_hangs(self):
        # As long as the answer is read, a kernel thread sleeps: on a slow machine, for longer than the 20 s after which the
        # test kernel reports it.
        script = f"""
            evidence() {{ (cd $pci/spdm && cat state generation version slots algorithms certificates/slot0 \
                measurements/* transcript/challenge*) | md5sum; }}
            request connect 0; before=$(evidence)
            wrong {self.number('doe-megabyte')}
            sh -c "head -c 32 /dev/urandom >$pci/spdm/measurements/nonce" & writer=$!
            waits $pci/spdm/measurements/nonce
            for read in 1 2 3; do [ "$(evidence)" = "$before" ] && echo same; done
            measure; kill -9 $writer; wait $writer; echo $?; [ "$(evidence)" = "$before" ] && echo same; measure
            await '[ $(state) = lost ]'; wrong 0; request connect 0; state
        """
        # Without a session, because the device forgets that, and the kernel does not read an object of another type.
        self.assertEqual(self.devices(script, "tdi,sessions=off", kernel="stock"), [
            OK, "same", "same", "same", BUSY, "137", "same", BUSY, OK, "authenticated"])

    def test_a_device_may_have_no_measurements(self):
        script = """
            request connect 0; ls -1 $pci/spdm/measurements; cat $pci/spdm/measurements/record 2>/tmp/error; outcome $?
            head -c 32 /dev/zero >/tmp/nonce; cat /tmp/nonce >$pci/spdm/measurements/nonce; outcome $?
            cmp /tmp/nonce $pci/spdm/measurements/nonce; outcome $?; wc -c <$pci/spdm/transcript/measurements.sig
        """
        self.assertEqual(self.devices(script, "tdi,wrong=measurements-none"), [
            OK, "nonce", "record", NO_DATA, OK, OK, "96"])

    def test_measurements_that_need_not_be_fresh(self):
        script = "request connect 0; grep measurement-fresh $pci/spdm/algorithms; measure; cat $pci/spdm/generation"
        self.assertEqual(self.devices(script, "tdi,fresh=off"), [OK, "measurement-fresh no", OK, "2"])
        self.assertEqual(self.devices(script, "tdi"), [OK, "measurement-fresh yes", OK, "2"])

    def test_a_slot_that_is_refused_leaves_the_connection(self):
        script = """
            request connect 0; cat $pci/spdm/certificates/slot1 2>/tmp/error; outcome $?
            state; measure; wc -c <$pci/spdm/certificates/slot0; request disconnect 1
        """
        connected, refused, state, measured, size, disconnected = self.devices(
            script, "tdi,slots=3,wrong=slot-refused")
        self.assertEqual((connected, refused, state, measured, disconnected), (OK, REMOTE, "session", OK, OK))
        self.assertGreater(int(size), 1000)

    def test_an_answer_of_a_mebibyte(self):
        # The kernel reads all of it. Meanwhile the writer can be killed, and what does not need the device goes on. On
        # Debian's kernel, because the test kernel reports a thread that sleeps for 20 s.
        script = f"""
            wrong {self.number('doe-megabyte')}
            sh -c "echo 0 >$pci/spdm/connect" & writer=$!
            waits $pci/spdm/connect
            kill -9 $writer; wait $writer; echo $?; request connect 0; state
            await '[ "$(request connect 8)" = "Invalid argument" ]'
            until outcome=$(request connect 0) && [ "$outcome" != "{BUSY}" ]; do sleep 1; done
            echo "$outcome"
        """
        self.assertEqual(self.devices(script, "tdi", kernel="stock"), ["137", BUSY, "disconnected", TOO_LONG])


class Personas(Spdm):
    """Each kind of device has the same files, except for that of a link, and is authenticated in the same way."""

    @also("check")
    def test_each_kind_is_authenticated(self):
        script = """
            for persona in integrated endpoint cma; do
                found
                request connect 0; state; measure; cat $pci/spdm/generation; wc -c <$pci/spdm/certificates/slot0
                (cd $pci/spdm && ls -R | grep -vx ide | md5sum); ls $pci/spdm | grep -cx ide; request disconnect 1
                echo 1 >$pci/remove
            done
        """
        devices = [f"tdi,persona={persona}" for persona in ("integrated", "endpoint", "cma")]
        lines = self.devices(script, *devices, kernel="stock")
        self.assertEqual([lines.pop(place) for place in (22, 14, 6)], ["0", "1", "0"])
        self.assertEqual(lines, lines[:7] * 3)
        self.assertEqual(lines[:4] + lines[6:7], [OK, "session", OK, "2", OK])
        self.assertGreater(int(lines[4]), 1000)


@also(*DEBUG)
class Mutations(Spdm):
    """Answers that are changed at random, before they are encrypted or after it."""

    # That many exchanges; the debug kernel is slow.
    COUNT = 200 if KERNEL == "debug" else 3_000
    ERRORS = {BROKEN, BAD, MAILBOX, REJECTED, REMOTE, UNSUPPORTED, TOO_LONG, NO_DATA, NO_ALGORITHM, "Connection timed out"}

    def mutated(self, part):
        # 100 exchanges more: some are of discovery, or end before there is an answer to change.
        script = f"""
            while [ $(exchanges) -lt {self.COUNT + 100} ]; do
                connected=$(request connect 0); measured=; chain=
                [ "$connected" != ok ] || {{ chain=$(md5sum <$pci/spdm/certificates/slot0); measured=$(measure); }}
                echo "$connected|$measured|$(state)|$chain"; leave
            done | sort | uniq -c
            echo last; request connect 0; state; md5sum <$pci/spdm/certificates/slot0; measure; leave
        """
        device = f"tdi,mutate=7,mutate_count={self.COUNT},mutate_every=9,mutate_part={part}"
        lines = self.devices(script, device, timeout=7200)
        self.assertEqual(lines[-5::2], ["last", "session", OK])
        self.assertEqual(lines[-4], OK)
        right = lines[-2]
        seen = set()
        for line in lines[:-5]:
            count, _, rest = line.strip().partition(" ")
            connected, measured, state, chain = rest.split("|")
            with self.subTest(rest):
                self.assertGreater(int(count), 0)
                if connected != OK:
                    self.assertIn(connected, self.ERRORS)
                    self.assertEqual((measured, state, chain), ("", "disconnected", ""))
                else:
                    # Whatever was changed, the certificates are those of this device.
                    self.assertEqual(chain, right)
                    # An ERROR may keep the connection or end it; any other wrong answer ends it.
                    self.assertIn((measured, state), {
                        (OK, "session"), (REMOTE, "session"), *((error, "lost") for error in self.ERRORS)})
            seen |= {connected, measured}
        print(f"kernel {KERNEL}, {part}:", *lines[:-5], sep="\n    ")
        self.assertLessEqual({OK, BROKEN}, seen)

    def test_any_byte_of_a_message(self):
        self.mutated("message")

    def test_any_byte_of_an_object(self):
        self.mutated("object")


class Events(Spdm):
    def test_a_change_of_the_state_is_an_event(self):
        # Only Debian's kernel has a network, which the events come over.
        script = r"""
            uevent sh -c 'echo $ACTION $DEVPATH $SPDM_STATE >>/tmp/events' &
            await 'echo add >$pci/uevent; [ -s /tmp/events ]'
            request connect 0; await 'grep -q session /tmp/events'
            echo 1 >$pci/reset; measure; await 'grep -q lost /tmp/events'
            request disconnect 1; await 'grep -q disconnected /tmp/events'
            grep 'change.*00:10.0' /tmp/events
        """
        lines = self.devices(script, "tdi", kernel="stock")
        device = "change /devices/pci0000:00/0000:00:10.0"
        self.assertEqual(lines[-3:], [f"{device} {state}" for state in ("session", "lost", "disconnected")])


class Ends(Spdm):
    """A request is ended early, and the device can be connected again."""

    # The device answers just before the kernel's timeout, and a connect takes eight answers.
    SLOW = "tdi,delay=700000"
    UNDER_WAY = "await '[ $(exchanges) -gt $((before + 1)) ]'"

    def test_a_disconnect_ends_a_connect(self):
        script = f"""
            before=$(exchanges); (request connect 0 >/tmp/outcome) & writer=$!
            {self.UNDER_WAY}
            request disconnect 1; wait $writer; cat /tmp/outcome; state
            [ $(exchanges) -lt $((before + 6)) ] && echo early; request disconnect 1
            before=$(exchanges); (request connect 0 >/tmp/outcome) & writer=$!
            {self.UNDER_WAY}
            sh -c "echo 1 >$pci/spdm/disconnect" & other=$!
            kill -9 $other; wait $other; wait $writer; leave
            request connect 0; state; request disconnect 1
        """
        # A disconnect that is killed while it waits does not end later requests.
        self.assertEqual(self.devices(script, self.SLOW), [
            OK, "Operation canceled", "disconnected", "early", "Transport endpoint is not connected",
            OK, "session", OK])

    def test_a_request_that_takes_too_long(self):
        script = """
            provider=tsm_tdisp; reload request_timeout_ms=1500
            before=$(exchanges); request connect 0; state; [ $(exchanges) -lt $((before + 4)) ] && echo early
            reload; request connect 0; state
        """
        self.assertEqual(self.devices(script, self.SLOW), [
            "Connection timed out", "disconnected", "early", OK, "session"])


class Elsewhere(Spdm):
    """A device whose responder is another program."""

    RESPONDER = (TOP / "scripts/qemu-tdx/toolbox", "cargo", "run", "--quiet", "--locked", "-p", "tsm-emulator", "--bin",
                 "spdm-responder", "--", "--port", "0", "--spdm", "1.3", "--hash", "sha256", "--signature", "p256")

    def test_a_responder_behind_a_socket(self):
        with subprocess.Popen(self.RESPONDER, stdout=subprocess.PIPE, text=True, cwd=TOP) as responder:
            try:
                port = int(responder.stdout.readline().rpartition(":")[2])
                script = "request connect 0; state; cat $pci/spdm/version; head -n 2 $pci/spdm/algorithms; measure"
                lines = self.devices(script, f"tdi,spdm=1.1,responder={port}")
            finally:
                responder.kill()
        self.assertEqual(lines, [OK, "session", "1.3", "hash sha256", "signature ecdsa-p256", OK])
        # No responder listens there any more.
        self.assertEqual(self.devices("request connect 0; state", f"tdi,responder={port}"), [MAILBOX, "disconnected"])


class Slots(Spdm):
    def test_eight_long_chains(self):
        script = """
            request connect 3; slots=$(cat $pci/spdm/slots); echo $slots
            for slot in $slots; do wc -c <$pci/spdm/certificates/slot$slot; done
            cat $pci/spdm/certificates/slot3 | md5sum; measure; state
            for slot in $slots; do md5sum <$pci/spdm/certificates/slot$slot; done
        """
        lines = self.devices(script, "tdi,slots=ff,chain=65000")
        connected, slots, *sizes, third, measured, state = lines[:-8]
        self.assertEqual((connected, slots, measured, state), (OK, "0 1 2 3 4 5 6 7", OK, "session"))
        self.assertTrue(all(64_900 < int(size) < 65_536 for size in sizes) and len(sizes) == 8, sizes)
        self.assertEqual((lines[-5], len(set(lines[-8:]))), (third, 8))

    def test_the_longest_transcript(self):
        # The smallest portions there may be, so that the transcript of the challenge has more headers than chain.
        script = """
            request connect 0; state; wc -c <$pci/spdm/certificates/slot0; wc -c <$pci/spdm/transcript/challenge; measure
        """
        lines = self.devices(script, "tdi,spdm=1.4,sessions=off,chain=65000,portion=26")
        self.assertEqual([*lines[:2], lines[4]], [OK, "authenticated", OK])
        self.assertGreater(int(lines[2]), 64_900)
        self.assertGreater(int(lines[3]), 80 << 10)

    def test_version_1_0_is_connected_by_slot_0_alone(self):
        script = """
            before=$(exchanges); request connect 1; state; echo $(($(exchanges) - before))
            request connect 0; state; cat $pci/spdm/version; measure
        """
        lines = self.devices(script, "tdi,spdm=1.0,slots=3")
        # Only the version was asked for.
        self.assertEqual(lines, [UNSUPPORTED, "disconnected", "1", OK, "authenticated", "1.0", OK])


# A DER sequence as openssl wants a signature of ECDSA.
def der_signature(raw):
    def integer(value):
        value = value.lstrip(b"\0") or b"\0"
        value = (b"\0" if value[0] & 0x80 else b"") + value
        return b"\x02" + bytes([len(value)]) + value
    content = integer(raw[:len(raw) // 2]) + integer(raw[len(raw) // 2:])
    return b"\x30" + bytes([len(content)]) + content


def certificates(chain):
    """Splits DER certificates, all of which are longer than 255 bytes."""
    found = []
    while chain:
        assert chain[:2] == b"\x30\x82", chain[:2]
        end = 4 + int.from_bytes(chain[2:4], "big")
        found.append(chain[:end])
        chain = chain[end:]
    return found


class Evidence(Spdm):
    """What is signed, and the certificates, as another program sees them."""

    # Version, hash, signature, and whether there are sessions.
    DEVICES = [("1.1", "sha384", "p384", "on"), ("1.2", "sha384", "p384", "on"), ("1.3", "sha384", "p384", "on"),
               ("1.4", "sha384", "p384", "on"), ("1.1", "sha256", "p256", "on"), ("1.2", "sha256", "p256", "on"),
               ("1.2", "sha384", "rsassa", "on"), ("1.4", "sha256", "rsassa", "on"), ("1.0", "sha384", "p384", "off"),
               ("1.2", "sha256", "p256", "off"), ("1.3", "sha384", "rsassa", "off"), ("1.3", "sha256", "p256", "on"),
               ("1.4", "sha256", "p256", "on"), ("1.1", "sha384", "rsassa", "on"), ("1.3", "sha256", "rsassa", "on"),
               ("1.2", "sha256", "p384", "on"), ("1.2", "sha384", "p256", "on")]

    def case(self, folder, hash_name, files, what):
        """Writes the files for openssl: the certificates, and a transcript with its signature."""
        chain = certificates(files["certificates/slot0"])
        context, transcript, signature = (files[f"transcript/{what}{end}"] for end in (".context", "", ".sig"))
        message = context + hashlib.new(hash_name, transcript).digest() if context else transcript
        if len(signature) < 384:
            signature = der_signature(signature)
        folder.mkdir()
        root, *between = (ssl.DER_cert_to_PEM_cert(der).encode() for der in chain)
        contents = {"message": message, "signature": signature, "hash": hash_name.encode(),
                    "root": root, "between": b"".join(between), "leaf": between[-1]}
        for name, content in contents.items():
            (folder / name).write_bytes(content)

    def verified(self, folder, count):
        """Checks by openssl for each case that the leaf is certified by the root, and has signed the transcript."""
        script = """
            for case in $(seq 0 $1); do
                (cd $case
                openssl verify -CAfile root -untrusted between leaf && openssl x509 -in leaf -noout -pubkey -out key &&
                    openssl dgst -$(cat hash) -verify key -signature signature message) >/dev/null 2>&1 && echo yes || echo no
            done
        """
        command = [TOP / "scripts/qemu-tdx/toolbox", "env", "-C", folder, "sh", "-c", script, "sh", str(count - 1)]
        result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return [line == "yes" for line in result.stdout.splitlines()]

    def evidence(self):
        """Returns the files of each device."""
        script = """
            for device in /sys/bus/pci/devices/*/spdm; do
                cd $device; echo 0 >connect || exit 1
                echo "device $(cat state version | tr '\\n' ' ')"
                for file in certificates/slot0 measurements/record measurements/[0-9]* transcript/*; do
                    cat $file >/tmp/file 2>/dev/null && echo "$file $(hexdump -v -e '1/1 "%02x"' /tmp/file)"
                done
            done
            true
        """
        options = [f"tdi,functions=1,spdm={version},hash={hash_name},signature={signature},sessions={sessions}"
                   for version, hash_name, signature, sessions in self.DEVICES]
        devices = []
        # A bus has no slots for all of them.
        places = 12
        lines = [line for start in range(0, len(options), places)
                 for line in self.devices(script, *options[start:start + places])]
        for line in lines:
            name, _, value = line.partition(" ")
            if name == "device":
                devices.append({"device": value.split()})
            else:
                devices[-1][name] = bytes.fromhex(value)
        return devices

    @also("check")
    def test_openssl_accepts_it_and_no_flipped_bit(self):
        expected = []
        (TOP / "build").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOP / "build") as folder:
            for files, options in zip(self.evidence(), self.DEVICES, strict=True):
                version, hash_name, _, sessions = options
                first, state = ("session", "session") if sessions == "on" else ("challenge", "authenticated")
                self.assertEqual(files["device"], [state, version])
                for what in first, "measurements":
                    self.assertEqual(len(files[f"transcript/{what}.context"]), 0 if version < "1.2" else 100)
                    changed = {"": files}
                    signed = (f"transcript/{what}{end}" for end in ("", ".sig", ".context"))
                    for name in filter(files.get, ("certificates/slot0", *signed)):
                        # In the last certificate, which is the leaf, somewhere in what its issuer has signed.
                        place = len(files[name]) - 200 if name.startswith("certificates") else len(files[name]) // 2
                        flipped = bytearray(files[name])
                        flipped[place] ^= 1
                        changed[name] = {**files, name: bytes(flipped)}
                    for name, these in changed.items():
                        self.case(pathlib.Path(folder) / str(len(expected)), hash_name, these, what)
                        expected.append((options, what, name, not name))
                self.assertIn(files["measurements/record"], files["transcript/measurements"])
                self.assertIn(files["measurements/001"], files["measurements/record"])
            verified = self.verified(folder, len(expected))
        self.assertEqual([(*case, answer) for (*case, _), answer in zip(expected, verified, strict=True)], expected)


if __name__ == "__main__":
    unittest.main()
