# SPDX-License-Identifier: Apache-2.0
"""Kafka Streams' answers to the programs in ../programs, as capture.sh keeps them in ../golden/programs.jsonl."""

import json
import os

ORACLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def golden_answers():
    """The answer to each program by name: the lines after {"program": NAME}."""
    answers = {}
    with open(os.path.join(ORACLE, "golden", "programs.jsonl")) as file:
        for line in map(json.loads, file):
            if "program" in line:
                answer = answers[line["program"]] = []
            else:
                answer.append(line)
    return answers
