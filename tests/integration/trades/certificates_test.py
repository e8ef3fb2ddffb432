# SPDX-License-Identifier: Apache-2.0
"""trades_ingest does not speak to a far side that it cannot trust, and says why."""

import os
import unittest

import exchange
import programs


class Certificates(unittest.TestCase):
    def setUp(self):
        scratch = programs.scratch_directory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name
        self.authority = exchange.make_authority(self.directory)

    def refused(self, tls, *options, token=exchange.TOKEN, url=None):
        """Runs trades_ingest, which must end by itself. Returns what it says, and what the exchange has seen."""
        with exchange.Exchange(self.directory, tls=tls) as feed:
            result = programs.run(
                "trades_ingest", "--broker", f"embedded:{self.directory}/broker", "--symbols", "AAPL", "--token-file",
                exchange.token_file(self.directory, token), "--url", url or feed.url, *options, check=False, timeout=60)
            while not feed.events.empty():
                feed.seen.append(feed.events.get())
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertNotIn(token, result.stderr + result.stdout)
        self.assertNotIn("connected", feed.seen)
        return result.stderr

    def test_a_certificate_for_another_host(self):
        tls = exchange.make_certificate(self.directory, host="ws.example.com")
        self.assertIn("it is for another host", self.refused(tls, "--ca-file", self.authority))

    def test_an_unknown_authority(self):
        tls = exchange.make_certificate(self.directory)
        self.assertIn("its authority is unknown here", self.refused(tls))

    def test_another_authority(self):
        other = exchange.make_authority(self.directory, "other")
        tls = exchange.make_certificate(self.directory)
        self.assertIn("its authority is unknown here", self.refused(tls, "--ca-file", other))

    def test_an_expired_certificate(self):
        tls = exchange.make_certificate(self.directory, days="-1")
        self.assertIn("it has expired", self.refused(tls, "--ca-file", self.authority))

    def test_a_wrong_token(self):
        tls = exchange.make_certificate(self.directory)
        error = self.refused(tls, "--ca-file", self.authority, token="another-t0ken")
        self.assertIn("HTTP status 401", error)
        self.assertIn("check the token", error)

    def test_no_encryption_to_another_machine(self):
        self.assertIn("ws:// is not encrypted", self.refused((), url="ws://example.com"))

    def test_no_token_and_no_symbols(self):
        environment = {"FINNHUB_TOKEN": ""}
        missing = programs.run("trades_ingest", "--broker", f"embedded:{self.directory}/b", "--symbols", "A", check=False,
                               env=environment)
        self.assertEqual(missing.returncode, 2)
        self.assertIn("FINNHUB_TOKEN", missing.stderr)
        missing = programs.run("trades_ingest", "--broker", f"embedded:{self.directory}/b", check=False,
                               env={"FINNHUB_TOKEN": "x"})
        self.assertEqual(missing.returncode, 2)
        self.assertIn("--symbols", missing.stderr)

    def test_the_token_may_come_from_the_environment(self):
        os.environ["FINNHUB_TOKEN"] = exchange.TOKEN
        self.addCleanup(os.environ.pop, "FINNHUB_TOKEN")
        tls = exchange.make_certificate(self.directory)
        with exchange.Exchange(self.directory, "--idle", tls=tls) as feed, \
                programs.Running("trades_ingest", "--broker", f"embedded:{self.directory}/b", "--symbols",
                                 ",".join(exchange.SYMBOLS), "--url", feed.url, "--ca-file", self.authority,
                                 directory=self.directory) as ingest:
            feed.wait_for("ready")
            self.assertEqual(ingest.stop(), 0)
            self.assertNotIn(exchange.TOKEN, ingest.log())


if __name__ == "__main__":
    unittest.main()
