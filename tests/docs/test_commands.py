# SPDX-License-Identifier: GPL-2.0
"""Runs the commands of README.md, emulator/README.md and Documentation/tdisp.md as they show them, and checks that what
documents name is there: python3 -m unittest discover tests/docs

The word after ```sh says where a block runs: `here`, the checkout; `sign`, the checkout, with the names of two files in KEY
and CERT; `guest`, a TDX guest with Debian's kernel, all blocks one after the other; `snp`, the same in an SEV-SNP guest;
`kdir`, `package` and `deb`, see tests/build; `ci`, see .ci/run; `tdisp`, a guest with devices, one after the other, which
`start` starts; `openssl`, the toolbox.
"""

import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import messages

TOP = pathlib.Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text()
FENCE = re.compile(r"^```(\w*) ?(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(README)
TDISP = FENCE.findall((TOP / "Documentation" / "tdisp.md").read_text())
EMULATOR = FENCE.findall((TOP / "emulator" / "README.md").read_text())

# All documents but those that are beside test data and vendored crates.
PAGES = [*TOP.glob("*.md"), TOP / "emulator" / "README.md", *TOP.glob("Documentation/**/*.md")]


def blocks(place):
    found = [text for language, where, text in BLOCKS if language == "sh" and where == place]
    assert found, place
    return found


def shell(*command, text, timeout=600):
    """Runs a script. `stdout` has no line of stderr in it, which a guest sends by another port; `said` has both."""
    result = subprocess.run([*command, text], cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    result.said = result.stdout + result.stderr
    return result


class Commands(unittest.TestCase):
    def test_each_block_runs_somewhere(self):
        self.assertEqual({where for _, where, _ in BLOCKS}, {"ci", "here", "guest", "snp", "sign", "kdir", "package", "deb"})

    def test_here(self):
        for block in blocks("here"):
            result = shell("bash", "-ec", text=block)
            self.assertEqual(result.returncode, 0, result.said)

    @classmethod
    def setUpClass(cls):
        [build] = [block for block in blocks("here") if "make modules" in block]
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.signed = f"{folder.name}/signed"
        cls.keys = {name: f"{folder.name}/{name}.pem" for name in ("KEY", "CERT")}
        sign, _ = blocks("sign")
        for text, names in (sign, cls.keys), (build, {}):
            result = shell("env", *(f"{name}={path}" for name, path in names.items()), "bash", "-ec", text=text)
            assert result.returncode == 0, result.said
            if names:
                shutil.copytree(TOP / "build/modules/stock", cls.signed)

    def test_modules_are_ours_alone(self):
        names = {path.name for path in (TOP / "build/modules/stock").iterdir()}
        self.assertEqual(names, {"tsm.ko", "tsm_sev.ko", "tsm_tdisp.ko", "tsm_tdx.ko"})

    def in_guest(self, platform, provider, text, adds=()):
        """Runs commands where the kernel's own drivers are loaded, and our modules are in the folder; returns their output."""
        adds = [*adds, *(f"build/modules/stock/{name}.ko:/root/" for name in ("tsm", provider))]
        command = ["scripts/qemu-tdx/run", "--platform", platform, "--kernel", "stock", "--drivers", "c", "--timeout", "240",
                   *(word for add in adds for word in ("--add", add)), "--", "sh", "-exc"]
        result = shell(*command, text=text)
        self.assertEqual(result.returncode, 0, result.said)
        return result.stdout

    def test_guest(self):
        checks = """
            [ "$(wc -c <quote)" -gt 0 ]
            [ "$(hexdump -ve '1/1 "%02x"' /sys/kernel/tsm/tdx/rtmr3/sha384/digest)" != "$before" ]
        """
        before = """before=$(hexdump -ve '1/1 "%02x"' '/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384')"""
        text = "\n".join([before, *blocks("guest"), checks, messages.SCRIPT])
        adds = [f"{self.signed}:/signed", *messages.kmod()]
        messages.check(self, README, self.in_guest("tdx", "tsm_tdx", text, adds))

    def test_sign(self):
        """In one guest: what README has the emulator do, modules without a signature, and signed ones as it installs them."""
        _, block = blocks("sign")
        for name, path in self.keys.items():
            block = block.replace(f"${name}", path)
        command, _, own = block.partition(" -- ")
        install, use = blocks("guest")
        text = "\n".join(["set -e", own.removeprefix("\\\n"), messages.SECURE, "cp /signed/*.ko .", install, use,
                          '[ "$(wc -c <quote)" -gt 0 ]'])
        adds = [f"{self.signed}:/signed", f"{TOP}/build/modules/stock:/unsigned", *messages.kmod()]
        command = [*shlex.split(command), "--timeout", "600", *(word for add in adds for word in ("--add", add))]
        result = shell(*command, "--", "sh", "-exc", text=text, timeout=1200)
        self.assertEqual(result.returncode, 0, result.said)
        self.assertRegex(result.stdout, "(?m)^[0-9a-f]{96}$")
        messages.check_secure(self, README, result.stdout)

    def test_snp(self):
        checks = """
            [ "$(wc -c <report)" = 1184 ]
            [ "$(wc -c <certificates)" -gt 0 ]
            tail -c +145 report | head -c 48 | cmp - /sys/kernel/tsm/sev_snp/measurement/sha384/digest
        """
        text = "\n".join([*blocks("snp"), checks, messages.as_in("snp", messages.SCRIPT)])
        adds = [f"{self.signed}:/signed", *messages.kmod()]
        messages.check(self, README, self.in_guest("snp", "tsm_sev", text, adds), "snp")

    def test_kdir(self):
        build = "make KDIR=/lib/modules/$(uname -r)/build"
        self.assertEqual("".join(blocks("kdir")).splitlines(), [build, f"{build} install"])

    def test_ci(self):
        ci = (TOP / ".ci/run").read_text() + (TOP / "scripts/check").read_text()
        for line in "".join(blocks("ci")).splitlines():
            self.assertIn(line, ci)


class Kernels(unittest.TestCase):
    def test_the_table_has_what_is_tried(self):
        script = '. scripts/qemu-tdx/versions; printf "%s\\n" "${ALL_KERNELS[@]#*/}" "$STOCK_KERNEL" "$AMD64_KERNEL" "$OLDEST_KERNEL"'
        for suite in ("trixie", "sid"):
            names = shell("env", f"TSM_SUITE={suite}", "bash", "-ec", text=script).stdout.split()
            table = re.findall(r"^\| `(\S+-amd64)`.*\| runs \| runs \|$", README, re.MULTILINE)
            self.assertEqual(names[:len(table)], table)
            self.assertLessEqual(set(names) - {"7.2.13+deb14-amd64"}, set(table))


class Emulator(unittest.TestCase):
    def text(self, place):
        return [text for _, where, text in EMULATOR if where == place]

    def test_each_block_runs_somewhere(self):
        self.assertEqual({where for _, where, _ in EMULATOR}, {"here", "machine"})

    def test_here(self):
        helps = ""
        for block in self.text("here"):
            result = shell("bash", "-ec", text=block)
            self.assertEqual(result.returncode, 0, result.said)
            helps += result.stdout
        self.assertEqual(helps.count("KEY=VALUE [default]"), 2)
        self.assertEqual(helps.count("tdi[,KEY=VALUE...] [default]"), 1)
        self.assertEqual(helps.count('"driver":"vfio-user-pci"'), 2)
        self.assertEqual(helps.count("usage: spdm-responder"), 1)

    def test_machine(self):
        """Boots a kernel without an image of a guest: it says what it is, panics for want of an init, and ends QEMU."""
        [block] = self.text("machine")
        find = 'top=$PWD; scripts=$top/scripts/qemu-tdx; . "$scripts/lib.sh"; ls -t "$CACHE"/*/vmlinuz | head -n 1'
        kernel = shell("bash", "-ec", text=find).stdout.strip()
        self.assertTrue(kernel.endswith("vmlinuz"), kernel)
        (TOP / "build").mkdir(exist_ok=True)
        initrd = TOP / "build" / "empty.cpio"
        initrd.write_bytes(b"")
        result = shell("scripts/qemu-tdx/toolbox", "env", f"KERNEL={kernel}", f"INITRD={initrd}", "bash", "-ec", text=block)
        self.assertIn("tdx: Guest detected", result.stdout)


def tdisp_block(language, where=""):
    [text] = [text for *kind, text in TDISP if kind == [language, where]]
    return text


class TdispPrograms(unittest.TestCase):
    """`make guest` takes minutes in a new checkout, because it builds a verifier as well."""

    CHECKS = {"vmm", "brief"}

    def test_they_go_through_it(self):
        result = shell("bash", "-ec", text=tdisp_block("sh", "here"), timeout=1200)
        self.assertEqual(result.returncode, 0, result.said)
        said = "validate [0-9]+: ESTALE.*validate [0-9]+: run.*ide: EOPNOTSUPP.*bind: EREMOTEIO.*ide: 1 secure.*: run.*session"
        self.assertRegex(result.stdout, re.compile(said, re.DOTALL))


class Tdisp(unittest.TestCase):
    """The steps of Documentation/tdisp.md, one after the other in a guest with devices of the emulator."""

    # What the reader of the page has of the device's vendor.
    KNOWN = """
        FIRMWARE=$(sha384sum </tmp/evidence/001 | cut -c1-96)
        VENDOR_ROOT=$(head -c $((0x$(xxd -s 2 -l 2 -p /tmp/evidence/slot0) + 4)) /tmp/evidence/slot0 | sha384sum | cut -c1-96)
        echo "slot0 $(xxd -p /tmp/evidence/slot0 | tr -d '\\n')"
    """
    # A policy that wants something else says no.
    REFUSED = "if VENDOR_ROOT=$VENDOR_ROOT FIRMWARE=$VENDOR_ROOT sh /tmp/policy; then exit 1; fi"

    def test_each_block_runs_here(self):
        self.assertEqual({(language, where) for language, where, _ in TDISP},
                         {("sh", "start"), ("sh", "tdisp"), ("sh", "openssl"), ("sh", "here"), ("udev", "")})

    def rule(self):
        """Returns commands that do what udev does by the rule, if the device is one that it is for."""
        keys = dict(re.findall(r'([A-Z]+(?:\{\w+\})?)==?"([^"]*)"', tdisp_block("udev")))
        self.assertEqual({**keys, "ATTR{vendor}": "", "ATTR{device}": ""}, {
            "ACTION": "add", "SUBSYSTEM": "pci", "ATTR{vendor}": "", "ATTR{device}": "", "ATTR{driver_override}": "none"})
        return f"""
            ids="$(cat $function/vendor $function/device)"
            [ "$ids" = "{keys['ATTR{vendor}']}
{keys['ATTR{device}']}" ]
            echo >$function/driver_override; echo "{keys['ATTR{driver_override}']}" >$function/driver_override
            [ "$(cat $function/driver_override)" = none ]
        """

    def test_a_device_is_taken_into_trust(self):
        before, policy, after = [], [], []
        for _, where, text in TDISP:
            if where == "tdisp":
                (policy if "/tmp/policy" in text else after if policy else before).append(text)
        self.assertEqual(len(policy), 1)
        [override] = [place for place, text in enumerate(before) if "driver_override" in text]
        before.insert(override + 1, self.rule())
        script = "\n".join([*before, self.KNOWN, *policy, self.REFUSED, *after])
        command = shlex.split(tdisp_block("sh", "start"))
        result = shell(*command, "--", "sh", "-ec", text=script)
        self.assertEqual(result.returncode, 0, result.said)
        words = "locked", "run", "unlocked", "unknown", "7 secure", "refused"
        self.assertEqual([line for line in result.stdout.splitlines() if line in words],
                         ["locked", "run", "unknown", "7 secure", "refused", "run"], result.said)
        [chain] = re.findall(r"(?m)^slot0 ([0-9a-f]+)\r?$", result.stdout)
        self.check_chain(bytes.fromhex(chain))

    def check_chain(self, chain):
        """Runs what verifies the certificates, with the root of the vendor, and with another one."""
        (TOP / "build").mkdir(exist_ok=True)
        size = int.from_bytes(chain[2:4], "big") + 4
        other = 'openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=other" -keyout /dev/null -out vendor.pem 2>/dev/null'
        for root, status in ("openssl x509 -inform der -in root -out vendor.pem", 0), (other, 2):
            with tempfile.TemporaryDirectory(dir=TOP / "build") as folder:
                (pathlib.Path(folder) / "slot0").write_bytes(chain)
                (pathlib.Path(folder) / "root").write_bytes(chain[:size])
                text = f"{root}\n{tdisp_block('sh', 'openssl')}"
                result = shell("scripts/qemu-tdx/toolbox", "env", "-C", folder, "sh", "-ec", text=text)
                self.assertEqual(result.returncode, status, result.said)
                self.assertEqual("leaf.pem: OK\n" in result.stdout, status == 0)


class Links(unittest.TestCase):
    def test_lead_to_files(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((page.parent / target).exists())


class Names(unittest.TestCase):
    """Names in documents are those of files and targets."""

    # Files of a kernel tree.
    ELSEWHERE = {"rust/Makefile", "rust/kernel/", "scripts/sign-file"}

    def found(self, pattern):
        """Returns what the pattern finds, with the page that it is on."""
        return [(page, name) for page in PAGES for name in re.findall(pattern, page.read_text())]

    def test_paths(self):
        tracked = subprocess.run(["git", "ls-files"], cwd=TOP, check=True, capture_output=True, text=True).stdout
        folders = {re.escape(path.partition("/")[0]) for path in tracked.splitlines() if "/" in path}
        generated = re.findall(r"\S+_generated\.rs", (TOP / "Kbuild").read_text())
        paths = self.found(rf"`((?:{'|'.join(folders)})/[\w./*-]*)`")
        self.assertGreater(len(paths), 20)
        for page, path in paths:
            with self.subTest(page=page.name, path=path):
                self.assertTrue(path in (*self.ELSEWHERE, *generated) or [*TOP.glob(path)])

    def test_items(self):
        """`Type::item` is a type, and an item in the file of it."""
        files = [path for folder in ("src", "rust", "emulator/src") for path in TOP.glob(f"{folder}/**/*.rs")]
        sources = [path.read_text() for path in files if "vendor" not in path.parts]
        items = self.found(r"`([A-Z]\w+)::(\w+)`")
        self.assertGreater(len(items), 5)
        for page, (name, item) in items:
            declared = re.compile(rf"\b(?:struct|enum|trait) {name}\b")
            with self.subTest(page=page.name, name=f"{name}::{item}"):
                self.assertTrue(any(declared.search(text) and re.search(rf"\b{item}\b", text) for text in sources))

    def test_targets_of_make(self):
        targets = re.findall(r"^([a-z_-]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
        named = self.found(r"`make ([a-z_-]+)[^`]*`")
        self.assertGreater(len(named), 5)
        for page, target in named:
            with self.subTest(page=page.name, target=target):
                self.assertIn(target, targets)

    def test_commands_are_on_pages_whose_commands_run(self):
        run = {TOP / "README.md", TOP / "emulator" / "README.md", TOP / "Documentation" / "tdisp.md",
               TOP / "Documentation" / "packages.md", TOP / "Documentation" / "measured-boot.md"}
        for page in set(PAGES) - run:
            with self.subTest(page=page.name):
                self.assertNotIn("sh", [language for language, _, _ in FENCE.findall(page.read_text())])


class Maintainers(unittest.TestCase):
    def test_each_pattern_has_files(self):
        patterns = re.findall(r"^F:\t(.+)$", (TOP / "MAINTAINERS").read_text(), re.MULTILINE)
        self.assertGreater(len(patterns), 20)
        for pattern in patterns:
            with self.subTest(pattern):
                self.assertTrue([*TOP.glob(pattern)])


class Clients(unittest.TestCase):
    """The table in Documentation/clients.md."""

    ROWS = [[cell.strip() for cell in row.split("|")[1:-1]]
            for row in (TOP / "Documentation" / "clients.md").read_text().splitlines() if row.startswith("| ")][1:]
    # What only builds or carries another one.
    PARTS = {"python3-pip", "cctrusted-base"}

    def names(self):
        """Returns name and version of the clients that tests run."""
        return {(cells[0].split(",")[0], cells[1]) for cells in self.ROWS if cells[5] == "tests"}

    def test_it_has_what_is_built(self):
        folder = TOP / "tests/clients"
        text = (folder / "build").read_text()
        built = {*re.findall(r"^crate (\S+) (\S+)", text, re.MULTILINE),
                 *re.findall(r"^\t*package \S+ \S+/([^/_]+)_([^/_]+)-[^-_]+_", text, re.MULTILINE),
                 *re.findall(r"^(\S+)==(\S+)", (folder / "requirements.txt").read_text(), re.MULTILINE)}
        query = "dpkg-query -Wf '${Package} ${Version}\\n' golang-github-google-go-{configfs-tsm,sev-guest,tdx-guest}-dev"
        result = shell("env", "-u", "TSM_SUITE", "scripts/qemu-tdx/toolbox", "bash", "-ec", text=query)
        self.assertEqual(result.returncode, 0, result.said)
        built |= {*re.findall(r"^golang-github-google-(\S+)-dev (\S+)-\S+$", result.stdout, re.MULTILINE)}
        self.assertGreater(len(self.names()), 7)
        self.assertEqual(self.names(), {(name, version) for name, version in built if name not in self.PARTS})

    def test_there_are_tests_of_each(self):
        text = "".join(path.read_text() for path in TOP.glob("tests/clients/tests/*.rs"))
        for name, _ in self.names():
            with self.subTest(name):
                self.assertIn(f"fn {name.replace('-', '_')}_", text)

    def test_what_does_not_work_has_a_reason(self):
        for name, _, _, ours, theirs, known, reason in self.ROWS:
            with self.subTest(name):
                self.assertLessEqual({ours, theirs}, {"works", "no"})
                self.assertIn(known, {"tests", "by hand", "read"})
                self.assertTrue(reason or {ours, theirs} == {"works"})


class Differences(unittest.TestCase):
    """The tests that Documentation/differences.md names."""

    PAGE = (TOP / "Documentation" / "differences.md").read_text()

    def text(self, *paths):
        return "".join(path.read_text() for path in paths)

    def test_those_in_guests_are_there(self):
        names = re.findall(r"`([a-z]\w*)::(\w+)`", self.PAGE)
        self.assertGreater(len(names), 30)
        for file, name in names:
            with self.subTest(f"{file}::{name}"):
                text = self.text(*TOP.glob(f"tests/guest/tests/{file}.rs"), *TOP.glob(f"tests/kunit/{file}.rs"))
                self.assertRegex(text, rf"#\[test\]\n(?: *#\[.*\]\n)* *fn {name}\(")

    def test_those_with_guests_are_there(self):
        names = re.findall(r"`(test_\w+)\.(\w+)\.(\w+)`", self.PAGE)
        self.assertGreater(len(names), 50)
        for file, group, name in names:
            with self.subTest(f"{file}.{group}.{name}"):
                text = self.text(*TOP.glob(f"tests/*/{file}.py"))
                [body] = re.findall(rf"^class {group}\(.*\n((?:\n|    .*\n)*)", text, re.MULTILINE)
                self.assertIn(f"    def {name}(self", body)

    def test_each_row_names_one_or_says_why_not(self):
        rows = [row for row in self.PAGE.splitlines() if re.match(r"\| [^|-]", row)]
        self.assertGreater(len(rows), 70)
        without = [row for row in rows if not re.search(r"`\w+::\w+` \||`test_\w+\.\w+\.\w+` \|", row)]
        cells = [row.strip("| ").rpartition("| ")[2] for row in without]
        self.assertEqual({cell for cell in cells if cell != "test"},
                         {"`tdx_device::shows_the_registers_where_clients_look`; none for the lack of memory", "none",
                          "measured by `make bench`", "the same"})
