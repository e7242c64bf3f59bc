"""A request's body: read within its time and size, expanded within a bound, not nested too deep nor in too many pieces."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from firstframe.errors import BadRequest, Refusal, TooLarge, Unavailable, UnsupportedMedia

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

GZIP_BITS = zlib.MAX_WBITS | 16
ENCODINGS = ("gzip", "deflate", "identity")
MOST_MEMBERS = 16
"""Of one gzip body. What follows a member is copied for it: a megabyte of empty ones would take seconds."""
HELD_BYTES = 128 * 1024 * 1024
"""Most that bodies may take up together that are not whole yet, in bytes; whole ones are bounded by their number."""
BLOCK_BYTES = 64 * 1024
"""So much is split at once: one call over megabytes would let no other thread run."""
_OPENING = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Disconnected(Exception):
    """The client went away before its body was here."""


class Patience:
    """Ends the wait for bodies that do not come. One look a second costs less than a timer per request.

    A client that sends half a body costs what it has sent, so what all of them have sent is bounded as well: the
    one that has waited longest gives way, because an honest body is whole soon after it began.
    """

    def __init__(self, seconds: float, most_bytes: int = HELD_BYTES) -> None:
        self.seconds = seconds
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._waiting: dict[asyncio.Task[Any], _Wait] = {}
        """In the order in which they began."""
        self._ended: dict[asyncio.Task[Any], Refusal] = {}

    def begin(self, now: float) -> asyncio.Task[Any] | None:
        task = asyncio.current_task()
        if task is not None:
            self._waiting[task] = _Wait(now + self.seconds)
        return task

    def hold(self, task: asyncio.Task[Any] | None, size: int) -> None:
        """So many bytes more of a body that is not whole. Raises `Unavailable` where it is itself the oldest."""
        if task is None:
            return
        self._waiting[task].size += size
        self._held_bytes += size
        while self._held_bytes > self._most_bytes:
            oldest = next(iter(self._waiting))
            refusal = Unavailable("too many bodies are half sent", code="overloaded", retry_after_seconds=1)
            if oldest is task:
                raise refusal
            self._give_up(oldest, refusal)

    def end(self, task: asyncio.Task[Any] | None) -> Refusal | None:
        """The wait is over; gives why, where it was ended from here."""
        if task is None:
            return None
        wait = self._waiting.pop(task, None)
        if wait is not None:
            self._held_bytes -= wait.size
        return self._ended.pop(task, None)

    def look(self, now: float) -> None:
        """End the waits that are over their time."""
        for task in [task for task, wait in self._waiting.items() if wait.until <= now]:
            self._give_up(
                task,
                BadRequest(
                    f"the body did not arrive within {self.seconds:g} seconds",
                    code="slow_body",
                    expected_seconds=self.seconds,
                ),
            )

    def _give_up(self, task: asyncio.Task[Any], refusal: Refusal) -> None:
        self._held_bytes -= self._waiting.pop(task).size
        self._ended[task] = refusal
        task.cancel()


class _Wait:
    """Until when somebody waits for a body, and how much of it is here."""

    __slots__ = ("size", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.size = 0


async def read_body(receive: Receive, length: bytes | None, limit: int, patience: Patience) -> bytes:
    """The body as sent.

    Raises `TooLarge`, `BadRequest` when it is too slow, `Unavailable` when too much is half sent, `Disconnected`.
    """
    if length is not None and length.isdigit():
        check_size(int(length[:19]), limit)
    task = patience.begin(time.monotonic())
    try:
        return await _read(receive, limit, patience, task)
    except asyncio.CancelledError:
        refusal = patience.end(task)
        if task is None or refusal is None:
            raise
        task.uncancel()
        raise refusal from None
    finally:
        patience.end(task)


async def _read(receive: Receive, limit: int, patience: Patience, task: asyncio.Task[Any] | None) -> bytes:
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
        patience.hold(task, len(parts[-1]))
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)


def expand(body: bytes, encoding: bytes | None, limit: int) -> bytes:
    """The body as meant. Raises `UnsupportedMedia`, `BadRequest` for broken data, `TooLarge` for a bomb."""
    if not encoding:
        return body
    bits = _bits(body, encoding)
    return body if bits is None else _inflate(body, bits, limit, "gzip" if bits == GZIP_BITS else "deflate")


def peek(body: bytes, encoding: bytes | None, size: int) -> bytes:
    """The first bytes of a body as meant, or as sent where that cannot be said. Raises nothing."""
    try:
        bits = _bits(body, encoding) if encoding else None
        return body[:size] if bits is None else zlib.decompressobj(bits).decompress(body, size)
    except (UnsupportedMedia, zlib.error):
        return body[:size]


def _bits(body: bytes, encoding: bytes) -> int | None:
    """What zlib calls this encoding; None where nothing is encoded. Raises `UnsupportedMedia`."""
    name = encoding.strip().lower()
    if name == b"identity":
        return None
    if name in (b"gzip", b"x-gzip"):
        return GZIP_BITS
    if name == b"deflate":
        # The standard means zlib's wrapping; some clients send the bare stream. The first two bytes tell.
        is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
        return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
    got = encoding.decode("latin-1")[:100]
    raise UnsupportedMedia(
        f"the content encoding {got!r} is not read here; {', '.join(ENCODINGS)} are",
        expected=ENCODINGS,
        got=got,
    )


def _inflate(body: bytes, bits: int, limit: int, name: str) -> bytes:
    expanded = b""
    try:
        for _ in range(MOST_MEMBERS):  # gzip data may be several members, one after the other
            if not body:
                return expanded
            stream = zlib.decompressobj(bits)
            expanded += stream.decompress(body, limit + 1 - len(expanded))
            if len(expanded) > limit:
                raise TooLarge(f"the body expands to more than {limit} bytes", limit_bytes=limit)
            if not stream.eof:
                raise BadRequest(f"the {name} body ends too early", code="bad_encoding")
            body = stream.unused_data if bits == GZIP_BITS else b""
    except zlib.error as error:
        raise BadRequest(f"the body is not {name}: {error}", code="bad_encoding", expected=name) from error
    if body:
        raise BadRequest(f"the body is more than {MOST_MEMBERS} gzip members", code="bad_encoding")
    return expanded


def check_depth(body: bytes, limit: int) -> None:
    """Raises `TooLarge` when JSON is nested deeper than ``limit``, before any parser recurses into it.

    What is no JSON at all may pass; the parser refuses it.
    """
    if body.count(b"{") + body.count(b"[") <= limit:
        return
    brackets = _without_strings(body).translate(_OPENING, _NOT_BRACKETS)
    too_deep = b"{" * (limit + 1)
    for _ in range(limit):  # each round takes away the innermost level
        if too_deep in brackets:
            break  # no need to take away the levels inside, megabytes of them in a bomb
        brackets = brackets.replace(b"{}", b"")
        if not brackets:
            return
    if brackets.startswith(b"{") or too_deep in brackets:
        raise TooLarge(
            f"the body is nested more than {limit} deep, or a bracket is not closed", limit_depth=limit
        )


def count_values(body: bytes) -> int:
    """About how many values JSON holds: what reading it costs. Commas and brackets in texts are counted too."""
    return body.count(b",") + body.count(b"{") + body.count(b"[")


def check_values(body: bytes, limit: int) -> None:
    """Raises `TooLarge` when JSON holds more values than that. What is no JSON may pass; the parser refuses it."""
    if count_values(body) > limit and count_values(_without_strings(body)) > limit:
        raise TooLarge(f"the body holds more than {limit} values", limit_values=limit)


def _without_strings(body: bytes) -> bytes:
    """A body without its strings: they stand between every other quote that is not escaped.

    Behind the last quote nothing is a string, also where that quote is never closed: it shall hide nothing.
    """
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    kept: list[bytes] = []
    is_string = False
    for start in range(0, len(plain), BLOCK_BYTES):
        parts = plain[start : start + BLOCK_BYTES].split(b'"')
        kept += parts[is_string::2]
        is_string ^= len(parts) % 2 == 0
    if is_string:
        kept.append(plain.rpartition(b'"')[2])
    return b"".join(kept)


def check_size(size: int, limit: int) -> None:
    """Raises `TooLarge`."""
    if size > limit:
        raise TooLarge(
            f"the body is {size} bytes or more, {limit} are allowed", limit_bytes=limit, got_bytes=size
        )
