#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of sinks, for millrace::mongodb with a real FerretDB."""

import pathlib
import sys
import unittest

from contract import SECRET, SinkContract

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "trades_store"))

import ferretdb  # noqa: E402


class MongoDb(SinkContract):
    def start_far_side(self):
        self.server = self.enterContext(ferretdb.FerretDB(self.directory))

    def far_address(self):
        host, port = self.server.uri.removeprefix("mongodb://").rstrip("/").split(":")
        return host, int(port)

    def restart_far_side(self):
        self.server.kill()
        self.server.start()

    def program(self):
        # FerretDB without passwords ignores them; what matters here is that no log shows one.
        return ("trades_store", "--uri", f"mongodb://127.0.0.1:{self.proxy.port}/?serverSelectionTimeoutMS=2000",
                "--database", "contract", "--password-file", self.secret_file)

    def stored(self):
        return [found["number"] for found in self.server.database("contract")[self.topic].find()]

    def bad_value(self):
        return '{"number":1,"number":2}'


del SinkContract

if __name__ == "__main__":
    unittest.main(verbosity=2)
