#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes data/trades.ndjson.gz: invented trades of four symbols in 40 minutes, as Finnhub's feed would send them.

Usage: scripts/make-trades.py [FILE]. The same seed gives the same file.
"""

import gzip
import json
import pathlib
import random
import sys

START = 1_748_439_000_000  # 2025-05-28 13:30 UTC, when the exchanges in New York open
MINUTES = 40
# symbol: first price, trades per second, digits of prices and volumes, usual volume
SYMBOLS = {
    "AAPL": (200.0, 2.0, 2, 0, 120),
    "MSFT": (455.0, 1.5, 2, 0, 80),
    "NVDA": (135.0, 2.5, 3, 0, 200),
    "BINANCE:BTCUSDT": (108000.0, 1.5, 2, 5, 0.02),
}


def main():
    file = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "data" / "trades.ndjson.gz"
    draw = random.Random(2026)
    trades = []
    for symbol, (price, rate, digits, volume_digits, usual) in SYMBOLS.items():
        time = START
        while time < START + MINUTES * 60_000:
            time += draw.expovariate(rate) * 1000
            price *= 1 + draw.gauss(0, 0.00015)
            volume = usual * draw.expovariate(1) * (40 if draw.random() < 0.003 else 1)
            volume = max(round(volume, volume_digits), 10**-volume_digits)
            # A few trades come late, as they do on real exchanges.
            arrival = time + (draw.uniform(0, 4000) if draw.random() < 0.02 else 0)
            trade = {"c": ["1", draw.choice(["8", "12", "24"])] if volume_digits == 0 else None, "p": round(price, digits),
                     "s": symbol, "t": int(time), "v": int(volume) if volume_digits == 0 else volume}
            trades.append((arrival, json.dumps(trade, separators=(",", ":"))))
    trades.sort(key=lambda entry: entry[0])
    text = "".join(line + "\n" for _, line in trades)
    # Without the time of writing, so that the file is the same each time.
    file.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{file}: {len(trades)} trades, {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
