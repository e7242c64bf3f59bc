"""One collector process: its socket, its TLS, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Callable, Mapping, Sequence

import structlog
import uvicorn
import uvloop

from firstframe.accounts.keybook import KeyBook
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Dialect
from firstframe.edge.app import App, make_app
from firstframe.edge.certificate import check_certificate
from firstframe.edge.files import allow_files
from firstframe.edge.refusal import refusal_file
from firstframe.edge.script import MOUNTS
from firstframe.edge.whole import WholeProtocol
from firstframe.enrich.address import trusted_networks
from firstframe.enrich.place import PlaceFinder
from firstframe.errors import ConfigError
from firstframe.folder import Folder
from firstframe.journal import open_appender
from firstframe.settings import Settings, address
from firstframe.stop import Stop

log = structlog.get_logger()

BACKLOG = 4_096
KEEP_ALIVE_SECONDS = 65
"""Longer than a player's heartbeat and than most proxies' own, so that the proxy closes first."""
SWITCH_SECONDS = 0.0005
"""How long the journal's thread may have to wait for the loop's: each answer waits for what it does after a sync."""
DRAIN_SECONDS = 10
"""After SIGTERM: how long what is half received may take."""


def check(settings: Settings) -> None:
    """What a collector could not start with. Raises `ConfigError`."""

    async def nobody(scope: object, receive: object, send: object) -> None: ...

    trusted_networks(settings.trusted_proxies)
    PlaceFinder.of(settings.geo).close()
    server_config(nobody, settings)


def run(
    settings: Settings,
    *,
    name: str = "edge-0",
    fd: int | None = None,
    dialects: Sequence[Dialect] = DIALECTS,
    mounts: Mapping[str, App] | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve the collector until SIGTERM or SIGINT, then answer what has come and stop.

    ``fd`` is a listening socket that was inherited; without it one is opened that several processes can share.
    ``ready`` is told the port once connections are taken. Raises `ConfigError`.
    """
    allow_files()
    folder = Folder(settings.data).make()
    listener = _inherited(fd) if fd is not None else listen(settings.collector)
    stop = Stop()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, name, folder, listener, dialects, mounts, ready, stop))


async def _serve(
    settings: Settings,
    name: str,
    folder: Folder,
    listener: socket.socket,
    dialects: Sequence[Dialect],
    mounts: Mapping[str, App] | None,
    ready: Callable[[int], None] | None,
    stop: Stop,
) -> None:
    keys = KeyBook(settings.accounts or folder.accounts_url, folder.run / "keys.json")
    places = PlaceFinder.of(settings.geo)
    journal = open_appender(settings, name)
    app = make_app(
        dialects,
        journal,
        keys,
        places,
        settings,
        refusal_file=refusal_file(folder.run, name),
        mounts={**MOUNTS, **(mounts or {})},
    )
    server = _Server(server_config(app, settings), ready)
    stop.end(server)
    gc.freeze()  # what is here now stays: it need not be looked at again and again
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        await server.serve(sockets=[listener])
    finally:
        await journal.close()
        places.close()
        keys.close()


class _Server(uvicorn.Server):
    """Tells when it is there."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit or not sockets:
            return
        host, port = sockets[0].getsockname()[:2]
        log.info("collector listens", host=host, port=port)
        if self._ready is not None:
            self._ready(port)


def server_config(app: App, settings: Settings) -> uvicorn.Config:
    """The server as the collector wants it. Raises `ConfigError` for TLS files that cannot be used."""
    check_certificate(settings)
    config = uvicorn.Config(
        app,
        http=WholeProtocol,
        ws="websockets-sansio",
        ws_max_size=settings.max_body_bytes,
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )
    config.load()
    return config


def listen(setting: str) -> socket.socket:
    """A listening socket for ``HOST:PORT`` that several processes may open. Raises `ConfigError`."""
    host, port = address(setting, "collector")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=True)
    except OSError as error:
        raise ConfigError(
            f"collector is {setting!r}, which cannot be listened on: {error.strerror}"
        ) from error


def _inherited(descriptor: int) -> socket.socket:
    try:
        return socket.socket(fileno=descriptor)
    except OSError as error:
        raise ConfigError(f"descriptor {descriptor} is no listening socket: {error.strerror}") from error
