"""How answers and refusals go out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec

from firstframe.dialects.base import Reply
from firstframe.edge.cors import ORIGIN_BYTES, Headers, cors_headers
from firstframe.errors import MethodNotAllowed, Refusal

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = (b"content-type", b"application/json")
NOSNIFF = (b"x-content-type-options", b"nosniff")
KEPT_ANSWERS = 1_024
"""Answers are alike but for the page's origin, which anybody can make up."""


class Answer(msgspec.Struct, frozen=True):
    """One whole answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    @classmethod
    def of(cls, status: int, headers: Headers, body: bytes = b"") -> Answer:
        """With its length, where one may be said."""
        length = [] if status in (204, 304) else [(b"content-length", b"%d" % len(body))]
        return cls(status, (*headers, *length), body)


def answer_of(reply: Reply, origin: bytes | None) -> Answer:
    """A dialect's reply, with what lets a page of this origin read it."""
    return _answer_of(reply, None if origin is None or len(origin) > ORIGIN_BYTES else origin)


@lru_cache(KEPT_ANSWERS)
def _answer_of(reply: Reply, origin: bytes | None) -> Answer:
    own = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in reply.headers]
    if reply.content_type is not None:
        own.append((b"content-type", reply.content_type.encode()))
    return Answer.of(reply.status, [*own, *cors_headers(origin)], reply.body)


def refusal_answer(refusal: Refusal, origin: bytes | None) -> Answer:
    """``{"error": {code, message, detail}}``, with when to come back and what is allowed instead."""
    headers = [JSON, NOSNIFF, *cors_headers(origin)]
    wait = refusal.detail.get("retry_after_seconds")
    if wait is not None:
        headers += [
            (b"retry-after", b"%d" % wait),
            (b"access-control-expose-headers", b"retry-after"),
        ]
    if isinstance(refusal, MethodNotAllowed):
        headers.append((b"allow", ", ".join(refusal.detail["expected"]).encode()))
    return Answer.of(refusal.status, headers, msgspec.json.encode(refusal.body()))


async def send_answer(send: Send, answer: Answer) -> None:
    """One whole answer."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


def wire_of(answer: Answer, *, is_last: bool) -> tuple[bytes, bytes]:
    """The answer as HTTP/1.1: its first line, and all behind it. ``is_last``: the connection ends with it."""
    return _wire_of(answer, is_last) if answer.status < 400 else _written(answer, is_last)


def _written(answer: Answer, is_last: bool) -> tuple[bytes, bytes]:
    headers = (*answer.headers, (b"connection", b"close")) if is_last else answer.headers
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    status = HTTPStatus(answer.status)
    return b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()), lines + b"\r\n" + answer.body


_wire_of = lru_cache(KEPT_ANSWERS)(_written)
"""Not for refusals, of which there may be as many as requests."""
