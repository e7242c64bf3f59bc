"""The demo at work: viewers in real time and in the past, over real HTTP, no faster than asked."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from random import Random

import msgspec

from firstframe.clock import epoch_ms
from firstframe.demo.line import Address, Answer, Line
from firstframe.demo.script import Script
from firstframe.demo.speech import Post
from firstframe.demo.story import tell
from firstframe.demo.voice import speak
from firstframe.demo.world import World

LINES = 32
"""Connections; each carries one request at a time."""
HELPERS = 16
"""Views of the past that are sent at once."""
TRIES = 6
"""For one post that is answered with 429, 503 or not at all."""
LATER = (429, 503)
BREATH_S = 0.004
"""A shorter wait is not worth a sleep."""
ARRIVE_MS = 30_000
"""The first viewers do not all come at once."""
BETWEEN_MS = 4_000
"""Between one viewer who leaves and the next who comes."""

Clock = Callable[[], int]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be played."""

    address: Address
    key: str
    viewers: int
    rate: float
    dialects: Collection[str]
    with_address: bool = False


class Tally(msgspec.Struct):
    """What became of the posts, by dialect."""

    views: Counter[str] = msgspec.field(default_factory=Counter)
    sent: Counter[str] = msgspec.field(default_factory=Counter)
    acknowledged: Counter[str] = msgspec.field(default_factory=Counter)
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    """Nobody answered."""
    statuses: Counter[int] = msgspec.field(default_factory=Counter)
    """Of the refusals."""

    @property
    def total(self) -> int:
        return self.sent.total()


class Drive:
    """A run of the demo."""

    def __init__(self, plan: Plan, world: World, chance: Random, *, clock: Clock = epoch_ms) -> None:
        self.tally = Tally()
        self.reached_ms: int | None = None
        """The latest beginning of a view of the past that was taken up."""
        self._plan, self._world, self._chance, self._clock = plan, world, chance, clock
        self._sent_until_ms = 0
        self._stop = asyncio.Event()
        self._lines: asyncio.Queue[Line] = asyncio.Queue()
        self._turn_s = self._hold_s = 0.0
        for _ in range(min(LINES, max(HELPERS, plan.viewers))):
            self._lines.put_nowait(Line(plan.address))

    def stop(self) -> None:
        """Send nothing more; what is under way is finished."""
        self._stop.set()

    async def backfill(self, scripts: Iterable[Script]) -> list[Script]:
        """Send the past; what reaches into the present is sent up to now and handed back to be played on."""
        source = iter(scripts)
        self._sent_until_ms = begun = self._clock()
        open_views: list[Script] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(HELPERS):
                group.create_task(self._help(source, begun, open_views))
        return open_views

    async def live(self, open_views: Iterable[Script] = (), *, until_ms: float = float("inf")) -> None:
        """Keep so many viewers watching in real time until told to stop, or until a time."""
        waiting, seats, begun = list(open_views), self._plan.viewers, self._clock()
        async with asyncio.TaskGroup() as group:
            for number in range(seats):
                first = waiting[number] if number < len(waiting) else None
                group.create_task(self._watch(first, begun, until_ms))
            for script in waiting[seats:]:
                group.create_task(self._play_on(script, until_ms))

    async def reach(self) -> None:
        """Raises `ConfigError` where there is no collector."""
        line = await self._lines.get()
        await line.reach()
        self._lines.put_nowait(line)

    async def close(self) -> None:
        """Let go of all connections."""
        while not self._lines.empty():
            self._lines.get_nowait().close()
        await asyncio.sleep(0)

    async def _help(self, source: Iterator[Script], now: int, open_views: list[Script]) -> None:
        while not self._stop.is_set():
            script = next(source, None)
            if script is None:
                return
            self.reached_ms = max(self.reached_ms or 0, script.start_ms)
            self.tally.views[script.dialect] += 1
            if script.end_ms > now:
                open_views.append(script)
            for post in speak(script, self._plan.key):
                if self._stop.is_set() or post.at_ms > now:
                    break
                await self._deliver(post)

    async def _watch(self, first: Script | None, begun: int, until_ms: float) -> None:
        """One seat: a viewer after another, each in real time."""
        if first is not None:
            await self._play_on(first, until_ms)
        else:
            await self._wait_until(begun + self._chance.randrange(ARRIVE_MS), until_ms)
        while not self._over(until_ms):
            script = tell(
                self._world,
                self._chance,
                self._clock(),
                dialects=self._plan.dialects,
                with_address=self._plan.with_address,
            )
            self.tally.views[script.dialect] += 1
            await self._play(speak(script, self._plan.key), until_ms)
            await self._wait_until(self._clock() + self._chance.randrange(BETWEEN_MS), until_ms)

    async def _play_on(self, script: Script, until_ms: float) -> None:
        """The rest of a view whose past was sent already."""
        posts = speak(script, self._plan.key)
        await self._play([post for post in posts if post.at_ms > self._sent_until_ms], until_ms)

    async def _play(self, posts: Iterable[Post], until_ms: float) -> None:
        for post in posts:
            await self._wait_until(post.at_ms, until_ms)
            if self._over(until_ms):
                return
            await self._deliver(post)

    def _over(self, until_ms: float) -> bool:
        return self._stop.is_set() or self._clock() >= until_ms

    async def _wait_until(self, at_ms: float, until_ms: float) -> None:
        """Wait for a time of the viewers' clock; a stop cuts it short."""
        seconds = (min(at_ms, until_ms) - self._clock()) / 1000
        if seconds > 0:
            await self._rest(seconds)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _deliver(self, post: Post) -> None:
        """Send a post; come back as often as the collector asks for it, within reason."""
        name, tally = post.dialect, self.tally
        tally.sent[name] += 1
        answer: Answer | None = None
        for attempt in range(TRIES):
            await self._pace()
            answer = await self._send(post)
            if answer is not None and 200 <= answer.status < 300:
                tally.acknowledged[name] += 1
                return
            if (answer is not None and answer.status not in LATER) or self._stop.is_set():
                break
            told_s = answer.retry_after_s if answer else None
            wait_s = 2.0**attempt if told_s is None else told_s
            self._hold_s = max(self._hold_s, time.monotonic() + wait_s)
        if answer is None:
            tally.lost[name] += 1
        else:
            tally.refused[name] += 1
            tally.statuses[answer.status] += 1

    async def _send(self, post: Post) -> Answer | None:
        """The collector's answer, None where there was none."""
        line = await self._lines.get()
        try:
            return await line.send(post)
        except OSError:
            return None
        finally:
            self._lines.put_nowait(line)

    async def _pace(self) -> None:
        """The next turn at the rate asked for; all wait when the collector asked for a rest."""
        now = time.monotonic()
        turn = max(now, self._turn_s, self._hold_s)
        self._turn_s = turn + 1 / self._plan.rate
        if turn - now > BREATH_S:
            await self._rest(turn - now)
