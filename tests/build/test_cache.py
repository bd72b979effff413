# SPDX-License-Identifier: GPL-2.0
"""Tests of what is removed from the cache, and what stays: python3 -m unittest discover tests/build"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
DAY = 24 * 60 * 60


def lines_of(script, scripts, **environment):
    """Runs bash with the functions of the scripts in a folder; returns what it prints."""
    prelude = f'set -euo pipefail; . "{scripts}/lib.sh"; for part in kernel checkout; do . "$scripts/setup.d/$part.sh"; done; '
    # What is set where the tests run is no part of them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TSM_")} | environment
    result = subprocess.run(["bash", "-c", prelude + script], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return result.stdout.splitlines()


class Cache(unittest.TestCase):
    """A cache with folders that have the names of toolboxes and kernels, and checkouts that have no more than scripts."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.cache = self.folder / "cache"
        self.cache.mkdir()

    def checkout(self, name):
        scripts = self.folder / name / "scripts/qemu-tdx"
        shutil.copytree(TOP / "scripts/qemu-tdx", scripts)
        return scripts

    def run_in(self, scripts, script, **environment):
        return lines_of(script, scripts, TSM_CACHE=str(self.cache), **environment)

    def set_up(self, scripts, **environment):
        """Makes the folders that `setup` would, and notes their use as it does; returns their names."""
        names = self.run_in(scripts, 'mkdir -p "$(toolbox_root)/etc/tsm"; echo rustc >"$(toolbox_root)/etc/tsm/compilers"; '
                            'for kernel in "${kernels[@]}"; do mkdir -p "$(kernel_folder "$kernel")"; done; '
                            'for name in "$(toolbox_root)" "$(kernel_folder stock)" "$(kernel_folder amd64)" '
                            '"$(kernel_folder test)" "$(kernel_folder debug)" "$(kernel_folder kcsan)"; do name=${name##*/}; uses "$name"; '
                            'echo "$name"; done; register_checkout', **environment)
        self.assertEqual(len(names), 6)
        return set(names)

    def make(self, *names):
        for name in names:
            (self.cache / name / "build").mkdir(parents=True)

    def use(self, scripts, *names):
        for name in names:
            self.run_in(scripts, f"uses {name}")

    def days_pass(self, days):
        """Makes all uses as much older."""
        for path in self.cache.glob("used/*/*"):
            then = path.stat().st_mtime - days * DAY
            os.utime(path, (then, then))

    def clean(self, *arguments, **environment):
        """Runs clean-cache; returns its output."""
        environment = os.environ | {"TSM_CACHE": str(self.cache)} | environment
        result = subprocess.run([TOP / "scripts/qemu-tdx/clean-cache", *arguments], env=environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def there(self):
        return {path.name for path in self.cache.iterdir()} - {"locks", "logs", "used", "checkouts", "removed"}

    def test_what_pins_name_stays_however_old_it_is(self):
        one, two = self.checkout("one"), self.checkout("two")
        with (two / "versions").open("a") as versions:
            versions.write("STOCK_KERNEL=7.9.9\n")
        names = self.set_up(one) | self.set_up(two)
        self.assertEqual(len(names), 7)
        self.days_pass(1000)
        self.assertIn("needs it", self.clean("0"))
        self.assertEqual(self.there(), names)

    def test_what_pins_named_before_goes(self):
        scripts = self.checkout("one")
        before = self.set_up(scripts)
        with (scripts / "packages").open("a") as packages:
            packages.write("hello\n")
        after = self.set_up(scripts)
        # Another toolbox; with the same compilers, the kernels are the same.
        self.assertEqual(len(before - after), 1)
        self.clean()
        self.assertEqual(self.there(), before | after)
        self.days_pass(2)
        said = self.clean()
        self.assertEqual(self.there(), after)
        [old] = before - after
        self.assertRegex(said, rf"(?m)^{old} \(.*\): removed$")

    def test_what_only_a_checkout_that_is_gone_needed_goes(self):
        gone, other = self.checkout("gone"), self.checkout("other")
        with (gone / "versions").open("a") as versions:
            versions.write("STOCK_KERNEL=7.9.9\n")
        names = self.set_up(gone) | self.set_up(other)
        shutil.rmtree(self.folder / "gone")
        self.days_pass(2)
        self.clean()
        self.assertEqual(len(names - self.there()), 1)

    def test_what_was_used_lately_stays(self):
        """As another kernel, which the environment asked for, or from where the checkout cannot be seen."""
        scripts = self.checkout("one")
        pinned = self.set_up(scripts)
        self.make("stock-aaaaaaaaaaaa", "clients-bbbbbbbbbbbb")
        self.use(scripts, "stock-aaaaaaaaaaaa", "clients-bbbbbbbbbbbb")
        self.days_pass(20)
        self.clean("30")
        self.assertEqual(self.there(), pinned | {"stock-aaaaaaaaaaaa", "clients-bbbbbbbbbbbb"})
        # The last use is what counts.
        self.use(scripts, "stock-aaaaaaaaaaaa")
        self.clean()
        self.assertEqual(self.there(), pinned | {"stock-aaaaaaaaaaaa"})
        self.clean("0")
        self.assertEqual(self.there(), pinned)

    def test_another_kernel_is_no_pin(self):
        scripts = self.checkout("one")
        self.set_up(scripts)
        noted = [path.read_text() for path in self.cache.glob("checkouts/*")]
        self.run_in(scripts, "register_checkout", TSM_STOCK_KERNEL="7.9.9")
        self.assertEqual([path.read_text() for path in self.cache.glob("checkouts/*")], noted)

    def test_the_kernels_that_are_tried_are_pins(self):
        scripts = self.checkout("one")
        for suite, count in ("trixie", 3), ("sid", 2):
            with self.subTest(suite):
                self.set_up(scripts, TSM_SUITE=suite)
                names = self.run_in(scripts, 'for kernel in "${ALL_KERNELS[@]}"; do [[ $kernel == $SUITE/* ]] || continue; '
                                    'STOCK_KERNEL=${kernel#*/}; folder=$(kernel_folder stock); echo "${folder##*/}"; done',
                                    TSM_SUITE=suite)
                self.assertEqual(len(set(names)), count)
                self.make(*set(names) - self.there())
                self.use(scripts, *names)
                self.days_pass(1000)
                self.clean("0")
                self.assertLessEqual(set(names), self.there())

    def test_what_pins_of_another_suite_name_stays(self):
        scripts = self.checkout("one")
        names = self.set_up(scripts)
        other = self.set_up(scripts, TSM_SUITE="sid")
        self.assertFalse(names & other)
        # It differs by its Rust, and only the toolbox is there twice.
        newest = self.set_up(scripts, TSM_SUITE="experimental")
        self.assertEqual(len(newest - other), 1)
        self.days_pass(1000)
        self.clean("0")
        self.assertEqual(self.there(), names | other | newest)

    def test_a_suite_is_noted_whatever_kernel_of_it_is_asked_for(self):
        scripts = self.checkout("one")
        names = self.set_up(scripts, TSM_SUITE="sid", TSM_STOCK_KERNEL="7.9.9")
        [stock] = self.run_in(scripts, 'folder=$(kernel_folder stock); echo "${folder##*/}"', TSM_SUITE="sid",
                              TSM_STOCK_KERNEL="7.9.9")
        self.days_pass(1000)
        self.clean("0")
        self.assertEqual(self.there(), names - {stock})

    def test_what_is_in_use_stays(self):
        """A process that a use has started keeps it as well."""
        scripts = self.checkout("one")
        self.make("toolbox-aaaaaaaaaaaa")
        script = f'. "{scripts}/lib.sh"; uses toolbox-aaaaaaaaaaaa; exec env sh -c "echo; read line"'
        with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=os.environ | {"TSM_CACHE": str(self.cache)}) as process:
            process.stdout.readline()
            self.days_pass(1000)
            self.assertIn("in use", self.clean("0", ALL="1"))
            self.assertEqual(self.there(), {"toolbox-aaaaaaaaaaaa"})
            process.communicate("\n")
        self.clean("0")
        self.assertEqual(self.there(), set())

    def test_what_is_used_again_after_it_was_removed_is_made_again(self):
        scripts = self.checkout("one")
        names = self.set_up(scripts)
        shutil.rmtree(self.cache / "checkouts")
        self.clean("0")
        self.assertEqual(self.there(), set())
        self.assertEqual(self.set_up(scripts), names)
        self.clean("0")
        self.assertEqual(self.there(), names)

    def test_what_nothing_is_known_of_stays(self):
        """Old checkouts do not note what they use."""
        self.make("toolbox-aaaaaaaaaaaa")
        for days in ("0", "30"):
            self.assertIn("no use of it is known; ALL=1 removes it", self.clean(days))
        self.assertEqual(self.there(), {"toolbox-aaaaaaaaaaaa"})
        self.clean(ALL="1")
        self.assertEqual(self.there(), set())

    def test_nothing_else_is_touched(self):
        others = {"home", "cargo", "run", "toolbox", "toolbox-aaaa", "toolbox-aaaaaaaaaaaa.new", "other-aaaaaaaaaaaa",
                  "toolbox-AAAAAAAAAAAA"}
        self.make(*others)
        (self.folder / "elsewhere").mkdir()
        (self.cache / "test-aaaaaaaaaaaa").symlink_to(self.folder / "elsewhere")
        (self.cache / "debug-aaaaaaaaaaaa").write_text("a file")
        self.clean("0", ALL="1")
        self.assertEqual(self.there(), others | {"test-aaaaaaaaaaaa", "debug-aaaaaaaaaaaa"})
        self.assertTrue((self.folder / "elsewhere").is_dir())

    def test_a_source_stays_with_its_last_kernel(self):
        scripts = self.checkout("one")
        sources = [self.cache / "source" / f"linux-source-7.{minor}_7.{minor}.1-1" for minor in (2, 3)]
        kernels = ["stock-aaaaaaaaaaaa", "test-bbbbbbbbbbbb", "test-cccccccccccc"]
        self.make(*kernels)
        for source in sources:
            source.mkdir(parents=True)
        for kernel, source in zip(kernels, (sources[0], sources[1], sources[1])):
            (self.cache / kernel / "build/source").symlink_to(source)
        self.use(scripts, *kernels)
        self.days_pass(2)
        self.use(scripts, kernels[2])
        self.clean()
        self.assertEqual(self.there(), {"source", kernels[2]})
        self.assertEqual([*(self.cache / "source").iterdir()], [sources[1]])
        # While a kernel is built, it may not be seen yet which source it is built from.
        script = f'. "{scripts}/lib.sh"; lock kernel; "$0" 0'
        subprocess.run(["bash", "-c", script, TOP / "scripts/qemu-tdx/clean-cache"], check=True, capture_output=True,
                       env=os.environ | {"TSM_CACHE": str(self.cache)})
        self.assertEqual(self.there(), {"source"})
        self.assertTrue(sources[1].is_dir())
        self.clean("0")
        self.assertEqual([*(self.cache / "source").iterdir()], [])

    def test_what_a_run_left_goes(self):
        for name in ("aaaaaa", "bbbbbb", "cccccc"):
            (self.cache / "run" / name).mkdir(parents=True)
        for name in ("aaaaaa", "bbbbbb"):
            (self.cache / "run" / name / "held").touch()
        subprocess.run(["flock", self.cache / "run/aaaaaa/held", TOP / "scripts/qemu-tdx/clean-cache"], check=True,
                       capture_output=True, env=os.environ | {"TSM_CACHE": str(self.cache)})
        # A run that goes on stays, and one that has only begun.
        self.assertEqual({path.name for path in (self.cache / "run").iterdir()}, {"aaaaaa", "cccccc"})

    def test_quiet_says_only_what_is_removed(self):
        scripts = self.checkout("one")
        names = self.set_up(scripts)
        self.make("toolbox-aaaaaaaaaaaa", "toolbox-bbbbbbbbbbbb")
        self.use(scripts, "toolbox-aaaaaaaaaaaa")
        self.days_pass(31)
        self.assertRegex(self.clean("--quiet", "30"), r"^toolbox-aaaaaaaaaaaa \(\S+\): removed\n$")
        self.assertEqual(self.there(), names | {"toolbox-bbbbbbbbbbbb"})

    def test_refuses_days_that_are_no_number(self):
        for days in ("-1", "x", "1;"):
            result = subprocess.run([TOP / "scripts/qemu-tdx/clean-cache", days], capture_output=True, text=True,
                                    env=os.environ | {"TSM_CACHE": str(self.cache)})
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn("usage: ", result.stderr)


