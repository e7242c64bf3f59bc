"""uvicorn's HTTP protocol, closed to clients that only take: heads that do not come or end, answers that nobody reads.

What a client holds of the server it holds for a bounded time: each state of a connection has a timer of uvicorn's or
of ours, or somebody at work who ends it (see `firstframe.edge.body.Patience` for bodies).
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from firstframe.edge.files import most_connections

HEAD_SECONDS = 10.0
"""Longest wait for the first or the rest of a head: a connection that says nothing costs memory, and is closed."""
HEAD_BYTES = 64 * 1024
READ_SECONDS = 20.0
READ_BYTES = 20_000
"""Least that a client must read of its answers in `READ_SECONDS` while they wait for it: 1 kB a second."""
ROOM = 16
"""Where there are too many connections, one in so many is closed at once: to look through them takes its time."""


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections whose heads do not come in time or do not end, and those that do not read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_head = True
        self._has_ended = False
        """Whether a request came to its end in the piece that is being read."""
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            self._make_room()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_reader_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being answered: it is the client's turn to send."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or getattr(cycle, "more_body", False)

    # What comes

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._has_ended = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._has_ended = False
        super().data_received(data)
        # The usual head comes whole, in one piece with its body: then there is nothing to watch.
        if self._is_in_head:
            if self._has_ended:
                # Before this head came others, and their bodies: neither is its length or its time.
                self._stop_timer()
                self._head_bytes = 0
            self._watch_head(0 if self._has_ended else len(data))
        elif self.timeout_keep_alive_task is None and self.cycle is not None and self.cycle.response_complete:
            self._watch_rest()
        elif self._head_timer is not None:
            self._stop_timer()
            self._head_bytes = 0

    def _watch_head(self, more_bytes: int) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)
        self._head_bytes += more_bytes
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def _watch_rest(self) -> None:
        """What came belongs to no request: an empty line, the rest of a body that was refused, or a WebSocket's hello.

        For it uvicorn has ended the wait for the next request, so that wait goes on here; more of it prolongs nothing.
        """
        if self._head_timer is None and self.transport.get_protocol() is self:
            self._head_timer = self.loop.call_later(self.timeout_keep_alive, self._give_up)

    def handle_websocket_upgrade(self) -> None:
        self._stop_timer()
        super().handle_websocket_upgrade()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        self._end()

    # What goes

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_reader_timer()

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._watch_reader()

    def timeout_keep_alive_handler(self) -> None:
        self._end()

    def _end(self) -> None:
        """Close, as soon as the client has read what is written; that it does is not left to it."""
        self.transport.close()
        self._watch_reader()

    def _watch_reader(self) -> None:
        if self._reader_timer is None:
            size = self.transport.get_write_buffer_size()
            self._reader_timer = self.loop.call_later(READ_SECONDS, self._judge_reader, size)

    def _judge_reader(self, before: int) -> None:
        """Nothing is written while a client is watched, so what is left less is what it has read."""
        self._reader_timer = None
        if self.transport.get_write_buffer_size() > before - READ_BYTES:
            self.transport.abort()
        else:
            self._watch_reader()

    def _stop_reader_timer(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    # How many there may be

    def _make_room(self) -> None:
        """Close some connections of which nobody waits for an answer; by chance, so that nobody can save his own."""
        others = [
            each
            for each in self.connections
            if isinstance(each, GuardedProtocol) and each is not self and each.is_waiting
        ]
        for each in random.sample(others, -(-len(others) // ROOM)):
            each.transport.abort()
