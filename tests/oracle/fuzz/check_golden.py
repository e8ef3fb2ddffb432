#!/usr/bin/env python3
"""Compares the C++ runner's answers to the programs in ../programs with Kafka Streams' in ../golden: no Java needed."""

import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = os.path.dirname(HERE)
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from difference import differences  # noqa: E402: found by the path above
from servers import Server, cpp_command  # noqa: E402

failed = 0
programs = sorted(glob.glob(os.path.join(ORACLE, "programs", "*.json")))
runner = Server(cpp_command(ORACLE))
for path in programs:
    name = os.path.basename(path)[:-len(".json")]
    with open(path) as file:
        program = json.load(file)
    with open(os.path.join(ORACLE, "golden", "programs", name + ".jsonl")) as file:
        java = [json.loads(line) for line in file]
    runner.send(program)
    found = differences(program, java, runner.receive())
    if found:
        failed += 1
        print(f"--- {name}: Kafka Streams (-) and C++ (+) differ", *found, sep="\n")
runner.stop()
print(f"{len(programs) - failed} passed, {failed} failed")
sys.exit(1 if failed or not programs else 0)
