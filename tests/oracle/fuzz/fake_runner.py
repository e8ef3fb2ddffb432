#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A runner for tests of compare. It answers every program with the program's inputs. `fake_runner.py wrong OPERATOR`
changes one value if the program uses the operator. `fake_runner.py crash OPERATOR` ends the process there."""

import json
import sys

mode, operator = (sys.argv[1:] + ["right", ""])[:2]
for line in sys.stdin:
    program = json.loads(line)
    used = any(op["op"] == operator for op in program["nodes"])
    if mode == "crash" and used:
        sys.exit(3)
    print(json.dumps({"describe": f"{len(program['nodes'])} nodes"}))
    for index, record in enumerate(program["input"]):
        value = "ff" if mode == "wrong" and used and index == 0 else "61"
        print(json.dumps({"input": index, "topic": "out", "key": None, "value": value, "timestamp": 0}))
    print(flush=True)
