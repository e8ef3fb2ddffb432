#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The buy signals as five processes on Kafka, which are killed with kill -9 and started again.

In each run, price_ingest fills a table. Then price_replay, price_signals, buy_stream and buy_monitor start in random
order on new topics. Each of the five may be killed once at a random moment, and is started again at once. At the end:

- the topics (read_committed) contain exactly the records that expected_buys.py computes from the CSV file;
- buy_monitor has shown exactly the expected buys;
- buy_pipeline finds no work left.

Needs a MariaDB, and a Kafka whose topics pricelist, alerts, variations and buy may be deleted.
"""

import argparse
import contextlib
import pathlib
import random
import subprocess
import sys
import threading
import time

import expected_buys
import programs

# A broker notices a killed member only when its session ends. Kafka's minimum session timeout is 6 s by default.
SESSION = ("-c", "consumer.session.timeout.ms=6000")
RUN_TIMEOUT_S = 180


class Process:
    """One of the five processes. It is started, and may be killed at a random moment and started again."""

    def __init__(self, name, arguments, directory, kill_after):
        self.name, self.arguments, self.directory, self.kill_after = name, arguments, directory, kill_after
        self.current = None
        self.thread = threading.Thread(target=self._live)

    def _live(self):
        self.current = programs.Running(self.name, *self.arguments, directory=self.directory)
        if self.kill_after is not None:
            try:
                self.current.process.wait(self.kill_after)
            except subprocess.TimeoutExpired:
                pass
            self.current.kill()
            self.current = programs.Running(self.name, *self.arguments, directory=self.directory)

    def start(self):
        self.thread.start()

    def wait_until_settled(self):
        """Returns when the process has been killed."""
        self.thread.join()

    def ended_by_itself(self):
        return not self.thread.is_alive() and not self.current.running()


class Run:
    """One run. `chance` decides the order, the kills and their moments."""

    def __init__(self, kafka, database, csv, wanted, chance, kill, directory):
        self.broker = ("--bootstrap-servers", kafka)
        self.database, self.csv, self.wanted, self.directory = database, csv, wanted, directory
        state = ("-c", f"state.dir={directory}/state")
        moment = (lambda longest: chance.uniform(0, longest)) if kill else (lambda longest: None)
        replay = ("--database", database) if database else ("--csv", csv)
        self.ingest_kill = moment(0.6)
        self.processes = [
            self._process("price_replay", moment(1.5), *replay, *self.broker),
            self._process("price_signals", moment(2.5), *self.broker, *state, *SESSION),
            self._process("buy_stream", moment(2.5), *self.broker, *state, *SESSION),
            self._process("buy_monitor", moment(2.5), *self.broker, "--count", len(wanted["buys"])),
        ]
        chance.shuffle(self.processes)

    def _process(self, name, kill_after, *arguments):
        return Process(name, arguments, self.directory, kill_after)

    def describe(self):
        moments = [("price_ingest", self.ingest_kill)] if self.database else []
        moments += [(process.name, process.kill_after) for process in self.processes]
        return ", ".join(f"{name} {'lives' if at is None else f'dies after {at:.2f} s'}" for name, at in moments)

    def execute(self):
        programs.delete_pipeline_topics(self.broker)
        if self.database:
            self._ingest()
        with contextlib.ExitStack() as stack:
            stack.callback(self._kill_all)
            for process in self.processes:
                process.start()
            for process in self.processes:
                process.wait_until_settled()
            self._wait_for_the_monitor()
            self._stop()
        self._compare()

    def _ingest(self):
        arguments = ("--csv", self.csv, "--database", self.database)
        process = Process("price_ingest", arguments, self.directory, self.ingest_kill)
        process.start()
        process.wait_until_settled()
        if process.current.process.wait(RUN_TIMEOUT_S) != 0:
            raise AssertionError(f"price_ingest failed: {process.current.log()}")

    def _wait_for_the_monitor(self):
        """Waits for the two programs that end by themselves: buy_monitor after the expected number of buys, price_replay
        at the end of the prices."""
        deadline = time.monotonic() + RUN_TIMEOUT_S
        waiting = {"buy_monitor", "price_replay"}
        while waiting:
            for process in self.processes:
                if process.ended_by_itself():
                    if process.name not in ("buy_monitor", "price_replay") or process.current.process.returncode != 0:
                        raise AssertionError(f"{process.name} ended with {process.current.process.returncode}: "
                                             f"{process.current.log()[-4000:]}")
                    waiting.discard(process.name)
            if time.monotonic() > deadline:
                self._compare()  # says what is missing
                raise AssertionError(f"{waiting} did not end within {RUN_TIMEOUT_S} s")
            time.sleep(0.02)

    def _stop(self):
        for process in self.processes:
            if process.name in ("price_signals", "buy_stream"):
                code = process.current.stop()
                if code != 0:
                    raise AssertionError(f"{process.name} ended with {code} on Ctrl-C: {process.current.log()[-4000:]}")
            if process.name == "buy_monitor":
                difference("buys that buy_monitor showed", programs.shown_buys(process.current.output()),
                           self.wanted["buys"])

    def _compare(self):
        # buy_pipeline finishes any remaining work of both topologies. There must be none, or the results would not be
        # final.
        rest = programs.run("buy_pipeline", "--csv", self.csv, *self.broker, "-c", f"state.dir={self.directory}/state",
                            *SESSION)
        found = programs.signals(self.broker)
        if found["rows"] != self.wanted["rows"]:
            raise AssertionError(f"{found['rows']} rows in pricelist, expected {self.wanted['rows']}")
        for what in ("alerts", "variations", "buys"):
            difference(what, found[what], self.wanted[what])
        if programs.shown_buys(rest.stdout):
            raise AssertionError("buys came out only after the processes had been stopped: " + rest.stdout)

    def _kill_all(self):
        for process in self.processes:
            process.thread.join()
            process.current.kill()


def difference(what, found, wanted):
    if found == wanted:
        return
    twice = sorted({item for item in found if found.count(item) > 1})
    raise AssertionError(f"{what}: {len(found)} instead of {len(wanted)}; missing {sorted(set(wanted) - set(found))[:10]}, "
                         f"too many {sorted(set(found) - set(wanted))[:10]}, more than once {twice[:10]}")


def execute(kafka, database, csv, runs, kill, seed):
    """`kill`: never, half (every second run) or always. Prints a line per run. Raises an exception at the first
    run that fails."""
    print(f"seed {seed}: repeat with --seed {seed}", flush=True)
    wanted = expected_buys.expected(csv, 195, 0.02)
    for number in range(runs):
        chance = random.Random(seed * 1000 + number)
        with programs.scratch_directory() as directory:
            run = Run(kafka, database, csv, wanted, chance, kill == "always" or (kill == "half" and number % 2 == 0),
                      pathlib.Path(directory))
            started = time.monotonic()
            print(f"run {number + 1} of {runs}: {run.describe()}", flush=True)
            run.execute()
            print(f"  {len(wanted['buys'])} buys, exactly the expected ones, after {time.monotonic() - started:.1f} s",
                  flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", help="HOST:PORT; default: MILLRACE_TEST_KAFKA")
    parser.add_argument("--database", help="mysql://...; default: MILLRACE_TEST_MARIADB")
    parser.add_argument("--csv", default=programs.SHIPPED_CSV)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--kill", choices=("never", "half", "always"), default="half")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    arguments = parser.parse_args()
    try:
        execute(arguments.kafka or programs.kafka(), arguments.database or programs.mariadb(), arguments.csv,
                arguments.runs, arguments.kill, arguments.seed)
    except AssertionError as error:
        sys.exit(f"FAILED: {error}")
    print(f"{arguments.runs} runs passed")


if __name__ == "__main__":
    main()
