#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trades_store on the embedded broker, with a real FerretDB."""

import json
import os
import pathlib
import random
import subprocess
import time
import unittest

import ferretdb
import programs
import trades

KILL_RUNS = int(os.environ.get("MILLRACE_KILL_RUNS", "2"))


class TradesStore(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(programs.scratch_directory())
        self.broker = ("--broker", f"embedded:{self.directory}/broker")
        trades.make_topics(self.broker)

    def server(self):
        return self.enterContext(ferretdb.FerretDB(self.directory))

    def store(self, server, *arguments, check=True, **more):
        return programs.run("trades_store", "--uri", server.uri, "--until-end", *self.broker, *arguments, check=check, **more)

    def start(self, server, *arguments):
        return self.enterContext(programs.Running("trades_store", "--uri", server.uri, "-c", "retry.backoff.ms=50", "-c",
                                                  "millrace.connector.retry.delay.max.ms=500", *self.broker, *arguments,
                                                  directory=self.directory))

    def test_each_topic_becomes_its_collection_with_indexes(self):
        server = self.server()
        trades.put_trades(self.broker, 3000)
        candle = {"symbol": "AAPL", "time": 1700000040000, "open": 1.5, "high": 2, "low": 1, "close": 2.0, "volume": 10,
                  "vwap": 1.25, "trades": 3}
        trades.put(self.broker, "candles", [candle])
        trades.put(self.broker, "large_trades", [trades.trade(7)])
        self.store(server)
        database = server.database()
        self.assertEqual(sorted(database.list_collection_names()), ["candles", "large_trades", "raw_data"])
        trades.check_each_once(self, database, 3000)
        found = database.candles.find_one({}, {"_id": 0})
        self.assertEqual(found, candle)
        # pymongo reads an int64 as a kind of int.
        for value, kind in zip(found.values(), (str, int, float, int, int, float, int, float, int), strict=True):
            self.assertIsInstance(value, kind)
        self.assertRegex(database.large_trades.find_one()["_id"], r"^large_trades-[01]-0$")
        for collection in ("raw_data", "candles", "large_trades"):
            self.assertEqual(sorted(database[collection].index_information()), ["_id_", "symbol_1_time_1", "time_1"])

    def test_a_repetition_from_the_beginning_changes_nothing(self):
        server = self.server()
        trades.put_trades(self.broker, 500)
        for group in ("first", "second"):
            self.store(server, "-c", f"application.id={group}")
        trades.check_each_once(self, server.database(), 500)

    def test_dates_and_origin_by_option(self):
        server = self.server()
        trades.put_trades(self.broker, 1)
        self.store(server, "--dates", "--origin-field", "kafka")
        found = server.database().raw_data.find_one()
        self.assertEqual(found["time"].timestamp(), 1700000000.0 - time.timezone)
        self.assertEqual((found["kafka"]["topic"], found["kafka"]["offset"], found["kafka"]["key"]), ("raw_data", 0, "AAPL"))

    def test_refused_documents_are_dead_letters_and_cost_nothing_else(self):
        server = self.server()
        bad = ["nonsense", "[1]", '{"a":1}{', '{"_id":1}', '{"a":1,"a":2}', '{"$set":{"a":1}}', '{"a":{"$b":1}}', '{"a.b":1}',
               '{"n\\u0000":1}', '{"a":1e999}', "{" * 3000, '{"a":' * 150 + "1" + "}" * 150, "7", ""]
        lines = []
        for number, text in enumerate(bad):
            lines += [json.dumps({"key": "x", "value": json.dumps({"good": number})}),
                      json.dumps({"key": "x", "value": text})]
        lines += [json.dumps({"key": "x", "value": {"hex": "7b2261223a22ff227d"}}), json.dumps({"key": "x", "value": None}),
                  json.dumps({"key": "x", "value": '{"good":99,"text":"caf\\u00e9 \\ud83d\\ude80","big":12345678901234567890}'})]
        programs.run("topics", "put", "candles", "--format", "records", *self.broker, stdin="\n".join(lines))
        result = self.store(server, "--dead-letters", "refused", "--create-topics")
        found = list(server.database().candles.find())
        self.assertEqual([value["good"] for value in found], [*range(len(bad)), 99])
        self.assertEqual((found[-1]["text"], found[-1]["big"]), ("caf\u00e9 \U0001f680", 12345678901234567890.0))
        letters = programs.records(self.broker, "refused")
        # The server refuses later than the sink does.
        self.assertEqual(sorted(letter["value"] for letter in letters if isinstance(letter["value"], str)), sorted(bad))
        self.assertEqual(len(letters), len(bad) + 2)
        for letter in letters:
            reason = str(letter["headers"])
            self.assertIn("__connect.errors.exception.message", reason)
            self.assertIn("candles", reason)
        self.assertIn(f"refused {len(bad) + 2}", result.stderr)

    def test_a_document_that_is_too_large_is_a_dead_letter(self):
        server = self.server()
        lines = [json.dumps({"value": json.dumps({"n": 1})}), json.dumps({"value": json.dumps({"n": "x" * (17 << 20)})}),
                 json.dumps({"value": json.dumps({"n": 3})})]
        programs.run("topics", "alter", "candles", "--set", "max.message.bytes=50000000", *self.broker)
        programs.run("topics", "put", "candles", "--format", "records", *self.broker, stdin="\n".join(lines))
        result = self.store(server)
        self.assertEqual(sorted(value["n"] for value in server.database().candles.find()), [1, 3])
        self.assertIn("limit is 16 MiB", result.stderr)

    def test_each_record_once_after_kill_9(self):
        count = 20000
        trades.put_trades(self.broker, count)
        chance = random.Random()
        for run in range(KILL_RUNS):
            server = ferretdb.FerretDB(pathlib.Path(self.directory) / f"run{run}")
            with server:
                collection = server.database().raw_data
                kills = sorted(chance.sample(range(1, count), 3))
                with self.subTest(run=run, kills=kills):
                    for at in kills:
                        with programs.Running("trades_store", "--uri", server.uri, "-c", f"application.id=run{run}", "-c",
                                              "millrace.connector.batch.records=500", *self.broker,
                                              directory=self.directory) as running:
                            ferretdb.wait_for(lambda: collection.count_documents({}) >= at, "the next document")
                            running.kill()
                    self.store(server, "-c", f"application.id=run{run}")
                    trades.check_each_once(self, server.database(), count)

    def test_the_server_may_be_killed_and_stopped(self):
        server = self.server()
        count = 20000
        trades.put_trades(self.broker, count)
        running = self.start(server, "--until-end", "-c", "millrace.connector.batch.records=500")
        for part, end in ((5000, server.kill), (12000, server.stop)):
            ferretdb.wait_for(lambda: server.database().raw_data.count_documents({}) >= part, "the next document")
            end()
            ferretdb.wait_for(lambda: "trying again" in running.log() or not running.running(), "a retry")
            server.start()
        self.assertEqual(running.process.wait(100), 0, running.log())
        trades.check_each_once(self, server.database(), count)

    def test_memory_stays_bounded_while_the_server_is_away(self):
        server = self.server()
        trades.put_trades(self.broker, 250_000)
        server.stop()
        running = self.start(server)
        peaks = []
        until = time.monotonic() + 8
        while time.monotonic() < until and running.running():
            status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text(encoding="utf-8")
            peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS")]
            time.sleep(0.1)
        self.assertTrue(running.running(), running.log())
        # The records are 30 MB. One batch of them is in memory.
        self.assertLess(max(peaks), 120, "MiB")
        self.assertIn("trying again", running.log())
        self.assertEqual(running.stop(timeout=40), 0)

    def test_the_password_is_used_and_never_shown(self):
        # Builds FerretDB if necessary.
        self.server()
        port = ferretdb.free_port()
        secret = "s3cret/with:signs@"
        password = pathlib.Path(self.directory) / "password"
        password.write_text(secret + "\n", encoding="utf-8")
        password.chmod(0o600)
        trades.put_trades(self.broker, 10)
        with ferretdb.BareFerretDB(self.directory, port, f"--listen-addr=127.0.0.1:{port}", "--test-enable-new-auth",
                                   "--setup-username=millrace", f"--setup-password={secret}", "--setup-database=admin"):
            uri = f"mongodb://millrace@127.0.0.1:{port}/"
            common = ("trades_store", "--uri", uri, "--until-end", *self.broker)
            wrong = programs.run(*common, env={"MONGODB_PASSWORD": "wr0ng-secret"}, check=False)
            self.assertEqual(wrong.returncode, 1, wrong.stderr)
            self.assertIn("check user, password and rights", wrong.stderr)
            right = programs.run(*common, "--password-file", password, "--log-level", "trace")
            in_uri = programs.run("trades_store", "--uri", uri.replace("millrace@", "millrace:s3cret%2Fwith%3Asigns%40@"),
                                  "--until-end", *self.broker, "-c", "application.id=again")
            for result in (wrong, right, in_uri):
                for word in ("s3cret", "wr0ng-secret"):
                    self.assertNotIn(word, result.stdout + result.stderr)
            self.assertIn("wrote 10 records", right.stderr)
            self.assertIn("wrote 10 records", in_uri.stderr)

    def certificate(self, name, host):
        key, file = f"{self.directory}/{name}.key", f"{self.directory}/{name}.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, "-days", "2",
                        "-subj", f"/CN={host}", "-addext", f"subjectAltName={host}"], check=True, capture_output=True)
        return key, file

    def test_tls_with_a_certificate_for_this_host_only(self):
        self.server()
        trades.put_trades(self.broker, 10)
        for name, host, good in (("right", "IP:127.0.0.1", True), ("other", "DNS:other.example", False)):
            key, file = self.certificate(name, host)
            port = ferretdb.free_port()
            with ferretdb.BareFerretDB(self.directory, port, "--listen-addr=", f"--listen-tls=127.0.0.1:{port}",
                                       f"--listen-tls-cert-file={file}", f"--listen-tls-key-file={key}"):
                uri = f"mongodb://127.0.0.1:{port}/"
                if good:
                    result = programs.run("trades_store", "--uri", uri, "--tls-ca", file, "--until-end", *self.broker)
                    self.assertIn("wrote 10 records", result.stderr)
                    continue
                running = self.enterContext(programs.Running("trades_store", "--uri", uri, "--tls-ca", file, *self.broker,
                                                             "-c", "application.id=other", directory=self.directory))
                ferretdb.wait_for(lambda: "TLS" in running.log() or not running.running(), "a report of the failure")
                self.assertIn("TLS", running.log())

    def test_wrong_settings_are_told_at_once(self):
        for arguments, text in ((("--uri", "mongodb://db.example/"), "is on another machine"),
                                (("--uri", "nonsense"), "must have the form mongodb://"),
                                (("--uri", "mongodb://u:p4ss%zz@localhost/"), "must have the form mongodb://"),
                                (("--password-file", "/does/not/exist"), "/does/not/exist"),
                                (("--tls-ca", "/does/not/exist"), "/does/not/exist")):
            with self.subTest(arguments=arguments):
                result = programs.run("trades_store", *arguments, *self.broker, check=False, timeout=30)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(text, result.stderr)
                self.assertNotIn("p4ss", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
