# SPDX-License-Identifier: Apache-2.0
"""trades_ingest over TLS: every trade that the exchange sent is in raw_data, once and in order."""

import collections
import json
import signal
import unittest

import exchange
import programs


def by_symbol(trades):
    result = collections.defaultdict(list)
    for trade in trades:
        result[trade["s"]].append(trade)
    return result


class Ingest(unittest.TestCase):
    def setUp(self):
        scratch = programs.scratch_directory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name
        self.broker = ("--broker", f"embedded:{self.directory}/broker")
        self.authority = exchange.make_authority(self.directory)
        self.tls = exchange.make_certificate(self.directory)

    def stand_in(self, *options):
        started = exchange.Exchange(self.directory, "--idle", *options, tls=self.tls)
        self.addCleanup(started.__exit__)
        return started

    def ingest(self, stand_in, *options):
        started = exchange.ingest(self.directory, self.broker, stand_in, "--ca-file", self.authority, *options)
        self.addCleanup(started.kill)
        return started

    def finish(self, ingest):
        self.assertEqual(ingest.stop(), 0, ingest.log())
        self.assertNotIn(exchange.TOKEN, ingest.log() + ingest.output())

    def assert_all_there(self, stand_in):
        sent, there = stand_in.sent(), exchange.raw_trades(self.broker)
        self.assertGreater(len(sent), 0)
        self.assertEqual(by_symbol(there), by_symbol(sent))
        return sent

    def test_everything_arrives_whatever_else_the_feed_sends(self):
        with self.stand_in() as feed:
            ingest = self.ingest(feed, "--dead-letters", "wrong")
            feed.do("play 100", "ping", "ws-ping", "error Subscribing to too many symbols", "play 100",
                    "raw {\"data\":[{\"s\":\"AAPL\"", "raw not JSON", "raw {\"type\":\"news\",\"data\":[]}",
                    "raw {\"data\":[{\"s\":\"AAPL\",\"p\":-1,\"t\":1700000000000,\"v\":1}],\"type\":\"trade\"}",
                    "raw {\"data\":[{\"s\":\"AAPL\",\"p\":NaN,\"t\":1700000000000,\"v\":1}],\"type\":\"trade\"}",
                    "binary-hex ff00", "message 10000", "big 1000000", "big 10000000", "play 100")
            # A message above the limit of 16 MiB.
            feed.do("big 20000000", "play 100")
            feed.do("burst 50000 50000")
            self.finish(ingest)
            sent = feed.sent()
        # The trades of the message that was too large are not there.
        letters = programs.records(self.broker, "wrong")
        self.assertEqual(len(letters), 6, letters)
        reasons = ["; ".join(header["value"] for header in letter["headers"] if header["value"]) for letter in letters]
        self.assertEqual(sum("not valid JSON" in reason for reason in reasons), 4, reasons)
        self.assertEqual(sum("price -1" in reason for reason in reasons), 1, reasons)
        self.assertEqual(sum("larger than the limit" in reason for reason in reasons), 1, reasons)
        there = exchange.raw_trades(self.broker)
        self.assertEqual(len(there), len(sent) - 50)
        lost = 10_000 + 100 + 100 + 50 + 50 + 100
        self.assertEqual(by_symbol(there), by_symbol(sent[:lost] + sent[lost + 50:]))
        log = ingest.log()
        self.assertIn("the feed reports an error: Subscribing to too many symbols", log)
        self.assertIn("unknown type 'news'", log)

    def test_a_cut_connection_is_made_again_and_the_gap_is_reported(self):
        with self.stand_in() as feed:
            ingest = self.ingest(feed)
            feed.do("play 1000", "cut")
            feed.wait_for("ready")
            feed.do("play 1000", "cut-frame")
            feed.wait_for("ready")
            feed.do("play 1000", "refuse 1", "drop-handshake 1", "close 1012")
            feed.wait_for("ready")
            feed.do("play 1000")
            self.finish(ingest)
            self.assertEqual(len(self.assert_all_there(feed)), 4000)
            subscribed = sum(event.startswith("subscribed") for event in feed.seen)
        self.assertEqual(subscribed, 4 * len(exchange.SYMBOLS))
        log = ingest.log()
        self.assertEqual(log.count("records of this time may be missing"), 3, log)
        self.assertIn("code 1012", log)

    def test_a_far_side_that_is_stopped_is_noticed(self):
        with self.stand_in() as feed:
            ingest = self.ingest(feed, "--idle-seconds", "1")
            feed.do("play 100")
            feed.process.send_signal(signal.SIGSTOP)
            exchange.wait_until(lambda: "not even the answer to a ping" in ingest.log(), "the loss is noticed")
            feed.process.send_signal(signal.SIGCONT)
            feed.wait_for("ready")
            feed.do("play 100")
            self.finish(ingest)
            self.assertEqual(len(self.assert_all_there(feed)), 200)

    def test_text_that_is_not_utf8_costs_the_connection_and_nothing_else(self):
        with self.stand_in() as feed:
            ingest = self.ingest(feed)
            feed.do("play 100", "raw-hex 7b22ff227d")
            feed.wait_for("ready")
            feed.do("play 100")
            self.finish(ingest)
            self.assert_all_there(feed)
        self.assertIn("not UTF-8", ingest.log())

    def test_a_recorded_feed_keeps_every_digit(self):
        feed_file = f"{self.directory}/feed"
        lines = ['{"c":null,"p":0.12345678901234567890,"s":"MSFT","t":1700000000000,"v":1e-7}',
                 '{"c":["a\\"b"],"p":99999999999999999999.5,"s":"AAPL","t":1700000000001,"v":0}']
        with open(feed_file, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
        with self.stand_in("--feed", feed_file) as feed:
            ingest = self.ingest(feed)
            feed.do("play 2")
            self.finish(ingest)
        values = [record["value"] for record in programs.records(self.broker, "raw_data")]
        self.assertEqual(values, [
            '{"symbol":"MSFT","price":0.12345678901234567890,"volume":1e-7,"time":1700000000000,"conditions":[]}',
            '{"symbol":"AAPL","price":99999999999999999999.5,"volume":0,"time":1700000000001,"conditions":["a\\"b"]}'])
        self.assertEqual(json.loads(values[1])["conditions"], ['a"b'])


if __name__ == "__main__":
    unittest.main()
