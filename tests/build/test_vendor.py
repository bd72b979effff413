# SPDX-License-Identifier: GPL-2.0
"""Tests that rust/vendor has what the registry has, byte for byte: python3 -m unittest discover tests/build"""

import hashlib
import pathlib
import subprocess
import tarfile
import tempfile
import tomllib
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
VENDOR = TOP / "rust/vendor"
TOOLBOX = TOP / "scripts/qemu-tdx/toolbox"
# Beside the files in src: what a build reads, and the licenses.
OTHERS = {"Cargo.toml", "build.rs"}
# Beside the crates.
OWN = {"README.md"}


def is_wanted(path):
    """Whether a file of an archive, by its path without the name of the archive, is to be here."""
    return path in OTHERS or path.startswith(("src/", "LICENSE"))


def wanted(archive):
    """Returns the files of an archive that are to be here, by their paths."""
    with tarfile.open(archive) as tar:
        files = {member.name.partition("/")[2]: tar.extractfile(member).read()
                 for member in tar.getmembers() if member.isfile()}
    return {path: content for path, content in files.items() if is_wanted(path)}


def vendored(folder):
    """Returns the files of a folder, by their paths."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def differences(archive, folder):
    """Returns the paths of files that are in one of both only, or have other bytes."""
    ours, theirs = vendored(folder), wanted(archive)
    return sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))


class Vendor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.packages = tomllib.loads((TOP / "Cargo.lock").read_text())["package"]
        cls.crates = sorted(path.name for path in VENDOR.iterdir() if path.name not in OWN)

    @classmethod
    def archive(cls, crate):
        """Returns the archive that Cargo.lock has the SHA-256 of. Cargo fetches it if it was not needed before."""
        version = tomllib.loads((VENDOR / crate / "Cargo.toml").read_text())["package"]["version"]
        (checksum,) = [package["checksum"] for package in cls.packages if "checksum" in package
                       and (package["name"], package["version"]) == (crate, version)]
        find = ["sh", "-c", f'ls "$CARGO_HOME"/registry/cache/*/{crate}-{version}.crate']
        found = subprocess.run([TOOLBOX, *find], capture_output=True, text=True)
        if found.returncode:
            subprocess.run([TOOLBOX, "cargo", "fetch", "--locked"], cwd=TOP, check=True, capture_output=True)
            found = subprocess.run([TOOLBOX, *find], check=True, capture_output=True, text=True)
        archives = [pathlib.Path(line) for line in found.stdout.splitlines()]
        for archive in archives:
            if hashlib.sha256(archive.read_bytes()).hexdigest() == checksum:
                return archive
        raise AssertionError(f"{archives} has another SHA-256 than Cargo.lock")

    def test_each_file_is_that_of_the_registry(self):
        self.assertIn("sha2", self.crates)
        for crate in self.crates:
            with self.subTest(crate):
                self.assertEqual(differences(self.archive(crate), VENDOR / crate), [])

    def test_each_crate_is_one_that_is_compiled(self):
        built = (TOP / "Kbuild").read_text()
        for crate in self.crates:
            with self.subTest(crate):
                name = crate.replace("-", "_")
                self.assertRegex(built, rf"(?m)^\$\(eval \$\(call vendored-crate,{name},{crate},")

    def test_readme_has_each_crate_and_its_version(self):
        rows = [line.split("|")[1:3] for line in (VENDOR / "README.md").read_text().splitlines() if line[:3] == "| `"]
        manifests = [tomllib.loads((VENDOR / crate / "Cargo.toml").read_text())["package"] for crate in self.crates]
        self.assertEqual(sorted((name.strip(" `"), version.strip()) for name, version in rows),
                         [(manifest["name"], manifest["version"]) for manifest in manifests])

    def test_a_changed_a_missing_and_another_file_are_found(self):
        archive = self.archive("cfg-if")
        copy = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for path, content in wanted(archive).items():
            (copy / path).parent.mkdir(exist_ok=True)
            (copy / path).write_bytes(content)
        self.assertEqual(differences(archive, copy), [])
        source = copy / "src/lib.rs"
        source.write_bytes(source.read_bytes().replace(b"macro", b"Macro", 1))
        (copy / "LICENSE-MIT").unlink()
        (copy / "src/other.rs").touch()
        self.assertEqual(differences(archive, copy), ["LICENSE-MIT", "src/lib.rs", "src/other.rs"])


if __name__ == "__main__":
    unittest.main()
