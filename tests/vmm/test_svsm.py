# SPDX-License-Identifier: GPL-2.0
"""Guests under an SVSM: python3 -m unittest discover -p test_svsm.py tests/vmm

What an SVSM attests is the same with our driver and with the kernel's own.
"""

import hashlib
import struct
import unittest
import uuid

from vmm import FAULT, FUNCTIONS, Vmm, also

VTPM = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"
ANOTHER = "c476f1eb-0123-45a5-9641-b4e7dde5bfe4"
SERVICES = "63849ebb-3d92-4670-a1ff-58f9c94b87bb"

# They replace functions of vmm.py: make REPORT [FILE=VALUE...] makes a report by the SVSM, ask prints the sizes of its blobs or
# the error, dump also the nonce and the blobs.
OF_SERVICES = r"""
cd /sys/kernel/config/tsm/report
make() {
	report=$1; shift
	[ -d $report ] || mkdir $report
	echo svsm >$report/service_provider
	# The kernel's own driver does not begin at the floor.
	cat $report/privlevel_floor >$report/privlevel
	for file; do echo ${file#*=} >$report/${file%%=*}; done
	head -c 64 /dev/urandom >/tmp/nonce
	cat /tmp/nonce >$report/inblob
}
fetch() {
	for blob in outblob manifestblob auxblob; do
		cat $1/$blob >/tmp/$blob 2>/tmp/error || { sed 's/.*: //' /tmp/error; return; }
	done
	echo $(wc -c </tmp/outblob) $(wc -c </tmp/manifestblob) $(wc -c </tmp/auxblob)
}
ask() { make "$@"; fetch $1; }
dump() {
	ask "$@"
	for file in nonce outblob manifestblob auxblob; do hexdump -v -e '1/1 "%02x"' /tmp/$file; echo; done
}
"""


class Svsm(Vmm):
    PLATFORM = "snp"
    FUNCTIONS = "provider=tsm_sev theirs=sev_guest" + FUNCTIONS + OF_SERVICES

    def guest(self, script, *emulator, vmpl=2, **kwargs):
        """Runs a script under an SVSM with these options of the emulator."""
        return super().guest(script, f"vmpl={vmpl}", *emulator, **kwargs)

    def check(self, lines):
        """Checks what dump has printed. Returns the manifest."""
        sizes, nonce, report, manifest, certificates = lines
        nonce, report, manifest, certificates = map(bytes.fromhex, (nonce, report, manifest, certificates))
        self.assertEqual(sizes, f"{len(report)} {len(manifest)} {len(certificates)}")
        self.assertEqual((len(nonce), len(report)), (64, 1184))
        # ATTESTATION_REPORT: VMPL and REPORT_DATA.
        self.assertEqual(report[0x30:0x34], bytes(4))
        self.assertEqual(report[0x50:0x90], hashlib.sha512(nonce + manifest).digest())
        # The table begins with the VCEK, and ends with the last of its three certificates.
        self.assertEqual(certificates[:16], uuid.UUID("63da758d-e664-4564-adc5-f4b93be8accd").bytes)
        ends = [sum(struct.unpack_from("<II", certificates, 24 * entry + 16)) for entry in range(3)]
        self.assertEqual(ends[-1], len(certificates))
        return manifest

    def services(self, manifest):
        """Returns what a manifest of all services has of each."""
        guid, size, count = struct.unpack_from("<16sII", manifest)
        self.assertEqual((guid, size), (uuid.UUID(SERVICES).bytes_le, len(manifest)))
        entries = [struct.unpack_from("<16sII", manifest, 24 * entry) for entry in range(1, count + 1)]
        return {str(uuid.UUID(bytes_le=guid)): manifest[start:start + size] for guid, start, size in entries}


