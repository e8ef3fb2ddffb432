#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mosquitto to a real Kafka server, with a kill between."""

import time
import unittest

from mosquitto import TWEETS, MqttTest, shipped_ids
from programs import Running, kafka, run


class RealKafka(MqttTest):
    def test_tweets_reach_kafka_and_a_kill_loses_none(self):
        topic = f"tweets-{time.time_ns()}"
        broker = ("--bootstrap-servers", kafka())
        self.addCleanup(lambda: run("topics", "delete", *broker, topic, check=False))
        server = self.mosquitto()
        source = self.source(server.url, broker=broker, to=topic)
        self.subscribed(server)
        replay = self.enterContext(Running("tweets_replay", TWEETS, "--speed", 900, "--broker", server.url,
                                           directory=self.directory))
        time.sleep(0.7)
        source.kill()
        source = self.source(server.url, broker=broker, to=topic)
        self.assertEqual(replay.process.wait(120), 0, replay.log())
        expected = shipped_ids()
        found = self.until_there(expected, broker, topic, source)
        self.assertEqual(source.stop(), 0, source.log())
        self.assertEqual(list(dict.fromkeys(found)), expected)


if __name__ == "__main__":
    unittest.main()
