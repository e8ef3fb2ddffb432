#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unreachable servers: a clear message, retries, and a failure after the configured time."""

import unittest

from programs import SHIPPED_CSV, run, scratch_directory

NOBODY = "127.0.0.1:1"


class Unreachable(unittest.TestCase):
    def assert_gives_up(self, result, *texts):
        self.assertEqual(result.returncode, 1, result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr)

    def test_database(self):
        url = f"mysql://trader:secret@{NOBODY}/prices"
        with scratch_directory() as directory:
            for program in (("price_ingest", "--csv", SHIPPED_CSV),
                            ("price_replay", "--broker", f"embedded:{directory}/broker")):
                result = run(*program, "--database", url, "--connect-timeout", 0.3, check=False, timeout=60)
                self.assert_gives_up(result, f"mysql://trader@{NOBODY}/prices", "next try in", "gave up after 0.3 s")
                self.assertNotIn("secret", result.stderr)

    def test_kafka(self):
        kafka = ("--bootstrap-servers", NOBODY, "-c", "millrace.connect.timeout.ms=300")
        for program in (("price_replay", "--csv", SHIPPED_CSV), ("price_signals",), ("buy_stream",), ("buy_monitor",),
                        ("topics", "list")):
            with self.subTest(program[0]):
                self.assert_gives_up(run(*program, *kafka, check=False, timeout=60), f"cannot reach the broker at {NOBODY}",
                                     "300 ms")

    def test_embedded_broker_in_a_place_where_no_directory_can_be(self):
        result = run("topics", "create", "t", "--broker", "embedded:/dev/null/broker", check=False)
        self.assert_gives_up(result, "/dev/null/broker")


if __name__ == "__main__":
    unittest.main(verbosity=2)
