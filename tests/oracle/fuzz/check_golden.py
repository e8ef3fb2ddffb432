#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the C++ runner's answers to ../programs with those of Kafka Streams in ../golden. Needs no Java."""

import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = os.path.dirname(HERE)
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from difference import differences  # noqa: E402: found by the path above
from goldens import golden_answers  # noqa: E402
from servers import Server, cpp_command  # noqa: E402

passed = failed = 0
answers = golden_answers()
programs = sorted(glob.glob(os.path.join(ORACLE, "programs", "*.json")))
runner = Server(cpp_command(ORACLE))
for path in programs:
    name = os.path.basename(path)[:-len(".json")]
    with open(path) as file:
        program = json.load(file)
    runner.send(program)
    answer = runner.receive()
    if name in answers:
        found = differences(program, answers.pop(name), answer)
    else:
        found = ["golden/programs.jsonl has no answer: run tests/oracle/capture.sh"]
    if found:
        failed += 1
        print(f"--- {name}: Kafka Streams (-) and C++ (+) differ", *found, sep="\n")
    else:
        passed += 1
for name in answers:
    failed += 1
    print(f"--- {name}: golden/programs.jsonl has an answer to it, but programs/{name}.json is not there")
runner.stop()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not programs else 0)
