#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The topics tool on the embedded broker."""

import contextlib
import json
import os
import subprocess
import time
import unittest

from programs import SHIPPED_CSV, Running, command, records, run, scratch_directory


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

    def test_cat_shows_keys_and_values_in_formats(self):
        shown = records(self.broker, "pricelist", "--value", "json", "--key", "hex", "--count", 1)
        self.assertEqual(shown[0]["key"], "4141504c")
        self.assertEqual(shown[0]["value"]["close"], 130.31)
        result = run("topics", "cat", "pricelist", "--key", "long", "--count", 2, *self.broker, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("2 of 2 records do not fit --key or --value, and are shown in hex; the first is partition 0, "
                      "offset 0, key: Long: expected 8 bytes, found 4", result.stderr)
        first = json.loads(result.stdout.splitlines()[0])
        self.assertEqual(first["key"], {"hex": "4141504c"})
        self.assertIn("expected 8 bytes", first["errors"]["key"])

    def test_cat_prints_for_people(self):
        shown = run("topics", "cat", "pricelist", "--print", "--count", 1, *self.broker).stdout
        self.assertEqual(shown, '2000-03-01 00:00:00.000Z  0:0  AAPL  {"symbol":"AAPL","time":"2000-03-01",'
                                '"open":118.56,"high":132.06,"low":118.5,"close":130.31,"volume":9616100}\n')

    def test_cat_where_selects_records(self):
        shown = records(self.broker, "pricelist", "--where", "symbol=IBM", "--where", "time=2013-03-01")
        self.assertEqual([(record["key"], record["timestamp"]) for record in shown], [("IBM", 1362096000000)])
        of_key = self.offsets("--where", "key=IBM")
        self.assertGreater(len(of_key), 1000)
        self.assertEqual(of_key, self.offsets("--where", "symbol=IBM"))
        self.assertEqual(self.offsets("--where", "key=IBM", "--count", 2), of_key[:2])
        self.assertEqual(self.offsets("--where", "key=IBM", "--tail", 2), of_key[-2:])
        # This tail is read in several steps.
        self.assertEqual(self.offsets("--where", "time=2000-03-01", "--tail", 2),
                         self.offsets("--where", "time=2000-03-01")[-2:])

    def test_cat_tail_shows_the_last_records(self):
        offsets = self.offsets()
        self.assertEqual(self.offsets("--tail", 3), offsets[-3:])
        self.assertEqual(self.offsets("--tail", 5000), offsets[-5000:])
        self.assertEqual(self.offsets("--tail", 20000), offsets)
        self.assertEqual(self.offsets("--tail", 0), [])
        self.assertEqual(self.offsets("--tail", 5, "--from", offsets[-2]), offsets[-2:])

    def test_cat_tail_takes_the_latest_of_all_partitions(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("topics", "create", "a", "--partitions", 3, *broker)
            put = ("put", "a", "--format", "csv", "--key-field", "k", "--timestamp-field", "t", *broker)
            rows = [f"{key},{time}" for time, key in enumerate("abcdefghijabcdefghij")]
            run("topics", *put, stdin="\n".join(["k,t", *rows]))
            self.assertGreater(len({record["partition"] for record in records(broker, "a")}), 1)
            tail = records(broker, "a", "--tail", 7)
            self.assertEqual([(record["timestamp"], record["key"]) for record in tail],
                             list(zip(range(13, 20), "defghij")))

    def test_put_reads_what_cat_prints(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("topics", "create", "a", "b", *broker)
            rows = "id,text,n\n1,\"x, y\",1.10\n2,007,\n"
            put = run("topics", "put", "a", "--format", "csv", "--key-field", "id", "--headers", "source=csv",
                      "--headers", "empty=", *broker, stdin=rows)
            self.assertEqual(put.stdout, "2 records put into a\n")
            shown = records(broker, "a")
            self.assertEqual([(record["key"], record["value"]) for record in shown],
                             [("1", '{"id":1,"text":"x, y","n":1.10}'), ("2", '{"id":2,"text":"007","n":""}')])
            self.assertEqual(shown[0]["headers"], [{"key": "source", "value": "csv"}, {"key": "empty", "value": ""}])
            for arguments in (), ("--value", "json"):
                lines = run("topics", "cat", "a", *arguments, *broker).stdout
                run("topics", "put", "b", "--format", "records", *broker, stdin=lines)
            copies = [record | {"topic": "a", "offset": record["offset"] % 2} for record in records(broker, "b")]
            self.assertEqual(copies, shown + shown)

    def test_put_writes_tombstones(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("topics", "create", "a", *broker)
            run("topics", "put", "a", "--key-separator", "=", "--null-value", "-", *broker, stdin="a=1\na=-\n")
            self.assertEqual([record["value"] for record in records(broker, "a")], ["1", None])

    def test_put_writes_the_records_before_a_mistake_and_says_so(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("topics", "create", "a", *broker)
            result = run("topics", "put", "a", "--format", "json", *broker, stdin='{"a":1}\n{"a":2}\n{"a":\n',
                         check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn("line 3 is not JSON", result.stderr)
            self.assertIn("2 records before it were put into a", result.stderr)
            self.assertEqual(len(records(broker, "a")), 2)

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
                                      (("cat", "pricelist", "--key", "Long"), 1, "there is no format 'Long'"),
                                      (("cat", "pricelist", "--where", "a"), 2, "'a' is not FIELD=VALUE"),
                                      (("cat", "pricelist", "--tail", 1, "--count", 1), 2, "excludes"),
                                      (("put", "pricelist", "--format", "xml"), 2, "xml"),
                                      (("put", "pricelist", "--headers", "a"), 2, "'a' is not NAME=VALUE"),
                                      (("put", "pricelist", "--key-field", "a"), 1,
                                       "--key-field belongs to --format json and --format csv"),
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

    def test_a_broker_that_another_process_uses_can_be_read(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("topics", "create", "a", *broker)
            with Running("topics", "cat", "a", "--follow", *broker, directory=directory) as first, \
                 subprocess.Popen(command("topics", "put", "a", *broker), stdin=subprocess.PIPE, text=True) as writer:
                with contextlib.ExitStack() as at_end:
                    at_end.callback(writer.kill)
                    self.write(writer, "one")
                    self.until(lambda: records(broker, "a"))
                    listed = run("topics", "list", *broker)
                    self.assertEqual(listed.stdout, "a  1 partition\n")
                    self.assertIn(f"is in use by process {writer.pid}: it is open for reading only", listed.stderr)
                    self.assertIn("next offset 1", run("topics", "describe", "a", *broker).stdout)
                    follow = ("topics", "cat", "a", "--follow", *broker)
                    follower = at_end.enter_context(Running(*follow, directory=directory))
                    for text in "two", "three":
                        self.write(writer, text)
                        self.until(lambda: text in follower.output())
                    values = [json.loads(line)["value"] for line in follower.output().splitlines()]
                    self.assertEqual(values, ["one", "two", "three"])
                    for arguments in (("create", "b"), ("put", "a"), ("delete", "a"),
                                      ("alter", "a", "--unset", "retention.ms")):
                        result = run("topics", *arguments, *broker, stdin="", check=False)
                        self.assertEqual(result.returncode, 1)
                        self.assertIn(f"is in use by process {writer.pid}", result.stderr)
                    self.assertEqual(follower.stop(), 0)
                # A reader that came before the writer has seen the same.
                self.until(lambda: "three" in first.output())
                self.assertEqual(first.stop(), 0)

    @staticmethod
    def write(process, line):
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def until(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_delete_deletes(self):
        with scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            run("price_replay", "--csv", SHIPPED_CSV, *broker)
            run("topics", "delete", "pricelist", *broker)
            self.assertEqual(run("topics", "list", *broker).stdout, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
