# SPDX-License-Identifier: GPL-2.0
"""Tests of what a command in the toolbox can not access: python3 -m unittest discover tests/build"""

import os
import pathlib
import pty
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOLBOX = TOP / "scripts/qemu-tdx/toolbox"

# As in a container that has no user namespaces. The limit is for those below the one that it is set in.
WITHOUT_NAMESPACES = ["unshare", "--map-root-user", "sh", "-c",
                      'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh"]

# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID and SETUID are what root keeps where it has no namespace.
OVER_FILES = 0b1111_1011


def toolbox(script, *arguments, before=(), **options):
    return subprocess.run([*before, TOOLBOX, "bash", "-c", script, "bash", *arguments], capture_output=True, text=True,
                          timeout=60, **options)


class Machine(unittest.TestCase):
    """A command in the toolbox has no rights over the machine."""

    def assert_out_of_reach(self, before=()):
        """Asserts what holds with and without a namespace."""
        result = toolbox('hostname "$1"', "tsm-test-name", before=before)
        self.assertNotEqual(result.returncode, 0)
        self.assertNotEqual(socket.gethostname(), "tsm-test-name")

        with tempfile.TemporaryDirectory() as folder:
            for node in ("b 7 0", "c 1 1"):
                result = toolbox(f'mknod "$1/node" {node}', folder, before=before)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn("Operation not permitted", result.stderr)

        # These files are root's, which could write them without a capability.
        for name in ("sys/kernel/core_pattern", "sys/vm/overcommit_memory", "self/oom_score_adj"):
            result = toolbox(f'cat /proc/{name} | tee /proc/{name}', before=before)
            self.assertIn("Read-only file system", result.stderr)
        self.assertEqual(toolbox("ls -A /sys", before=before).stdout, "")

        # No device but those that every program may use.
        result = toolbox("cd /dev && find . -printf '%P %y\\n'", before=before)
        self.assertEqual(result.returncode, 0, result.stderr)
        found = dict(line.split() for line in result.stdout.splitlines() if line.split()[1:])
        nodes = {name for name, kind in found.items() if kind not in "ld"}
        self.assertEqual(nodes, {"null", "zero", "full", "random", "urandom", "tty", "pts/ptmx"})
        self.assertTrue({"fd", "stdin", "stdout", "stderr", "ptmx", "shm", "pts"} <= found.keys(), found)

    def test_in_a_namespace_of_its_own(self):
        result = toolbox("readlink /proc/self/ns/user; cat /proc/self/uid_map /proc/self/gid_map; id -u")
        self.assertEqual(result.returncode, 0, result.stderr)
        namespace, users, groups, own = result.stdout.splitlines()
        self.assertNotEqual(namespace, os.readlink("/proc/self/ns/user"))
        self.assertEqual(users.split(), ["0", str(os.geteuid()), "1"])
        self.assertEqual(groups.split(), ["0", str(os.getegid()), "1"])
        self.assertEqual(own, "0")
        self.assert_out_of_reach()

    def test_where_there_are_no_namespaces(self):
        result = toolbox("grep -E 'Cap(Prm|Eff|Bnd)' /proc/self/status", before=WITHOUT_NAMESPACES)
        self.assertEqual(result.returncode, 0, result.stderr)
        for line in result.stdout.splitlines():
            self.assertEqual(int(line.split()[1], 16), OVER_FILES, line)
        self.assert_out_of_reach(before=WITHOUT_NAMESPACES)

    @unittest.skipIf(os.geteuid(), "only root can write what belongs to another user")
    def test_root_in_the_checkout_of_another_user(self):
        """The files are as writable as before, and the machine is not."""
        with tempfile.TemporaryDirectory() as folder:
            os.chown(folder, 12345, 12345)
            script = 'touch "$1/own"; grep CapEff /proc/self/status'
            result = toolbox(script, folder, cwd=folder)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(int(result.stdout.split()[1], 16), OVER_FILES)
            self.assertEqual(os.stat(f"{folder}/own").st_uid, 0)


class Contents(unittest.TestCase):
    """What is in the toolbox is right for the suite, and for the emulator."""

    def bash(self, script, *arguments, **environment):
        """Runs a script that has sourced what makes the toolbox."""
        script = f'set -euo pipefail; for part in lib setup.d/toolbox; do . "$0/$part.sh"; done; {script}'
        return subprocess.run(["bash", "-c", script, TOOLBOX.parent, *arguments], capture_output=True, text=True,
                              timeout=60, env=os.environ | environment)

    def test_each_suite_has_the_compiler_of_its_kernels(self):
        script = 'build_tree() { echo "$3"; echo "$4"; }; build_toolbox; echo "$GCC"; echo "$NEWER_SUITE"'
        for suite, compiler, other, newer in (("trixie", "gcc-14", "gcc-16", "trixie-backports"),
                                              ("sid", "gcc-16", "gcc-14", "experimental"),
                                              ("experimental", "gcc-16", "gcc-14", "experimental")):
            result = self.bash(script, TSM_SUITE=suite)
            self.assertEqual(result.returncode, 0, result.stderr)
            packages, backports, *rest = result.stdout.splitlines()
            self.assertIn(compiler, packages.split(","))
            self.assertNotIn(other, packages.split(","))
            self.assertIn("qemu-system-x86", packages.split(","))
            self.assertIn("qemu-system-x86", backports.split())
            self.assertEqual(rest, [compiler, newer])

    def test_only_experimental_has_the_rust_of_another_suite(self):
        script = ('. "$scripts/setup.d/tree.sh"; CACHE=$1 root=$1/tree keyring=/dev/null; need_mmdebstrap() { :; }; '
                  'need_namespaces() { :; }; mirror() { echo uri; }; make_tree() { mkdir "$work/tree"; '
                  'cp "$work/preferences" "$work/sources" "$work/tree"; }; step() { "${@:3}"; }; '
                  'build_tree text log packages none; cat "$root/sources" "$root/preferences"')
        for suite, sources in (("trixie", ["trixie", "trixie-backports"]), ("sid", ["sid", "experimental"]),
                               ("experimental", ["sid", "experimental"])):
            with self.subTest(suite), tempfile.TemporaryDirectory() as folder:
                result = self.bash(script, folder, TSM_SUITE=suite)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(re.findall(r"^deb \S+ uri (\S+) main$", result.stdout, re.MULTILINE), sources)
                pins = re.findall(r"^Package: src:rustc\nPin: release a=experimental$", result.stdout, re.MULTILINE)
                self.assertEqual(len(pins), suite == "experimental", result.stdout)

    def test_a_suite_that_there_is_not(self):
        result = self.bash("echo sourced", TSM_SUITE="bookworm")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("there is no suite 'bookworm' here, only trixie, sid and experimental", result.stderr)

    def test_plugins_of_another_version_are_refused_in_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            marks = pathlib.Path(folder, "etc/tsm")
            marks.mkdir(parents=True)
            for version, taken in (("7", True), ("99", False)):
                result = self.bash('root=$1 need_plugins "$2"', folder, version)
                self.assertEqual(result.returncode == 0, taken, result.stderr)
                self.assertEqual((marks / f"plugins-{version}").exists(), taken)
            [line] = result.stderr.splitlines()
            self.assertIn("this QEMU takes no plugins of version 99 of its interface", line)


class Files(unittest.TestCase):
    """Files are made as if they were made outside."""

    def test_belongs_to_the_caller(self):
        with tempfile.TemporaryDirectory() as folder:
            for before in ((), WITHOUT_NAMESPACES):
                path = pathlib.Path(folder, "made")
                result = toolbox('umask 027; echo text >"$1"', path, before=before)
                self.assertEqual(result.returncode, 0, result.stderr)
                status = path.stat()
                self.assertEqual((status.st_uid, status.st_gid), (os.geteuid(), os.getegid()))
                self.assertEqual(stat.S_IMODE(status.st_mode), 0o640)
                path.unlink()

    def test_nothing_stays_in_the_tree(self):
        """What is written to /dev is gone with the command, and none of the mounts is outside."""
        # Mounts of other programs are not seen in the test's own namespace. A mount that the command shared would be.
        script = """
            echo "$2" >/proc/sys/user/max_user_namespaces
            mount --make-rshared /
            before=$(cat /proc/self/mountinfo)
            "$1" touch /dev/mine /dev/shm/mine
            diff <(echo "$before") /proc/self/mountinfo
        """
        for namespaces in ("100", "0"):
            result = subprocess.run(["unshare", "--mount", "--map-root-user", "bash", "-ec", script, "bash", TOOLBOX,
                                     namespaces], capture_output=True, text=True, timeout=60)
            self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
        self.assertEqual(toolbox("ls /dev/mine /dev/shm/mine").stdout, "")


class Devices(unittest.TestCase):
    """The devices that there are work."""

    def test_read_and_write(self):
        result = toolbox("echo gone >/dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c;"
                         "head -c 8 /dev/random | wc -c; echo full >/dev/full; cat /dev/stdin; echo out >/dev/stdout;"
                         "cat <(echo fd); echo x >/dev/shm/x && cat /dev/shm/x", input="in\n")
        self.assertEqual(result.stdout.split(), ["00", "00", "00", "00", "8", "8", "in", "out", "fd", "x"])
        self.assertIn("No space left on device", result.stderr)

    def test_pseudo_terminals(self):
        result = toolbox("python3 -c 'import os, pty; print(os.ttyname(pty.openpty()[1]))'")
        self.assertRegex(result.stdout, r"^/dev/pts/\d+\n$", result.stderr)

    def test_terminal_of_the_caller(self):
        pid, master = pty.fork()
        if pid == 0:
            os.execv(TOOLBOX, [TOOLBOX, "sh", "-c", "test -t 0 && echo typed >/dev/tty"])
        shown = b""
        try:
            while chunk := os.read(master, 1000):
                shown += chunk
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertEqual(shown.strip(), b"typed")


class Process(unittest.TestCase):
    """There is one process, so that signals and the status need no forwarding."""

    def test_status(self):
        for status in (0, 1, 77):
            self.assertEqual(toolbox(f"exit {status}").returncode, status)

    def test_signal(self):
        for before in ([], WITHOUT_NAMESPACES):
            command = [*before, TOOLBOX, "sh", "-c", "echo $$; exec sleep 60"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                self.assertEqual(int(process.stdout.readline()), process.pid)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(timeout=30), -signal.SIGTERM)
