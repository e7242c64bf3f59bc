"""ClickHouse's HTTP interface in front of the embedded engine, as a plain ASGI application.

A request is taken apart (`request`), its statement read (`statement`), judged if the read-only user sent it
(`guard`), and run on a connection (`session`) in a thread (`lane`); data goes in (`body`) and out (`reply`) in pieces.
"""

import asyncio
import secrets as random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any

from firstframe.engine.body import Body, Gone
from firstframe.engine.compression import decoder, encoder, encoding_for
from firstframe.engine.fault import (
    READONLY,
    SESSION_IS_LOCKED,
    TOO_MANY_ROWS_OR_BYTES,
    Fault,
    fault,
    fault_of,
)
from firstframe.engine.guard import check_format, permitted
from firstframe.engine.keeper import Keeper
from firstframe.engine.lane import Lane, Lanes
from firstframe.engine.reply import Reply, Summary
from firstframe.engine.request import READER, Ask, ask_of, limits, most_result_bytes, with_form
from firstframe.engine.session import Piece, Session, Sessions
from firstframe.engine.statement import Statement, read

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

STREAMED = frozenset(
    {
        "CSV",
        "JSONCompactEachRow",
        "JSONCompactStringsEachRow",
        "JSONEachRow",
        "JSONStringsEachRow",
        "Native",
        "RowBinary",
        "TSKV",
        "TSV",
        "TSVRaw",
        "TabSeparated",
        "TabSeparatedRaw",
    }
)
"""The formats whose blocks, one after the other, are the whole; all others are made at once."""

_CHANGING = frozenset(
    {b"INSERT", b"CREATE", b"ALTER", b"DROP", b"TRUNCATE", b"OPTIMIZE", b"RENAME", b"KILL", b"SYSTEM"}
)
_STATEMENT_BYTES = 16 << 20
_READER_BYTES = 1 << 20
_HEAD_BYTES = 64 << 10
_OK = b"Ok.\n"
_CLAIMS, _CLAIM_SECONDS = 20, 0.02


class Face:
    """The application."""

    def __init__(
        self,
        sessions: Sessions,
        lanes: Lanes,
        secrets: Mapping[str, str],
        keeper: Keeper,
        *,
        memory_bytes: int,
        query_seconds: float,
    ) -> None:
        self._sessions = sessions
        self._lanes = lanes
        self._secrets = secrets
        self.keeper = keeper
        self._memory_bytes = memory_bytes
        self._query_seconds = query_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, method, query = scope["path"], scope["method"], scope["query_string"]
        if path in ("/ping", "/replicas_status"):
            await _plain(send, 200, _OK)
        elif path not in ("/", "/query"):
            # No HTML: the path is whatever a page made the browser ask for.
            text = f"There is no handle {path}\n\nUse / or /ping.\n".encode("utf-8", "replace")
            await _plain(send, 404, text, b"text/plain; charset=UTF-8")
        elif method not in ("GET", "HEAD", "POST", "PUT"):
            await _plain(send, 405, b"The method must be GET, HEAD, POST or PUT.\n")
        elif method in ("GET", "HEAD") and b"query=" not in query:
            await _plain(send, 200, _OK)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        tag = random.token_hex(8)
        reply = Reply(send, encoder(None, blocks=False), self._headers("", tag), hold=True)
        try:
            ask = ask_of(scope["method"], scope["query_string"], headers, self._secrets)
            encoding = encoding_for(ask.accept) if ask.accept else None
            told = self._headers(ask.query_id, tag) | ({"content-encoding": encoding} if encoding else {})
            reply = Reply(send, encoder(encoding, blocks=ask.blocks_out), told, hold=ask.wait)
            body = Body(receive, decoder(ask.encoding, blocks=ask.blocks_in))
            content_type = headers.get("content-type", "")
            if content_type.startswith("multipart/form-data"):
                ask = with_form(ask, content_type, await body.rest(_STATEMENT_BYTES))
            await _Run(self, ask, body, reply, receive).through()
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 - whatever happens is told to the client
            told_fault = fault_of(error)
            self.keeper.heard(told_fault)
            with suppress(Gone):
                await reply.fail(told_fault, self._sessions.version, tag)

    def _headers(self, query_id: str, tag: str) -> dict[str, str]:
        return {
            "x-clickhouse-server-display-name": "firstframe",
            "x-clickhouse-query-id": query_id,
            "x-clickhouse-timezone": self._sessions.time_zone,
            "x-clickhouse-exception-tag": tag,
        }

    @property
    def sessions(self) -> Sessions:
        return self._sessions

    @property
    def lanes(self) -> Lanes:
        return self._lanes

    def settings(self, ask: Ask, verb: bytes) -> dict[str, str]:
        """What the statement runs under."""
        return limits(ask, verb, self._memory_bytes, self._query_seconds)


