# SPDX-License-Identifier: GPL-2.0
"""Test of the corpus of the fuzz targets: python3 -m unittest discover -p test_corpus.py tests/build"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "fuzz/corpus"


def files(folder):
    """Returns what is in the folders of a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("*/*")}


class Corpus(unittest.TestCase):
    def test_it_is_what_its_program_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, CORPUS / "make.py", folder], check=True)
            self.assertEqual(files(pathlib.Path(folder)), files(CORPUS))


if __name__ == "__main__":
    unittest.main()
