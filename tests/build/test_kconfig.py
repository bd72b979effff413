# SPDX-License-Identifier: GPL-2.0
"""Tests of Kconfig, as part of a kernel's: python3 -m unittest discover tests/build"""

import pathlib
import subprocess
import tempfile
import unittest

from test_kdir import TOOLBOX, TOP, variables

# What Kconfig refers to. ECDSA is a module, as in Debian's kernels.
KERNEL = {
    "bool": "RUST X86_64 PCI_DOE CRYPTO_HASH_INFO INTEL_TDX_GUEST AMD_MEM_ENCRYPT",
    "tristate": "CONFIGFS_FS CRYPTO_LIB_SHA256 CRYPTO_LIB_SHA512 CRYPTO_LIB_AES_GCM CRYPTO_RSA KUNIT "
                "ASYMMETRIC_PUBLIC_KEY_SUBTYPE X509_CERTIFICATE_PARSER",
}
MODULES = "config MODULES\n\tbool\n\tdefault y\n\tmodules\n"
OURS = ["TSM_RS", "TSM_RS_TDX", "TSM_RS_SEV", "TSM_RS_TDISP", "TSM_RS_KUNIT"]


class Kconfig(unittest.TestCase):
    def configured(self, kind, *given):
        """Returns the symbols that have a value in a configuration of this kind, with these lines."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        symbols = [f"config {name}\n\tdef_{kind} y\n" for kind, names in KERNEL.items() for name in names.split()]
        symbols.append("config CRYPTO_ECDSA\n\tdef_tristate m\n")
        (folder / "Kconfig").write_text(f'{MODULES}{"".join(symbols)}source "{TOP}/Kconfig"\n')
        (folder / "given").write_text("".join(f"{line}\n" for line in given))
        conf = pathlib.Path(variables("test")["KDIR"]) / "scripts/kconfig/conf"
        subprocess.run([TOOLBOX, "env", "KCONFIG_ALLCONFIG=given", conf, f"--{kind}config", "Kconfig"], cwd=folder,
                       check=True, capture_output=True)
        lines = (folder / ".config").read_text().splitlines()
        return dict(line.removeprefix("CONFIG_").split("=", 1) for line in lines if line.startswith("CONFIG_"))

    def test_all_are_modules(self):
        """They share objects, which Kbuild compiles either for modules or for the kernel itself."""
        for kind in "allyes", "allmod":
            with self.subTest(kind):
                found = self.configured(kind)
                self.assertEqual({name: found.get(name) for name in OURS}, dict.fromkeys(OURS, "m"))

    def test_devices_need_no_reports(self):
        found = self.configured("allmod", "CONFIG_TSM_RS=n")
        self.assertEqual([name for name in OURS if name in found], ["TSM_RS_TDISP"])
        # rust/helpers/helpers.h is part of each module.
        self.assertEqual(found.get("TSM_MR_MAXBANKS"), "1")

    def test_a_register_has_as_many_hashes_as_are_asked_for(self):
        self.assertEqual(self.configured("allmod", "CONFIG_TSM_MR_MAXBANKS=4")["TSM_MR_MAXBANKS"], "4")


if __name__ == "__main__":
    unittest.main()
