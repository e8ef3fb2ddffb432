#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the simulations find faults: puts one fault after the other into the code, and expects a failing test.

Each fault is a change of a few words in a copy of the sources, in build/mutations. The simulations are built with the
change and run. A fault that no test finds is reported, and the exit code is 1. This takes about a minute per fault.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COPY = ROOT / "build" / "mutations"
RUNTIME = "framework/src/runtime/"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
COMMIT = RUNTIME + "thread/stream_thread_commit.cpp"
REBALANCE = RUNTIME + "thread/stream_thread_rebalance.cpp"
THREAD = RUNTIME + "thread/stream_thread.cpp"
MANAGER = RUNTIME + "thread/task_manager.cpp"
POSITIONS = RUNTIME + "thread/task_positions.cpp"
RESTORE = "framework/src/state/store_set_restore.cpp"
CLAIMS = RUNTIME + "thread/task_claims.cpp"
TASK = RUNTIME + "task/stream_task.cpp"
TASK_COMMIT = RUNTIME + "task/stream_task_commit.cpp"


@dataclasses.dataclass
class Fault:
    """`before` stands in `file` exactly once and becomes `after`. `tests`: of `program`, as for --run_test."""

    what: str
    file: str
    before: str
    after: str
    tests: str
    seeds: int = 25
    program: str = "chaos_tests"


FAULTS = [
    # --- one owner of each partition
    Fault("members with another plan do not wait for each other", RUNTIME + "thread/ownership.cpp",
          "case Group::mixed: return mine ? Opening::run : Opening::wait;",
          "case Group::mixed: return mine ? Opening::run : Opening::claim;", "Views"),
    Fault("a task runs although its inputs carry the claim of another task", CLAIMS,
          "return metadata.claim == claim && metadata.claim_id == id;",
          "return metadata.claim.has_value() || (claim == 0 && id == 0);", "Views"),
    Fault("a member commits without a look at what others have committed", REBALANCE,
          "if (checked_epoch_ == epoch) return group;", "return group;", "Views", 60),
    Fault("members of an earlier version are not noticed", RUNTIME + "thread/ownership.cpp",
          "if (!plan) strangers.push_back(member);", "", "Views"),
    # --- at least once
    Fault("stores keep uncommitted changes when tasks start again", MANAGER, "owned.stores->discard();", "", "Chaos"),
    Fault("a task starts from the group's offsets, although its stores are ahead of them", POSITIONS,
          "if (!exactly_once_ && own && goes_on_from_own(*own, owned.inputs, committed)) {",
          "if (!exactly_once_ && own && false) {", "Chaos"),
    Fault("changelog records after the last commit of the store are kept", POSITIONS,
          "from_own ? Tail::taken_back : Tail::applied", "from_own ? Tail::applied : Tail::applied", "Chaos"),
    Fault("offsets are committed before the records have arrived", COMMIT, "output_->flush(patience_);", "", "Chaos"),
    # --- exactly once
    Fault("stores are committed before the transaction", COMMIT,
          "if (!offsets.empty() || output_->dirty()) output_->commit_transaction(offsets, group, patience_);",
          "for (StreamTask* task : tasks_->running()) task->commit_stores(offsets);\n"
          "    if (!offsets.empty() || output_->dirty()) output_->commit_transaction(offsets, group, patience_);",
          "Chaos"),
    Fault("tasks go on after the group has given away partitions of an open transaction", THREAD,
          "if (membership_.lost()) {\n    throw", "if (false) {\n    throw", "Chaos"),
    Fault("records that were read before a failure are processed after it", MANAGER,
          "owned.reader_is_elsewhere = true;\n    owned.assigned_at = environment_.task.clock.monotonic_ms();\n"
          "    owned.attempt",
          "owned.assigned_at = environment_.task.clock.monotonic_ms();\n    owned.attempt", "Chaos"),
    Fault("caches are not flushed before a commit", TASK_COMMIT, "flush_and_call_hooks() {\n  stores_->flush();",
          "flush_and_call_hooks() {", "Chaos"),
    # --- times of operators
    Fault("operators forget their time when a task starts again", TASK_COMMIT, "kept_times_.resume(metadata.processors);", "",
          "Chaos"),
    Fault("a task forgets stream time when it starts again", TASK_COMMIT,
          "stream_time_ = std::max(stream_time_, metadata.partition_time);\n  }", "}", "", 1, "observed_time_tests"),
    Fault("times of stores are not committed", TASK, "store_set_.observe(store, time);", "", "", 1,
          "observed_time_tests"),
    # --- slow functions and clocks
    Fault("a round ends only when its records are used up", RUNTIME + "thread/round_scheduler.cpp",
          "if (!first && now_ >= std::min(round_end_, commit_at_)) return 0;", "(void)first;", "SlowFunctionsSuite"),
    Fault("commits do not heed transaction.timeout.ms", RUNTIME + "thread/committer.cpp",
          "return std::min(next_, *transaction_since + settings_.transaction_timeout->count() / 2);", "return next_;",
          "SlowFunctionsSuite"),
    Fault("a record that takes too long is tried without end", RUNTIME + "thread/slow_steps.cpp", "++excesses_;", "",
          "SlowFunctionsSuite"),
    Fault("intervals are measured with the wall clock", RUNTIME + "thread/stream_thread.hpp",
          "return environment_.task.clock.monotonic_ms(); }", "return environment_.task.clock.now(); }",
          "SlowFunctionsSuite"),
    # --- stores and changelogs
    Fault("a restore leaves out the last record of a batch", RESTORE,
          "apply(position.store_, records);\n  } catch", "apply(position.store_, records.first(records.size() - (records.empty() ? 0 : 1)));\n  } catch",
          "Chaos"),
    Fault("a store is not written to a changelog that was made anew", RESTORE,
          "const bool rewrite = made_anew &&", "const bool rewrite = false && made_anew &&", "Chaos", 40),
]


