#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests that compare finds and reports differences. Needs neither Java nor C++."""

import copy
import glob
import json
import os
import shlex
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from difference import differences  # noqa: E402: found by the path above
from generator import generate, operators_of  # noqa: E402
from goldens import golden_answers  # noqa: E402
from minimise import minimise  # noqa: E402


def golden(name):
    """A program and what Kafka Streams answered."""
    with open(os.path.join(HERE, "..", "programs", name + ".json")) as file:
        program = json.load(file)
    return program, golden_answers()[name]


class Differences(unittest.TestCase):
    def setUp(self):
        self.program, self.answer = golden("tables")
        self.wrong = copy.deepcopy(self.answer)

    def check_found(self, word):
        found = differences(self.program, self.answer, self.wrong)
        self.assertTrue(found and word in found[0], found)

    def record(self, topic):
        return next(line for line in self.wrong if line.get("topic") == topic)

    def test_equal_answers_do_not_differ(self):
        for file in glob.glob(os.path.join(HERE, "..", "programs", "*.json")):
            program, answer = golden(os.path.basename(file)[:-5])
            self.assertEqual(differences(program, answer, copy.deepcopy(answer)), [])

    def test_description(self):
        self.wrong[0]["describe"] = self.wrong[0]["describe"].replace("-->", "--->", 1)
        self.check_found("describe")

    def test_key(self):
        self.record("counts")["key"] = "00"
        self.check_found("topic counts")

    def test_value(self):
        self.record("app-total-changelog")["value"] = None
        self.check_found("topic app-total-changelog")

    def test_timestamp(self):
        self.record("app-everything-repartition")["timestamp"] += 1
        self.check_found("topic app-everything-repartition")

    def test_headers(self):
        self.record("total")["headers"] = [["h", None]]
        self.check_found("topic total")

    def test_missing_record(self):
        self.wrong.remove(self.record("list"))
        self.check_found("topic list")

    def test_record_too_many(self):
        self.wrong.append({"input": 2, "topic": "elsewhere", "key": None, "value": None, "timestamp": 0})
        self.check_found("topic elsewhere")

    def test_record_at_another_input(self):
        self.record("counts")["input"] = 3
        self.check_found("topic counts")

    def test_dead_letters_that_only_kafka_streams_loses_do_not_differ(self):
        self.program = {"nodes": [], "config": {"errors.dead.letter.queue.topic.name": "dead"}}
        letter = {"input": 0, "topic": "dead", "key": None, "value": None, "timestamp": 5}
        self.answer, self.wrong = [letter], [{**letter, "key": "61", "value": "62"}]
        self.assertEqual(differences(self.program, self.answer, self.wrong), [])
        self.check_swapped_found("topic dead")

    def check_swapped_found(self, word):
        self.answer, self.wrong = self.wrong, self.answer
        self.check_found(word)

    def test_order_within_a_topic(self):
        same = [i for i, line in enumerate(self.wrong) if line.get("input") == 0 and line.get("topic") == "list"]
        self.wrong[same[0]], self.wrong[same[1]] = self.wrong[same[1]], self.wrong[same[0]]
        self.check_found("topic list")

    def test_order_that_kafka_streams_leaves_open(self):
        program = {"nodes": [{"op": "suppress", "from": "t", "until": 0, "name": "s"}]}
        answer = [{"input": 0, "topic": "app-s-store-changelog", "key": key, "value": None, "timestamp": 0}
                  for key in ("61", "62")]
        self.assertEqual(differences(program, answer, answer[::-1]), [])
        self.assertNotEqual(differences(program, answer, answer[:1]), [])

    def test_store(self):
        self.wrong[-1]["value"] = "00"
        self.check_found("store total")

    def test_error_on_one_side(self):
        self.wrong.append({"error": "C++", "message": "no"})
        self.check_found("error")

    def test_errors_on_both_sides_compare_by_the_fact(self):
        self.answer = [{"error": "TopologyException", "message": "taken"}]
        self.assertEqual(differences(self.program, self.answer, [{"error": "C++", "message": "other words"}]), [])
        self.wrong.append({"error": "C++", "message": "later"})
        self.check_found("describe")

    def test_where_kafka_streams_fails_by_mistake_the_rest_does_not_count(self):
        self.answer = [{"error": "InvalidStateStoreException", "message": "KTable source state store must implement"}]
        self.assertEqual(differences(self.program, self.answer, self.wrong), [])
        self.wrong.append({"error": "C++", "message": "later, with a reason"})
        self.assertEqual(differences(self.program, self.answer, self.wrong), [])

    def test_crash(self):
        self.wrong = [{"crash": "ended"}]
        self.check_found("crash")


