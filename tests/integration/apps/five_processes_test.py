#!/usr/bin/env python3
"""The short form of five_processes.py, for CI."""

import os
import time
import unittest

import programs
from five_processes import execute

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))


class FiveProcesses(unittest.TestCase):
    def test_find_exactly_the_expected_buys_at_full_speed(self):
        execute(programs.kafka(), programs.mariadb(), programs.SHIPPED_CSV, runs=1, kill="never", seed=SEED)

    def test_find_exactly_the_expected_buys_although_each_is_killed_once(self):
        execute(programs.kafka(), programs.mariadb(), programs.SHIPPED_CSV, runs=1, kill="always", seed=SEED)


class OneProcess(unittest.TestCase):
    def test_on_kafka_finds_what_it_finds_on_the_embedded_broker(self):
        kafka = ("--bootstrap-servers", programs.kafka())
        programs.delete_pipeline_topics(kafka)
        with programs.scratch_directory() as directory:
            on_kafka = programs.run("buy_pipeline", "--csv", programs.SHIPPED_CSV, *kafka, "-c", f"state.dir={directory}")
            embedded = ("--broker", f"embedded:{directory}/broker")
            on_embedded = programs.run("buy_pipeline", "--csv", programs.SHIPPED_CSV, *embedded)
            self.assertEqual(programs.shown_buys(on_kafka.stdout), programs.shown_buys(on_embedded.stdout))
            self.assertEqual(programs.signals(kafka), programs.signals(embedded))


if __name__ == "__main__":
    unittest.main(verbosity=2)
