"""Players that report over a WebSocket: each message is a beacon of its own, and nothing is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from firstframe.edge.intake import Arrival, Intake
from firstframe.edge.route import SOCKET, Match, Router, Target
from firstframe.errors import Refusal, Unavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Note = Callable[[Refusal, Target | None, Scope, Mapping[bytes, bytes], Sequence[bytes]], None]

RETRY_SECONDS = (0.5, 1, 2, 5, 10, 10)
"""Waits before a message is tried again: nobody at the other end would know to send it again."""

NOT_ALLOWED = 1008
TRY_AGAIN_LATER = 1013


class SocketHub:
    """Serves the ``socket`` routes. ``note`` counts and samples what is refused."""

    def __init__(
        self, router: Router, intake: Intake, note: Note, retry_seconds: Sequence[float] = RETRY_SECONDS
    ) -> None:
        self._router = router
        self._intake = intake
        self._note = note
        self._retry_seconds = retry_seconds

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from its opening to its end."""
        await receive()
        headers = dict(scope["headers"])
        match = self._router.find(scope["path"])
        target = match.methods.get(SOCKET) if match else None
        if match is None or target is None:
            await send({"type": "websocket.close", "code": NOT_ALLOWED})
            return
        try:
            origin = headers.get(b"origin")
            self._intake.grant(match.write_key, origin.decode("latin-1") if origin is not None else None)
        except Refusal as refusal:
            self._note(refusal, target, scope, headers, [])
            await send({"type": "websocket.close", "code": NOT_ALLOWED})
            return
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            body = message.get("bytes") or b"" if text is None else text.encode("utf-8", "surrogatepass")
            if not await self._keep_message(target, match, scope, headers, body):
                await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
                return

    async def _keep_message(
        self, target: Target, match: Match, scope: Scope, headers: Mapping[bytes, bytes], body: bytes
    ) -> bool:
        """Keep one message; False when the journal will not take it for long. A broken one is only counted."""
        for wait in (*self._retry_seconds, None):
            try:
                await self._intake.keep(Arrival(target, match, scope, headers, body))
            except Unavailable as refusal:
                self._note(refusal, target, scope, headers, [body])
                if wait is not None:
                    await asyncio.sleep(wait)
            except Refusal as refusal:
                self._note(refusal, target, scope, headers, [body])
                return True
            else:
                return True
        return False
