"""Whoever makes up tokens, links and keys while the accounts hang holds up nobody who does not ask for them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from litestar.connection import ASGIConnection
from sqlalchemy.exc import OperationalError

import support_dashboard
from firstframe.accounts.account import Token
from firstframe.accounts.lookup import Lookups
from firstframe.accounts.store import Accounts
from firstframe.api import livepeer
from firstframe.api.access import Access
from firstframe.api.livepeer import make_public_app
from firstframe.api.livepeer_public import PublicApp, public_mounts
from firstframe.api.session import Sessions
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.errors import Unauthenticated
from firstframe.folder import Folder
from firstframe.settings import Settings

NOWHERE = "clickhouse://x:y@127.0.0.1:1/z"
CREATOR = "/data/views/query/creator"
SECRET = Token(id="t", kind="secret", project="default")
PAGE = Token(id="p", kind="cors", project="default", allowed_origins=["https://site.example"])


def thread_name() -> str:
    return threading.current_thread().name


# the native API


class Doors:
    """Accounts and sessions that note in which thread they are asked."""

    def __init__(self, known: Token | None) -> None:
        self.known = known
        self.asked: list[str] = []

    def check_token(self, token: str) -> Token | None:
        self.asked.append(f"token in {thread_name()[:4]}")
        return self.known

    def find(self, connection: object) -> Token | None:
        self.asked.append(f"session in {thread_name()[:4]}")
        return self.known


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ((b"authorization", b"Bearer x"), ["token in test"]),
        ((b"authorization", b"Share x"), ["session in test"]),
        ((b"cookie", b"firstframe_session=x"), ["session in test"]),
        (None, []),
    ],
)
def test_who_somebody_is_is_asked_aside(header, asked) -> None:
    """Never on the loop. A bearer token is asked for once; without anything to go by nothing is asked."""
    doors = Doors(SECRET if asked else None)
    access = Access(None, doors, doors.find, lookups=Lookups("test", threads=1, most=1))
    asking = ASGIConnection({"type": "http", "headers": [header] if header else []})
    if asked:
        assert asyncio.run(access.authenticate_request(asking)).user == SECRET
    else:
        with pytest.raises(Unauthenticated):
            asyncio.run(access.authenticate_request(asking))
    assert doors.asked == asked


def test_no_route_of_sessions_asks_on_the_loop(tmp_path, monkeypatch) -> None:
    """Nor in the threads that all share: signing in needs no token, so anybody can make us ask."""
    asked = []
    for name in ("check_token", "check_share", "shares", "create_share"):
        real = getattr(Accounts, name)

        def noted(self, *args, real=real, **kwargs):
            asked.append(thread_name().rpartition("_")[0])
            return real(self, *args, **kwargs)

        monkeypatch.setattr(Accounts, name, noted)
    (tmp_path / "site").mkdir()
    with support_dashboard.running(Engine.connect(NOWHERE), tmp_path, tmp_path / "site") as board:
        new = {"path": "/", "calls": ["/v1/query?metrics=attempts"]}
        made = board.data("/v1/shares", method="POST", json=new)
        assert len(board.data("/v1/shares")) == 1
        with_link = {"Authorization": f"Share {made['path'].partition('#')[2]}"}
        asked.clear()
        for path in ("/v1/session", "/v1/share"):
            assert board.client.get(path, headers=with_link).status_code == 200
        assert len(asked) == 4  # who it is, and what the link is, for each
        body = {"token": board.secret}
        own = support_dashboard.OWN
        assert board.client.post("/v1/session", json=body, headers=own).status_code == 200
        assert board.ask(f"/v1/shares/{made['id']}", method="DELETE").status_code == 204
    assert set(asked) == {"api-accounts"}


def test_one_look_is_for_all_sessions_that_wait_for_it(tmp_path, monkeypatch) -> None:
    """Cookies are known in several threads now; the database is not asked by each."""
    accounts = Accounts(f"sqlite:///{tmp_path / 'accounts.db'}")
    text = accounts.create_token()[1]
    sessions = Sessions(accounts, b"k" * 32, clock=lambda: 1_000_000.0)
    _, cookie = sessions.begin(text)
    looks = []
    together = threading.Barrier(2)
    tokens = accounts.tokens

    def look():
        looks.append(1)
        with suppress(threading.BrokenBarrierError):
            together.wait(0.5)  # two that look at the same time meet here
        return tokens()

    monkeypatch.setattr(accounts, "tokens", look)
    headers = [(b"cookie", f"firstframe_session={cookie}".encode())]
    asking = [
        ASGIConnection({"type": "http", "method": "GET", "path": "/", "headers": headers}) for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(sessions.find, asking))
    assert [one.project for one in found if one is not None] == ["default"] * 4
    assert len(looks) == 1
    accounts.close()


# Livepeer's API on the public listener


class Keys:
    """Accounts that know one key, and may hang."""

    def __init__(self, token: Token | None = None, over: threading.Event | None = None) -> None:
        self.token = token
        self.over = over
        self.threads: list[str] = []

    def check_token(self, token: str) -> Token | None:
        self.threads.append(thread_name().rpartition("_")[0])
        if self.over is not None:
            assert self.over.wait(20)
        if token == "away":
            raise OperationalError("select", {}, Exception("away"))
        return self.token if token == "known" else None

    def projects(self) -> list:
        return []


def client_of(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://c.example")


def bearing(key: str, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", **more}


def test_made_up_keys_take_no_threads_of_others(monkeypatch) -> None:
    """So many are looked up or wait, the rest is told to come back; the threads that all share stay free."""
    monkeypatch.setattr(livepeer, "MOST_LOOKUPS", 3)
    over = threading.Event()
    keys = Keys(over=over)

    async def ask() -> tuple[list[httpx.Response], list[int]]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        async with client_of(make_public_app(AsyncEngine.connect(NOWHERE), keys)) as client:
            try:
                asking = [
                    asyncio.ensure_future(client.get(CREATOR, headers=bearing("made-up"))) for _ in range(8)
                ]
                refused = []
                while len(refused) < 5:
                    done, _ = await asyncio.wait(asking, timeout=10, return_when="FIRST_COMPLETED")
                    assert done
                    refused += [one.result() for one in done]
                    asking = [one for one in asking if one not in done]
                await asyncio.wait_for(asyncio.to_thread(int), 10)
            finally:
                over.set()
            return refused, [(await one).status_code for one in asking]

    refused, waited = asyncio.run(ask())
    assert [one.status_code for one in refused] == [503] * 5
    assert refused[0].json()["errors"]
    assert refused[0].headers["access-control-allow-origin"] == "*"
    assert waited == [401] * 3
    assert set(keys.threads) == {"livepeer-keys"}


@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        ({}, SECRET, 401),
        (bearing("other"), SECRET, 401),
        (bearing("away"), SECRET, 503),
        (bearing("known"), SECRET, 400),  # known: now the parameters are looked at
        ({"authorization": "Basic eDprbm93bg=="}, SECRET, 400),
        (bearing("known", origin="https://site.example"), PAGE, 400),
        (bearing("known", origin="https://evil.example"), PAGE, 403),
    ],
)
def test_what_was_looked_up_is_what_the_application_knows(headers, token, status) -> None:
    """The verdicts are those of the application itself."""
    keys = Keys(token)

    async def ask() -> httpx.Response:
        async with client_of(make_public_app(AsyncEngine.connect(NOWHERE), keys)) as client:
            return await client.get(CREATOR, headers=headers)

    assert asyncio.run(ask()).status_code == status
    assert keys.threads == ["livepeer-keys"] * bool(headers)


def test_requests_at_the_same_time_do_not_share_a_key() -> None:
    """Each is known by the key that it came with, and what is refused by its method looks nothing up."""
    keys = Keys(SECRET)

    async def ask() -> list[int]:
        async with client_of(make_public_app(AsyncEngine.connect(NOWHERE), keys)) as client:
            asked = [client.get(CREATOR, headers=bearing(key)) for key in ("known", "other") * 5]
            answers = await asyncio.gather(*asked, client.post(CREATOR, headers=bearing("known")))
            return [one.status_code for one in answers]

    assert asyncio.run(ask()) == [400, 401] * 5 + [405]
    assert len(keys.threads) == 10


def test_one_attempt_connects_for_all_who_wait() -> None:
    """The accounts may hang in it: each who comes would take a thread and connections."""
    over = threading.Event()
    attempts = []

    def connect():
        attempts.append(thread_name().rpartition("_")[0])
        assert over.wait(20)
        return make_public_app(AsyncEngine.connect(NOWHERE), Keys())

    async def ask() -> list[int]:
        async with client_of(PublicApp(connect)) as client:
            asking = [asyncio.ensure_future(client.get(CREATOR)) for _ in range(5)]
            while not attempts:
                await asyncio.sleep(0.001)
            asking[0].cancel()
            over.set()
            answers = await asyncio.gather(*asking[1:])
            return [one.status_code for one in (*answers, await client.get(CREATOR))]

    assert asyncio.run(ask()) == [401] * 5
    assert attempts == ["livepeer-connect"]


def test_collectors_mount_the_application_behind_the_look(tmp_path, monkeypatch) -> None:
    """On every prefix, with the accounts of the settings."""
    threads = []

    def check_token(self, token):
        threads.append(thread_name().rpartition("_")[0])

    monkeypatch.setattr(Accounts, "check_token", check_token)
    mounts = public_mounts(Settings(data=str(tmp_path), engine=NOWHERE), Folder(str(tmp_path)).make())

    async def ask() -> list[int]:
        found = []
        for prefix, app in mounts.items():
            async with client_of(app) as client:
                answer = await client.get(f"{prefix}creator", headers=bearing("made-up"))
                found.append(answer.status_code)
        return found

    assert asyncio.run(ask()) == [401, 401]
    assert threads == ["livepeer-keys"] * 2
