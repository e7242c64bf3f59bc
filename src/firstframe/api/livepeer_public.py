"""What pages may call of Livepeer's API, on the public listener: made when it is first called for.

A collector may start before the engine, and must not wait for it: beacons come first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from firstframe.accounts.store import Accounts
from firstframe.api.engine_url import limited_engine_url
from firstframe.api.livepeer import PUBLIC_PREFIXES, LivepeerApi, make_public_app
from firstframe.api.vendor import Receive, Scope, Send
from firstframe.engine.client import AsyncEngine
from firstframe.errors import ConfigError, EngineError
from firstframe.folder import Folder
from firstframe.settings import Settings

MOST_RESULT_BYTES = 16 * 2**20
"""Most that one answer of the engine may hold: totals and rows for pages are small."""


class PublicApp:
    """The application, behind whatever makes it."""

    def __init__(self, connect: Callable[[], LivepeerApi]) -> None:
        """``connect`` may block, and raise `ConfigError` or `EngineError` while there is nothing to connect to."""
        self._connect = connect
        self._app: LivepeerApi | None = None
        self._making: asyncio.Future[LivepeerApi] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="livepeer-connect")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        app = self._app
        if app is None:
            try:
                app = await self._made()
            except (ConfigError, EngineError):
                await _unavailable(send)
                return
        await app(scope, receive, send)

    async def _made(self) -> LivepeerApi:
        """One attempt for all who wait: it may hang, and each of its own would take a thread and connections."""
        if self._making is None:
            self._making = asyncio.get_running_loop().run_in_executor(self._thread, self._connect)
            self._making.add_done_callback(self._settle)
        return await asyncio.shield(self._making)  # who goes away does not end it for the others

    def _settle(self, making: asyncio.Future[LivepeerApi]) -> None:
        self._making = None
        if not making.cancelled() and making.exception() is None:
            self._app = making.result()


def public_mounts(settings: Settings, folder: Folder) -> dict[str, PublicApp]:
    """What a collector mounts, by prefix."""
    where = partial(limited_engine_url, settings, folder, MOST_RESULT_BYTES)

    def connect() -> LivepeerApi:
        engine = AsyncEngine.connect(where(), where=where)
        return make_public_app(engine, Accounts(settings.accounts or folder.accounts_url))

    return dict.fromkeys(PUBLIC_PREFIXES, PublicApp(connect))


async def _unavailable(send: Send) -> None:
    body = msgspec.json.encode({"errors": ["the engine does not answer; try again"]})
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"access-control-allow-origin", b"*"),
        (b"retry-after", b"2"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
