#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The signals that the buy pipeline must find, computed straight from the CSV file without Millrace.

Prints JSON: {"rows", "alerts", "variations", "buys"}. The last three are sorted lists of ids. The computation relies on
three promises of apps/buy_signals: rows are in time order over all symbols, only the first row of a symbol's day counts,
and rows with missing or absurd values do not count.
"""

import argparse
import csv
import datetime
import gzip
import json
import math
import re
import sys


NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def number(text):
    if not NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    return float(text)


def usable(row):
    """The row as (day, symbol, open, close), or None if a value is missing or absurd."""
    if None in row or None in row.values():
        return None  # more or fewer fields than the header
    symbol, day = row["Ticker"].strip(), row["Date"].strip()
    try:
        open_, high, low, close = prices = [number(row[name]) for name in ("Open", "High", "Low", "Close")]
        volume = number(row["Volume"])
        if row.get("Adj Close", "").strip() and not math.isfinite(number(row["Adj Close"])):
            return None
        if not DAY.fullmatch(day) or not datetime.date(1970, 1, 1) <= datetime.date.fromisoformat(day) <= datetime.date.today():
            return None
    except ValueError:
        return None
    if not symbol or high < low or not all(0 < price < math.inf for price in prices):
        return None
    if not 0 <= volume < 2**63 or volume != math.floor(volume):
        return None
    return day, symbol, open_, close


def expected(path, threshold, min_variation):
    opener = gzip.open if path.endswith(".gz") else open
    first = {}
    with opener(path, "rt", newline="") as file:
        for row in map(usable, csv.DictReader(file)):
            if row is not None:
                first.setdefault(row[:2], row)

    alerts, variations, buys, last_close = [], [], [], {}
    for key in sorted(first):
        day, symbol, _, close = first[key]
        observation = f"{symbol}@{day}"
        if close > threshold:
            alerts.append(observation)
        if symbol in last_close:
            variations.append(observation)
            change = (close - last_close[symbol]) / last_close[symbol]
            if close > threshold and abs(change) > min_variation:
                buys.append(observation)
        last_close[symbol] = close
    return {"rows": len(first), "alerts": sorted(alerts), "variations": sorted(variations), "buys": sorted(buys)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv")
    parser.add_argument("--threshold", type=float, default=195)
    parser.add_argument("--min-variation", type=float, default=0.02)
    arguments = parser.parse_args()
    json.dump(expected(arguments.csv, arguments.threshold, arguments.min_variation), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
