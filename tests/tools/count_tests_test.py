# SPDX-License-Identifier: Apache-2.0
"""scripts/lib/count_tests.py: no test case may be lost or counted as passed by mistake."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "scripts/lib/count_tests.py"

PASSED = """Test module "millrace" has passed with:
  12 test cases out of 12 passed
  40 assertions out of 40 passed
"""
FAILED = """Test module "millrace" has failed with:
  10 test cases out of 13 passed
  1 test case out of 13 failed
  1 test case out of 13 skipped
  1 test case out of 13 aborted
  40 assertions out of 41 passed
  1 assertion out of 41 failed
"""


def case(status, output="", inner=""):
    return f'<testcase name="t" classname="t" time="1" status="{status}">{inner}<system-out>{output}</system-out></testcase>'


def count(*cases):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(f'<testsuite name="all">{"".join(cases)}</testsuite>')
        file.flush()
        run = subprocess.run([sys.executable, TOOL, file.name], capture_output=True, text=True, check=True)
    return tuple(int(n) for n in run.stdout.splitlines()[0].split())


class CountTests(unittest.TestCase):
    def test_sums_the_cases_of_boost_test(self):
        self.assertEqual(count(case("run", PASSED), case("run", PASSED)), (24, 0))

    def test_counts_failed_skipped_and_aborted_cases_as_failed(self):
        self.assertEqual(count(case("fail", FAILED, '<failure message="Failed"/>')), (10, 3))

    def test_counts_other_tests_as_one(self):
        self.assertEqual(count(case("run", "hello"), case("fail", "", '<failure message=""/>')), (1, 1))

    def test_counts_a_crash_after_the_last_case(self):
        self.assertEqual(count(case("fail", PASSED, '<failure message=""/>')), (12, 1))

    def test_counts_what_did_not_run_as_failed(self):
        for status in ("notrun", "disabled"):
            self.assertEqual(count(case(status, "", '<skipped message=""/>')), (0, 1))


unittest.main()
