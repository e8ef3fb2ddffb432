# SPDX-License-Identifier: Apache-2.0
"""trades_analysis: candles and large trades equal an independent computation, also when it is killed."""

import random
import time
import unittest

import exchange
import programs


class Analysis(unittest.TestCase):
    def setUp(self):
        scratch = programs.scratch_directory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name

    def feed(self, broker, *options):
        """Lets trades_ingest copy a feed to its end. Returns the trades."""
        with exchange.Exchange(self.directory, *options) as feed, \
                exchange.ingest(self.directory, broker, feed) as ingest:
            feed.wait_for("finished")
            self.assertEqual(ingest.stop(), 0, ingest.log())
            return feed.sent()

    def finish(self, broker, trades):
        """Runs the analysis until all candles are there, and compares."""
        expected = len(exchange.candles(trades))
        with programs.Running("trades_analysis", *broker, directory=self.directory) as analysis:
            exchange.wait_until(lambda: exchange.processed(broker, expected) or not analysis.running(), "all candles")
            self.assertEqual(analysis.stop(), 0, analysis.log())
        return exchange.check_results(self, broker, trades)

    def test_candles_equal_an_independent_computation(self):
        broker = ("--broker", f"embedded:{self.directory}/broker")
        trades = self.feed(broker, "--count", "20000")
        candles, large = self.finish(broker, trades)
        self.assertGreater(candles, 30)
        self.assertGreater(large, 10)

    def test_candles_are_right_after_kills(self):
        for run in range(exchange.kill_runs()):
            with self.subTest(run=run):
                draw = random.Random(run)
                broker = ("--broker", f"embedded:{self.directory}/broker-{run}")
                (exchange.pathlib.Path(self.directory) / "sent.ndjson").unlink(missing_ok=True)
                trades = self.feed(broker, "--count", "100000", "--seed", str(run))
                for _ in range(4):
                    with programs.Running("trades_analysis", *broker, "-c", "commit.interval.ms=20",
                                          directory=self.directory) as analysis:
                        time.sleep(draw.uniform(0.02, 0.6))  # a random moment
                        analysis.kill()
                self.finish(broker, trades)


if __name__ == "__main__":
    unittest.main()
