#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of sinks, for millrace::mongodb with a real FerretDB."""

import pathlib
import sys
import unittest

import pymongo

from contract import SECRET, SinkContract

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "trades_store"))

import ferretdb  # noqa: E402


class MongoDb(SinkContract):
    def start_far_side(self):
        self.server = self.enterContext(ferretdb.FerretDB(self.directory))
        self.client = self.enterContext(pymongo.MongoClient(self.server.uri, serverSelectionTimeoutMS=20000, socketTimeoutMS=20000))

    def far_address(self):
        host, port = self.server.uri.removeprefix("mongodb://").rstrip("/").split(":")
        return host, int(port)

    def restart_far_side(self):
        self.server.kill()
        self.server.start()

    def program(self):
        return ("trades_store", "--uri", f"mongodb://tester:{SECRET}@127.0.0.1:{self.proxy.port}/?serverSelectionTimeoutMS=2000&authMechanism=PLAIN",
                "--database", "contract")

    def stored(self):
        # In one batch: after a kill, FerretDB may never answer a request for the next one.
        found = self.client.contract[self.topic].find(batch_size=1_000_000)
        return [document["number"] for document in found]

    def stored_count(self):
        return self.client.contract[self.topic].count_documents({})

    def bad_value(self):
        return '{"number":1,"number":2}'


del SinkContract

if __name__ == "__main__":
    unittest.main(verbosity=2)
