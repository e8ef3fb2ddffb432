# SPDX-License-Identifier: Apache-2.0
""".ci/run: its last line is the count, and its exit code is not 0, however scripts/test.sh ends."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / ".ci/run"


def run(script):
    """(exit code, last line) of .ci/run if scripts/test.sh has this text."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / ".ci").mkdir()
        (root / "scripts").mkdir()
        shutil.copy(TOOL, root / ".ci/run")
        (root / "scripts/test.sh").write_text("#!/bin/sh\n" + script, encoding="utf-8")
        (root / "scripts/test.sh").chmod(0o755)
        ended = subprocess.run([root / ".ci/run"], capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout.splitlines()[-1]


class CiRun(unittest.TestCase):
    def test_passes_result_and_count_on(self):
        self.assertEqual(run("echo 5 passed, 0 failed"), (0, "5 passed, 0 failed"))
        self.assertEqual(run("echo 5 passed, 2 failed; exit 1"), (1, "5 passed, 2 failed"))

    def test_reports_an_end_before_the_count(self):
        self.assertEqual(run("echo building; kill -9 $$"), (137, "0 passed, 1 failed"))
        self.assertEqual(run("echo building"), (1, "0 passed, 1 failed"))

    def test_reports_output_after_the_count(self):
        self.assertEqual(run("echo 5 passed, 0 failed; echo oops; exit 3"), (3, "0 passed, 1 failed"))


unittest.main()
