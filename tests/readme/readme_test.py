#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of README.md in their order, as printed, and compares what they print with README.md.

The commands run in a scratch directory in which the programs and data have the paths of README.md. `Embedded` runs all
commands that need no server. `Kafka` runs those with Kafka's address, on the server of MILLRACE_TEST_KAFKA.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "apps"))

import programs  # noqa: E402
from readme_blocks import README, ROOT, blocks, commands, program  # noqa: E402

KAFKA_ADDRESS = "localhost:9092"
TIME_LIMIT_S = 120

# The commands that are not run, each with its reason. All other commands are run.
NOT_RUN = {
    "scripts/install-deps.sh --build": "the packages are installed: the programs are built",
    "scripts/build.sh --without-tests --target hot_readings --target topics": "the programs are built",
    "scripts/servers.sh start kafka": "the server of MILLRACE_TEST_KAFKA runs",
}
# The beginnings of commands of which only a part is run: installing and building are left out.
INSTEAD = {"scripts/demo.sh ": "build/release/bin/buy_pipeline --csv data/stocks.csv.gz "}

# What differs from run to run, in README.md and in what is printed. Offsets count the markers of transactions.
VARYING = [
    (re.compile(r"^(\d{4}-\d\d-\d\d 00:00:00\.000Z  \d+):\d+ ", re.MULTILINE), r"\1:OFFSET "),
    (re.compile(r"^\d{4}-\d\d-\d\d (?!00:00:00\.000)\d\d:\d\d:\d\d\.\d{3}Z ", re.MULTILINE), "NOW "),
    (re.compile(r"^(seconds|records/s) +[\d.,]+$", re.MULTILINE), r"\1 NUMBER"),
]


def without_varying(text):
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text


def is_as_printed(actual, expected):
    """Whether the output is that of README.md. A line `...` in README.md stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", without_varying(expected), flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), without_varying(actual)) is not None


def steps():
    """Pairs (block of commands, the output that README.md prints for it or ''). A block with the same commands as one
    before, but for the address, prints the same."""
    all_blocks = blocks(README.read_text(encoding="utf-8"))
    found = []
    for block, following in zip(all_blocks, [*all_blocks[1:], None]):
        if block.language == "sh":
            output = following.text if following is not None and following.language == "text" else ""
            found.append((block, output))
    return found


def on_kafka(block):
    return KAFKA_ADDRESS in block.text


def without_address(block):
    """The commands of a block that the test runs and that succeed, without the address of the broker."""
    return [re.sub(r"--broker \S+", "--broker", command.text) for command in commands(block)
            if command.text not in NOT_RUN and command.note != "exit code 1"]


class Shell:
    """Runs commands in a scratch directory, and keeps what they print."""

    def __init__(self, directory, address):
        self.directory = pathlib.Path(directory)
        self.address = address
        self.files = 0
        self.running = []
        (self.directory / "build" / "release").mkdir(parents=True)
        (self.directory / "build" / "release" / "bin").symlink_to(programs.bin_dir())
        (self.directory / "data").symlink_to(ROOT / "data")
        (self.directory / "tmp").mkdir()

    def start(self, command):
        """Starts a command. Returns its process, its standard output and its standard error (files)."""
        text = command.text
        for printed, instead in INSTEAD.items():
            if text.startswith(printed):
                text = instead + text.removeprefix(printed)
        self.files += 1
        out, err = (self.directory / f"{self.files}.{kind}" for kind in ("out", "err"))
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen(
                ["bash", "-e", "-o", "pipefail", "-c", text.replace(KAFKA_ADDRESS, self.address)], cwd=self.directory,
                env=os.environ | {"TMPDIR": str(self.directory / "tmp")}, stdin=subprocess.DEVNULL, stdout=stdout,
                stderr=stderr, start_new_session=True)
        self.running.append(process)
        return process, out, err

    def end(self):
        """Ends what still runs, as a failed test leaves it."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class Readme(unittest.TestCase):
    address = KAFKA_ADDRESS

    def run_block(self, block, expected):
        outputs, until_stopped = [], []
        for command in commands(block):
            if command.text in NOT_RUN:
                continue
            process, out, err = self.shell.start(command)
            place = f"README.md:{command.line}: {command.text}"
            outputs.append(out)
            if command.note == "until Ctrl-C":
                until_stopped.append((place, process, err))
                # README.md says that the reader is started when the application runs.
                if not command.text.startswith("build/release/bin/topics "):
                    self.wait_for(lambda: "REBALANCING -> RUNNING" in self.text(err), place, process, err)
                continue
            wanted = 1 if command.note == "exit code 1" else 0
            self.assertEqual(process.wait(TIME_LIMIT_S), wanted, f"{place}\n{self.text(err)}")
            if wanted == 1:
                topic = re.search(r"topics cat (\S+)", command.text)[1]
                self.assertIn(f"there is no topic '{topic}'", self.text(err), place)
        printed = lambda: "".join(self.text(out) for out in outputs)  # noqa: E731
        if until_stopped:
            place, process, err = until_stopped[-1]
            self.wait_for(lambda: is_as_printed(printed(), expected), place, process, err, printed)
        # Readers end before the application that they read from, as a user with two terminals would do.
        for place, process, err in reversed(until_stopped):
            os.killpg(process.pid, signal.SIGINT)
            self.assertEqual(process.wait(TIME_LIMIT_S), 0, f"{place}\n{self.text(err)}")
        self.assertTrue(is_as_printed(printed(), expected),
                        f"README.md:{block.line}: README.md prints\n{expected}\nbut the commands printed\n{printed()}")

    @staticmethod
    def text(path):
        return path.read_text(encoding="utf-8")

    def wait_for(self, condition, place, process, err, printed=lambda: ""):
        deadline = time.monotonic() + TIME_LIMIT_S
        while not condition():
            self.assertIsNone(process.poll(), f"{place} ended\n{self.text(err)}")
            self.assertLess(time.monotonic(), deadline, f"{place}: after {TIME_LIMIT_S} s:\n{printed()}\n{self.text(err)}")
            time.sleep(0.02)

    def run_blocks(self, chosen):
        self.shell = Shell(self.enterContext(programs.scratch_directory()), self.address)
        self.addCleanup(self.shell.end)
        same = {}
        run = 0
        for block, expected in steps():
            key = tuple(without_address(block))
            if expected:
                same[key] = expected
            if chosen(block) and key:
                self.run_block(block, expected or same.get(key, ""))
                run += 1
        self.assertGreaterEqual(run, 2, "README.md has fewer blocks of commands than this test was written for")


