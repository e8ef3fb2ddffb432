#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""price_ingest --polygon against a stand-in of the service, with a real MariaDB."""

import email.utils
import json
import os
import pathlib
import subprocess
import time
import unittest
import uuid
from urllib.parse import urlsplit

import programs
from polygon_server import Polygon, days, result, send

KEY = "k3y-of-the-test"


class PolygonIngest(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(programs.scratch_directory())
        # The table is shared with other tests, so the symbols are the test's own.
        self.symbol = "T" + uuid.uuid4().hex[:10]
        self.days = days("2023-03-01", 25)
        self.results = {self.symbol: [result(day, number) for number, day in enumerate(self.days)]}
        self.addCleanup(self.remove_rows)

    def remove_rows(self):
        """Other tests replay the whole table."""
        server = urlsplit(programs.mariadb())
        # The test's symbols are the only ones with a T and ten hexadecimal digits.
        subprocess.run(["mariadb", f"--host={server.hostname}", f"--port={server.port}", f"--user={server.username}",
                        server.path.lstrip("/"), "-e", "DELETE FROM prices WHERE symbol REGEXP '^T[0-9a-f]{10}'"],
                       env=os.environ | {"MYSQL_PWD": server.password}, check=True, timeout=60)

    def serve(self, **more):
        return self.enterContext(Polygon(self.results, KEY, **more))

    def ingest(self, server, *arguments, symbols=None, check=True, key=KEY, to="2023-03-31"):
        result_ = programs.run("price_ingest", "--polygon", server.url, "--symbols", symbols or self.symbol, "--from",
                               "2023-03-01", "--to", to, "--database", programs.mariadb(), *arguments, check=check,
                               env={"POLYGON_API_KEY": key}, timeout=60)
        self.assertNotIn(KEY, result_.stdout + result_.stderr)
        return result_

    def stored(self, symbol=None):
        """The rows of the symbol in the table, as price_replay gives them."""
        broker = ("--broker", f"embedded:{self.directory}/broker{uuid.uuid4().hex}")
        programs.run("price_replay", "--database", programs.mariadb(), *broker)
        return [json.loads(record["value"]) for record in programs.records(broker, "pricelist")
                if record["key"] == (symbol or self.symbol)]

    def expected(self, count=25):
        return [{"symbol": self.symbol, "time": day, "open": 10.0 + number, "high": 11.0 + number, "low": 9.0 + number,
                 "close": 10.5 + number, "volume": 1000 + number} for number, day in enumerate(self.days[:count])]

    def test_pages_become_rows_and_a_second_run_asks_for_later_days_only(self):
        server = self.serve()
        output = self.ingest(server).stdout
        self.assertIn("25 new", output)
        self.assertEqual(self.stored(), self.expected())
        self.assertEqual(len(server.requests), 3)
        self.assertIn("/2023-03-01/2023-03-31?", server.requests[0][0])
        self.assertEqual({headers["Authorization"] for _, headers in server.requests}, {f"Bearer {KEY}"})
        self.assertFalse(any(KEY in path for path, _ in server.requests))
        server.requests.clear()
        self.assertIn("0 new", self.ingest(server).stdout)
        self.assertEqual(len(server.requests), 1)
        self.assertIn("/2023-03-26/2023-03-31?", server.requests[0][0])
        self.assertIn("already", self.ingest(server, to="2023-03-25").stdout)
        self.assertEqual(len(server.requests), 1)

    def test_goes_on_after_a_failure_in_the_middle(self):
        server = self.serve()
        server.faults = [lambda _: False, lambda handler: send(handler, 403, {"status": "ERROR"})]
        failed = self.ingest(server, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("403", failed.stderr)
        self.assertEqual(self.stored(), self.expected(10))
        self.ingest(server)
        self.assertIn("/2023-03-11/2023-03-31?", server.requests[2][0])
        self.assertEqual(self.stored(), self.expected())

    def test_waits_as_long_as_the_server_asks(self):
        server = self.serve(page=100)
        later = email.utils.formatdate(time.time() + 2, usegmt=True)
        server.faults = [lambda handler: send(handler, 429, {}, [("Retry-After", "1")]),
                         lambda handler: send(handler, 429, {}, [("Retry-After", later)])]
        begin = time.monotonic()
        self.ingest(server)
        self.assertGreaterEqual(time.monotonic() - begin, 1.0)
        self.assertEqual(len(server.requests), 3)
        self.assertEqual(self.stored(), self.expected())

    def test_errors_that_pass_are_tried_again(self):
        server = self.serve(page=100)
        server.faults = [lambda handler: send(handler, 500, {}), lambda handler: send(handler, 502, b"<html>", cut=3),
                         # Half a page, once with the right length in its header, once as complete but broken JSON.
                         lambda handler: send(handler, 200, json.dumps({"status": "OK", "results": []}).encode(), cut=10),
                         lambda handler: send(handler, 200, b'{"status":"OK","results":[{"v":1')]
        output = self.ingest(server)
        self.assertEqual(len(server.requests), 5)
        self.assertIn("trying again", output.stderr)
        self.assertEqual(self.stored(), self.expected())

    def test_a_refused_key_ends_at_once(self):
        server = self.serve()
        refused = self.ingest(server, key="wr0ng-key", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("401", refused.stderr)
        self.assertIn("the key or password is wrong", refused.stderr)
        self.assertNotIn("wr0ng-key", refused.stderr)
        self.assertEqual(len(server.requests), 1)

    def test_the_key_may_be_in_a_file(self):
        server = self.serve()
        file = pathlib.Path(self.directory) / "key"
        file.write_text(KEY + "\n", encoding="utf-8")
        file.chmod(0o600)
        self.assertIn("25 new", self.ingest(server, "--api-key-file", file, key="").stdout)
        missing = self.ingest(server, key="", check=False)
        self.assertEqual(missing.returncode, 2)
        self.assertIn("POLYGON_API_KEY", missing.stderr)

    def test_wrong_rows_are_reported_and_the_others_stored(self):
        good = self.results[self.symbol][:2]
        bad = [result("2023-03-10", 1) | change for change in (
            {"v": "1000"}, {"c": None}, {"o": "x" * 1000}, {"h": 1}, {"v": -1}, {"t": "2023-03-10"}, {"t": -5}, {"o": [1]},
            {"l": 0})] + [7, None, "text", []]
        self.results[self.symbol] = good + bad
        output = self.ingest(self.serve(page=100))
        self.assertIn(f"{len(bad)} rejected", output.stdout)
        self.assertEqual(output.stderr.count("row skipped"), len(bad))
        self.assertEqual(self.stored(), self.expected(2))

    def test_what_is_no_page_is_an_error(self):
        other = self.enterContext(Polygon({}, KEY))
        for body, text in ((b"[]", "not a JSON object"), (b"nonsense", "not JSON"), (b"[" * 50000, "not JSON"),
                           (b'{"status":"ERROR","error":"why not"}', "why not"), (b'{"status":"OK","results":{}}', "not an array"),
                           (json.dumps({"status": "OK", "next_url": other.url + "/v2?apiKey=x"}).encode(), "another server")):
            with self.subTest(body=body[:40]):
                server = self.enterContext(Polygon(self.results, KEY))
                server.faults = [lambda handler, body=body: send(handler, 200, body)] * 3
                failed = self.ingest(server, check=False)
                self.assertEqual(failed.returncode, 1, failed.stderr)
                self.assertIn(text, failed.stderr)
        self.assertEqual(other.requests, [])

    def test_tls_with_the_right_authority_only(self):
        key, file = f"{self.directory}/key.pem", f"{self.directory}/cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        server = self.serve(tls=(file, key))
        distrusted = self.ingest(server, check=False)
        self.assertEqual(distrusted.returncode, 1)
        self.assertIn("certificate", distrusted.stderr)
        self.assertEqual(server.requests, [])
        self.assertIn("25 new", self.ingest(server, "--tls-ca", file).stdout)

    def test_wrong_options_are_told_at_once(self):
        common = ("--database", "mysql://u:p@127.0.0.1:1/x")
        for arguments, text in ((("--polygon", "http://api.example", "--symbols", "A", "--from", "2023-01-01"), "another machine"),
                                (("--polygon", "http://127.0.0.1:1", "--from", "2023-01-01"), "--symbols"),
                                (("--polygon", "http://127.0.0.1:1", "--symbols", "A"), "--from"),
                                (("--polygon", "http://127.0.0.1:1", "--symbols", "A", "--from", "2023-02-30"), "2023-02-30"),
                                (("--polygon", "http://127.0.0.1:1", "--csv", "x", "--symbols", "A"), "not both"),
                                (("--symbols", "A"), "--polygon"), ((), "--csv")):
            with self.subTest(arguments=arguments):
                failed = programs.run("price_ingest", *arguments, *common, check=False, timeout=30,
                                      env={"POLYGON_API_KEY": KEY})
                self.assertEqual(failed.returncode, 2, failed.stderr)
                self.assertIn(text, failed.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
