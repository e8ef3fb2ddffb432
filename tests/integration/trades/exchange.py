# SPDX-License-Identifier: Apache-2.0
"""Starts the stand-in for the exchange, and computes candles independently of Millrace."""

import collections
import decimal
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "apps"))
import programs  # noqa: E402

SYMBOLS = ("AAPL", "MSFT", "BINANCE:BTCUSDT")
TOKEN = "s3cret-t0ken"
PATIENCE = 60  # seconds


def wait_until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.02)


def openssl(*arguments, directory):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True, timeout=60)


def make_authority(directory, name="ca"):
    """A certificate authority of our own; the path of its certificate."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN=Test authority {name}",
            "-addext", "basicConstraints=critical,CA:TRUE", directory=directory)
    return pathlib.Path(directory) / f"{name}.pem"


def make_certificate(directory, host="localhost", name="server", days="2", authority="ca"):
    """The options of exchange_stand_in for a certificate of `host`. `days` below 0: it has expired."""
    (pathlib.Path(directory) / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out",
            f"{name}.csr", "-subj", f"/CN={host}", directory=directory)
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-extfile", f"{name}.ext", directory=directory)
    return "--certificate", str(pathlib.Path(directory) / f"{name}.pem"), "--key", str(pathlib.Path(directory) / f"{name}.key")


def token_file(directory, token=TOKEN, name="token"):
    file = pathlib.Path(directory) / name
    file.write_text(token + "\n")
    file.chmod(0o600)
    return file


class Exchange:
    """exchange_stand_in, to be told what to do. Use it in a with block."""

    def __init__(self, directory, *options, symbols=SYMBOLS, tls=()):
        self.record = pathlib.Path(directory) / "sent.ndjson"
        self.tls = bool(tls)
        self.process = subprocess.Popen(
            programs.command("exchange_stand_in", "--token-file", token_file(directory, name="exchange-token"),
                             "--record", self.record, "--symbols", ",".join(symbols), "--wait-for", len(symbols), *tls,
                             *options),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events = queue.Queue()
        self.seen = []
        self.reader = threading.Thread(target=lambda: [self.events.put(line.strip()) for line in self.process.stdout])
        self.reader.start()
        self.port = int(self.wait_for("listening").split()[1])
        self.url = f"wss://localhost:{self.port}" if tls else f"ws://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def wait_for(self, event, patience=PATIENCE):
        """Waits for the next event that begins like this, and returns it."""
        deadline = time.monotonic() + patience
        while True:
            try:
                line = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the stand-in did not say '{event}', but {self.seen[-20:]}") from None
            self.seen.append(line)
            if line.startswith(event):
                return line

    def tell(self, *lines):
        for line in lines:
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def do(self, *lines):
        """Gives commands, and waits until they are done."""
        for line in lines:
            self.tell(line)
            self.wait_for("done " + line.split()[0])

    def sent(self):
        """The trades that were sent, in their order; numbers as they were written."""
        if not self.record.exists():
            return []
        return [json.loads(line, parse_float=decimal.Decimal) for line in self.record.read_text().splitlines()]


def ingest(directory, broker, exchange, *options, symbols=SYMBOLS, token=TOKEN):
    """Starts trades_ingest."""
    return programs.Running("trades_ingest", *broker, "--symbols", ",".join(symbols), "--token-file",
                            token_file(directory, token), "--url", exchange.url, *options, directory=directory)


def raw_trades(broker):
    """What is in raw_data, in the form of Exchange.sent()."""
    trades = []
    for record in programs.records(broker, "raw_data"):
        value = json.loads(record["value"], parse_float=decimal.Decimal)
        assert list(value) == ["symbol", "price", "volume", "time", "conditions"], value
        assert record["key"] == value["symbol"] and record["timestamp"] == value["time"], record
        trades.append({"c": value["conditions"], "p": value["price"], "s": value["symbol"], "t": value["time"],
                       "v": value["volume"]})
    return trades


def candles(trades, grace=5000):
    """The closed candles of these trades, by symbol and start; trades that come too late are left out."""
    minutes = collections.OrderedDict()
    stream_time = -1
    for trade in trades:
        stream_time = max(stream_time, trade["t"])
        start = trade["t"] // 60_000 * 60_000
        if start + 60_000 + grace <= stream_time:
            continue
        minutes.setdefault((trade["s"], start), []).append(trade)
    result = {}
    for (symbol, start), members in minutes.items():
        if start + 60_000 + grace > stream_time:
            continue
        by_time = sorted(members, key=lambda trade: trade["t"])  # stable: ties stay in the order of reading
        volume = sum(decimal.Decimal(trade["v"]) for trade in members)
        turnover = sum(decimal.Decimal(trade["p"]) * decimal.Decimal(trade["v"]) for trade in members)
        result[(symbol, start)] = {
            "symbol": symbol, "start": start, "open": float(by_time[0]["p"]), "close": float(by_time[-1]["p"]),
            "high": float(max(trade["p"] for trade in members)), "low": float(min(trade["p"] for trade in members)),
            "volume": float(volume), "vwap": float(turnover / volume), "trades": len(members)}
    return result


def large_trades(trades, factor=10, window=50):
    """The volumes and times of the large trades."""
    recent = collections.defaultdict(list)
    result = []
    for trade in trades:
        volumes = recent[trade["s"]]
        if len(volumes) == window and float(trade["v"]) > factor * (sum(map(float, volumes)) / window):
            result.append((trade["s"], trade["t"], float(trade["v"])))
        volumes.append(trade["v"])
        del volumes[:-window]
    return result


def check_results(test, broker, trades):
    """The topics candles and large_trades hold exactly what follows from these trades."""
    expected = candles(trades)
    found = programs.records(broker, "candles")
    values = [json.loads(record["value"]) for record in found]
    test.assertEqual([record["key"] for record in found], [value["symbol"] for value in values])
    test.assertEqual(collections.Counter((value["symbol"], value["start"]) for value in values),
                     collections.Counter(expected.keys()))
    for value in values:
        right = expected[(value["symbol"], value["start"])]
        test.assertEqual(set(value), set(right))
        for name in ("open", "high", "low", "close", "trades"):
            test.assertEqual(value[name], right[name], (name, value, right))
        for name in ("volume", "vwap"):
            test.assertAlmostEqual(value[name] / right[name], 1, places=9, msg=(name, value, right))
    large = [json.loads(record["value"]) for record in programs.records(broker, "large_trades")]
    test.assertEqual([(value["symbol"], value["time"], value["volume"]) for value in large], large_trades(trades))
    return len(values), len(large)


def processed(broker, count):
    """True when the analysis has committed `count` records of raw_data, as far as its results show it."""
    return len(programs.records(broker, "candles")) >= count


def kill_runs():
    return int(os.environ.get("MILLRACE_KILL_RUNS", "2"))
