"""A collector that takes anything, answers as a dialect says, and remembers: for tests without the product.

What it remembers has the form of a recorded file (one JSON object a request): `support_recorded` folds both.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import support_recorded
from e2e.support_listener import Listener, Quiet
from firstframe.dialects.base import Dialect, Grant, Reply


class Recorder(Listener):
    """Listens until `close`. `down` makes it answer 503 and forget, as a collector that is out of order."""

    def __init__(self, dialect: Dialect | None = None) -> None:
        self.dialect = dialect
        self.down = False
        self.requests: list[dict[str, Any]] = []
        super().__init__(_handler(self))

    def below(self, prefix: str) -> Sequence[dict[str, Any]]:
        """The requests whose path begins with a prefix, without it: give each page an address of its own."""
        found = []
        for request in self.requests:
            if request["url"].startswith(prefix):
                found.append({**request, "url": request["url"].removeprefix(prefix) or "/"})
        return found


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self._answer(Reply(204))

        def do_GET(self) -> None:
            self._take()

        def do_POST(self) -> None:
            self._take()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if recorder.down:
                self._answer(Reply(503))
                return
            request = {
                "epoch_ms": int(time.time() * 1000),
                "kind": "http",
                "method": self.command,
                "url": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body_text": body.decode("utf-8", "replace"),
            }
            recorder.requests.append(request)
            self._answer(_reply(recorder.dialect, request))

        def _answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            origin = self.headers.get("origin")
            self.send_header("access-control-allow-origin", origin or "*")
            self.send_header("access-control-allow-headers", "*")
            self.send_header("access-control-allow-methods", "GET, POST, OPTIONS")
            if reply.content_type:
                self.send_header("content-type", reply.content_type)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

    return Handler


def _reply(dialect: Dialect | None, request: dict[str, Any]) -> Reply:
    found = support_recorded.route_of(dialect, request) if dialect else None
    if dialect is None or found is None:
        return Reply()
    route, asked = found
    return route.answer(asked, Grant(granted=True)) if route.answer else route.reply
