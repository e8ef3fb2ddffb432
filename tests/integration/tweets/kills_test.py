#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mosquitto and mqtt_source are killed at random moments while tweets_replay publishes. No tweet gets lost.

MILLRACE_KILL_RUNS: how often (2). MILLRACE_TEST_SEED: the moments.
"""

import os
import random
import time
import unittest

from mosquitto import TWEETS, MqttTest, shipped_ids
from programs import Running

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
RUNS = int(os.environ.get("MILLRACE_KILL_RUNS", "2"))


class Kills(MqttTest):
    def start_source(self, server, version):
        return self.source(server.url, "--mqtt-version", version, "-c", "millrace.connector.retry.delay.max.ms=300")

    def check(self, version, victims):
        moments = random.Random(SEED)
        server = self.mosquitto()
        source = self.start_source(server, version)
        self.subscribed(server)
        # 30 minutes of tweets in about two seconds for each kill.
        speed = 1800 / (2 * RUNS)
        replay = self.enterContext(Running("tweets_replay", TWEETS, "--speed", speed, "--broker", server.url,
                                           "--mqtt-version", version, directory=self.directory))
        for run in range(RUNS):
            victim = victims[run % len(victims)]
            time.sleep(moments.uniform(0.2, 1.8))
            if "source" in victim:
                source.kill()
            if "mosquitto" in victim:
                server.kill()
                server.start()
            if "source" in victim:
                source = self.start_source(server, version)
        self.assertEqual(replay.process.wait(120), 0, replay.log())
        self.assertIn("published 5000 tweets", replay.log())
        expected = shipped_ids()
        found = self.until_there(expected, source=source)
        self.assertEqual(source.stop(), 0, source.log())
        self.assertEqual(list(dict.fromkeys(found)), expected, f"first occurrences are not in order; seed {SEED}")

    def test_kills_of_mqtt_source_lose_nothing_with_mqtt_3(self):
        self.check(3, ["source"])

    def test_kills_of_mosquitto_lose_nothing_with_mqtt_5(self):
        self.check(5, ["mosquitto"])

    def test_kills_of_both_lose_nothing(self):
        self.check(5, ["mosquitto", "source", "source and mosquitto"])


if __name__ == "__main__":
    unittest.main()
