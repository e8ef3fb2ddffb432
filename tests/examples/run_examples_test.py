#!/usr/bin/env python3
"""Runs the examples on the embedded broker with the commands from their first lines."""

import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "apps"))

from programs import Running, command, records, run, scratch_directory  # noqa: E402


class Examples(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(scratch_directory())
        self.broker = ("--broker", f"embedded:{self.directory}/broker")

    def create(self, *topics):
        run("topics", "create", *topics, *self.broker)

    def put(self, topic, *lines, arguments=()):
        result = subprocess.run(command("topics", "put", topic, *self.broker, *arguments), input="\n".join(lines) + "\n",
                                timeout=60, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def output(self, example, topic, count, arguments=()):
        """The values of `topic` by key, after the example has written `count` of them.

        The example is stopped before the topic is read. If it has not written enough, it is started again and runs
        longer each time.
        """
        patience = 0.1
        while True:
            with Running(example, *self.broker, *arguments, directory=self.directory) as running:
                deadline = time.monotonic() + 60
                while running.running() and "-> RUNNING" not in running.log() and time.monotonic() < deadline:
                    time.sleep(0.02)
                time.sleep(patience)
                self.assertEqual(running.stop(), 0, running.log())
            written = records(self.broker, topic)
            if len(written) >= count or patience > 20:
                self.assertEqual(len(written), count)
                return [(record["key"], record["value"]) for record in written]
            patience *= 2

    def test_word_count(self):
        self.create("lines", "word-counts")
        self.put("lines", "to be or", "not to be")
        each = ("-c", "statestore.cache.max.bytes=0")
        self.assertEqual(self.output("word_count", "word-counts", 6, each),
                         [("to", "1"), ("be", "1"), ("or", "1"), ("not", "1"), ("to", "2"), ("be", "2")])
        self.put("lines", "to")  # the counts are still known to the next run
        self.assertEqual(self.output("word_count", "word-counts", 7, each)[-1], ("to", "3"))

    def test_stateless_filter(self):
        self.create("readings", "hot-readings")
        self.put("readings", '{"sensor":"oven","celsius":80}', '{"sensor":"pot","celsius":70}')
        self.assertEqual(self.output("stateless_filter", "hot-readings", 1, ("--limit", "75")),
                         [(None, '{"sensor":"oven","fahrenheit":176.0}')])

    def test_join_within(self):
        self.create("orders", "payments", "settled")
        self.put("orders", '{"order":"o1","total":12.5}')
        self.put("payments", '{"order":"o1","amount":12.5}')
        self.assertEqual(self.output("join_within", "settled", 1), [("o1", '{"order":"o1","due":0.0,"paid":true}')])

    def test_processor_with_store(self):
        self.create("celsius", "averages")
        self.put("celsius", "oven=80", arguments=("--key-separator", "="))
        self.assertEqual(self.output("processor_with_store", "averages", 1), [("oven", "80.000000")])

    def test_branch_and_merge(self):
        self.create("log", "errors", "warnings", "other", "attention")
        self.put("log", "ERROR disk full", "WARN disk nearly full", "INFO all well")
        self.assertEqual(self.output("branch_and_merge", "attention", 2),
                         [(None, "now: ERROR disk full"), (None, "soon: WARN disk nearly full")])
        self.assertEqual([record["value"] for record in records(self.broker, "other")], ["INFO all well"])


class Topics(unittest.TestCase):
    def setUp(self):
        self.broker = ("--broker", f"embedded:{self.enterContext(scratch_directory())}/broker")

    def put(self, topic, text, *arguments):
        return subprocess.run(command("topics", "put", topic, *self.broker, *arguments), input=text, timeout=60,
                              capture_output=True, text=True)

    def test_create_makes_what_is_missing(self):
        run("topics", "create", "a", *self.broker, "--partitions", 3, "--set", "retention.ms=-1")
        shown = run("topics", "create", "a", "b", *self.broker).stdout
        self.assertEqual(shown, "already exists: a\ncreated b\n")
        described = run("topics", "describe", "a", *self.broker).stdout
        self.assertIn("3 partitions", described)
        self.assertIn("retention.ms=-1", described)

    def test_put_writes_a_record_for_each_line(self):
        run("topics", "create", "a", *self.broker)
        self.assertEqual(self.put("a", "x=1\ny=\n=2\n", "--key-separator", "=").stdout, "3 records put into a\n")
        self.assertEqual(self.put("a", "no key\n").stdout, "1 record put into a\n")
        self.assertEqual([(record["key"], record["value"]) for record in records(self.broker, "a")],
                         [("x", "1"), ("y", ""), ("", "2"), (None, "no key")])

    def test_put_names_what_is_wrong(self):
        run("topics", "create", "a", *self.broker)
        result = self.put("a", "x=1\nno key\n", "--key-separator", "=")
        self.assertEqual(result.returncode, 1)
        self.assertIn("line 2 has no '=' between key and value: no key", result.stderr)
        result = self.put("missing", "x\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("there is no topic 'missing'", result.stderr)


if __name__ == "__main__":
    unittest.main()
