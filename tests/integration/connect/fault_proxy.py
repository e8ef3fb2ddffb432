# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy between a connector and its far side that makes faults."""

import contextlib
import socket
import threading
import time

CHUNK = 16 * 1024


class FaultProxy:
    """Forwards connections from 127.0.0.1:port to `target` (host, port). For a with statement.

    The faults may be changed at any time. They hold for connections and bytes from then on.
    """

    def __init__(self, target):
        self.target = target
        self.connections = 0  # accepted so far
        self.refusing = False  # connections are accepted and closed at once
        self.stalled = False  # bytes are kept until this is False again
        self.bytes_per_second = None  # in each direction of each connection
        self.cuts = []  # for the next connections, one each: after how many bytes from the far side it is cut
        self._open = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._closed = False

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closed = True
        self._listener.close()
        self.cut()

    def cut(self):
        """Cuts all present connections with a reset, as a network that goes away."""
        with self._lock:
            for pair in list(self._open):
                for end in pair:
                    with contextlib.suppress(OSError):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                    with contextlib.suppress(OSError):
                        end.close()
            self._open.clear()

    def _source_port(self):
        """A port for a connection to the target, other than the target's."""
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port != self.target[1]:
                return port

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.refusing:
                client.close()
                continue
            try:
                # Not the target's port: while the target is away, a socket may else connect to itself and keep the port.
                server = socket.create_connection(self.target, timeout=10, source_address=("127.0.0.1", self._source_port()))
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in client, server:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self._lock:
                self._open.add(pair)
                limit = self.cuts.pop(0) if self.cuts else None
            threading.Thread(target=self._copy, args=(client, server, pair, None), daemon=True).start()
            threading.Thread(target=self._copy, args=(server, client, pair, limit), daemon=True).start()

    def _copy(self, source, sink, pair, limit):
        copied = 0
        try:
            while True:
                size = CHUNK if self.bytes_per_second is None else max(1, min(CHUNK, self.bytes_per_second // 20))
                if limit is not None:
                    size = min(size, limit - copied)
                    if size <= 0:
                        break
                data = source.recv(size)
                if not data:
                    break
                while self.stalled and not self._closed:
                    time.sleep(0.01)
                sink.sendall(data)
                copied += len(data)
                if self.bytes_per_second is not None:
                    time.sleep(len(data) / self.bytes_per_second)
        except OSError:
            pass
        with self._lock:
            self._open.discard(pair)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                end.close()