class Uses(unittest.TestCase):
    """The scripts note what they use."""

    SCRIPTS = TOP / "scripts/qemu-tdx"

    def setUp(self):
        # Another kernel in the environment would be no pin.
        self.environment = {name: value for name, value in os.environ.items() if name == "TSM_CACHE"}
        root, cache = lines_of('echo "$(toolbox_root)"; echo "$CACHE"', self.SCRIPTS, **self.environment)
        self.toolbox, self.cache = pathlib.Path(root).name, pathlib.Path(cache)

    def test_what_is_pinned_is_noted_with_each_look_for_a_kernel(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TSM_")} | self.environment
        for path in (self.cache / "checkouts").iterdir():
            if path.read_text().startswith(f"{TOP}\n"):
                path.unlink()
        result = subprocess.run([self.SCRIPTS / "setup", "--env", "stock"], check=True, capture_output=True, text=True,
                                env=environment)
        notes = [path.read_text().splitlines() for path in (self.cache / "checkouts").iterdir()]
        [names] = [names for path, *names in notes if path == str(TOP)]
        self.assertIn(self.toolbox, names)
        self.assertIn(pathlib.Path(result.stdout.strip()).parent.name, names)

    def test_a_command_in_the_toolbox_is_a_use(self):
        before = time.time() - 1
        with subprocess.Popen([self.SCRIPTS / "toolbox", "sh", "-c", "echo; read line"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            marks = [path for path in self.cache.glob(f"used/{self.toolbox}/*") if path.read_text() == f"{TOP}\n"]
            self.assertEqual(len(marks), 1)
            self.assertGreater(marks[0].stat().st_mtime, before)
            held = subprocess.run(["flock", "-n", self.cache / f"locks/use-{self.toolbox}", "true"])
            self.assertEqual(held.returncode, 1)
            process.communicate("\n")
