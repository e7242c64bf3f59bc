"""How answers and refusals go out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from firstframe.dialects.base import Reply
from firstframe.edge.cors import Headers
from firstframe.errors import MethodNotAllowed, Refusal

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = (b"content-type", b"application/json")
NOSNIFF = (b"x-content-type-options", b"nosniff")


def reply_headers(reply: Reply, cors: Headers) -> Headers:
    """The dialect's own headers and those that let a page read the answer."""
    if reply.content_type is None and not reply.headers:
        return cors
    own = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in reply.headers]
    if reply.content_type is not None:
        own.append((b"content-type", reply.content_type.encode()))
    return [*own, *cors]


async def send_answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """One whole answer."""
    if status not in (204, 304):
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_refusal(send: Send, refusal: Refusal, cors: Headers) -> None:
    """``{"error": {code, message, detail}}``, with when to come back and what is allowed instead."""
    headers = [JSON, NOSNIFF, *cors]
    wait = refusal.detail.get("retry_after_seconds")
    if wait is not None:
        headers += [
            (b"retry-after", b"%d" % wait),
            (b"access-control-expose-headers", b"retry-after"),
        ]
    if isinstance(refusal, MethodNotAllowed):
        headers.append((b"allow", ", ".join(refusal.detail["expected"]).encode()))
    await send_answer(send, refusal.status, headers, msgspec.json.encode(refusal.body()))
