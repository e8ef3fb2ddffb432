#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the examples on the embedded broker with the commands from their first lines."""

import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "apps"))

from programs import Running, command, records, run, scratch_directory  # noqa: E402


class Programs(unittest.TestCase):
    """Runs programs on an embedded broker of its own. Has no tests."""

    def setUp(self):
        self.directory = self.enterContext(scratch_directory())
        self.broker = ("--broker", f"embedded:{self.directory}/broker")

    def create(self, *topics):
        run("topics", "create", *topics, *self.broker)

    def put(self, topic, *lines, arguments=()):
        result = subprocess.run(command("topics", "put", topic, *self.broker, *arguments), input="\n".join(lines) + "\n",
                                timeout=60, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def output(self, example, topic, count, arguments=(), before_each_run=lambda: None):
        """The values of `topic` by key, after the example has written `count` of them.

        The example is stopped before the topic is read. If it has not written enough, it is started again and runs
        longer each time.
        """
        patience = 0.1
        while True:
            before_each_run()
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


class Examples(Programs):
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
        self.assertEqual(self.output("join_within", "settled", 1), [("o1", '{"order":"o1","amount_due":0.0,"paid":true}')])

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


class Ksqldb(Programs):
    """The programs of examples/ksqldb. They read the records that are there already, if a setting says so."""

    EARLIEST = ("-c", "consumer.auto.offset.reset=earliest")

    def put_keyed(self, topic, *lines):
        self.put(topic, *lines, arguments=("--key-separator", "="))

    def test_large_orders(self):
        self.create("orders", "large-orders")
        self.put_keyed("orders", 'o1={"customer":"c1","item":"desk","price":300,"quantity":2}',
                       'o2={"customer":"c1","item":"pen","price":50,"quantity":2}', "o3=broken",
                       'o4={"customer":"c2","item":"car","price":500.5,"quantity":2}',
                       'o5={"customer":"c2","item":"cup","price":101,"quantity":1}')
        self.assertEqual(self.output("large_orders", "large-orders", 3, self.EARLIEST), [
            ("c1", '{"customer":"c1","order_id":"o1","item":"desk","total":600.0,"rank":"silver"}'),
            ("c2", '{"customer":"c2","order_id":"o4","item":"car","total":1001.0,"rank":"gold"}'),
            ("c2", '{"customer":"c2","order_id":"o5","item":"cup","total":101.0,"rank":"bronze"}')])

    def test_paid_orders(self):
        self.create("orders", "payments", "paid-orders")
        self.put_keyed("orders", 'o1={"customer":"c1","total":12.5}', 'o2={"customer":"c1","total":3}')
        self.put_keyed("payments", 'p1={"order_id":"o1","amount":12.5}', 'p2={"order_id":"o9","amount":1}')
        self.assertEqual(self.output("paid_orders", "paid-orders", 1, self.EARLIEST),
                         [("o1", '{"customer":"c1","total":12.5,"paid":12.5}')])

    def test_enriched_orders(self):
        self.create("customers", "orders", "enriched-orders")
        self.put_keyed("customers", 'c1={"name":"Ann","city":"Rome"}')
        self.put_keyed("orders", 'o1={"customer":"c1","item":"tea","price":2.5}',
                       'o2={"customer":"c2","item":"pot","price":9}')
        self.assertEqual(self.output("enriched_orders", "enriched-orders", 2, self.EARLIEST), [
            ("c1", '{"item":"tea","price":2.5,"name":"Ann","city":"Rome"}'), ("c2", '{"item":"pot","price":9.0}')])

    def test_suspicious_cards(self):
        self.create("attempts", "suspicious-cards")
        self.put_keyed("attempts", *(f'4711={{"shop":"s{minute}","amount":10,"at":"2024-05-01 12:0{minute}:00"}}'
                                     for minute in (1, 2, 3, 1)))
        self.put_keyed("attempts", '4712={"shop":"s1","amount":10,"at":"2024-05-01 12:05:00"}',
                       '4711={"shop":"s1","amount":10,"at":"yesterday"}')
        # A run looks for finished hours at its first record and then once a second. So each run gets a later record.
        minutes = iter(range(5, 60))

        def later_attempt():
            self.put_keyed("attempts", f'4712={{"shop":"s1","amount":1,"at":"2024-05-01 13:{next(minutes):02}:00"}}')

        [(_, value)] = self.output("suspicious_cards", "suspicious-cards", 1, self.EARLIEST, later_attempt)
        self.assertEqual(value, '{"windowstart":"2024-05-01 12:00:00","attempts":4,"amount":40.0,'
                                '"shops":["s1","s2","s3"]}')
        [record] = records(self.broker, "suspicious-cards", "--key", "windowed:string")
        self.assertIn("4711", str(record["key"]))

    def test_device_state(self):
        self.create("readings", "device-state")
        self.put_keyed("readings", 'd1={"celsius":20.5,"battery":80,"firmware":"1.2"}', 'd1={"celsius":22.5}', "d2={}")
        each = ("-c", "statestore.cache.max.bytes=0")
        self.assertEqual(self.output("device_state", "device-state", 3, self.EARLIEST + each), [
            ("d1", '{"celsius":20.5,"battery":80,"firmware":"1.2","coldest":20.5,"hottest":20.5,"mean":20.5,"readings":1}'),
            ("d1", '{"celsius":22.5,"battery":80,"firmware":"1.2","coldest":20.5,"hottest":22.5,"mean":21.5,"readings":2}'),
            ("d2", '{"mean":0.0,"readings":1}')])

    def test_page_visits(self):
        self.create("clicks", "page-views", "page-visits")
        self.put("clicks", "ann,/home /cart", "bob,/home")
        each = ("-c", "statestore.cache.max.bytes=0")
        visits = self.output("page_visits", "page-visits", 3, self.EARLIEST + each)
        self.assertEqual([(record["key"], record["value"]) for record in records(self.broker, "page-views")],
                         [("ann", '{"page":"/home"}'), ("ann", '{"page":"/cart"}'), ("bob", '{"page":"/home"}')])
        # The views of one line have one time, so the session of ann keeps its key.
        self.assertEqual([value[value.index('"views"'):] for _, value in visits],
                         ['"views":1,"pages":["/home"]}', '"views":2,"pages":["/home","/cart"]}',
                          '"views":1,"pages":["/home"]}'])


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


class Connectors(Programs):
    """The source and the sink of examples/connect."""

    def killed_again_and_again(self, *command_line, times=5):
        """Runs a program that ends by itself, after runs that are killed at moments spread over its life."""
        for n in range(times):
            with Running(*command_line, *self.broker, directory=self.directory) as running:
                time.sleep(0.02 + 0.03 * n)
                running.process.kill()
                running.process.wait()
        run(*command_line, *self.broker)

    def test_each_line_is_copied_once_although_programs_are_killed(self):
        lines = [f"line {n} " + "x" * 100 for n in range(50_000)]
        file = pathlib.Path(self.directory) / "lines.txt"
        file.write_text("".join(line + "\n" for line in lines))
        self.create("lines")
        self.killed_again_and_again("file_source", "--file", file, "--to", "lines")
        self.assertEqual([record["value"] for record in records(self.broker, "lines")], lines)
        copies = pathlib.Path(self.directory) / "copies"
        self.killed_again_and_again("file_sink", "--from", "lines", "--directory", copies, "--until-end")
        copied = (copies / "lines-0").read_text().splitlines()
        self.assertEqual([line.split("\t")[1] for line in copied], lines)
        # Appended lines are copied by the next run.
        with file.open("a") as more:
            more.write("last\n")
        run("file_source", "--file", file, "--to", "lines", *self.broker)
        run("file_sink", "--from", "lines", "--directory", copies, "--until-end", *self.broker)
        self.assertEqual(len((copies / "lines-0").read_text().splitlines()), 50_001)

    def test_missing_topics_and_options_are_named(self):
        self.create("other")
        missing = run("file_sink", "--from", "lines,letters", "--directory", "x", *self.broker, check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("topics that do not exist: lines letters", missing.stderr)
        self.assertEqual(run("file_source", "--file", "x", *self.broker, check=False).returncode, 2)

    def test_the_page_shows_the_present_sources(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        page = (root / "docs" / "connect.md").read_text()
        for name in "file_source", "file_sink":
            source = (root / "examples" / "connect" / f"{name}.cpp").read_text()
            self.assertLessEqual(len(source.splitlines()), 60)
            self.assertIn(source[source.index("class "):source.index("}  // namespace")].rstrip(), page)
        self.assertIn(source_main(root, "file_source"), page)


def source_main(root, name):
    source = (root / "examples" / "connect" / f"{name}.cpp").read_text()
    return source[source.index("int main"):].rstrip()


if __name__ == "__main__":
    unittest.main()