class _Run:
    """One request from its statement to the end of its answer."""

    def __init__(self, face: Face, ask: Ask, body: Body, reply: Reply, receive: Receive) -> None:
        self._face = face
        self._ask = ask
        self._body = body
        self._reply = reply
        self._receive = receive
        self._summary = Summary()
        self._most_bytes = inf
        self._begun = time.perf_counter_ns()

    async def through(self) -> None:
        statement = await self._statement()
        async with self._face.lanes.lease(guest=self._ask.user == READER) as lane:
            if self._ask.session_id is None:
                session = await lane(self._face.sessions.open)
                try:
                    await self._run(lane, session, statement)
                finally:
                    await lane(session.close)
            else:
                await self._run_named(lane, self._ask.session_id, statement)

    async def _run_named(self, lane: Lane, name: str, statement: Statement) -> None:
        key = (self._ask.user, name)
        kept = await self._claimed(key)
        # The read-only user's sessions are names only: a connection that is locked down cannot be prepared again.
        keep = self._ask.user != READER
        opened = kept
        try:
            if opened is None:
                opened = await lane(self._face.sessions.open)
            await self._run(lane, opened, statement)
        finally:
            if opened is not None and not keep:
                await lane(opened.close)
            self._face.sessions.release(key, opened if keep else None, self._ask.session_seconds)

    async def _claimed(self, key: tuple[str, str]) -> Session | None:
        """The session of this name; its last statement may have been answered and not yet have let go of it."""
        for _ in range(_CLAIMS):
            try:
                return self._face.sessions.claim(key, must_exist=self._ask.session_check)
            except Fault as failure:
                if failure.code != SESSION_IS_LOCKED:
                    raise
                await asyncio.sleep(_CLAIM_SECONDS)
        return self._face.sessions.claim(key, must_exist=self._ask.session_check)

    async def _statement(self) -> Statement:
        """The statement; what of an INSERT's data is still in the body stays there."""
        limit = _READER_BYTES if self._ask.user == READER else _STATEMENT_BYTES
        head = self._ask.query
        if head.strip():
            known = read(head)
            if known.data is not None and known.format is not None:
                return known
            rest = await self._body.rest(limit)
            return read(head + b"\n" + rest if rest else head)
        head = await self._body.take(_HEAD_BYTES)
        if head.lstrip()[:6].upper() == b"INSERT":
            known = read(head)
            if known.data is not None and known.format is not None:
                return known
        return read(head + await self._body.rest(limit))

    async def _run(self, lane: Lane, session: Session, statement: Statement) -> None:
        ask = self._ask
        if statement.verb in _CHANGING and (ask.read_only or ask.user == READER):
            why = "the user may only read" if ask.user == READER else "a GET changes nothing, use POST"
            raise fault(READONLY, f"Cannot execute query in readonly mode: {why}")
        settings = self._face.settings(ask, statement.verb)
        self._most_bytes = most_result_bytes(settings)
        await lane(session.prepare, ask.database, settings)
        if ask.user == READER:
            text = await lane(permitted, session.ask, statement.text, ask.params, ask.database)
            statement = read(text)
            await lane(session.lock_down)
        if statement.data is not None:
            await self._insert(lane, session, statement)
        else:
            await self._answer(lane, session, statement)

    async def _insert(self, lane: Lane, session: Session, statement: Statement) -> None:
        await lane(session.bind, self._ask.params)
        fmt = statement.format or self._ask.format or "TabSeparated"
        inserting = await lane(session.insert, statement.text, statement.tail, fmt)
        try:
            if statement.data:
                await lane(inserting.append, statement.data)
            async for piece in self._body.pieces():
                await lane(inserting.append, piece)
        except BaseException:
            await lane(inserting.cancel)
            raise
        keeper = self._face.keeper
        written = await lane(keeper.with_room, inserting.finish)
        self._summary.written_rows, self._summary.written_bytes = written.rows, written.bytes
        self._reply.name_format(self._ask.format or "TabSeparated")
        await self._reply.finish(self._told())

    async def _answer(self, lane: Lane, session: Session, statement: Statement) -> None:
        fmt = statement.format or self._ask.format or "TabSeparated"
        if self._ask.user == READER:
            check_format(fmt)
        self._reply.name_format(fmt)
        select = statement.verb in (b"SELECT", b"WITH") and not statement.whole
        if select and fmt in STREAMED:
            await self._stream(lane, session, statement, fmt)
        else:
            whole = partial(session.whole, statement.text, fmt, self._ask.params)
            await self._write(await lane(self._minded(statement), whole))
        await self._reply.finish(self._told())

    def _minded(self, statement: Statement) -> Callable[[Callable[[], Piece]], Piece]:
        """How it is run: whatever the engine makes of a nearly full disk, nothing may be said to be kept that is not."""
        if statement.verb == b"INSERT":
            return self._face.keeper.with_room
        if statement.defines:
            return self._face.keeper.with_definitions
        return lambda whole: whole()

    async def _stream(self, lane: Lane, session: Session, statement: Statement, fmt: str) -> None:
        # Nothing runs before the first is asked for.
        pieces = session.pieces(statement.text, fmt, self._ask.params)
        gone = asyncio.ensure_future(_disconnected(self._receive))
        try:
            while (piece := await lane(_next, pieces)) is not None:
                if gone.done():
                    raise Gone
                await self._write(piece)
        finally:
            gone.cancel()
            await lane(partial(_close, pieces))

    async def _write(self, piece: Piece) -> None:
        summary = self._summary
        summary.read_rows += piece.read_rows
        summary.read_bytes += piece.read_bytes
        summary.result_rows += piece.rows
        summary.result_bytes += len(piece.data)
        if summary.result_bytes > self._most_bytes:
            # chDB does not hold this limit for answers that it gives block by block.
            raise fault(
                TOO_MANY_ROWS_OR_BYTES, f"Limit for result exceeded, max bytes: {self._most_bytes:.0f}"
            )
        await self._reply.write(piece.data, self._told())

    def _told(self) -> str:
        return self._summary.json(time.perf_counter_ns() - self._begun)


def _next(pieces: Iterator[Piece]) -> Piece | None:
    return next(pieces, None)


def _close(pieces: Any) -> None:
    pieces.close()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _plain(
    send: Send, status: int, text: bytes, content_type: bytes = b"text/html; charset=UTF-8"
) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text, "more_body": False})
