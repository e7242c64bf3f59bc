"""A tiny dialect and a collector around it, for tests of the edge."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from prometheus_client import CollectorRegistry

from firstframe.accounts.account import DEFAULT_PROJECT
from firstframe.accounts.keybook import KeyBook, KeyGrant, Picture
from firstframe.beacon import Beacon, Event
from firstframe.dialects.base import Envelope, Folded, Grant, Reading, Reply, Request, Route
from firstframe.edge.app import Collector, make_app
from firstframe.edge.meter import Meter
from firstframe.edge.serve import server_config
from firstframe.enrich.place import PlaceFinder
from firstframe.errors import BadRequest
from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.settings import Settings


def _licence(request: Request, grant: Grant) -> Reply:
    answer = {"status": "granted" if grant.granted else "denied", "message": grant.message}
    return Reply(200, json.dumps(answer).encode(), "application/json")


def _licence_key(request: Request) -> str | None:
    return json.loads(request.body)["key"] if request.body else None


class Tiny:
    """``{"views": [...], "key": "..."}``, in all the kinds of routes that there are."""

    name = "tiny"
    title = "Tiny"
    routes: Sequence[Route] = (
        Route("/events", reply=Reply(202)),
        Route("/v1/beacons", at_root=True, reply=Reply(204)),
        Route("/", at_root=True, reply=Reply(200)),
        Route("/licensing", kind="answer", answer=_licence, key_of=_licence_key, at_root=True),
        Route(
            "/log", kind="answer", methods=("GET",), answer=lambda r, g: Reply(200, b"{}", "application/json")
        ),
        Route("/log", kind="collect", methods=("POST",)),
        Route("/video+{playback_id}.js", kind="socket", at_root=True),
        Route(
            "/video+{playback_id}.js",
            kind="answer",
            methods=("GET",),
            at_root=True,
            answer=lambda r, g: Reply(200, r.params["playback_id"].encode(), "text/plain"),
        ),
    )

    def envelope(self, request: Request) -> Envelope:
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise BadRequest("not JSON", code="unreadable") from error
        if not isinstance(body, dict):
            raise BadRequest(
                "an object is wanted", code="unreadable", expected="object", got=type(body).__name__
            )
        views = [str(view) for view in body["views"]] if isinstance(body.get("views"), list) else []
        key = body.get("key")
        return Envelope(list(dict.fromkeys(views)), len(views), key if isinstance(key, str) else None)

    def parse(self, beacon: Beacon) -> Reading:
        return Reading(())

    def fold(self, events: Sequence[Event], now_ms: int) -> Folded:
        return Folded(())

    def snippet(self, collector_url: str, write_key: str) -> str:
        return collector_url


OPEN = Picture({}, True, KeyGrant(DEFAULT_PROJECT, (), "open"))
"""No write key was ever created."""

CLOSED = Picture(
    {
        "k-one": KeyGrant("one", (), "k-one"),
        "k-two": KeyGrant("two", ("https://player.example",), "k-two"),
    },
    False,
    KeyGrant(DEFAULT_PROJECT, (), "open"),
)
"""Two write keys, one of them for the pages of one origin."""


class Clerk:
    """A collector on a journal in a folder, and what that journal got."""

    def __init__(
        self, folder: Path, *, picture: Picture | None = OPEN, dialects=None, geo=(), **settings
    ) -> None:
        self.folder = folder
        self.settings = Settings(data=str(folder), **{"journal_commit_ms": 1, **settings})
        self.journal = FilesAppender(folder / "journal", "test", commit_ms=self.settings.journal_commit_ms)
        self.registry = CollectorRegistry()
        self.keys = KeyBook.of(picture) if picture else KeyBook("")
        self.app: Collector = make_app(
            dialects or (Tiny(),),
            self.journal,
            self.keys,
            PlaceFinder(geo),
            self.settings,
            meter=Meter(self.registry),
            clock=lambda: 1_700_000_000_000,
            refusal_file=folder / "refusals-test.json",
        )

    def kept(self) -> list[Beacon]:
        """Every beacon in the journal, in order."""
        consumer = FilesConsumer(self.folder / "journal", 0)
        try:
            return [beacon for chunk in iter(lambda: consumer.next(0), None) for beacon in chunk.beacons]
        finally:
            consumer.close()

    def ask(self, method: str, path: str, *, client: str = "192.0.2.7", **request) -> httpx.Response:
        """One request through the ASGI callable."""
        return self.ask_all([(method, path, request)], client=client)[0]

    def ask_all(self, requests, *, client: str = "192.0.2.7") -> list[httpx.Response]:
        async def all_of_them() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://collector.example") as http:
                answers = [await http.request(method, path, **request) for method, path, request in requests]
            await self.app.stop()
            return answers

        return asyncio.run(all_of_them())


@contextmanager
def serving(clerk: Clerk):
    """The collector behind the real server on loopback; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(clerk.app, clerk.settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


def wait_for(condition, seconds=10.0):
    """Poll until it holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.02)
