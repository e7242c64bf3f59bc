"""A request's body: read within its time and size, expanded within a bound, and not nested too deep."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from firstframe.errors import BadRequest, TooLarge, UnsupportedMedia

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

GZIP_BITS = zlib.MAX_WBITS | 16
ENCODINGS = ("gzip", "deflate", "identity")
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_OPENING = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Disconnected(Exception):
    """The client went away before its body was here."""


class Patience:
    """Ends the wait for bodies that do not come. One look a second costs less than a timer per request."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()

    def begin(self, now: float) -> asyncio.Task[Any] | None:
        task = asyncio.current_task()
        if task is not None:
            self._waiting[task] = now + self.seconds
        return task

    def end(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether the wait was ended by `look`."""
        if task is not None:
            self._waiting.pop(task, None)
        if task in self._late:
            self._late.discard(task)
            return True
        return False

    def look(self, now: float) -> None:
        """End the waits that are over their time."""
        for task in [task for task, until in self._waiting.items() if until <= now]:
            self._waiting.pop(task)
            self._late.add(task)
            task.cancel()


async def read_body(receive: Receive, length: bytes | None, limit: int, patience: Patience) -> bytes:
    """The body as sent. Raises `TooLarge`, `BadRequest` when it is too slow, `Disconnected`."""
    if length is not None and length.isdigit():
        check_size(int(length[:19]), limit)
    task = patience.begin(time.monotonic())
    try:
        return await _read(receive, limit)
    except asyncio.CancelledError:
        if task is None or not patience.end(task):
            raise
        task.uncancel()
    finally:
        patience.end(task)
    raise BadRequest(
        f"the body did not arrive within {patience.seconds:g} seconds",
        code="slow_body",
        expected_seconds=patience.seconds,
    )


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    parts = [body]
    size = len(body)
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        check_size(size, limit)
        if not message.get("more_body", False):
            return body if len(parts) == 1 else b"".join(parts)
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)


def expand(body: bytes, encoding: bytes | None, limit: int) -> bytes:
    """The body as meant. Raises `UnsupportedMedia`, `BadRequest` for broken data, `TooLarge` for a bomb."""
    if not encoding:
        return body
    name = encoding.strip().lower()
    if name == b"identity":
        return body
    if name in (b"gzip", b"x-gzip"):
        return _inflate(body, GZIP_BITS, limit, "gzip")
    if name == b"deflate":
        # The standard means zlib's wrapping; some clients send the bare stream. The first two bytes tell.
        is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
        return _inflate(body, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS, limit, "deflate")
    got = encoding.decode("latin-1")[:100]
    raise UnsupportedMedia(
        f"the content encoding {got!r} is not read here; {', '.join(ENCODINGS)} are",
        expected=ENCODINGS,
        got=got,
    )


def _inflate(body: bytes, bits: int, limit: int, name: str) -> bytes:
    expanded = b""
    try:
        while body:  # gzip data may be several members, one after the other
            stream = zlib.decompressobj(bits)
            expanded += stream.decompress(body, limit + 1 - len(expanded))
            if len(expanded) > limit:
                raise TooLarge(f"the body expands to more than {limit} bytes", limit_bytes=limit)
            if not stream.eof:
                raise BadRequest(f"the {name} body ends too early", code="bad_encoding")
            body = stream.unused_data if bits == GZIP_BITS else b""
    except zlib.error as error:
        raise BadRequest(f"the body is not {name}: {error}", code="bad_encoding", expected=name) from error
    return expanded


def check_depth(body: bytes, limit: int) -> None:
    """Raises `TooLarge` when JSON is nested deeper than ``limit``, before any parser recurses into it.

    What is no JSON at all may pass; the parser refuses it.
    """
    if body.count(b"{") + body.count(b"[") <= limit:
        return
    brackets = _without_strings(body).translate(_OPENING, _NOT_BRACKETS)
    for _ in range(limit):  # each round takes away the innermost level
        if not brackets:
            return
        brackets = brackets.replace(b"{}", b"")
    if brackets.startswith(b"{"):
        raise TooLarge(
            f"the body is nested more than {limit} deep, or a bracket is not closed", limit_depth=limit
        )


def _without_strings(body: bytes) -> bytes:
    """A body without its strings: they stand between every other quote that is not escaped."""
    plain = _ESCAPED.sub(b"", body) if b"\\" in body else body
    if plain.count(b'"') % 2:
        return _STRINGS.sub(b"", body)
    return b"".join(plain.split(b'"')[::2])


def check_size(size: int, limit: int) -> None:
    """Raises `TooLarge`."""
    if size > limit:
        raise TooLarge(
            f"the body is {size} bytes or more, {limit} are allowed", limit_bytes=limit, got_bytes=size
        )
