# SPDX-License-Identifier: Apache-2.0
"""trades_pipeline: the whole pipeline in one process, over the shipped feed."""

import decimal
import gzip
import json
import unittest

import exchange
import programs

FEED = programs.ROOT / "data" / "trades.ndjson.gz"


class Pipeline(unittest.TestCase):
    def test_the_shipped_feed_gives_its_candles(self):
        with gzip.open(FEED, "rt", encoding="utf-8") as lines:
            trades = [json.loads(line, parse_float=decimal.Decimal) for line in lines]
        for trade in trades:
            trade["c"] = trade["c"] or []
        with programs.scratch_directory() as directory:
            broker = ("--broker", f"embedded:{directory}/broker")
            output = programs.run("trades_pipeline", *broker, "--feed", FEED).stdout
            self.assertEqual(exchange.raw_trades(broker), trades)
            candles, large = exchange.check_results(self, broker, trades)
        lines = dict(line.rsplit(maxsplit=1) for line in output.splitlines()[-7:] if line)
        self.assertEqual(lines["in raw_data"], f"{len(trades):,}")
        self.assertEqual(lines["candles"], f"{candles:,}")
        self.assertEqual(lines["large trades"], f"{large:,}")
        self.assertEqual(output.count("LARGE "), large)

    def test_without_a_broker_it_leaves_nothing_behind(self):
        with programs.scratch_directory() as directory:
            result = programs.run("trades_pipeline", "--feed", FEED, "--quiet", env={"TMPDIR": directory})
            self.assertIn("trades sent", result.stdout)
            self.assertEqual(list(exchange.pathlib.Path(directory).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
