#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures trades_store against a loop of libmongoc alone, with the same documents in the same batches, on one FerretDB.

Usage: mongodb.py --programs DIR [--bootstrap-servers HOST:PORT] [--documents N] [--batch N] [--rounds N]

Prints documents per second of each round, with the two indexes of trades_store, and the median of the
quotients. Without --bootstrap-servers, on the embedded broker. Needs Debian's Python, for python3-pymongo.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

INTEGRATION = pathlib.Path(__file__).resolve().parents[2] / "integration"
sys.path[:0] = [str(INTEGRATION / "trades_store"), str(INTEGRATION / "apps")]
import ferretdb  # noqa: E402
import programs  # noqa: E402
import trades  # noqa: E402


def bare(server, options, database):
    make_indexes(server.database(database).raw_data)
    result = subprocess.run([str(programs.bin_dir() / "mongodb_bare"), server.uri, database, str(options.documents),
                             str(options.batch)], check=True, capture_output=True, text=True)
    return options.documents / float(result.stdout)


def make_indexes(collection):
    """Those of trades_store, so that the server has the same work."""
    collection.create_index([("symbol", 1), ("time", 1)])
    collection.create_index("time")


def store(server, options, database, directory, broker, topic):
    collection = server.database(database)[topic]
    with programs.Running("trades_store", "--uri", server.uri, "--database", database, "--from", topic, "--until-end",
                          *broker, "-c", f"application.id={database}", "-c", f"millrace.connector.batch.records={options.batch}",
                          directory=directory) as running:
        # From the first batch on: joining the group takes longer than many batches.
        ferretdb.wait_for(lambda: collection.find_one(), "the first document")
        start = time.monotonic()
        assert running.process.wait(600) == 0, running.log()
        seconds = time.monotonic() - start
    assert f"wrote {options.documents} records" in running.log(), running.log()
    return (options.documents - options.batch) / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options, _ = parser.parse_known_args()
    os.environ["MILLRACE_BIN_DIR"] = options.programs
    with programs.scratch_directory() as directory, ferretdb.FerretDB(directory) as server:
        broker = ("--bootstrap-servers", options.bootstrap_servers) if options.bootstrap_servers else (
            "--broker", f"embedded:{directory}/broker")
        topic = f"bench_mongodb_{os.getpid()}"
        programs.run("topics", "create", topic, *broker)
        trades.put(broker, topic, map(trades.trade, range(options.documents)))
        quotients = []
        for number in range(options.rounds):
            alone = bare(server, options, f"bare{number}")
            ours = store(server, options, f"store{number}", directory, broker, topic)
            quotients.append(ours / alone)
            print(f"round {number + 1}: libmongoc {alone:9,.0f} documents/s, trades_store {ours:9,.0f}, "
                  f"quotient {ours / alone:.2f}", flush=True)
        print(f"median quotient {statistics.median(quotients):.2f} (goal: 0.80)")


if __name__ == "__main__":
    main()
