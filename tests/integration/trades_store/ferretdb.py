# SPDX-License-Identifier: Apache-2.0
"""A FerretDB of a test's own: MongoDB's protocol over SQLite files."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import pymongo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "apps"))
import programs  # noqa: E402

SERVERS = programs.ROOT / "scripts" / "servers.sh"


def wait_for(condition, what, seconds=60):
    """Waits until condition() is true, and returns its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class FerretDB:
    """Started by scripts/servers.sh, on a free port that stays the same. Stopped at the end of the with block."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory) / "servers"
        self.uri = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _run(self, action, *arguments):
        result = subprocess.run([str(SERVERS), action, "--dir", str(self.directory), *arguments, "ferretdb"],
                                capture_output=True, text=True, timeout=600)
        if result.returncode != 0:
            raise AssertionError(f"servers.sh {action} ended with {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    def start(self):
        port = "0" if self.uri is None else re.search(r":(\d+)/", self.uri).group(1)
        self.uri = self._run("start", "--port", f"ferretdb={port}").split()[-1]

    def stop(self):
        self._run("stop")

    def kill(self):
        """kill -9"""
        os.kill(int((self.directory / "ferretdb" / "pid").read_text()), signal.SIGKILL)
        wait_for(lambda: not answers(self.uri), "the end of FerretDB")

    def database(self, name="trades"):
        return pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=20000)[name]


def answers(uri):
    port = int(re.search(r":(\d+)/", uri).group(1))
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def executable():
    """The built FerretDB, for settings that scripts/servers.sh does not have."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return next(iter((cache / "millrace").glob("ferretdb-*/ferretdb")))


class BareFerretDB:
    """FerretDB with further settings, in the given directory."""

    def __init__(self, directory, port, *settings):
        self.data = pathlib.Path(directory) / f"ferretdb-{port}"
        for name in ("data", "state"):
            (self.data / name).mkdir(parents=True)
        self.log = open(self.data / "log", "w")
        self.process = subprocess.Popen(
            [str(executable()), "--handler=sqlite", f"--sqlite-url=file:{self.data}/data/", f"--state-dir={self.data}/state",
             "--telemetry=disable", "--debug-addr=-", "--log-level=warn", *settings], stdout=self.log, stderr=self.log)
        wait_for(lambda: answers(f"mongodb://127.0.0.1:{port}/"), "the start of FerretDB")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
