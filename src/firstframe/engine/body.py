"""The body of a request as it comes in: decoded piece by piece."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from firstframe.engine.compression import Decoder
from firstframe.engine.fault import SYNTAX_ERROR, fault

Receive = Callable[[], Awaitable[dict[str, Any]]]

PIECE_BYTES = 1 << 20
"""INSERT data is handed on in pieces of this size at least."""


class Gone(Exception):  # nobody is left to be answered
    """The client went away before its body was whole, or does not read its answer."""


class Body:
    """Reads a request's body once, from front to back."""

    def __init__(self, receive: Receive, decoder: Decoder) -> None:
        self._receive = receive
        self._decoder = decoder
        self._ended = False

    async def take(self, limit: int) -> bytes:
        """At least ``limit`` bytes, or all there are. Raises `Gone`, or `Fault` for what cannot be decoded."""
        held = bytearray()
        while len(held) < limit and not self._ended:
            held += await self._next()
        return bytes(held)

    async def rest(self, limit: int) -> bytes:
        """All there is. Raises `Fault` when it is more than ``limit`` bytes."""
        held = await self.take(limit + 1)
        if len(held) > limit:
            raise fault(SYNTAX_ERROR, f"The statement is longer than {limit} bytes")
        return held

    async def pieces(self) -> AsyncIterator[bytes]:
        """All there is, in pieces of `PIECE_BYTES` or a little more."""
        while piece := await self.take(PIECE_BYTES):
            yield piece

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        out = self._decoder.feed(message.get("body", b""))
        if not message.get("more_body", False):
            self._ended = True
            out += self._decoder.finish()
        return out
