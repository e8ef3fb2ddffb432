# SPDX-License-Identifier: Apache-2.0
"""The three programs together on a real Kafka."""

import unittest

import exchange
import programs

TOPICS = ("raw_data", "candles", "large_trades")


def clean(broker):
    there = [name for name in programs.topic_names(broker) if name in TOPICS or name.startswith("trades-analysis-")]
    if there:
        programs.run("topics", "delete", *broker, *there)


class OnKafka(unittest.TestCase):
    def test_feed_to_candles(self):
        broker = ("--bootstrap-servers", programs.kafka())
        clean(broker)
        self.addCleanup(clean, broker)
        with programs.scratch_directory() as directory:
            authority = exchange.make_authority(directory)
            tls = exchange.make_certificate(directory)
            with exchange.Exchange(directory, "--count", "50000", tls=tls) as feed, \
                    exchange.ingest(directory, broker, feed, "--ca-file", authority) as ingest, \
                    programs.Running("trades_analysis", *broker, "-c", f"state.dir={directory}/state",
                                     directory=directory) as analysis:
                feed.wait_for("finished")
                trades = feed.sent()
                expected = len(exchange.candles(trades))
                exchange.wait_until(lambda: exchange.processed(broker, expected), "all candles", 120)
                self.assertEqual(ingest.stop(), 0, ingest.log())
                self.assertEqual(analysis.stop(), 0, analysis.log())
            self.assertEqual(exchange.raw_trades(broker), trades)
            exchange.check_results(self, broker, trades)


if __name__ == "__main__":
    unittest.main()