def sources():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def copy_sources():
    """Copies what has changed, so that the next build is short."""
    for name in sources():
        target = COPY / name
        content = (ROOT / name).read_bytes()
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        shutil.copymode(ROOT / name, target)


def build(program, log):
    script = COPY / "scripts" / "build.sh"
    return subprocess.run([script, "release", "--target", program], cwd=COPY, stdout=log, stderr=log,
                          check=False).returncode == 0


def fails(fault, log, limit):
    """Whether the tests notice the fault. Ends at the first error. A run that does not end counts as noticed."""
    command = [COPY / "build/release/tests" / fault.program] + ([f"--run_test={fault.tests}"] if fault.tests else [])
    environment = dict(os.environ, MILLRACE_CHAOS_SEEDS=str(fault.seeds))
    if pathlib.Path("/dev/shm").is_dir():
        environment["TMPDIR"] = "/dev/shm"
    test = subprocess.Popen(command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace")
    timer = threading.Timer(limit, test.kill)
    timer.start()
    try:
        for line in test.stdout:
            log.write(line)
            # Boost.Test: FILE(LINE): error: in "SUITE/CASE": ...
            if 'error: in "' in COLOUR.sub("", line):
                test.kill()
                return True
        return test.wait() != 0
    finally:
        timer.cancel()
        test.wait()


def try_fault(number, fault, limit):
    path = COPY / fault.file
    original = path.read_text()
    if original.count(fault.before) != 1:
        return "the code has changed: its place is not found"
    with open(COPY / f"fault-{number}.log", "w") as log:
        path.write_text(original.replace(fault.before, fault.after))
        try:
            if not build(fault.program, log):
                return "does not compile"
            return "found" if fails(fault, log, limit) else "NOT FOUND"
        finally:
            path.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, help="only these faults (default: all); see --list")
    parser.add_argument("--list", action="store_true", help="lists the faults and ends")
    parser.add_argument("--limit", type=float, default=900, metavar="SECONDS",
                        help="a run that takes longer counts as failed (%(default)s)")
    options = parser.parse_args()
    chosen = [(i, f) for i, f in enumerate(FAULTS, 1) if not options.numbers or i in options.numbers]
    if options.list:
        for number, fault in chosen:
            print(f"{number:2}  {fault.what} ({fault.file}; {fault.tests or fault.program})")
        return 0
    copy_sources()
    missed = 0
    for number, fault in chosen:
        begin = time.monotonic()
        result = try_fault(number, fault, options.limit)
        missed += result != "found"
        print(f"{number:2}  {result:9}  {time.monotonic() - begin:4.0f} s  {fault.what}", flush=True)
    print(f"{len(chosen) - missed} found, {missed} not found; logs: {COPY}/fault-*.log")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
