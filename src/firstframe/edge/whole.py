"""The short way for beacons whose head and body come in one piece: no task, no messages, no events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from firstframe.edge.answer import Answer, wire_of
from firstframe.edge.protocol import GuardedProtocol
from firstframe.edge.route import Door


@runtime_checkable
class Taker(Protocol):
    """An application that can be handed a whole request."""

    def door(self, path: str) -> Door | None:
        """Where a POST to this path is kept; None where it is not."""
        ...

    def take(
        self, door: Door, scope: MutableMapping[str, Any], body: bytes, answer: Callable[[Answer], None]
    ) -> None:
        """Keep the body; ``answer`` is called once, now or later. Raises nothing."""
        ...


class WholeProtocol(GuardedProtocol):
    """Hands whole POSTs for a `Taker`'s doors to its `take`; everything else goes uvicorn's way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._taker = self.app if isinstance(self.app, Taker) else None
        self._door: Door | None = None
        """Where the request goes that is being read, if all of it is here."""
        self._parts: list[bytes] = []
        self._rest = _Rest(self.loop, self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest.end()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self._door = self._find_door()
        if self._door is None:
            super().on_headers_complete()
        else:
            self._is_in_head = False

    def on_body(self, body: bytes) -> None:
        if self._door is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._door is None or self._taker is None:
            super().on_message_complete()
            return
        door, self._door = self._door, None
        parts, self._parts = self._parts, []
        self._has_ended = True
        self._unset_keepalive_if_required()  # of a request in the same piece that was answered at once
        cycle = _Cycle(self.parser.should_keep_alive())
        self.cycle = cycle  # type: ignore[assignment]  # it has what uvicorn's protocol asks of one
        scope: MutableMapping[str, Any] = self.scope  # type: ignore[assignment]  # a dict by another name
        self._taker.take(door, scope, b"".join(parts), partial(self._answer, cycle))

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._door is not None:
            self._wait_for_the_rest()

    def _find_door(self) -> Door | None:
        """None for all that is not the usual."""
        cycle, parser = self.cycle, self.parser
        if (
            self._taker is None
            or (cycle is not None and not cycle.response_complete)
            or self.expect_100_continue
            or self.flow.write_paused
            or parser.get_method() != b"POST"
            or parser.should_upgrade()
            or parser.get_http_version() != "1.1"
        ):
            return None
        raw_path, _, query = self.url.partition(b"?")
        if b"%" in raw_path or b"#" in self.url or not raw_path.isascii():
            return None
        path = raw_path.decode()
        door = self._taker.door(path)
        if door is not None:
            scope = self.scope
            scope["method"], scope["path"], scope["raw_path"] = "POST", path, raw_path
            scope["query_string"] = query
        return door

    def _wait_for_the_rest(self) -> None:
        """The body is not whole: the request goes uvicorn's way, as if it had from the start."""
        self._door = None
        parts, self._parts = self._parts, []
        if self.transport.is_closing():
            return
        self._stop_timer()  # what came was no rest of the request before it
        super().on_headers_complete()
        for part in parts:
            super().on_body(part)

    def _answer(self, cycle: _Cycle, answer: Answer) -> None:
        cycle.response_complete = True
        if cycle.disconnected or self.transport.is_closing():
            return
        first, rest = wire_of(answer, is_last=not cycle.keep_alive)
        usual = [b"%s: %s\r\n" % header for header in self.server_state.default_headers]
        self.transport.write(b"".join((first, *usual, rest)))
        if not cycle.keep_alive:
            self.transport.close()
        if self.pipeline or self.transport.is_closing():
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            self.timeout_keep_alive_task = self._rest.begin()  # type: ignore[assignment]  # it can be cancelled


class _Rest:
    """The wait of a connection for its next request: one timer for many waits, since nearly all are cut short."""

    __slots__ = ("_loop", "_over", "_seconds", "_since", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, over: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._over = over
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> _Rest:
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)
        return self

    def cancel(self) -> None:
        """Something came."""
        self._since = None

    def end(self) -> None:
        """Nothing will come any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._over()


class _Nobody:
    """Waits for no message."""

    def set(self) -> None: ...


class _Cycle:
    """Whether such a request is over, and what then becomes of its connection."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event = _Nobody()

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False