class FullCaches(unittest.TestCase):
    """The allowed and the forbidden differences where a cache is full."""

    PROGRAM = {"config": {"statestore.cache.max.bytes": "1000"}, "nodes": [
        {"op": "stream", "topics": ["in"], "id": "s"},
        {"op": "to", "from": "s", "topic": "before"},
        {"op": "group_by_key", "from": "s", "id": "g"},
        {"op": "reduce", "from": "g", "fn": "last", "id": "t"},
        {"op": "to_stream", "from": "t", "id": "u"},
        {"op": "to", "from": "u", "topic": "behind"}]}

    @staticmethod
    def record(topic, key, value, input=0, timestamp=5):
        return {"input": input, "topic": topic, "key": key, "value": value, "timestamp": timestamp}

    def differ(self, java, cpp, program=PROGRAM):
        return differences(program, java, cpp)

    def test_updates_that_another_one_follows_may_be_missing(self):
        java = [self.record("behind", "61", "31"), self.record("behind", "62", "31"), self.record("behind", "61", "32")]
        self.assertEqual(self.differ(java, java[1:]), [])
        self.assertEqual(self.differ(java, [java[2], java[1]]), [])
        large = {**self.PROGRAM, "config": {"statestore.cache.max.bytes": "10485760"}}
        self.assertNotEqual(self.differ(java, java[1:], large), [])

    def test_the_last_update_may_not(self):
        java = [self.record("behind", "61", "31"), self.record("behind", "61", "32")]
        self.assertIn("topic behind", self.differ(java, java[:1])[0])
        self.assertIn("topic behind", self.differ(java, java[::-1])[0])

    def test_nor_may_it_come_with_a_later_commit(self):
        java = [self.record("behind", "61", "31"), self.record("behind", "62", "31", 1)]
        late = [self.record("behind", "61", "31", 1), java[1]]
        self.assertIn("input 0 topic behind", self.differ(java, late)[0])

    def test_nor_under_another_time(self):
        java = [self.record("behind", "61", "31")]
        self.assertIn("topic behind", self.differ(java, [self.record("behind", "61", "31", timestamp=6)])[0])

    def test_a_row_that_comes_and_goes_is_as_good_as_none(self):
        java = [self.record("behind", "61", "31"), self.record("behind", "61", None)]
        self.assertEqual(self.differ(java, []), [])

    def test_a_row_may_come_and_go_on_one_side_while_another_row_stays(self):
        java = [self.record("behind", "61", "31")]
        cpp = [*java, self.record("behind", "62", "31", 1), self.record("behind", "62", None, 1)]
        self.assertEqual(self.differ(java, cpp), [])
        self.assertEqual(self.differ(cpp, java), [])

    def test_a_row_may_be_written_again_on_one_side(self):
        java = [self.record("behind", "61", "31")]
        self.assertEqual(self.differ(java, [*java, self.record("behind", "61", "31", 1)]), [])
        self.assertIn("input 1 topic behind", self.differ(java, [*java, self.record("behind", "61", "32", 1)])[0])

    def test_changelogs_count_and_so_do_stores(self):
        changelog = [self.record("app-t-changelog", "61", "31")]
        self.assertIn("topic app-t-changelog", self.differ(changelog, [])[0])
        store = [{"store": "t", "key": "61", "value": "31", "timestamp": 5}]
        self.assertIn("store t", self.differ(store, [{**store[0], "value": "32"}])[0])

    def test_before_the_cache_each_record_counts(self):
        java = [self.record("before", "61", "31"), self.record("before", "61", "32")]
        self.assertIn("topic before", self.differ(java, java[1:])[0])

    def test_are_drawn(self):
        drawn = [program for program in map(generate, range(300)) if "full caches" in operators_of(program)]
        self.assertGreater(len(drawn), 10)

    def test_write_a_bounded_amount(self):
        # Without a bound, some of the 60 programs wrote more than 100 megabytes.
        for seed in range(7100000, 7100600):
            program = generate(seed)
            if "full caches" not in operators_of(program):
                continue
            times = {}      # the records of one node for each record of the input
            for op in program["nodes"]:
                sources = [group["from"] for group in op.get("groups", [])] + [
                    op[name] for name in ("from", "with") if name in op]
                name, _, number = op.get("fn", "").partition(":")
                factor = int(number) if name == "times" else 150 if name in ("words", "words_as_keys") else 1
                times[op.get("id")] = factor * max([times[source] for source in sources], default=1)
                self.assertLessEqual(times[op.get("id")], 150, (seed, op))
                window = op.get("window", {})
                if window.get("kind") == "hopping" and window["size"] > window["advance"]:
                    windows = window["size"] // window["advance"]
                    self.assertLessEqual(windows * sum(times[source] for source in sources), 1000, (seed, op))


class Minimiser(unittest.TestCase):
    def test_leaves_only_what_matters(self):
        program = next(program for program in map(generate, range(10_000))
                       if {"filter", "map", "to_stream"} <= operators_of(program) and len(program["input"]) > 5)
        small = minimise(program, lambda p: "filter" in operators_of(p) and len(p["input"]) > 1)
        self.assertEqual(len(small["input"]), 2)
        self.assertLessEqual(len(small["nodes"]), 3)


class Generator(unittest.TestCase):
    def test_a_seed_gives_the_same_program_always(self):
        self.assertEqual(generate(17), generate(17))
        self.assertNotEqual(generate(17), generate(18))


class Script(unittest.TestCase):
    def run_compare(self, cpp):
        fake = shlex.quote(os.path.join(HERE, "fake_runner.py"))
        return subprocess.run([os.path.join(HERE, "..", "compare"), "--seeds", "1-20", "--java", fake, "--cpp",
                               f"{fake} {cpp}"], capture_output=True, text=True)

    def test_passes(self):
        result = self.run_compare("right")
        self.assertEqual(result.stdout.splitlines()[-1], "20 passed, 0 failed")
        self.assertEqual(result.returncode, 0)

    def check_failed(self, result):
        passed, failed = (int(word) for word in result.stdout.splitlines()[-1].replace(",", "").split()[0:3:2])
        self.assertGreater(failed, 0)
        self.assertLessEqual(passed + failed, 20)
        self.assertEqual(result.returncode, 1)

    def test_reports_a_wrong_value(self):
        result = self.run_compare("wrong stream")
        self.check_failed(result)
        self.assertIn("input 0 topic out", result.stdout)

    def test_reports_a_crash(self):
        result = self.run_compare("crash stream")
        self.check_failed(result)
        self.assertIn("the runner ended with 3", result.stdout)


if __name__ == "__main__":
    unittest.main()
