#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trades_store on Kafka, with a real FerretDB: two processes share the partitions, and one of them is killed."""

import unittest
import uuid

import ferretdb
import programs
import trades


class TradesStoreOnKafka(unittest.TestCase):
    def test_two_processes_share_the_partitions_and_one_is_killed(self):
        directory = self.enterContext(programs.scratch_directory())
        server = self.enterContext(ferretdb.FerretDB(directory))
        broker = ("--bootstrap-servers", programs.kafka())
        # The collection has the topic's name. The test's own names let two runs share a Kafka.
        topic = f"raw_data_{uuid.uuid4().hex[:8]}"
        programs.run("topics", "create", topic, "--partitions", 4, *broker)
        self.addCleanup(programs.run, "topics", "delete", topic, *broker)
        options = ("--uri", server.uri, "--from", topic, *broker, "-c", f"application.id={topic}", "-c",
                   "millrace.connector.batch.records=200", "-c", "consumer.session.timeout.ms=6000")
        collection = server.database()[topic]
        count = 12000
        first, second = (self.enterContext(programs.Running("trades_store", *options, directory=directory)) for _ in range(2))
        sent = 0
        for part in (4000, 8000, count):
            trades.put(broker, topic, (trades.trade(number) for number in range(sent, part)))
            sent = part
            if part == 8000:
                ferretdb.wait_for(lambda: collection.count_documents({}) > 4500, "the next document", 120)
                second.kill()
        ferretdb.wait_for(lambda: collection.count_documents({}) >= count, "the last document", 120)
        self.assertEqual(first.stop(), 0, first.log())
        found = list(collection.find({}, {"_id": 0}, batch_size=1_000_000))
        self.assertEqual(sorted(found, key=lambda value: value["volume"]), [trades.trade(number) for number in range(count)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
