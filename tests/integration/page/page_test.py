#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The live page in Chromium. With MILLRACE_SCREENSHOTS=DIR, the test of the looks writes pictures there."""

import csv
import gzip
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "apps"))
from chrome import Chrome  # noqa: E402
from programs import SHIPPED_CSV, Running, command, run, scratch_directory  # noqa: E402

FILLED = "document.querySelectorAll('.panel .u-wrap').length > 0"
ROWS = "[...document.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
START = 1_700_000_000_000


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def eventually(what, condition, timeout=30):
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.02)


class Writer:
    """Writes records as long as it is open: topics put with an open standard input."""

    def __init__(self, broker, topic, *options):
        self.process = subprocess.Popen(command("topics", "put", topic, "--format", "json", *options, *broker),
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        # A dashboard that opens the directory first would keep the writer out.
        eventually("the writer holds the broker", lambda: self.holds(pathlib.Path(broker[1].removeprefix("embedded:"))))

    def holds(self, directory):
        if self.process.poll() is not None:
            raise AssertionError("topics put has ended")
        locks = pathlib.Path("/proc/locks").read_text()
        return any(f":{lock.stat().st_ino} " in locks for lock in directory.rglob("LOCK"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.wait(60) != 0:
            raise AssertionError("topics put has failed")

    def write(self, *values):
        self.process.stdin.write("".join(json.dumps(value) + "\n" for value in values))
        self.process.stdin.flush()


class Page(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(scratch_directory()))
        self.broker = ("--broker", f"embedded:{self.directory / 'broker'}")
        self.chrome = self.enterContext(Chrome())

    def put(self, topic, values, *options):
        run("topics", "create", topic, *self.broker)
        run("topics", "put", topic, "--format", "json", *options, *self.broker,
            stdin="".join(json.dumps(value) + "\n" for value in values))

    def start(self, program, *arguments, port=0):
        """A running program with a page; the program has `url`."""
        running = self.enterContext(Running(program, *arguments, "--page", port, directory=self.directory))

        def url():
            if not running.running():
                raise AssertionError(f"{program} has ended:\n{running.log()}")
            found = re.search(r"Live page: (http://\S+)", running.log())
            return found and found[1]

        running.url = eventually("the page has a URL", url)
        return running

    def dashboard(self, *topics, port=0, options=()):
        return self.start("dashboard", *topics, *self.broker, *options, port=port)

    def prices(self, count, symbols=("A", "B")):
        return [{"symbol": symbols[i % len(symbols)], "time": START + i * 1000, "price": 100 + (i % 50)} for i in range(count)]

    def test_buy_signals_show_prices_marks_and_buys_in_light_and_dark_and_on_a_phone(self):
        pipeline = self.start("buy_pipeline", "--csv", SHIPPED_CSV)
        window = self.chrome.open(pipeline.url)
        window.wait(FILLED)
        window.wait("document.querySelectorAll('tbody tr').length === 100 && document.querySelectorAll('.bars dt').length === 3")
        self.assertEqual(window.js(ROWS)[0], ["AAPL", "2013-03-01"])
        legend = window.js("[...document.querySelectorAll('.legend .name')].map((name) => name.textContent)")
        self.assertEqual(sorted(legend), ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
        snapshot = json.load(urllib.request.urlopen(pipeline.url + "api/panel/0?width=1000"))
        self.assertEqual(snapshot["total"], 12154)
        self.assertEqual([sum(kind["n"]) for kind in snapshot["marks"]], [2997, 624])
        with gzip.open(SHIPPED_CSV, "rt") as file:
            closes = [float(row["Close"]) for row in csv.DictReader(file)]
        shown = [value for column in snapshot["y"] for value in column if value is not None]
        self.assertEqual((min(shown), max(shown)), (min(closes), max(closes)))

        left, top, width, height = window.box(".u-over")
        window.mouse("mouseMoved", left + width * 0.7, top + height / 2)
        tip = window.wait("!document.querySelector('.tip').hidden && document.querySelector('.tip').textContent")
        self.assertRegex(tip, r"^\d{4}-\d\d-\d\d UTC.*\d")

        pictures = os.environ.get("MILLRACE_SCREENSHOTS")
        colours = []
        for name, size, dark in (("light", (1200, 1000), False), ("dark", (1200, 1000), True), ("phone", (375, 900), False)):
            with self.subTest(name):
                window = self.chrome.open(pipeline.url, *size, dark=dark)
                window.wait(FILLED + " && document.querySelectorAll('tbody tr').length === 100")
                window.wait("[...document.querySelectorAll('#topics .rate')].every((rate) => /^[0-9]/.test(rate.textContent))")
                colours.append(window.js("getComputedStyle(document.body).backgroundColor"))
                self.assertLessEqual(window.js("document.documentElement.scrollWidth"), size[0])
                self.assertEqual(window.errors(), [])
                if pictures:
                    window.screenshot(pathlib.Path(pictures) / f"live-page-{name}.png")
        self.assertNotEqual(colours[0], colours[1])

    def test_zoom_by_mouse_wheel_and_keys_asks_for_finer_data(self):
        self.put("prices", self.prices(20_000), "--timestamp-field", "time")
        window = self.chrome.open(self.dashboard("prices").url)
        window.wait(FILLED)
        note = "document.querySelector('.panel h2 small').textContent"
        self.assertIn("thinned", window.wait(note))
        left, top, width, height = window.box(".u-over")
        y = top + height / 2
        window.mouse("mousePressed", left + width * 0.4, y, button="left", clickCount=1)
        window.mouse("mouseMoved", left + width * 0.45, y, button="left", buttons=1)
        window.mouse("mouseReleased", left + width * 0.45, y, button="left", clickCount=1)
        window.wait(f"!{note}.includes('thinned')")
        for clicks in (1, 2):
            window.mouse("mousePressed", left + 50, y, button="left", clickCount=clicks)
            window.mouse("mouseReleased", left + 50, y, button="left", clickCount=clicks)
        window.wait(f"{note}.includes('thinned') && document.querySelector('[title=\"Show everything\"]').disabled")
        # The click has given the chart the focus, so the wheel zooms.
        for _ in range(20):
            window.mouse("mouseWheel", left + width / 2, y, deltaX=0, deltaY=-100)
        window.wait(f"!{note}.includes('thinned')")
        window.key("Escape", 27)
        window.wait(f"{note}.includes('thinned')")
        window.key("ArrowLeft", 37)
        self.assertIn("UTC", window.wait("document.querySelector('.said').textContent"))
        for _ in range(6):
            window.key("+", 187)
        window.wait(f"!{note}.includes('thinned')")
        self.assertEqual(window.errors(), [])

    def test_new_records_come_to_several_viewers_and_markup_stays_text(self):
        evil = "<img src=x onerror=document.title='hit'><script>document.title='hit'</script>"
        run("topics", "create", "chat", *self.broker)
        with Writer(self.broker, "chat") as writer:
            writer.write({"user": "a", "text": "first", "n": 1})
            page = self.dashboard("chat")
            windows = [self.chrome.open(page.url) for _ in range(3)]
            for window in windows:
                window.wait(f"{ROWS}.length === 1")
            writer.write({"user": evil, "text": evil, "n": 2})
            for window in windows:
                window.wait(f"{ROWS}.some((row) => row.includes({json.dumps(evil)}))")
                self.assertEqual(window.js("[document.title, document.querySelectorAll('main img, main script').length]"),
                                 ["chat", 0])
                self.assertEqual(window.errors(), [])

    def test_a_viewer_comes_back_when_the_server_was_killed_and_started_again(self):
        self.put("prices", self.prices(10), "--timestamp-field", "time")
        port = free_port()
        page = self.dashboard("prices", port=port)
        window = self.chrome.open(page.url)
        window.wait(f"{FILLED} && document.querySelector('#state').textContent === 'live'")
        page.kill()
        window.wait("document.querySelector('#state').textContent.includes('lost') && !document.querySelector('#banner').hidden")
        self.put("prices", [{"symbol": "NEW", "time": START, "price": 1}])
        self.dashboard("prices", port=port)
        window.wait("document.querySelector('#state').textContent === 'live' && document.querySelector('#banner').hidden")
        window.wait(f"{ROWS}.some((row) => row.includes('NEW'))")

    def test_100_000_points(self):
        self.put("prices", self.prices(100_000), "--timestamp-field", "time")
        window = self.chrome.open(self.dashboard("prices").url)
        window.wait(f"{FILLED} && document.querySelector('.panel h2 small').textContent.startsWith('100,000')")
        left, top, width, height = window.box(".u-over")
        window.js("window.frames_ = []; window.long_ = [];"
                  "new PerformanceObserver((list) => long_.push(...list.getEntries().map((e) => e.duration))).observe({type: 'longtask'});"
                  "(function next(then) { requestAnimationFrame((now) => { if (then) frames_.push(now - then); next(now); }); })(0); 0")
        for i in range(60):
            window.mouse("mouseMoved", left + width * i / 60, top + height / 2)
        window.mouse("mousePressed", left + 50, top + 50, button="left", clickCount=1)
        window.mouse("mouseReleased", left + 50, top + 50, button="left", clickCount=1)
        for i in range(10):
            window.mouse("mouseWheel", left + width / 2, top + height / 2, deltaX=0, deltaY=-100)
        window.wait("document.querySelector('[title=\"Show everything\"]').disabled === false")
        frames = sorted(window.js("frames_"))
        self.assertGreater(len(frames), 5)
        print(f"100,000 points: {len(frames)} frames, median {frames[len(frames) // 2]:.0f} ms, 95 % within "
              f"{frames[len(frames) * 95 // 100]:.0f} ms, longest {frames[-1]:.0f} ms; long tasks: {window.js('long_')} ms")
        self.assertEqual(window.errors(), [])

    def test_a_thousand_records_per_second_are_shown_as_they_come(self):
        run("topics", "create", "prices", *self.broker)
        with Writer(self.broker, "prices", "--timestamp-field", "time") as writer:
            writer.write({"symbol": "A", "time": START, "price": 1})
            window = self.chrome.open(self.dashboard("prices").url)
            window.wait(FILLED)
            done = threading.Event()
            last = [0]

            def feed():
                begin = time.monotonic()
                while not done.is_set():
                    due = int((time.monotonic() - begin) * 1000)
                    writer.write(*({"symbol": "ABCDE"[i % 5], "time": START + 1000 + i, "price": i} for i in range(last[0], due)))
                    last[0] = due
                    time.sleep(0.02)

            feeder = threading.Thread(target=feed)
            feeder.start()
            try:
                shown = f"Math.max(...{ROWS}.map((row) => Number(row[3])))"
                behind = []
                for goal in range(1000, 6000, 1000):
                    eventually("records are written", lambda goal=goal: last[0] >= goal)
                    window.wait(f"{shown} >= {goal - 1}", 20)
                    behind.append(last[0] - goal)
            finally:
                done.set()
                feeder.join()
            print(f"records that were written until a record was seen: {behind}")
            window.wait(f"{shown} >= {last[0] - 1}", 20)
            self.assertEqual(window.errors(), [])

    def test_a_topic_that_does_not_exist_is_an_error_and_an_empty_one_fills_later(self):
        run("topics", "create", "empty", *self.broker)
        result = run("dashboard", "nothing", *self.broker, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("no topic 'nothing'", result.stderr)
        with Writer(self.broker, "empty", "--timestamp-field", "time") as writer:
            page = self.dashboard("empty")
            window = self.chrome.open(page.url)
            window.wait("document.body.innerText.includes('No records in empty yet')")
            writer.write(*self.prices(4))
            window.wait(FILLED)

    def test_odd_requests_are_refused(self):
        self.put("prices", self.prices(3))
        page = self.dashboard("prices")
        port = int(page.url.rsplit(":", 1)[1].strip("/"))

        def ask(text):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
                client.sendall(text)
                return client.recv(65536).decode(errors="replace").split("\r\n")[0]

        host = b"Host: localhost\r\nConnection: close\r\n\r\n"
        self.assertIn(" 200 ", ask(b"GET / HTTP/1.1\r\n" + host))
        self.assertIn(" 405 ", ask(b"POST / HTTP/1.1\r\n" + host))
        self.assertIn(" 421 ", ask(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
        self.assertIn(" 431 ", ask(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"))
        self.assertIn(" 400 ", ask(b"\x16\x03\x01 hello\r\n\r\n"))
        for path in (b"/../etc/passwd", b"/%2e%2e/x", b"/api/panel/99", b"/api/panel/-1", b"//", b"/\xff\xfe"):
            self.assertRegex(ask(b"GET " + path + b" HTTP/1.1\r\n" + host), " 40[04] ")
        self.assertIn(" 400 ", ask(b"GET /api/panel/0?from=x HTTP/1.1\r\n" + host))
        # Many idle connections do not keep others out for long, and the program lives.
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(150)]
        for connection in idle:
            connection.close()
        with urllib.request.urlopen(page.url) as answer:
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertTrue(page.running())


if __name__ == "__main__":
    unittest.main(verbosity=2)
