# SPDX-License-Identifier: Apache-2.0
"""A Mosquitto of a test, and what the tests of tweets over MQTT have in common."""

import contextlib
import gzip
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "apps"))

from programs import ROOT, Running, records, run, scratch_directory  # noqa: E402

TWEETS = ROOT / "data" / "tweets.json.gz"
SECRET = "s3cret-0f-the-test"
PATIENCE = 120  # seconds; for every wait


def until(condition, what, patience=PATIENCE):
    """Waits until the condition holds, and returns its value."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s in vain: {what}")
        time.sleep(0.05)
    return value


def shipped_ids():
    """The ids of data/tweets.json.gz, in its order."""
    with gzip.open(TWEETS, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["id_str"] for line in lines]


class Mosquitto:
    """A server with data of its own; stopped at the end of the with block."""

    def __init__(self, directory, *settings):
        self.directory = pathlib.Path(directory) / "servers"
        self.settings = [word for setting in settings for word in ("--set", f"mosquitto:{setting}")]

    def _script(self, *arguments):
        result = subprocess.run([ROOT / "scripts" / "servers.sh", "--dir", self.directory, *arguments, "mosquitto"],
                                capture_output=True, text=True, timeout=PATIENCE)
        if result.returncode != 0:
            raise AssertionError(f"servers.sh {arguments}: {result.stdout}{result.stderr}")
        return result.stdout

    def start(self):
        self.url = self._script(*self.settings, "--port", "mosquitto=0", "start").split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._script("stop")

    def kill(self):
        """kill -9"""
        pid = int((self.directory / "mosquitto" / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        until(lambda: not pathlib.Path(f"/proc/{pid}").exists() or "Z" in
              pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0], "Mosquitto ends")

    @property
    def ca(self):
        return self.directory / "mosquitto" / "ca.crt"

    def saved(self, text):
        """Whether the text is in the file in which Mosquitto keeps sessions and messages."""
        with contextlib.suppress(OSError):
            return text.encode() in (self.directory / "mosquitto" / "data" / "mosquitto.db").read_bytes()
        return False

    def log(self):
        return (self.directory / "mosquitto" / "server.log").read_text(errors="replace")

    def publish(self, topic, payload, *options):
        """One message with QoS 1, through Mosquitto's own client. `payload`: bytes."""
        subprocess.run(["mosquitto_pub", "-h", "localhost", "-p", str(self.port), "-q", "1", "-t", topic,
                        "-s" if payload else "-n", *options], input=payload, check=True, timeout=PATIENCE)


class MqttTest(unittest.TestCase):
    """Has a directory, an embedded broker, and a password file."""

    def setUp(self):
        self.directory = self.enterContext(scratch_directory())
        self.broker = ("--broker", f"embedded:{self.directory}/broker")
        self.password_file = pathlib.Path(self.directory) / "password"
        self.password_file.write_text(SECRET + "\n")
        self.password_file.chmod(0o600)
        self.logs = []
        self.addCleanup(self.check_logs)

    def check_logs(self):
        """No program shows a password."""
        for log in self.logs:
            self.assertNotIn(SECRET, log())

    def mosquitto(self, *settings):
        return self.enterContext(Mosquitto(self.directory, *settings))

    def source(self, url, *arguments, broker=None, to="tweets"):
        """mqtt_source in the background, before it has connected."""
        running = self.enterContext(Running("mqtt_source", "--broker", url, "--to", to, "--create-topics",
                                            *(broker or self.broker), *arguments, directory=self.directory))
        self.logs.append(running.log)
        return running

    def subscribed(self, server, client="mqtt_source"):
        """Waits until Mosquitto has the session and has saved it. What is published from now on is for mqtt_source."""
        until(lambda: server.saved(client) and "New client connected" in server.log(), "a saved session")

    def fails(self, program, *arguments, env=None):
        """What a program says that ends with an error."""
        result = run(program, *arguments, check=False, env=env)
        self.assertIn(result.returncode, (1, 2), result.stderr)
        self.assertNotIn(SECRET, result.stdout + result.stderr)
        return result.stderr

    def until_there(self, ids, broker=None, topic="tweets", source=None):
        """Waits until all ids are in the topic. Returns the ids of all records."""
        def look():
            if source is not None:
                self.assertTrue(source.running(), source.log())
            found = [record["key"] for record in records(broker or self.broker, topic)]
            return found if set(ids) <= set(found) else None
        return until(look, f"{len(ids)} tweets in the topic")
