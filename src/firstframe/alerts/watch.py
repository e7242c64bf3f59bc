"""The watch: looks at every alert again and again, and sends what is to be told."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from firstframe.alerts.alert import Alert
from firstframe.alerts.courier import Courier
from firstframe.alerts.incident import Incident, Reading
from firstframe.alerts.judge import Closed, Opened, judge
from firstframe.alerts.meter import AlertMeter
from firstframe.alerts.notice import Notice, letter_of
from firstframe.alerts.reading import read
from firstframe.alerts.store import AlertStore
from firstframe.clock import epoch_ms
from firstframe.engine.client import AsyncEngine
from firstframe.errors import EngineError, Refusal, Undelivered

log = structlog.get_logger()

LOOK_SECONDS = 30.0
TURN_SECONDS = 20.0
"""Of one project, after which the others come."""
SEND_SECONDS = 1.0
AT_ONCE = 8
"""Notices under way."""
AT_ONCE_EACH = 2
"""Of them to one receiver: one that never answers leaves room for the others."""
SLOW_SECONDS = 5.0
REST_SECONDS = 60.0
"""A receiver that took so long to fail is left alone for so long, so that many of them leave room too."""
STOP_SECONDS = 5.0
"""What is being done when told to stop has so long to end."""
CLAIM_MS = 45_000
"""How long a notice is left to whoever took it on, longer than a delivery can take; then it is sent by another."""
WAITS_MS = (10_000, 30_000, 60_000, 300_000, 900_000, 1_800_000)
"""Before the second, third … try; then always the last."""
PATIENCE_MS = 24 * 3_600_000
"""After that a notice is given up."""
BLIND_MS = 300_000
"""What was received is this far behind in the numbers: said in the log, for alerts say nothing then."""


class Watch:
    """Keeps no state that matters but the store's: it may be killed at any time, and several may run at once."""

    def __init__(
        self,
        store: AlertStore,
        engine: AsyncEngine,
        courier: Courier,
        *,
        fresh_ms: Callable[[], int | None],
        meter: AlertMeter,
        dashboard_url: str,
        retention_ms: int,
        now_ms: Callable[[], int] = epoch_ms,
    ) -> None:
        self._store = store
        self._engine = engine
        self._courier = courier
        self._fresh_ms = fresh_ms
        self._meter = meter
        self._dashboard_url = dashboard_url
        self._retention_ms = retention_ms
        self._now_ms = now_ms
        self._seen_well_ms = now_ms()
        self._is_blind = False
        self._seen: dict[str, int] = {}
        """Up to when each alert was looked at last."""
        self._resting: dict[str, float] = {}
        """Receivers that are left alone, and until when."""

    async def look(self) -> None:
        """Look at every alert, one after the other. Raises `SQLAlchemyError` when the database is away.

        Up to when everything received can be seen, not up to now: what is still on its way is no fall in the numbers.
        What a project has no time for is looked at first in its next turn, so that it keeps no other waiting.
        """
        fresh_ms = self._fresh_ms()
        self._say_whether_blind(fresh_ms)
        if fresh_ms is None or (self._seen and set(self._seen.values()) == {fresh_ms}):
            return
        alerts = [one for one in await asyncio.to_thread(self._store.alerts) if not one.rule.is_paused]
        self._seen = {one.id: self._seen.get(one.id, 0) for one in alerts}
        try:
            for mine in _by_project(alerts):
                await self._take_turn(mine, fresh_ms)
        except EngineError as error:
            log.warning("alerts are not looked at while the engine is away", reason=str(error)[:300])
            return
        self._meter.seen.set(min(self._seen.values(), default=fresh_ms) / 1000)
        await asyncio.to_thread(self._store.forget, self._now_ms() - self._retention_ms)

    async def send(self) -> None:
        """Send what is due, some at a time. Raises `SQLAlchemyError` when the database is away."""
        sending: dict[asyncio.Task[None], str] = {}
        try:
            while True:
                while len(sending) < AT_ONCE and await self._begin_sending(sending):
                    pass  # the next ones are for others, where one receiver has enough to do now
                if not sending:
                    return
                # Not until one ends: what becomes due meanwhile may be for somebody who answers.
                done, _ = await asyncio.wait(
                    sending, timeout=SEND_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for one in done:
                    del sending[one]
                    one.result()
        except asyncio.CancelledError:
            for one in sending:
                one.cancel()
            raise
        finally:
            # Where the database failed for one, the others are delivered all the same, not broken off and sent again.
            await asyncio.gather(*sending, return_exceptions=True)

    async def _begin_sending(self, sending: dict[asyncio.Task[None], str]) -> bool:
        """Take on what is due, for receivers that have not enough to do and are not left alone; whether there was any."""
        now = time.monotonic()
        self._resting = {receiver: until for receiver, until in self._resting.items() if until > now}
        under_way = Counter(sending.values())
        busy = {receiver for receiver, count in under_way.items() if count >= AT_ONCE_EACH}
        room, before = AT_ONCE - len(sending), len(sending)
        for notice, incident in await asyncio.to_thread(
            self._store.due, room, besides=busy | set(self._resting)
        ):
            receiver = notice.channel.receiver
            if under_way[receiver] >= AT_ONCE_EACH:
                continue
            # Otherwise another process was first.
            if await asyncio.to_thread(self._store.claim, notice, self._now_ms() + CLAIM_MS):
                under_way[receiver] += 1
                sending[asyncio.create_task(self._send(notice, incident))] = receiver
        return len(sending) > before

    async def _take_turn(self, mine: Sequence[Alert], at_ms: int) -> None:
        """Look at a project's alerts while it has time, those first that were not for the longest."""
        until = time.monotonic() + TURN_SECONDS
        left = [one for one in mine if self._seen[one.id] != at_ms]
        for alert in sorted(left, key=lambda one: self._seen[one.id]):
            await self._look_at(alert, at_ms)
            self._seen[alert.id] = at_ms
            if time.monotonic() >= until:
                return

    async def _look_at(self, alert: Alert, at_ms: int) -> None:
        readings, fault = await self._read(alert, at_ms)
        open_now = await asyncio.to_thread(self._store.open_incidents, alert.id)
        changes = judge(alert, readings, open_now, at_ms)
        await asyncio.to_thread(self._store.record, alert, changes, at_ms, fault=fault)
        self._meter.looks.labels("failed" if fault else "looked").inc()
        self._meter.incidents.labels("opened").inc(sum(isinstance(one, Opened) for one in changes))
        self._meter.incidents.labels("closed").inc(sum(isinstance(one, Closed) for one in changes))

    async def _read(self, alert: Alert, at_ms: int) -> tuple[Sequence[Reading], str | None]:
        """Its readings, or none and why: nothing is heard of an alert that cannot be asked. Raises `EngineError`."""
        try:
            return await read(self._engine, alert.rule, alert.project, at_ms), None
        except (EngineError, Refusal) as error:
            if isinstance(error, EngineError) and error.is_passing:
                raise
            log.warning(
                "an alert cannot be looked at", alert=alert.id, name=alert.rule.name, reason=str(error)[:300]
            )
            return [], str(error)

    async def _send(self, notice: Notice, incident: Incident) -> None:
        """A notice that was claimed."""
        fault, begun = None, time.monotonic()
        try:
            letter = letter_of(notice.event, incident, notice.created_ms, self._dashboard_url)
            await self._courier.deliver(notice.channel, letter, notice.id, notice.signing_secret)
        except Refusal as error:  # of its metric, which another version had
            fault = f"it cannot be told any more: {error}"
        except Undelivered as error:
            fault = str(error)
            if time.monotonic() - begun >= SLOW_SECONDS:
                self._resting[notice.channel.receiver] = time.monotonic() + REST_SECONDS
        self._meter.notices.labels(notice.channel.kind, "failed" if fault else "delivered").inc()
        due_ms = next_try_ms(notice, self._now_ms()) if fault else None
        if fault:
            log.warning(
                "a notice was not taken",
                notice=notice.id,
                kind=notice.channel.kind,
                reason=fault,
                again=due_ms is not None,
            )
        await asyncio.to_thread(self._store.settle, notice, fault=fault, due_ms=due_ms)

    def _say_whether_blind(self, fresh_ms: int | None) -> None:
        """Once when it begins, once when it is over."""
        self._seen_well_ms = max(self._seen_well_ms, fresh_ms or 0)
        is_blind = self._now_ms() - self._seen_well_ms > BLIND_MS
        if is_blind and not self._is_blind:
            log.warning(
                "alerts are blind: what players send is not in the numbers yet", fresh_as_of_ms=fresh_ms
            )
        elif self._is_blind and not is_blind:
            log.info("alerts see again")
        self._is_blind = is_blind


def _by_project(alerts: Sequence[Alert]) -> list[list[Alert]]:
    found: dict[str, list[Alert]] = {}
    for one in alerts:
        found.setdefault(one.project, []).append(one)
    return list(found.values())


def next_try_ms(notice: Notice, now_ms: int) -> int | None:
    """When a notice is tried again that was not taken now; None when it is given up."""
    if now_ms - notice.created_ms >= PATIENCE_MS:
        return None
    return now_ms + WAITS_MS[min(notice.tries, len(WAITS_MS) - 1)]


async def keep_doing(
    what: Callable[[], Coroutine[Any, Any, None]], every_seconds: float, stop: asyncio.Event
) -> None:
    """Do something over and over until told to stop; the database may be away meanwhile."""
    while not stop.is_set():
        try:
            await _unless_stopped(what(), stop)
        except SQLAlchemyError as error:
            log.warning("the alerts' database cannot be used now", reason=str(error).partition("\n")[0])
        try:
            async with asyncio.timeout(every_seconds):
                await stop.wait()
        except TimeoutError:
            continue


async def _unless_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do it to its end, which may be far where much is due; when told to stop, for a little longer."""
    doing, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            await asyncio.wait({doing}, timeout=STOP_SECONDS)
        if doing.done():
            doing.result()
    finally:
        stopped.cancel()
        doing.cancel()
