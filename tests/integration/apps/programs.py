# SPDX-License-Identifier: Apache-2.0
"""Runs the bundled programs from Python tests, and reads the topics that they write."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHIPPED_CSV = str(ROOT / "data" / "stocks.csv.gz")
TOPICS = ("pricelist", "alerts", "variations", "buy")
APPLICATIONS = ("price-signals", "buy-stream")


def required(variable, remedy):
    """The value of an environment variable; a missing server is a failure, never a skipped test."""
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError(f"{variable} is not set: {remedy}, or run scripts/test.sh")
    return value


def bin_dir():
    return pathlib.Path(required("MILLRACE_BIN_DIR", "set it to the directory of the built programs"))


def kafka():
    return required("MILLRACE_TEST_KAFKA", "start a server with scripts/servers.sh start kafka and set it to the address it prints")


def mariadb():
    return required("MILLRACE_TEST_MARIADB", "start a server with scripts/servers.sh start mariadb and set it to the address it prints")


def scratch_directory():
    """For a with statement: the name of a temporary directory, which is removed at the end."""
    return tempfile.TemporaryDirectory(prefix="millrace-test-")


def command(name, *arguments):
    return [str(bin_dir() / name), *map(str, arguments)]


def run(name, *arguments, timeout=120, check=True, env=None, stdin=None):
    """Runs a program to its end; the result has stdout and stderr as text. `stdin`: the text that the program reads."""
    result = subprocess.run(command(name, *arguments), timeout=timeout, capture_output=True, text=True, encoding="utf-8",
                            env=os.environ | (env or {}), input=stdin)
    if check and result.returncode != 0:
        raise AssertionError(f"{name} ended with {result.returncode}:\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}")
    return result


class Running:
    """A program in the background, its output in files; killed at the end of the with block."""

    def __init__(self, name, *arguments, directory):
        self.name = name
        handle, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".out", dir=directory)
        self.stdout = pathlib.Path(path)
        self.stderr = self.stdout.with_suffix(".err")
        with os.fdopen(handle, "w") as out, open(self.stderr, "w") as err:
            self.process = subprocess.Popen(command(name, *arguments), stdout=out, stderr=err)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=70):
        """Stops the program as Ctrl-C does. Returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout)

    def running(self):
        return self.process.poll() is None

    def output(self):
        return self.stdout.read_text(encoding="utf-8")

    def log(self):
        return self.stderr.read_text(encoding="utf-8")


def records(broker, topic, *arguments):
    """The topic's committed records, as topics cat shows them."""
    shown = run("topics", "cat", topic, *broker, *arguments).stdout
    return [json.loads(line) for line in shown.splitlines()]


def topic_names(broker):
    return [line.split()[0] for line in run("topics", "list", *broker).stdout.splitlines()]


def signals(broker):
    """The content of the pipeline's topics, in the form of expected_buys.expected."""
    values = {topic: [json.loads(record["value"]) for record in records(broker, topic)] for topic in TOPICS}
    return {
        "rows": len(values["pricelist"]),
        "alerts": sorted(value["id"] for value in values["alerts"]),
        "variations": sorted(value["id"] for value in values["variations"]),
        "buys": sorted(value["A_ID"] for value in values["buy"]),
    }


def shown_buys(output):
    """The buys in the output of buy_monitor or buy_pipeline."""
    # A symbol may contain blanks, but a day contains none.
    lines = (line.removeprefix("BUY").rsplit(maxsplit=1) for line in output.splitlines() if line.startswith("BUY"))
    return sorted(f"{symbol.strip()}@{day}" for symbol, day in lines)


def delete_pipeline_topics(broker):
    """Deletes the topics of the pipeline and the internal topics of its applications, so that it starts again."""
    prefixes = tuple(f"{application}-" for application in APPLICATIONS)
    there = [name for name in topic_names(broker) if name in TOPICS or name.startswith(prefixes)]
    if there:
        run("topics", "delete", *broker, *there)
