#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures trades_ingest: exchange_stand_in plays invented trades as fast as they are taken, over ws:// and wss://.

Usage: trades.py --programs DIR [--bootstrap-servers HOST:PORT] [--trades N] [--batch N]

Prints trades per second of wall time, and per second of CPU time of trades_ingest. Without --bootstrap-servers, on the
embedded broker.
"""

import argparse
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration" / "trades"))
import exchange  # noqa: E402
import programs  # noqa: E402


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(options, tls):
    with programs.scratch_directory() as directory:
        topic = f"bench-trades-{os.getpid()}-{time.time_ns()}"
        broker = ("--bootstrap-servers", options.bootstrap_servers) if options.bootstrap_servers else (
            "--broker", f"embedded:{directory}/broker")
        certificate, authority = (), ()
        if tls:
            authority = ("--ca-file", exchange.make_authority(directory))
            certificate = exchange.make_certificate(directory)
        with exchange.Exchange(directory, "--idle", "--count", options.trades, "--batch", options.batch,
                               tls=certificate) as feed, \
                exchange.ingest(directory, broker, feed, "--to", topic, "--create-topics", *authority) as ingest:
            feed.wait_for("ready")
            before, start = cpu_seconds(ingest.process.pid), time.monotonic()
            feed.tell(f"play {options.trades}")
            feed.wait_for("done play", patience=600)
            # What is under way is in the queue of at most 64 MiB. It is counted by the idle process that follows.
            last = -1.0
            while (now := cpu_seconds(ingest.process.pid)) > last:
                last, end = now, time.monotonic()
                time.sleep(0.1)
            assert ingest.stop() == 0, ingest.log()
            assert f"wrote {options.trades} records" in ingest.log(), ingest.log()
        cpu = last - before
        return options.trades / (end - start), options.trades / cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--trades", type=int, default=2_000_000)
    parser.add_argument("--batch", type=int, default=50, help="trades per message")
    options = parser.parse_args()
    os.environ["MILLRACE_BIN_DIR"] = options.programs
    goal = 100_000
    for name, tls in (("ws", False), ("wss", True)):
        wall, cpu = measure(options, tls)
        print(f"{name:4} {wall:9,.0f} trades/s, {cpu:9,.0f} per second of CPU = {cpu / goal:.1f} of the goal ({goal:,})",
              flush=True)


if __name__ == "__main__":
    main()
