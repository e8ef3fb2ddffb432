#!/usr/bin/env python3
"""The topics tool on the embedded broker."""

import os
import unittest

from programs import SHIPPED_CSV, records, run, scratch_directory


class Topics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = ("--broker", f"embedded:{cls.enterClassContext(scratch_directory())}/broker")
        run("price_replay", "--csv", SHIPPED_CSV, *cls.broker)

    def offsets(self, *arguments):
        return [record["offset"] for record in records(self.broker, "pricelist", *arguments)]

    def test_list_names_topics_with_their_partitions(self):
        self.assertEqual(run("topics", "list", *self.broker).stdout.split(), ["pricelist", "1", "partition"])

    def test_describe_shows_offsets_and_settings(self):
        shown = run("topics", "describe", "pricelist", *self.broker).stdout
        self.assertIn("partition 0: first offset 0, next offset", shown)
        self.assertIn("retention.ms=-1", shown)

    def test_alter_sets_and_unsets_settings(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("topics", "create", "a", "b", "--set", "retention.ms=5", *broker)
            run("topics", "alter", "a", "b", "--set", "max.message.bytes=7", "--unset", "retention.ms", *broker)
            for topic in "a", "b":
                shown = run("topics", "describe", topic, *broker).stdout
                self.assertIn("max.message.bytes=7", shown)
                self.assertNotIn("retention.ms", shown)

    def test_cat_prints_one_json_object_a_line(self):
        self.assertEqual(records(self.broker, "pricelist", "--count", 1), [{
            "topic": "pricelist", "partition": 0, "offset": 0, "timestamp": 951868800000, "key": "AAPL",
            "value": '{"symbol":"AAPL","time":"2000-03-01","open":118.56,"high":132.06,"low":118.5,"close":130.31,'
                     '"volume":9616100}', "headers": []}])

    def test_cat_begins_where_it_is_told_to(self):
        self.assertEqual(len(self.offsets()), 12154)
        self.assertEqual(self.offsets("--from", "beginning", "--count", 2), [0, 1])
        self.assertEqual(self.offsets("--from", 7, "--count", 3), [7, 8, 9])
        self.assertEqual(self.offsets("--from", "end"), [])
        self.assertEqual(self.offsets("--from", 1_000_000), [])
        last_day = records(self.broker, "pricelist", "--from", "2013-03-01")
        self.assertEqual([record["key"] for record in last_day], ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
        self.assertEqual(records(self.broker, "pricelist", "--from", "2013-02-28T00:00:01"), last_day)
        self.assertEqual(self.offsets("--from", "2013-03-02"), [])

    def test_wrong_arguments_are_clear_errors(self):
        for arguments, code, text in ((("cat", "nope"), 1, "there is no topic 'nope'"),
                                      (("describe", "nope"), 1, "there is no topic 'nope'"),
                                      (("delete", "nope"), 1, "there is no topic 'nope'"),
                                      (("alter", "nope", "--set", "a=b"), 1, "there is no topic 'nope'"),
                                      (("alter", "pricelist"), 1, "--set KEY=VALUE"),
                                      (("alter", "pricelist", "--set", "a=b"), 1, "unknown topic configuration 'a'"),
                                      (("alter", "pricelist", "--set", "a"), 2, "'a' is not KEY=VALUE"),
                                      (("cat", "pricelist", "--from", "noon"), 1, "'noon' is none of"),
                                      (("cat", "pricelist", "--partition", 1), 1, "has no partition 1"),
                                      (("cat", "pricelist", "--isolation", "none"), 2, "read_committed"),
                                      ((), 2, "subcommand")):
            with self.subTest(arguments):
                result = run("topics", *arguments, *self.broker, check=False)
                self.assertEqual(result.returncode, code)
                self.assertIn(text, result.stderr)

    def test_only_create_makes_a_broker_and_says_so(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/typo")
            for arguments in (("list",), ("describe", "a"), ("cat", "a"), ("put", "a"), ("delete", "a"),
                              ("alter", "a", "--set", "retention.ms=5")):
                with self.subTest(arguments):
                    result = run("topics", *arguments, *broker, check=False)
                    self.assertEqual(result.returncode, 2)
                    self.assertIn(f"there is no embedded broker in {directory}/typo", result.stderr)
                    self.assertEqual(os.listdir(directory), [])
            self.assertIn(f"made a new embedded broker in {directory}/typo",
                          run("topics", "create", "a", *broker).stderr)
            self.assertEqual(run("topics", "list", *broker).stdout.split(), ["a", "1", "partition"])

    def test_delete_deletes(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("price_replay", "--csv", SHIPPED_CSV, *broker)
            run("topics", "delete", "pricelist", *broker)
            self.assertEqual(run("topics", "list", *broker).stdout, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
