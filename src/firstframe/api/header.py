"""The headers that every answer of the private listener has, whoever made it and however it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.types import Message, Scope

ALWAYS: Sequence[tuple[bytes, bytes]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""What is said of it once, unless the answer says it itself.

Answers are for who asked: nothing on the way and no browser may keep them. None of them is a page.
"""
VARY = b"Authorization, Cookie, Origin"
"""What an answer depends on besides its address, for caches that keep what they were told not to."""


async def add_headers(message: Message, scope: Scope) -> None:
    """Complete the head of an answer as it goes out."""
    if message["type"] != "http.response.start":
        return
    headers: list[Any] = [*message.get("headers", ())]
    there = {bytes(name).lower() for name, _ in headers}
    headers += [(name, value) for name, value in ALWAYS if name not in there]
    if b"cache-control" not in there or b"vary" not in there:
        told = b", ".join(value for name, value in headers if bytes(name).lower() == b"vary")
        headers = [pair for pair in headers if bytes(pair[0]).lower() != b"vary"]
        headers.append((b"vary", VARY if told in (b"", b"Origin") else told + b", " + VARY))
    message["headers"] = headers
