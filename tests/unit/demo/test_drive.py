"""The driver against a collector of a few lines: what it counts, how it waits, how it stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Self

import msgspec
import pytest

import support_demo as demo
from firstframe.clock import epoch_ms
from firstframe.demo.drive import Drive, Plan
from firstframe.demo.line import address_of
from firstframe.demo.run import Wish, plan_of
from firstframe.demo.tables import world
from firstframe.demo.voice import speak
from firstframe.errors import ConfigError


class Collector:
    """Answers every request; the first ones with the given statuses, then with 202."""

    def __init__(self, *first: int, closes: bool = False) -> None:
        self.first = list(first)
        self.closes = closes
        self.paths: Counter[str] = Counter()
        self.bodies: list[bytes] = []

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                self.paths[head.split(" ")[1]] += 1
                status = self.first.pop(0) if self.first else 202
                writer.write(
                    f"HTTP/1.1 {status} x\r\nretry-after: 0\r\ncontent-length: 2\r\n\r\n{{}}".encode()
                )
                await writer.drain()
                if self.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


def drive_to(collector: Collector, **more) -> Drive:
    plan = {"viewers": 2, "rate": 5_000, "dialects": (), "key": "k", **more}
    return Drive(Plan(address=address_of(f"127.0.0.1:{collector.port}"), **plan), world(), Random(1))


def test_the_past_is_sent_whole_and_every_post_is_accounted_for():
    """Every post of every past view is sent once and acknowledged."""
    scripts = [demo.script_of(seed, "bitmovin") for seed in range(6)]
    wanted = Counter(post.body for script in scripts for post in speak(script, "k"))

    async def run() -> None:
        async with Collector() as collector:
            drive = drive_to(collector)
            assert await drive.backfill(scripts) == []
            await drive.close()
            assert Counter(collector.bodies) == wanted
            assert drive.tally.acknowledged == drive.tally.sent == Counter(bitmovin=wanted.total())
            assert drive.tally.views.total() == 6

    asyncio.run(run())


def test_what_reaches_into_the_present_is_handed_back():
    """A view that has not ended is sent up to now, and goes on among the live ones."""
    script = next(
        found
        for seed in range(99)
        if (found := demo.script_of(seed, "bitmovin")).end_ms > demo.START_MS + 60_000
    )
    half = (script.start_ms + script.end_ms) // 2
    past = [post for post in speak(script, "k") if post.at_ms <= half]

    async def run() -> None:
        async with Collector() as collector:
            drive = drive_to(collector)
            drive._clock = lambda: half
            assert await drive.backfill([script]) == [script]
            assert len(collector.bodies) == len(past)
            drive._clock = lambda: script.end_ms + 1
            await drive._play_on(script, float("inf"))
            await drive.close()
            assert collector.bodies == [post.body for post in speak(script, "k")]

    asyncio.run(run())


@pytest.mark.parametrize("status", [429, 503])
def test_a_collector_that_asks_to_come_back_gets_the_post_again(status: int):
    """429 and 503 are tried again; the post counts once, as acknowledged."""
    script = demo.script_of(2, "bitmovin")

    async def run() -> None:
        async with Collector(status, status) as collector:
            drive = drive_to(collector)
            await drive.backfill([script])
            await drive.close()
            assert drive.tally.acknowledged == drive.tally.sent
            assert len(collector.bodies) == drive.tally.total + 2

    asyncio.run(run())


def test_a_refusal_is_final_and_told_with_its_status():
    """Any other answer is a refusal: not tried again, and counted by its status."""
    script = demo.script_of(2, "bitmovin")

    async def run() -> None:
        async with Collector(401) as collector:
            drive = drive_to(collector)
            await drive.backfill([script])
            await drive.close()
            assert drive.tally.refused.total() == 1
            assert drive.tally.statuses == {401: 1}
            assert len(collector.bodies) == drive.tally.total

    asyncio.run(run())


def test_a_connection_that_the_collector_closes_is_opened_again():
    """A kept connection may be gone by the next post; nothing is lost by that."""
    script = demo.script_of(2, "bitmovin")

    async def run() -> None:
        async with Collector(closes=True) as collector:
            drive = drive_to(collector)
            await drive.backfill([script])
            await drive.close()
            assert drive.tally.acknowledged == drive.tally.sent

    asyncio.run(run())


def test_live_viewers_stop_when_told():
    """A stop ends the waits of all viewers at once; what was sent is accounted for."""

    async def run() -> None:
        async with Collector() as collector:
            drive = drive_to(collector, viewers=3)
            drive._clock = lambda: epoch_ms() + 60_000 * len(collector.bodies)
            playing = asyncio.create_task(drive.live([demo.script_of(4, "native")]))
            await asyncio.sleep(0.05)
            drive.stop()
            await playing
            await drive.close()
            assert drive.tally.acknowledged == drive.tally.sent

    asyncio.run(run())


def test_without_a_collector_it_says_where_it_looked():
    """Nothing is played into the void."""
    drive = Drive(
        Plan(address=address_of("http://127.0.0.1:1"), key="", viewers=1, rate=1, dialects=()),
        world(),
        Random(1),
    )
    with pytest.raises(ConfigError, match=r"nobody answers at http://127\.0\.0\.1:1"):
        asyncio.run(drive.reach())


WISH = Wish(
    collector="http://localhost:8080",
    viewers=1,
    rate=1,
    hours=1,
    minutes=0,
    seed=1,
    key="",
    dialects="mux, native",
    backfill_only=False,
    addresses=False,
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"viewers": 0}, "--viewers is 0"),
        ({"rate": 0}, "--rate is 0"),
        ({"hours": 24}, "--hours is 24, but 0 to 23 are wanted: a client's clock"),
        ({"hours": -1}, "--hours is -1"),
        ({"hours": 0, "backfill_only": True}, "--backfill-only needs --hours"),
        ({"dialects": "mux,conviva"}, "--dialects names conviva"),
        ({"collector": "ftp://localhost"}, "--collector is 'ftp://localhost'"),
        ({"collector": "http://localhost:port"}, "--collector is"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_with_its_reason(change: dict[str, object], said: str):
    """The message names the option, its value, and what is wanted."""
    with pytest.raises(ConfigError) as refused:
        plan_of(msgspec.structs.replace(WISH, **change))
    assert said in str(refused.value)


def test_a_wish_becomes_a_plan():
    """An address without scheme is http, and dialects are a list."""
    plan = plan_of(msgspec.structs.replace(WISH, collector="localhost:9/base/"))
    assert plan.dialects == ("mux", "native")
    assert (plan.address.host, plan.address.port, plan.address.prefix) == ("localhost", 9, "/base")
