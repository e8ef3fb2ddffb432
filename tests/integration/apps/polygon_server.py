# SPDX-License-Identifier: Apache-2.0
"""A stand-in for polygon.io: the endpoint of daily aggregates, with pages and with faults."""

import datetime
import http.server
import json
import ssl
import threading
import urllib.parse

DAY_MS = 86_400_000
# Midnight in New York, as the service gives it.
NEW_YORK_MS = 5 * 3_600_000


def result(day, number):
    """The prices of a day; `number` makes them different."""
    ms = int(datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
    return {"v": 1000.0 + number, "vw": 10.5, "o": 10 + number, "c": 10.5 + number, "h": 11 + number, "l": 9 + number,
            "t": ms + NEW_YORK_MS, "n": 7}


def days(first, count):
    start = datetime.date.fromisoformat(first)
    return [(start + datetime.timedelta(days=number)).isoformat() for number in range(count)]


class Polygon:
    """Serves `results` (symbol → list of results) in pages of `page` results. `faults`: functions that are called for the
    next requests instead, one each, with the handler; they return False to let the request be answered as usual."""

    def __init__(self, results, key="k3y-of-the-test", page=10, tls=None):
        self.results, self.key, self.page = results, key, page
        self.faults, self.requests = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.requests.append((self.path, dict(self.headers)))
                if outer.faults and outer.faults.pop(0)(self) is not False:
                    return
                outer.answer(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        parts = url.path.split("/")
        if handler.headers.get("Authorization") != f"Bearer {self.key}":
            return send(handler, 401, {"status": "ERROR", "error": "Unknown API Key"})
        if parts[:4] != ["", "v2", "aggs", "ticker"] or parts[5:8] != ["range", "1", "day"]:
            return send(handler, 404, {"status": "NOT_FOUND"})
        symbol = urllib.parse.unquote(parts[4])
        first, last = (int(datetime.datetime.fromisoformat(day + "+00:00").timestamp() * 1000) for day in parts[8:10])
        start = int(urllib.parse.parse_qs(url.query).get("cursor", ["0"])[0])
        every = [one for one in self.results.get(symbol, [])
                 if not isinstance(one, dict) or not isinstance(one.get("t"), int) or one["t"] < 0 or
                     first <= one["t"] < last + DAY_MS]
        body = {"ticker": symbol, "status": "OK", "adjusted": False, "results": every[start:start + self.page]}
        if start + self.page < len(every):
            body["next_url"] = f"{self.url}{url.path}?cursor={start + self.page}"
        if not every:
            del body["results"]
        return send(handler, 200, body)


def send(handler, status, body, headers=(), cut=None):
    """`cut`: the connection is closed after so many bytes of the body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[:cut])
    if cut is not None:
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(2)
