#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""buy_pipeline on the embedded broker, against the computation of expected_buys.py."""

import os
import pathlib
import random
import re
import time
import unittest
import unittest.mock

from expected_buys import expected
from programs import SHIPPED_CSV, Running, records, run, scratch_directory, shown_buys, signals

HEADER = "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\n"


def number(output, what):
    """A number of the closing summary."""
    return int(re.search(rf"^{what} +([\d,]+)$", output, re.MULTILINE)[1].replace(",", ""))


class BuyPipeline(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(scratch_directory()))
        self.broker = ("--broker", f"embedded:{self.directory / 'broker'}")

    def write_csv(self, text):
        path = self.directory / "prices.csv"
        path.write_text(text)
        return str(path)

    def test_finds_exactly_the_expected_signals_in_the_shipped_prices(self):
        wanted = expected(SHIPPED_CSV, 195, 0.02)
        output = run("buy_pipeline", "--csv", SHIPPED_CSV, *self.broker).stdout
        self.assertEqual(shown_buys(output), wanted["buys"])
        self.assertEqual(signals(self.broker), wanted)
        self.assertEqual(number(output, "rows"), wanted["rows"])
        for what in ("alerts", "variations", "buys"):
            self.assertEqual(number(output, what), len(wanted[what]))

    def test_records_are_as_the_pipeline_promises(self):
        run("buy_pipeline", "--csv", SHIPPED_CSV, *self.broker)
        day = 1_357_084_800_000  # 2013-01-02
        self.assertEqual([r for r in records(self.broker, "buy") if r["key"] == "IBM@2013-01-02"],
                         [{"topic": "buy", "partition": 0, "offset": unittest.mock.ANY, "timestamp": day,
                           "key": "IBM@2013-01-02", "value": '{"A_ID":"IBM@2013-01-02"}', "headers": []}])
        for topic in ("alerts", "variations"):
            found = records(self.broker, topic)
            self.assertTrue(all(record["key"] is None for record in found))
            self.assertIn(day, (record["timestamp"] for record in found))

    def test_other_rules_find_other_buys(self):
        wanted = expected(SHIPPED_CSV, 100, 0.05)
        output = run("buy_pipeline", "--csv", SHIPPED_CSV, "--threshold", 100, "--min-variation", 0.05).stdout
        self.assertEqual(shown_buys(output), wanted["buys"])
        self.assertNotEqual(wanted["buys"], expected(SHIPPED_CSV, 195, 0.02)["buys"])

    def test_without_a_broker_each_run_starts_afresh_and_leaves_nothing(self):
        scratch = self.directory / "tmp"
        scratch.mkdir()
        for _ in range(2):
            output = run("buy_pipeline", "--csv", SHIPPED_CSV, env={"TMPDIR": str(scratch)}).stdout
            self.assertEqual(number(output, "rows"), 12154)
            self.assertEqual(list(scratch.iterdir()), [])

    def test_a_second_run_in_the_same_directory_has_nothing_left_to_do(self):
        run("buy_pipeline", "--csv", SHIPPED_CSV, *self.broker)
        before = signals(self.broker)
        output = run("buy_pipeline", "--csv", SHIPPED_CSV, *self.broker).stdout
        self.assertEqual([number(output, what) for what in ("rows", "alerts", "variations", "buys")], [0, 0, 0, 0])
        self.assertIn("Earlier runs", output)
        self.assertEqual(signals(self.broker), before)

    def test_a_killed_run_goes_on_where_it_was_and_repeats_nothing(self):
        seed = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
        print(f"MILLRACE_TEST_SEED={seed}")
        chance = random.Random(seed)
        two_seconds = 13 * 365 * 86_400 / 2
        for _ in range(3):
            with Running("buy_pipeline", "--csv", SHIPPED_CSV, "--speed", two_seconds, *self.broker,
                         directory=self.directory) as pipeline:
                time.sleep(chance.uniform(0.05, 1.2))  # the moment of the crash, not something to wait for
                pipeline.kill()
        run("buy_pipeline", "--csv", SHIPPED_CSV, *self.broker)
        self.assertEqual(signals(self.broker), expected(SHIPPED_CSV, 195, 0.02))

    def test_bad_rows_are_reported_with_their_line_and_change_nothing_else(self):
        csv = self.write_csv(HEADER + "X,2012-01-03,190,210,180,200,10,1\n"
                             "X,2012-01-04,190,210,180,,10,1\n"
                             "X,2012-01-05,190,210,180,-5,10,1\n"
                             "X,2012-01-06,190,210,180,NaN,10,1\n"
                             "X,06.01.2012,190,210,180,200,10,1\n"
                             "X,2012-01-09,190,260,180,250,10,1\n"
                             "X,2012-01-09,190,400,180,390,10,1\n"
                             "X,2012-01-10,190,260\n"
                             "X,2012-01-11,190,260,180,251,10,1\n")
        result = run("buy_pipeline", "--csv", csv, *self.broker)
        self.assertEqual(shown_buys(result.stdout), ["X@2012-01-09"])
        self.assertEqual(signals(self.broker), expected(csv, 195, 0.02))
        self.assertEqual(number(result.stdout, "rejected"), 6)
        for line, reason in ((3, "close is empty"), (4, "close is -5"), (5, 'close "NaN"'), (6, 'date "06.01.2012"'),
                             (8, "X@2012-01-09 was given on line 7 already"), (9, "4 fields")):
            self.assertIn(f"prices.csv:{line}: {reason}", result.stderr)

    def test_columns_may_come_in_any_order(self):
        csv = self.write_csv("Volume,Close,Date,Comment,Ticker,Low,High,Open\n"
                             "10,200,2012-01-03,first,X,180,210,190\n"
                             "10,210,2012-01-04,second,X,180,210,190\n")
        self.assertEqual(shown_buys(run("buy_pipeline", "--csv", csv).stdout), ["X@2012-01-04"])

    def test_a_source_that_cannot_be_used_is_a_clear_error(self):
        for csv, text in ((str(self.directory / "none.csv"), "cannot open"),
                          (self.write_csv("Ticker,Date\n"), "no column Open")):
            result = run("buy_pipeline", "--csv", csv, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(text, result.stderr)

    def test_a_broker_that_is_not_there_is_an_error_after_the_configured_time(self):
        result = run("buy_pipeline", "--csv", SHIPPED_CSV, "--bootstrap-servers", "127.0.0.1:1", "-c",
                     "millrace.connect.timeout.ms=300", check=False, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn("127.0.0.1:1", result.stderr)

    def test_describe_shows_what_would_run(self):
        for program, stores in (("price_signals", ["last-close"]), ("buy_stream", ["KSTREAM-JOINTHIS-0000000012-store"]),
                                ("buy_pipeline", ["last-close", "KSTREAM-JOINTHIS-0000000012-store"])):
            text = run(program, "--describe").stdout
            self.assertIn("Topologies:\n   Sub-topology: 0", text)
            for store in stores:
                self.assertIn(store, text)
            self.assertIn("flowchart", run(program, "--describe=mermaid").stdout)

    def test_ctrl_c_ends_it_in_good_order(self):
        with Running("buy_pipeline", "--csv", SHIPPED_CSV, "--speed", 1000, *self.broker,
                     directory=self.directory) as pipeline:
            while pipeline.running() and not (self.directory / "broker").exists():
                time.sleep(0.01)
            self.assertEqual(pipeline.stop(), 0)
            self.assertIn("Stopped before the end", pipeline.output())


if __name__ == "__main__":
    unittest.main(verbosity=2)
