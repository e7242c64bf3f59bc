"""The collector: a plain ASGI callable that makes beacons durable and answers, and nothing else.

One request: path → route → body (bounded) → the dialect's envelope → write key, origin, rate → journal → 2xx.
Nearly all requests are beacons that come in one piece: `take` answers those without a task of their own.
What goes wrong on the way is a `firstframe.errors.Refusal`, answered as JSON with CORS headers, counted, sampled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog

from firstframe.accounts.keybook import KeyBook
from firstframe.clock import epoch_ms
from firstframe.dialects.base import Dialect, Grant, Reply
from firstframe.disk import write_atomically
from firstframe.edge.answer import JSON, NOSNIFF, Answer, answer_of, refusal_answer, send_answer
from firstframe.edge.body import Disconnected, Patience, check_size, peek, read_body
from firstframe.edge.chores import Chores
from firstframe.edge.cors import cors_headers, preflight_headers
from firstframe.edge.document import PATH as DOCUMENT
from firstframe.edge.document import document
from firstframe.edge.intake import HEADER_CHARS, Arrival, Intake, not_understood
from firstframe.edge.meter import Meter
from firstframe.edge.refusal import SAMPLE_BYTES, Refusals, Refused, reason_of
from firstframe.edge.route import SOCKET, Door, Match, Router, Target
from firstframe.edge.socket import SocketHub
from firstframe.enrich.place import PlaceFinder
from firstframe.errors import MethodNotAllowed, NotFound, Refusal, Unavailable
from firstframe.journal.base import Appender
from firstframe.settings import Settings

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

IN_FLIGHT = 4_096
"""Requests answered at once; beyond it 503, or their bodies fill the memory. One counts from when its body is whole:
before that it costs little (see `Patience`), and anybody can begin thousands."""
TICK_SECONDS = 1.0
LATE_SECONDS = 5.0
"""So long after its last round of chores a collector says that it is not well."""


class Collector:
    """The ASGI application. Call `start` and `stop` around its life, or let the server's lifespan do it."""

    def __init__(
        self,
        dialects: Sequence[Dialect],
        journal: Appender,
        keys: KeyBook,
        places: PlaceFinder,
        settings: Settings,
        *,
        meter: Meter,
        clock: Callable[[], int] = epoch_ms,
        refusal_file: Path | None = None,
        mounts: Mapping[str, App] | None = None,
    ) -> None:
        self.router = Router(dialects)
        self._journal = journal
        self._keys = keys
        self._settings = settings
        self._meter = meter
        self._clock = clock
        self._refusal_file = refusal_file
        self._mounts = tuple((mounts or {}).items())
        self._document = document(dialects)
        self._intake = Intake(journal, keys, places, settings, meter, clock)
        self._sockets = SocketHub(self.router, self._intake, self._note)
        self._patience = Patience(settings.request_seconds)
        self._refusals = Refusals()
        self._in_flight = 0
        self._chores = Chores(
            {
                "slow bodies": lambda: self._patience.look(time.monotonic()),
                "numbers": self._count,
            },
            TICK_SECONDS,
        )
        # Rounds of their own, with threads of their own: a disk or a database that hangs must not keep slow bodies
        # alive, nor may either wait for the other.
        self._writing = Chores(
            {"journal": self._look_at_journal, "refusals": self._save_refusals}, TICK_SECONDS
        )
        self._lookups = Chores({"write keys": self._refresh}, TICK_SECONDS)
        self._disk_thread = ThreadPoolExecutor(1, thread_name_prefix="edge-disk")
        self._key_thread = ThreadPoolExecutor(1, thread_name_prefix="edge-keys")

    @property
    def recent_refusals(self) -> Sequence[Refused]:
        """The newest refusals of this process, newest first."""
        return self._refusals.newest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        kind = scope["type"]
        if kind == "http":
            await self._serve(scope, receive, send)
        elif kind == "websocket":
            await self._sockets.serve(scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)

    async def start(self) -> None:
        """Learn the write keys and begin to keep them fresh."""
        await self._lookups.do()
        self._chores.start()
        self._writing.start()
        self._lookups.start()

    async def stop(self) -> None:
        """Stop what `start` began, and note the last refusals."""
        await self._lookups.stop()
        await self._writing.stop()
        await self._chores.stop()

    # HTTP

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        match = self.router.find(scope["path"])
        target = None
        body: list[bytes] = []
        try:
            target = self._target(scope, match)
            if target is None or match is None:
                await self._serve_other(scope, receive, send, match, headers)
                return
            length = headers.get(b"content-length")
            body.append(await read_body(receive, length, self._settings.max_body_bytes, self._patience))
            reply = await self._reply(target, match, scope, headers, body[0])
            answer = answer_of(reply, headers.get(b"origin"))
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, it is answered
            answer = self._failed(error, target, scope, headers, body)
        await send_answer(send, answer)

    async def _reply(
        self, target: Target, match: Match, scope: Scope, headers: Mapping[bytes, bytes], body: bytes
    ) -> Reply:
        """What is said to a request whose body is here."""
        self._in_flight += 1
        try:
            self._check_crowd()
            if target.route.kind == "answer":
                return await self._answer(target, match, scope, headers, body)
            encoding = headers.get(b"content-encoding")
            await self._intake.keep(Arrival(target, match, scope, headers, body, encoding))
            return target.route.reply
        finally:
            self._in_flight -= 1

    # Beacons that come in one piece

    def door(self, path: str) -> Door | None:
        """Where a POST to this path is kept; None where it is not."""
        return self.router.door(path)

    def take(self, door: Door, scope: Scope, body: bytes, answer: Callable[[Answer], None]) -> None:
        """Keep a whole body and answer when that is done, now or later."""
        headers = dict(scope["headers"])
        self._in_flight += 1
        sample: tuple[bytes, ...] = ()
        try:
            self._check_crowd()
            check_size(len(body), self._settings.max_body_bytes)
            sample = (body,)
            encoding = headers.get(b"content-encoding")
            arrival = Arrival(door.target, door.match, scope, headers, body, encoding)
            kept = self._intake.keep(arrival)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is answered
            self._in_flight -= 1
            answer(self._failed(error, door.target, scope, headers, sample))
        else:
            kept.then(partial(self._settle, arrival, answer))

    def _settle(self, arrival: Arrival, answer: Callable[[Answer], None], error: Exception | None) -> None:
        self._in_flight -= 1
        headers = arrival.headers
        if error is None:
            answer(answer_of(arrival.target.route.reply, headers.get(b"origin")))
        else:
            answer(self._failed(error, arrival.target, arrival.scope, headers, (arrival.body,)))

    def _failed(
        self,
        error: Exception,
        target: Target | None,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        body: Sequence[bytes],
    ) -> Answer:
        if isinstance(error, Refusal):
            refusal = error
        else:
            log.error("a request failed in the collector itself", path=scope["path"][:200], exc_info=error)
            refusal = Unavailable("the collector failed on this request", code="fault", retry_after_seconds=5)
        self._note(refusal, target, scope, headers, body)
        return refusal_answer(refusal, headers.get(b"origin"))

    def _target(self, scope: Scope, match: Match | None) -> Target | None:
        """The route for this request; None for what no dialect owns. Raises `MethodNotAllowed`."""
        if match is None:
            return None
        method = scope["method"]
        target = match.methods.get(method) or (match.methods.get("GET") if method == "HEAD" else None)
        if target is None and method != "OPTIONS" and (scope["path"] != "/" or method not in ("GET", "HEAD")):
            allowed = sorted({*match.methods, "OPTIONS"} - {SOCKET})
            raise MethodNotAllowed(
                f"{method} is not for {scope['path'][:200]}; {', '.join(allowed)} is",
                expected=allowed,
                got=method,
            )
        return target

    async def _answer(
        self, target: Target, match: Match, scope: Scope, headers: Mapping[bytes, bytes], body: bytes
    ) -> Reply:
        """The reply of a route that keeps nothing, with the verdict on its key told to the dialect."""
        encoding = headers.get(b"content-encoding")
        request = await self._intake.request(Arrival(target, match, scope, headers, body, encoding))
        route = target.route
        try:
            key = match.write_key
            if key is None and route.key_of is not None:
                key = await self._intake.ask(request, partial(route.key_of, request))
            grant = self._verdict(key, target, scope, headers, body)
            if route.answer is None:
                return route.reply
            return await self._intake.ask(request, partial(route.answer, request, grant))
        except Refusal:
            raise
        except Exception as error:
            raise not_understood(target, error) from error

    def _verdict(
        self, key: str | None, target: Target, scope: Scope, headers: Mapping[bytes, bytes], body: bytes
    ) -> Grant:
        origin = headers.get(b"origin")
        try:
            self._intake.grant(key, origin.decode("latin-1") if origin is not None else None)
        except Unavailable:
            raise
        except Refusal as refusal:
            self._note(refusal, target, scope, headers, [body])
            return Grant(granted=False, message=refusal.message)
        return Grant(granted=True)

    def _check_crowd(self) -> None:
        if self._in_flight > IN_FLIGHT:
            raise Unavailable("too many requests at once", code="overloaded", retry_after_seconds=1)

    # What no dialect owns

    async def _serve_other(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        match: Match | None,
        headers: Mapping[bytes, bytes],
    ) -> None:
        path, method = scope["path"], scope["method"]
        for prefix, app in self._mounts:
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        if method == "OPTIONS" and match is not None:
            methods = set(match.methods) - {SOCKET} or {"GET"}
            await send_answer(send, Answer.of(204, preflight_headers(headers, methods)))
        elif path in ("/", "/health", DOCUMENT) and method in ("GET", "HEAD"):
            status, content = self._own(path)
            cors = cors_headers(headers.get(b"origin"))
            await send_answer(send, Answer.of(status, [JSON, NOSNIFF, *cors], msgspec.json.encode(content)))
        else:
            raise NotFound(
                f"nothing is served at {path[:200]}; see the known paths",
                expected=self.router.known,
                got=f"{method} {path[:200]}",
            )

    def _own(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == "/health":
            return self._health()
        return 200, self._document if path == DOCUMENT else self._welcome()

    def _welcome(self) -> dict[str, Any]:
        return {
            "service": "firstframe collector",
            "message": "Players send their beacons here. Numbers are read from the private API.",
            "paths": self.router.known,
        }

    def _health(self) -> tuple[int, dict[str, Any]]:
        lack = self._journal.lack
        if not self._keys.is_ready:
            lack = "the write keys cannot be read"
        if max(self._chores.age(), self._writing.age()) > LATE_SECONDS:
            lack = "the collector's chores are not done"
        return (503 if lack else 200), {"status": "unavailable" if lack else "ok", "message": lack or ""}

    # Bookkeeping

    def _note(
        self,
        refusal: Refusal,
        target: Target | None,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        body: Sequence[bytes],
    ) -> None:
        reason = reason_of(refusal)
        dialect = target.dialect.name if target else None
        self._meter.refused(dialect or "", reason)
        match = self.router.find(scope["path"])
        path_key = match.write_key if match else None
        grant = self._keys.find(path_key)
        whose = refusal.project if path_key is None else None  # a key in the path goes before one in the body
        self._refusals.add(
            Refused(
                at_ms=self._clock(),
                dialect=dialect,
                project=whose or (grant.project if grant else None),
                status=refusal.status,
                reason=reason,
                code=refusal.code,
                message=refusal.message,
                detail=refusal.detail if refusal.status != NotFound.status else {},
                method=scope.get("method", SOCKET),
                path=scope["path"][:500],
                origin=_text(headers.get(b"origin")),
                user_agent=_text(headers.get(b"user-agent")),
                sample=_sample(body[0], headers) if body else "",
            )
        )

    async def _refresh(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._key_thread, self._keys.refresh)

    def _count(self) -> None:
        self._meter.flush(self._in_flight)
        room = self._journal.room
        if room is not None:
            self._meter.room(room.used_bytes, room.free_bytes)

    async def _look_at_journal(self) -> None:
        """A journal that took nothing looks again by itself: who heeds `/health` sends no beacon to make it look."""
        if self._journal.lack:
            await self._journal.look()

    async def _save_refusals(self) -> None:
        content = self._refusals.unsaved()
        if content is not None and self._refusal_file is not None:
            await asyncio.get_running_loop().run_in_executor(
                self._disk_thread, _write, self._refusal_file, content
            )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def make_app(
    dialects: Sequence[Dialect],
    journal: Appender,
    keys: KeyBook,
    places: PlaceFinder,
    settings: Settings,
    *,
    meter: Meter | None = None,
    clock: Callable[[], int] = epoch_ms,
    refusal_file: Path | None = None,
    mounts: Mapping[str, App] | None = None,
) -> Collector:
    """The collector for these dialects.

    ``mounts`` are ASGI applications for prefixes that no dialect owns. Raises ValueError when two dialects claim
    the same address, `firstframe.errors.ConfigError` for bad ``trusted_proxies``.
    """
    return Collector(
        dialects,
        journal,
        keys,
        places,
        settings,
        meter=meter or Meter(),
        clock=clock,
        refusal_file=refusal_file,
        mounts=mounts,
    )


def _sample(body: bytes, headers: Mapping[bytes, bytes]) -> str:
    """The beginning of a body as it was meant, for people."""
    return peek(body, headers.get(b"content-encoding"), SAMPLE_BYTES).decode("utf-8", "replace")


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1")[:HEADER_CHARS] if value is not None else None


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        log.warning("the refusals cannot be written", error=str(error))
