"""One project does not take from the others: turns at the engine, streams, rates, and the size of answers."""

from __future__ import annotations

import asyncio
import json

import pytest

from firstframe.api.turn import Turns
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.errors import EngineError, TooMany
from firstframe.metrics.answer import told
from firstframe.roles.api import MOST_RESULT_BYTES
from support_edge import CLOSED as TWO_KEYS
from support_edge import Clerk
from support_tenants import US

LONG = "SELECT sum(sipHash64(number)) FROM numbers(100000000000) SETTINGS max_execution_time = 3, max_threads = 1"
"""A question that is ended by its limit of time."""


@pytest.mark.engine
def test_a_greedy_project_waits_for_itself(engine) -> None:
    """While more long questions of one project are asked than there are threads, another's are answered."""

    async def both() -> tuple[int, int]:
        wrapped, turns = AsyncEngine(engine, threads=3), Turns(at_once=2)
        greedy, modest = (
            wrapped.in_turn(lambda name=name: turns.take(name)) for name in ("greedy", "modest")
        )
        asked = [asyncio.create_task(greedy.query(LONG)) for _ in range(6)]
        await asyncio.sleep(0.2)
        rows = (await modest.query("SELECT 1")).rows
        unanswered = sum(not one.done() for one in asked)
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        return rows[0][0], unanswered

    assert asyncio.run(both()) == (1, 6)


def test_a_line_that_grows_without_end_is_refused() -> None:
    """Who asks while too many of theirs wait already is told to come back; others are not concerned."""

    async def crowd() -> None:
        turns, over = Turns(at_once=1, waiting=2), asyncio.Event()

        async def hold(project: str) -> None:
            async with turns.take(project):
                await over.wait()

        held = [asyncio.create_task(hold("a")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany) as refused:
            async with turns.take("a"):
                pass
        assert refused.value.detail["retry_after_seconds"] > 0
        async with turns.take("b"):
            pass
        held[1].cancel()
        await asyncio.sleep(0)
        extra = asyncio.create_task(hold("a"))  # who gives up leaves their place to others
        await asyncio.sleep(0)
        over.set()
        await asyncio.gather(*held, extra, return_exceptions=True)
        async with turns.take("a"):
            pass

    asyncio.run(crowd())


@pytest.mark.engine
def test_too_many_at_once_is_429_with_when_to_come_back(tenants) -> None:
    """The API answers in its one error shape."""
    turns = Turns(at_once=1, waiting=0)
    limited = made_with(tenants, turns)
    answer = limited.get("/v1/live/now", headers=tenants.callers["secret"])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.json()["error"]["code"] == "too_many"
    assert limited.get("/v1/health").status_code == 503


@pytest.mark.engine
def test_streams_of_a_project_are_counted(tenants) -> None:
    """Over its number a project gets no further stream, others do, and a stream that ended makes room."""
    turns = Turns(streams=1)
    limited = made_with(tenants, turns)
    asked = "/v1/live?interval=1"
    with turns.streaming(US):
        assert limited.get(asked, headers=tenants.callers["secret"]).status_code == 429
        assert limited.get(asked, headers=tenants.callers["other"]).status_code == 200
    assert limited.get(asked, headers=tenants.callers["secret"]).status_code == 200
    assert limited.get(asked, headers=tenants.callers["secret"]).status_code == 200


def made_with(tenants, turns):
    """The API of the tenants with other turns."""
    from litestar.testing import TestClient

    from firstframe.api.app import make_app
    from support_tenants import Stop

    app = make_app(AsyncEngine(tenants.engine, threads=2), tenants.accounts, turns=turns, stopping=Stop())
    return TestClient(app)


@pytest.mark.engine
def test_a_stream_ends_with_its_token(tenants) -> None:
    """Whose token is revoked while they listen is told so, and hears nothing more."""
    from litestar.testing import TestClient

    from firstframe.api.app import make_app

    token, text = tenants.accounts.create_token(project=US)
    app = make_app(AsyncEngine(tenants.engine, threads=2), tenants.accounts)
    tenants_client = TestClient(app)
    heard: list[str] = []

    class Revoking:
        """The accounts, until the first figures were made."""

        def check_token(self, given: str):
            found = tenants.accounts.check_token(given)
            if not heard:
                heard.append("asked")
                tenants.accounts.revoke_token(token.id)
            return found

    revoking = TestClient(make_app(AsyncEngine(tenants.engine, threads=2), Revoking()))
    stream = revoking.get("/v1/live?interval=1", headers={"Authorization": f"Bearer {text}"})
    events = [line for line in stream.text.splitlines() if line.startswith("event:")]
    assert events == ["event: live", "event: fault"]
    (fault,) = [json.loads(line[6:]) for line in stream.text.splitlines() if '"error"' in line]
    assert fault["error"]["code"] == "unauthenticated"
    assert tenants_client.get("/v1/live", headers={"Authorization": f"Bearer {text}"}).status_code == 401


@pytest.mark.engine
def test_an_answer_that_is_too_large_is_refused_by_the_engine(engine_url) -> None:
    """What would not fit into the API's memory ends in the engine, and the caller is told to ask for less."""
    limited = Engine.connect(f"{engine_url}/default?max_result_bytes={MOST_RESULT_BYTES}")
    try:
        with pytest.raises(EngineError) as refused:
            limited.query("SELECT repeat('x', 1000) FROM numbers(200000)")
    finally:
        limited.close()
    mended = told(refused.value)
    assert getattr(mended, "code", "") == "too_big"


def test_the_rate_of_one_key_is_not_anothers(tmp_path) -> None:
    """A key that has used up its rate is refused, and the next one's beacon is kept."""
    clerk = Clerk(tmp_path, picture=TWO_KEYS, key_rate=0.1)
    asked = [
        ("POST", f"/tiny/{key}/events", {"content": b'{"views": ["v"]}'})
        for key in ("k-one", "k-one", "k-two")
    ]
    assert [answer.status_code for answer in clerk.ask_all(asked)] == [202, 429, 202]
