#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tweets_replay with a real Mosquitto: forms of files, bad tweets, the pace, TLS."""

import gzip
import json
import pathlib
import time
import unittest

from mosquitto import SECRET, MqttTest, records, until
from programs import run


def tweet(number, second=0):
    return {"id_str": str(number), "created_at": f"Wed Oct 10 20:00:{second:02} +0000 2018", "text": "\u6771\u4eac, [x] \"}"}


class Replay(MqttTest):
    def file(self, name, content):
        path = pathlib.Path(self.directory) / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def test_each_form_of_file_is_read(self):
        server = self.mosquitto()
        source = self.source(server.url)
        self.subscribed(server)
        tweets = [tweet(number) for number in range(3)]
        lines = "".join(json.dumps(each) + "\n" for each in tweets)
        forms = {
            "lines": lines,
            "windows lines": "\ufeff" + lines.replace("\n", "\r\n"),
            "array": json.dumps(tweets, ensure_ascii=False),
            "pretty array": json.dumps(tweets, indent=2),
            "gzip": gzip.compress(lines.encode()),
            "number as id": json.dumps([{**tweet(9), "id_str": None, "id": 9}] + tweets[:2]),
        }
        for count, (name, content) in enumerate(forms.items(), 1):
            with self.subTest(name):
                result = run("tweets_replay", self.file(name, content), "--speed", "max", "--broker", server.url)
                self.assertIn("published 3 tweets", result.stderr)
                until(lambda: len(records(self.broker, "tweets")) >= 3 * count, "the records")
        self.assertEqual(source.stop(), 0)
        values = [json.loads(record["value"]) for record in records(self.broker, "tweets")]
        self.assertEqual(values[:15], tweets * 5)

    def test_bad_tweets_are_reported_and_skipped(self):
        server = self.mosquitto()
        good = json.dumps(tweet(1)).encode()
        bad = [b"5", b"null", b"{", b"[]", b'"text"', b'{"id_str":"1"}', b'{"created_at":"Wed Oct 10 20:00:00 +0000 2018"}',
               b'{"id_str":"1","created_at":"yesterday"}', b'{"id_str":"1","created_at":5}', b"\xff\xfe{}", b"\x00",
               b'{"id_str":"1","x":"' + b"y" * 1_100_000 + b'"}', b"[" * 5000]
        path = self.file("bad", b"\n".join([good, *bad, good]) + b"\n")
        result = run("tweets_replay", path, "--broker", server.url)
        self.assertIn(f"published 2 tweets to mqtt://localhost:{server.port}, skipped {len(bad)}", result.stderr)
        for line in range(2, 2 + len(bad)):
            self.assertIn(f"{path} line {line}: ", result.stderr)
        self.assertLess(len(result.stderr), 20_000)
        for name, content, said in [
            ("no end", b"[" + good, "the array has no end"),
            ("cut off", b"[" + good + b"," + good[:40], "ends inside of this tweet"),
            ("cut gzip", gzip.compress(good + b"\n" + bytes(range(256)) * 50)[:-30], "damaged or cut off"),
            ("empty", b"", "there is no tweet in"),
            ("nothing", b" [ ] ", "there is no tweet in"),
        ]:
            with self.subTest(name):
                self.assertIn(said, run("tweets_replay", self.file(name, content), "--broker", server.url,
                                        check=False).stderr)
        self.assertIn("No such file", self.fails("tweets_replay", "/nowhere", "--broker", server.url))
        self.assertIn("directory", self.fails("tweets_replay", "/", "--broker", server.url))
        self.assertIn("--speed wants", self.fails("tweets_replay", path, "--speed", "0"))
        self.assertIn("wildcard", self.fails("tweets_replay", path, "--topic", "a/+", "--broker", server.url))

    def test_the_pace_is_that_of_the_tweets(self):
        server = self.mosquitto()
        path = self.file("paced", "\n".join(json.dumps(tweet(second, second)) for second in (0, 10, 5, 20)))
        begin = time.monotonic()
        run("tweets_replay", path, "--speed", "10", "--broker", server.url)
        self.assertGreater(time.monotonic() - begin, 1.95)
        # Days pass between these; the program would not end in time.
        late = {**tweet(5), "created_at": "Sat Oct 13 20:00:00 +0000 2018"}
        path = self.file("days", "\n".join(json.dumps(each) for each in (tweet(4), late)))
        self.assertIn("published 2 tweets", run("tweets_replay", path, "--speed", "max", "--broker", server.url).stderr)

    def test_tls_and_password(self):
        server = self.mosquitto("tls=yes", f"password={SECRET}")
        path = self.file("one", json.dumps(tweet(1)))
        login = ("--user", "millrace", "--ca-file", server.ca, "--broker", server.url)
        result = run("tweets_replay", path, *login, "--password-file", self.password_file)
        self.assertIn("published 1 tweets", result.stderr)
        self.assertNotIn(SECRET, result.stderr)
        self.assertIn("check --user", self.fails("tweets_replay", path, *login, env={"MQTT_PASSWORD": "wr0ng"}))


if __name__ == "__main__":
    unittest.main()
