# SPDX-License-Identifier: Apache-2.0
"""Trades for tests, and what the store must have of them."""

import json

import programs

SYMBOLS = ("AAPL", "MSFT", "BINANCE:BTCUSDT", "TSLA")


def trade(number):
    return {"symbol": SYMBOLS[number % len(SYMBOLS)], "price": 100 + number / 8, "volume": number,
            "time": 1700000000000 + number, "conditions": ["1", "12"]}


def make_topics(broker, partitions=2):
    for topic in ("raw_data", "candles", "large_trades"):
        programs.run("topics", "create", topic, "--partitions", partitions, *broker)


def put(broker, topic, values, key="symbol"):
    text = "".join(json.dumps(value) + "\n" for value in values)
    programs.run("topics", "put", topic, "--format", "json", "--key-field", key, *broker, stdin=text)


def put_trades(broker, count, first=0):
    put(broker, "raw_data", (trade(number) for number in range(first, first + count)))


def stored(database):
    """The trades in the collection, without ids, in the collection's order."""
    # In one batch: FerretDB 1.24 sometimes does not answer when asked for a second one.
    return list(database.raw_data.find({}, {"_id": 0}, batch_size=1_000_000))


def check_each_once(test, database, count):
    """The collection has each of the first `count` trades once, as they were, and those of a symbol in their order."""
    found = stored(database)
    test.assertEqual(len(found), count)
    test.assertEqual(sorted(found, key=lambda value: value["volume"]), [trade(number) for number in range(count)])
    for symbol in SYMBOLS:
        of_it = [value["volume"] for value in found if value["symbol"] == symbol]
        test.assertEqual(of_it, sorted(of_it), f"the order of {symbol}")
