"""How long an accepted beacon takes to be seen: probes of our own among the load, looked for in the engine."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from typing import Any

import msgspec

from firstframe.beacon import view_id_of
from firstframe.engine.client import Engine

VIEWS = 40
"""Long-lived views that speak in turn, as players' heartbeats do."""
EVERY_SECONDS = 0.1
NEW_EVERY = 10
"""Each so many probes one is a view's first."""
LOOK_SECONDS = 0.25
LAST_WAIT_SECONDS = 20
_SEEN = """
SELECT view_key, toInt64(toUnixTimestamp64Milli(max(view_end)))
FROM views WHERE view_id IN {keys:Array(String)} GROUP BY view_key
"""


class Probe(msgspec.Struct, frozen=True):
    """A beacon that was accepted: until when it says that its view went on."""

    view_key: str
    end_ms: int
    answered: float


class Probes(msgspec.Struct, frozen=True):
    """What became of all probes."""

    seen: list[float]
    """Seconds from the answer to the moment at which the engine was seen to know."""
    unseen: list[float]
    """Seconds for which the others were waited for in vain."""

    def percentile(self, share: float) -> float:
        ordered = sorted([*self.seen, *self.unseen]) or [0.0]
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def probe(port: int, engine_url: str, seconds: float) -> Probes:
    """Probe for so long. For a process of its own: what it costs must not delay the load beside it."""
    return asyncio.run(_Prober(port, Engine.connect(engine_url)).run(seconds))


class _Prober:
    """Sends probes and looks for them."""

    def __init__(self, port: int, engine: Engine) -> None:
        self._url = f"http://127.0.0.1:{port}/native/v1/beacons"
        self._engine = engine
        self._waiting: list[Probe] = []
        self._names = [self._name(number) for number in range(VIEWS)]
        self._count = 0
        self._ended = False
        self._seen: list[float] = []

    async def run(self, seconds: float) -> Probes:
        """Probe for so long, then wait for what is on its way."""
        until = time.monotonic() + seconds
        looking = asyncio.create_task(self._look())
        while time.monotonic() < until:
            await self._send()
            await asyncio.sleep(EVERY_SECONDS)
        self._ended = True
        await looking
        self._engine.close()
        now = time.monotonic()
        return Probes(self._seen, [now - each.answered for each in self._waiting])

    async def _send(self) -> None:
        number = self._count % VIEWS
        self._count += 1
        if self._count % NEW_EVERY == 0:
            self._names[number] = self._name(self._count)
        end_ms = time.time_ns() // 1_000_000
        events: list[dict[str, Any]] = [{"type": "playing", "at": end_ms, "playhead_ms": end_ms % 10**9}]
        body = msgspec.json.encode({"view_id": self._names[number], "events": events})
        if await asyncio.to_thread(_post, self._url, body):
            key = view_id_of("default", "native", self._names[number])
            self._waiting.append(Probe(key, end_ms, time.monotonic()))

    async def _look(self) -> None:
        deadline = float("inf")
        while time.monotonic() < deadline and not (self._ended and not self._waiting):
            if self._ended and deadline == float("inf"):
                deadline = time.monotonic() + LAST_WAIT_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            if self._waiting:
                await self._settle()

    async def _settle(self) -> None:
        keys = sorted({probe.view_key for probe in self._waiting})
        rows = (await asyncio.to_thread(self._engine.query, _SEEN, {"keys": keys})).rows
        ends, now = dict(rows), time.monotonic()
        still = [probe for probe in self._waiting if ends.get(probe.view_key, -1) < probe.end_ms]
        done = len(self._waiting) - len(still)
        if done:
            waiting = {id(probe) for probe in still}
            self._seen += [now - probe.answered for probe in self._waiting if id(probe) not in waiting]
        self._waiting = still

    @staticmethod
    def _name(number: int) -> str:
        return f"probe-{number}-{time.time_ns()}"


def _post(url: str, body: bytes) -> bool:
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return 200 <= answer.status < 300
    except OSError:
        return False