class Attestation(Svsm):
    @also("brief")
    def test_services_are_attested_by_either_driver(self):
        script = f"dump all; dump one service_guid={VTPM}; dump all service_guid={uuid.UUID(int=0)}\n"
        others = (f"instead {core} && echo instead\n{script}" for core in ("tsm_report", "tsm"))
        lines = self.guest(script + "".join(others))
        results = {}
        for drivers, lines in zip(("rust", "c", "rust-core"), self.parts(lines, 3)):
            every, one, again = (self.check(lines[start:start + 5]) for start in (0, 5, 10))
            self.assertEqual(self.services(every), {VTPM: one})
            self.assertEqual(again, every)
            # A TPMT_PUBLIC of a key on P-256.
            self.assertEqual((len(one), one[:4]), (122, b"\x00\x23\x00\x0b"))
            results[drivers] = every, one
        self.assertEqual(results["rust"], results["c"])
        self.assertEqual(results["rust-core"], results["c"])

    def test_what_the_svsm_does_not_have(self):
        script = f"""
            ask a service_guid={ANOTHER}; ask b service_guid={VTPM} service_manifest_version=1; ask c service_provider=other
            ask d service_guid={VTPM} service_manifest_version=0; head -c 63 /dev/zero >d/inblob; fetch d"""
        invalid = "Invalid argument"
        for drivers in "rust", "c":
            unknown, version, provider, right, short = self.guest(script, drivers=drivers)
            self.assertEqual([unknown, version, provider], [invalid] * 3)
            self.assertRegex(right, "^1184 122 [0-9]+$")
            self.assertEqual(short, invalid)

    def test_an_svsm_without_services_or_certificates(self):
        script = f"ask all; ask one service_guid={VTPM}"
        for drivers in "rust", "c":
            lines = self.guest(script, "svsm_services=none", "certs=none", drivers=drivers)
            self.assertEqual(lines, ["1184 24 0", "Invalid argument"])

    def test_the_firmware_can_still_be_asked(self):
        # ATTESTATION_REPORT has the VMPL there.
        lines = self.guest("""
            mkdir x; head -c 64 /dev/urandom >x/inblob; fetch x
            dd if=/tmp/outblob bs=1 skip=48 count=1 2>/dev/null | hexdump -e '1/1 "vmpl %d"'; echo; cat x/privlevel_floor""")
        self.assertRegex(lines[0], "^1184 0 [1-9][0-9]*$")
        self.assertEqual(lines[1:], ["vmpl 2", "2"])

    def test_there_is_none_at_vmpl_0(self):
        for drivers in "rust", "c":
            with self.subTest(drivers):
                lines = self.guest("mkdir x; ls -1 x; echo svsm >x/service_provider || echo refused", vmpl=0,
                                   drivers=drivers)
                files = {"auxblob", "generation", "inblob", "outblob", "privlevel", "privlevel_floor", "provider"}
                self.assertEqual(set(lines), files | {"refused"})

    def test_what_is_larger_than_the_first_buffers(self):
        script = f"ask all; dump one service_guid={VTPM}"
        for drivers in "rust", "c":
            with self.subTest(drivers):
                every, *one = self.guest(script, "svsm_manifest_size=40K", "certs_size=100K", drivers=drivers)
                self.assertEqual(every, f"1184 {40 * 1024 + 48} {100 * 1024}")
                sizes, nonce, report, manifest, _ = one
                self.assertEqual(sizes, f"1184 {40 * 1024} {100 * 1024}")
                data = hashlib.sha512(bytes.fromhex(nonce + manifest)).hexdigest()
                self.assertEqual(report[0xa0:0x120], data)

    def test_an_svsm_that_is_busy(self):
        lines = self.guest("ask a; ask a", "svsm_busy=50")
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, "^1184 170 [0-9]+$")

    def test_an_svsm_that_must_not_be_asked_too_often(self):
        # A whole minute is the longest interval, and begins when the module is loaded.
        lines = self.guest("""
            reload svsm_interval_ms=3000
            before=$(seconds); ask a; ask a; ask a; echo $(($(seconds) - before))
            before=$(seconds); reload svsm_interval_ms=60000; make b; (exec cat b/outblob) & reader=$!; waits b/outblob
            kill -9 $reader; wait $reader; echo $? $(($(seconds) - before))""")
        self.assertEqual([line.split()[0] for line in lines[:3]], ["1184"] * 3)
        # The first waits for the request that is made at load; in whole seconds, so up to one of them is missing.
        self.assertGreaterEqual(int(lines[3]), 8)
        status, seconds = lines[4].split()
        self.assertEqual(status, "137")
        self.assertLess(int(seconds), 60)

    def test_unloading_does_not_wait_until_an_svsm_may_be_asked(self):
        lines = self.guest("""
            reload svsm_interval_ms=60000; make a
            before=$(seconds); fetch a & waits a/outblob; rmmod tsm_sev && echo gone; wait; echo $(($(seconds) - before))""")
        self.assertEqual(sorted(lines[:2]), ["No such device or address", "gone"])
        self.assertLess(int(lines[2]), 30)


