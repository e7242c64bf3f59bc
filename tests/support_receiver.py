"""A real HTTP server that takes notices, and answers as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Posted(msgspec.Struct):
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver:
    """What came, and how it is answered: the status, and how long the answer is waited for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.posted: list[Posted] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.wait_seconds = 0.0

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def until(self, count: int, seconds: float = 30.0) -> list[Posted]:
        """What came, as soon as so many have."""
        deadline = time.monotonic() + seconds
        while len(self.posted) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.posted) >= count, self.posted
        return self.posted


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            receiver.posted.append(Posted(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(receiver.wait_seconds)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