class Text(unittest.TestCase):
    def test_program_is_the_example(self):
        example = (ROOT / "examples" / "hot_readings.cpp").read_text(encoding="utf-8")
        code = example[example.index("#include"):]
        self.assertEqual(program(blocks(README.read_text(encoding="utf-8"))), code)

    def test_each_command_that_is_not_run_is_in_the_text(self):
        printed = [command.text for block, _ in steps() for command in commands(block)]
        for exception in NOT_RUN:
            self.assertIn(exception, printed, "remove it from NOT_RUN")
        for exception in INSTEAD:
            self.assertTrue(any(text.startswith(exception) for text in printed), f"remove '{exception}' from INSTEAD")

    def test_all_notes_beside_commands_are_known(self):
        notes = {command.note for block, _ in steps() for command in commands(block) if command.text not in NOT_RUN}
        self.assertLessEqual(notes, {"", "until Ctrl-C", "exit code 1"})

    def test_each_block_of_kafka_has_a_twin_with_an_output(self):
        twins = [without_address(block) for block, output in steps() if output]
        for block, _ in steps():
            if on_kafka(block):
                self.assertIn(without_address(block), twins, f"README.md:{block.line}")

    def test_twin_of_the_ksqldb_query_is_the_source(self):
        folder = ROOT / "apps" / "buy_signals"
        source = (folder / "buy_stream" / "main.cpp").read_text(encoding="utf-8")
        for block in blocks((folder / "README.md").read_text(encoding="utf-8"), refuse_indented=False):
            if block.language == "cpp":
                indented = "".join(f"  {line}\n" if line else "\n" for line in block.text.splitlines())
                self.assertIn(indented, source)
                return
        self.fail("apps/buy_signals/README.md shows no twin of the query")

    def test_comparison_finds_differences(self):
        self.assertTrue(is_as_printed("a\nb\nc\n", "...\nc\n"))
        self.assertTrue(is_as_printed("2026-01-02 10:11:12.345Z  0:0  x\n", "2026-11-30 12:00:00.000Z  0:0  x\n"))
        self.assertTrue(is_as_printed("2013-01-02 00:00:00.000Z  0:7  x\n", "2013-01-02 00:00:00.000Z  0:8  x\n"))
        self.assertFalse(is_as_printed("2013-01-02 00:00:00.000Z  0:7  x\n", "2013-01-03 00:00:00.000Z  0:7  x\n"))
        self.assertFalse(is_as_printed("2026-01-02 10:11:12.345Z  0:0  y\n", "2026-11-30 12:00:00.000Z  0:0  x\n"))
        self.assertFalse(is_as_printed("a\nb\n", "a\n"))
        self.assertFalse(is_as_printed("", "a\n"))


class Embedded(Readme):
    def test_commands_print_what_the_text_says(self):
        self.run_blocks(lambda block: not on_kafka(block))


class Kafka(Readme):
    def test_commands_print_what_the_text_says(self):
        self.address = programs.kafka()
        kafka = ("--broker", self.address)
        self.remove_topics(kafka)
        self.addCleanup(self.remove_topics, kafka)
        self.run_blocks(on_kafka)

    @staticmethod
    def remove_topics(kafka):
        programs.delete_pipeline_topics(kafka)
        there = [name for name in programs.topic_names(kafka)
                 if name in ("readings", "hot-readings") or name.startswith("hot_readings-")]
        if there:
            programs.run("topics", "delete", *kafka, *there)


if __name__ == "__main__":
    unittest.main(verbosity=2)
