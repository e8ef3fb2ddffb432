#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts test cases in a JUnit file of CTest: `count_tests.py FILE` prints `PASSED FAILED`, then what failed.

A Boost.Test executable (run with BOOST_TEST_REPORT_LEVEL=short) counts with each of its cases, anything else as one.
Whatever did not run, was skipped or crashed counts as failed: nothing is left out silently. For a Boost.Test executable
that ended without a report, the last lines of its output follow: they may say why.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

LAST_LINES = 8
REPORT = re.compile(r"^ {2}(\d+) test cases? out of \d+ (passed|failed|skipped|aborted|timed out)", re.MULTILINE)


def count(case):
    """(passed, failed) of one CTest case."""
    output = case.findtext("system-out") or ""
    # The states of CTest: run, fail, notrun, disabled.
    succeeded = case.get("status") == "run" and case.find("failure") is None and case.find("skipped") is None
    passed = failed = 0
    for number, outcome in REPORT.findall(output):
        if outcome == "passed":
            passed += int(number)
        else:
            failed += int(number)
    if passed + failed == 0:
        return (1, 0) if succeeded else (0, 1)
    # The program may have crashed after its last case, or in another thread.
    return (passed, failed if succeeded else max(failed, 1))


def main():
    passed = failed = 0
    lines = []
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        case_passed, case_failed = count(case)
        passed += case_passed
        failed += case_failed
        if case_failed:
            lines.append(f"  FAILED {case.get('name')}: {case_failed} of {case_passed + case_failed} cases "
                         f"({case.get('status')})")
            output = case.findtext("system-out") or ""
            if not REPORT.search(output):
                lines.extend("    " + line[:400] for line in output.splitlines()[-LAST_LINES:])
    print(passed, failed)
    for line in lines:
        print(line)


main()
