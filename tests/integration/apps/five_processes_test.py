#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The short form of five_processes.py, for CI."""

import gzip
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


class TopicsCat(unittest.TestCase):
    def test_follows_a_topic_as_it_grows(self):
        kafka = ("--bootstrap-servers", programs.kafka())
        programs.delete_pipeline_topics(kafka)
        with programs.scratch_directory() as directory:
            programs.run("price_replay", "--csv", first_rows(directory, 100), *kafka)
            with programs.Running("topics", "cat", "pricelist", "--follow", "--count", 12154, *kafka,
                                  directory=directory) as follower:
                while follower.running() and len(follower.output().splitlines()) < 100:
                    time.sleep(0.01)
                programs.run("price_replay", "--csv", programs.SHIPPED_CSV, *kafka)
                self.assertEqual(follower.process.wait(60), 0, follower.log())
                self.assertEqual(follower.output(), programs.run("topics", "cat", "pricelist", *kafka).stdout)


def first_rows(directory, count):
    """A CSV file with the first rows, in time order, of the shipped one."""
    with gzip.open(programs.SHIPPED_CSV, "rt") as file:
        header, *rows = file.read().splitlines()
    path = f"{directory}/first.csv"
    with open(path, "w") as file:
        file.write("\n".join([header, *sorted(rows, key=lambda row: row.split(",")[1::-1])[:count]]))
    return path


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
