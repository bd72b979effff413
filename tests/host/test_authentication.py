# SPDX-License-Identifier: GPL-2.0
"""tsm_tdisp.ko on devices with faults, and what openssl says of its evidence:
python3 -m unittest discover -p test_authentication.py tests/host

As test_host.py, with devices of the emulator. What a device can do wrong is listed by `run --device help`.
"""

import hashlib
import pathlib
import re
import subprocess
import tempfile
import unittest

from host import FUNCTIONS, KERNEL, TOP, Host, wrong_names

# request FILE TEXT writes, and prints ok or the error. wrong NUMBER has the device do something else wrong, and forget
# all. again removes the function and finds it again, which is what a mailbox needs that the kernel has given up.
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
"""

OK, BROKEN, BAD = "ok", "Protocol error", "Bad message"
MAILBOX, REJECTED, REMOTE = "Input/output error", "Key was rejected by service", "Remote I/O error"
UNSUPPORTED, TOO_LONG, GONE = "Operation not supported", "Message too long", "No such device or address"
NO_DATA, NO_ALGORITHM, BUSY = "No data available", "Package not installed", "Device or resource busy"

# What `connect` says to each, and `measure` after it where that is another.
OUTCOMES = {
    MAILBOX: "doe-vendor doe-type doe-length-0 doe-length-1 doe-long finish-in-clear session-forgotten record-plain "
             "record-error record-before",
    "Connection timed out": "error-busy error-not-ready",
    REMOTE: "error-resynch",
    UNSUPPORTED: "version-none-common version-no-entry version-alpha",
    NO_ALGORITHM: "algorithm-none",
    NO_DATA: "slot-missing",
    REJECTED: "leaf-rsa-512 leaf-no-key signature-wrong signature-other signature-requester",
    BAD: "verify-data-wrong record-mac record-gap",
    TOO_LONG: "measurements-huge",
    OK: "ct-exponent-255 capabilities-unknown chain-changes session-id-zero session-id-reused measurements-change "
        "record-replay",
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
# In tests of their own: the kernel's mailbox does not survive them, they take long, or there is no mailbox at all.
APART = re.compile(r"mailbox-|doe-megabyte$|discovery-")


class Spdm(Host):
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
    """Each fault of a device ends in one errno and one line of trace, and a device without it is authenticated."""

    def test_each_fault(self):
        expected = {name: outcome for outcome, listed in OUTCOMES.items() for name in listed.split()}
        self.assertEqual(set(expected), {name for name in self.names if not APART.match(name)})
        script = """
            mkdir -p /sys/kernel/tracing; mount -t tracefs tracefs /sys/kernel/tracing
            echo 1 >/sys/kernel/tracing/events/tsm_tdisp/tsm_tdisp_failed/enable
            fault() {
                wrong $2; : >/sys/kernel/tracing/trace
                connected=$(request connect 0); measured=; [ "$connected" != ok ] || measured=$(measure)
                state=$(state); leave
                traced=$(grep -c tsm_tdisp_failed: /sys/kernel/tracing/trace)
                wrong 0; again=$(request connect 0); [ $again != ok ] || again=$(state); leave
                echo "$1|$connected|$measured|$state|$traced|$again"
            }
        """ + "".join(f"fault {name} {self.number(name)}\n" for name in expected)
        lines = self.devices(script, "tdi", timeout=7200 if KERNEL == "debug" else 1800)
        for line in lines:
            name, connected, measured, state, traced, again = line.split("|")
            with self.subTest(name):
                self.assertEqual(connected, expected.pop(name))
                self.assertEqual(again, "session")
                if name == "record-replay":
                    # Each record comes twice, so the first one that is not new comes with the second measurements.
                    self.assertEqual((measured, state, traced), (BAD, "lost", "1"))
                elif connected == OK:
                    self.assertEqual((measured, state, traced), (OK, "session", "0"))
                else:
                    self.assertEqual((measured, state, traced), ("", "disconnected", "1"))
        self.assertEqual(expected, {})

    def test_a_mailbox_that_the_kernel_gives_up(self):
        listed = "mailbox-never-ready", "mailbox-busy", "mailbox-error", "mailbox-dead"
        script = "".join(f"""
            wrong {self.number(name)}; echo "{name} $(request connect 0)"; state
            wrong 0; again && request connect 0; leave
        """ for name in listed)
        lines = self.devices(script, "tdi")
        self.assertEqual(lines, [line for name in listed for line in (f"{name} {MAILBOX}", "disconnected", OK)])

    def test_a_device_that_resets_itself(self):
        # The request is lost. The kernel aborts it, and keeps the mailbox.
        script = f"""
            wrong {self.number('mailbox-reset')}; request connect 0; state
            wrong 0; request connect 0; state; leave
        """
        self.assertEqual(self.devices(script, "tdi"), [MAILBOX, "disconnected", OK, "session"])

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

    def test_a_device_that_vanishes(self):
        script = "request connect 0; state; rmmod tsm_tdisp; echo $?"
        lines = self.devices(f"wrong {self.number('mailbox-vanish')}; {script}", "tdi")
        self.assertEqual(lines, [GONE, "disconnected", "0"])

    def test_an_answer_of_a_mebibyte(self):
        # The kernel reads all of it. Meanwhile the writer can be killed, and what does not need the device goes on.
        script = f"""
            wrong {self.number('doe-megabyte')}
            sh -c "echo 0 >$pci/spdm/connect" & writer=$!
            waits $pci/spdm/connect
            kill -9 $writer; wait $writer; echo $?; request connect 0; state
            until [ "$(request connect 8)" = "Invalid argument" ]; do :; done
            until outcome=$(request connect 0) && [ "$outcome" != "{BUSY}" ]; do sleep 1; done
            echo "$outcome"
        """
        self.assertEqual(self.devices(script, "tdi"), ["137", BUSY, "disconnected", TOO_LONG])


class Ends(Spdm):
    """A request ends before its time, and the device can be connected again."""

    # It answers just before the kernel gives it up, and a connect takes eight answers.
    SLOW = "tdi,delay=700000"
    UNDER_WAY = "until [ $(exchanges) -gt $((before + 1)) ]; do :; done"

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
        # One that is killed while it waits does not end later requests.
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
        # Nothing listens there any more.
        self.assertEqual(self.devices("request connect 0; state", f"tdi,responder={port}"), [MAILBOX, "disconnected"])


class Slots(Spdm):
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
               ("1.2", "sha256", "p256", "off"), ("1.3", "sha384", "rsassa", "off")]

    def verifies(self, hash_name, files, what):
        """Asks openssl whether the leaf is certified by the root, and has signed a transcript."""
        chain = certificates(files["certificates/slot0"])
        context, transcript, signature = (files[f"transcript/{what}{end}"] for end in (".context", "", ".sig"))
        message = context + hashlib.new(hash_name, transcript).digest() if context else transcript
        if len(signature) < 384:
            signature = der_signature(signature)
        script = f"""
            for number in $(seq 0 {len(chain) - 1}); do openssl x509 -inform der -in $number -out $number.pem; done
            cat [1-9]*.pem >between
            openssl verify -CAfile 0.pem -untrusted between {len(chain) - 1}.pem
            openssl x509 -in {len(chain) - 1}.pem -noout -pubkey -out key
            openssl dgst -{hash_name} -verify key -signature signature message
        """
        (TOP / "build").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOP / "build") as folder:
            contents = {"message": message, "signature": signature, **{str(n): der for n, der in enumerate(chain)}}
            for name, content in contents.items():
                (pathlib.Path(folder) / name).write_bytes(content)
            command = [TOP / "scripts/qemu-tdx/toolbox", "env", "-C", folder, "sh", "-ec", script]
            return subprocess.run(command, capture_output=True).returncode == 0

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
        for line in self.devices(script, *options):
            name, _, value = line.partition(" ")
            if name == "device":
                devices.append({"device": value.split()})
            else:
                devices[-1][name] = bytes.fromhex(value)
        return devices

    def test_openssl_accepts_it_and_no_flipped_bit(self):
        devices = self.evidence()
        self.assertEqual(len(devices), len(self.DEVICES))
        for files, (version, hash_name, signature, sessions) in zip(devices, self.DEVICES):
            first = "session" if sessions == "on" else "challenge"
            state = "session" if sessions == "on" else "authenticated"
            self.assertEqual(files["device"], [state, version])
            for what in first, "measurements":
                with self.subTest(version=version, hash=hash_name, signature=signature, what=what):
                    self.assertTrue(self.verifies(hash_name, files, what))
                    self.assertEqual(len(files[f"transcript/{what}.context"]), 0 if version < "1.2" else 100)
                    signed = (f"transcript/{what}{end}" for end in ("", ".sig", ".context"))
                    for name in "certificates/slot0", *signed:
                        if not files[name]:
                            continue
                        # In the last certificate, which is the leaf, somewhere in what its issuer has signed.
                        place = len(files[name]) - 200 if name.startswith("certificates") else len(files[name]) // 2
                        flipped = bytearray(files[name])
                        flipped[place] ^= 1
                        self.assertFalse(self.verifies(hash_name, {**files, name: bytes(flipped)}, what), name)
            self.assertIn(files["measurements/record"], files["transcript/measurements"])
            self.assertIn(files["measurements/001"], files["measurements/record"])


if __name__ == "__main__":
    unittest.main()