class Misbehaviour(Svsm):
    """The errors that a reader gets when the SVSM does not do what it should."""

    def test_lengths_that_can_not_be(self):
        for option in (
            "svsm_report_length=4097", f"svsm_report_length={2 ** 64 - 1}", "svsm_report_length=1183", "svsm_report_length=0",
            "svsm_manifest_length=4097", f"svsm_manifest_length={2 ** 32 + 170}",
            "svsm_certs_length=16385", f"svsm_certs_length={2 ** 64 - 1}", "svsm_attest=silent",
        ):
            with self.subTest(option):
                self.assertEqual(self.guest("ask a; ask b; rmdir a b; rmmod tsm_sev && echo gone", option),
                                 ["Protocol error", "Protocol error", "gone"])

    def test_refusals(self):
        for options, error in {
            ("svsm_status=80000001",): "Invalid argument",
            ("svsm_status=80000003",): "Remote I/O error",
            ("svsm_status=80000005",): "Invalid argument",
            # No length is larger than its buffer.
            ("svsm_status=80000005", "svsm_report_length=4096", "svsm_certs_length=0"): "Invalid argument",
            ("svsm_status=12345", "svsm_report_length=5000"): "Remote I/O error",
            ("svsm_attest=skipped",): "Input/output error",
        }.items():
            with self.subTest(options):
                self.assertEqual(self.guest("ask a", *options), [error])

    def test_more_room_than_there_can_be(self):
        for options, error in {
            ("svsm_attest=growing",): "Protocol error",
            ("svsm_status=80000005", f"svsm_certs_length={2 ** 32 + 1}"): "File too large",
            ("svsm_status=80000005", f"svsm_manifest_length={2 ** 64 - 2}"): "File too large",
        }.items():
            with self.subTest(options):
                self.assertEqual(self.guest("ask a", *options), [error])

    def test_as_much_room_as_there_can_be(self):
        # The manifest of all services has that of the vTPM in it.
        every, one = self.guest(f"ask all; ask one service_guid={VTPM}", "svsm_manifest_size=1M")
        self.assertEqual(every, "File too large")
        self.assertRegex(one, "^1184 1048576 [0-9]+$")

    def test_a_refusal_is_traced(self):
        for option, lines in {
            "svsm_status=80000006": ["error=-121 svsm=0x80000006"],
            "svsm_certs_length=16385": ["error=-71 svsm_length=0x4001"],
            # Six pages at first, and one more for each blob each time.
            "svsm_attest=growing": ["error=-71 room=0x12000"],
        }.items():
            with self.subTest(option):
                script = """mount -t tracefs tracefs /sys/kernel/tracing; echo 1 >/sys/kernel/tracing/events/tsm/enable
ask a >/dev/null; grep -o 'error=.*' /sys/kernel/tracing/trace"""
                self.assertEqual(self.guest(script, option), lines)

    def test_certificates_are_not_looked_at(self):
        for drivers in "rust", "c":
            with self.subTest(drivers):
                self.assertRegex(self.guest("ask a", "certs=outside", drivers=drivers)[0], "^1184 170 [1-9][0-9]*$")


@also("check")
class Defects(Svsm):
    """Defects of the kernel's own driver that ours does not have."""

    def test_a_length_is_taken_as_it_is(self):
        # The report goes on in the buffers behind it.
        ours, (theirs,) = self.both("ask a", "svsm_report_length=5000")
        self.assertEqual(ours, ["Protocol error"])
        self.assertRegex(theirs, "^5000 170 [0-9]+$")

    def test_memory_that_has_to_be_waited_for(self):
        script = """
            insmod /lib/modules/*/updates/tsm_faults.ko fail=alloc_pages_exact_noprof
            ask a; cat /sys/module/tsm_faults/parameters/faults; rmmod tsm_faults
        """
        (blobs, faults), theirs = self.both(script, kernel="stock")
        self.assertRegex(blobs, "^1184 [0-9]+ [0-9]+$")
        self.assertEqual(faults, "0")
        self.assertEqual(theirs, ["Cannot allocate memory", "1"])

    def test_room_of_64_mib(self):
        # The page allocator warns, as it never has so much in one piece: a panic, with panic_on_warn.
        options = "svsm_status=80000005", f"svsm_certs_length={64 << 20}"
        self.assertEqual(self.guest("ask a", *options), ["File too large"])
        self.guest("ask a", *options, drivers="c", status=FAULT, because="WARNING: .*alloc.*pages")


if __name__ == "__main__":
    unittest.main()
