#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random price files with many defects. buy_pipeline and expected_buys.py must read the same rows from them."""

import csv
import datetime
import os
import random
import re
import time
import unittest

from expected_buys import expected
from programs import run, scratch_directory, shown_buys, signals

COLUMNS = ["Ticker", "Date", "Open", "High", "Low", "Close", "Volume", "Adj Close"]
ODD = ["", " ", "-1", "0", "NaN", "inf", "1e400", "abc", "1,5", "1 2", "0x10", "-0.0", "1e-3", ".5", "5.", "-", "null", "1_0",
       "+1", "1e3", "99999999999999999999", "\"", "a\"b"]
ODD_DAYS = ["", "2012-02-30", "2012-1-3", "03.01.2012", "20120103", "1969-12-31", "2999-01-01", "2012-01-03T00:00:00", "today",
            "2000-02-29", "1900-02-29"]


def write(path, chance):
    """Writes a file. Returns the number of its rows."""
    columns = COLUMNS + ["Comment"]
    chance.shuffle(columns)
    first_day = datetime.date(2005, 1, 1)
    rows = chance.randrange(50, 400)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator=chance.choice(["\n", "\r\n"]))
        writer.writerow(columns)
        for _ in range(rows):
            close = round(chance.uniform(180, 215), 2)
            row = {"Ticker": chance.choice("ABC"), "Date": first_day + datetime.timedelta(chance.randrange(200)),
                   "Open": round(close * chance.uniform(0.97, 1.03), 2), "High": close * 1.05, "Low": close * 0.95,
                   "Close": close, "Volume": chance.randrange(10**7), "Adj Close": close, "Comment": chance.choice(ODD)}
            if chance.random() < 0.2:
                field = chance.choice(COLUMNS)
                row[field] = chance.choice(ODD_DAYS if field == "Date" else ODD)
            fields = [row[column] for column in columns]
            if chance.random() < 0.02:
                fields = fields[:-1] if chance.random() < 0.5 else fields + ["more"]
            writer.writerow(fields)
    return rows


class RandomCsv(unittest.TestCase):
    def test_is_read_as_the_independent_computation_reads_it(self):
        seed = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
        print(f"MILLRACE_TEST_SEED={seed}")
        for number in range(8):
            chance = random.Random(seed * 100 + number)
            with self.subTest(number), scratch_directory() as directory:
                path = f"{directory}/prices.csv"
                rows = write(path, chance)
                broker = ("--broker", f"embedded:{directory}/broker")
                result = run("buy_pipeline", "--csv", path, *broker)
                wanted = expected(path, 195, 0.02)
                self.assertEqual(signals(broker), wanted)
                self.assertEqual(shown_buys(result.stdout), wanted["buys"])
                self.assertEqual(len(re.findall(r"prices\.csv:\d+: .*; row skipped", result.stderr)), rows - wanted["rows"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
