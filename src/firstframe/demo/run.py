"""The `demo` command: checks what was asked for, shows progress, and sums up."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from firstframe.clock import epoch_ms
from firstframe.demo.arrival import past
from firstframe.demo.drive import Drive, Plan, Tally
from firstframe.demo.incident import with_incident
from firstframe.demo.line import address_of
from firstframe.demo.tables import world
from firstframe.demo.voice import VOICES
from firstframe.demo.world import HOUR_MS
from firstframe.errors import ConfigError

MOST_HOURS = 23
"""Clients' clocks that are a day wrong are not believed: older views would be moved to the present."""
REFRESH_S = 0.2


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator asked for."""

    collector: str
    viewers: int
    rate: float
    hours: float
    minutes: float
    seed: int
    key: str
    dialects: str
    backfill_only: bool
    addresses: bool


def run(wish: Wish) -> int:
    """Play the demo; the exit code says whether everything was acknowledged."""
    plan = plan_of(wish)
    console = Console()
    with contextlib.suppress(KeyboardInterrupt):
        tally = asyncio.run(_play(wish, plan, console))
        summary(tally, console)
        return 0 if tally.total and tally.acknowledged.total() == tally.total else 1
    return 130


def plan_of(wish: Wish) -> Plan:
    """The wish as a plan. Raises `ConfigError` that says what is wrong with it."""
    if wish.viewers < 1:
        raise ConfigError(f"--viewers is {wish.viewers}, but at least 1 is wanted")
    if wish.rate <= 0:
        raise ConfigError(f"--rate is {wish.rate:g}, but more than 0 beacons a second are wanted")
    if not 0 <= wish.hours <= MOST_HOURS:
        raise ConfigError(
            f"--hours is {wish.hours:g}, but 0 to {MOST_HOURS} are wanted: a client's clock that is a day wrong "
            "is not believed, so older views would be moved to the present"
        )
    if wish.backfill_only and not wish.hours:
        raise ConfigError("--backfill-only needs --hours: there is no past to send")
    return Plan(
        address=address_of(wish.collector),
        key=wish.key,
        viewers=wish.viewers,
        rate=wish.rate,
        dialects=_dialects(wish.dialects),
        with_address=wish.addresses,
    )


def _dialects(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in VOICES]
    if unknown:
        raise ConfigError(f"--dialects names {', '.join(unknown)}, but known are {', '.join(VOICES)}")
    return names


async def _play(wish: Wish, plan: Plan, console: Console) -> Tally:
    end = epoch_ms()
    begin = end - round(wish.hours * HOUR_MS)
    scene, chance = with_incident(world(), begin, end), Random(wish.seed)  # noqa: S311 - a play, not a secret
    drive = Drive(plan, scene, chance)
    await drive.reach()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, drive.stop)
    open_views = []
    if wish.hours:
        scripts = past(
            scene,
            chance,
            (begin, end),
            viewers=plan.viewers,
            dialects=plan.dialects,
            with_address=plan.with_address,
        )
        async with _shown(drive, console, f"the last {wish.hours:g} h", (begin, end)):
            open_views = await drive.backfill(scripts)
    if not wish.backfill_only:
        until = epoch_ms() + wish.minutes * 60_000 if wish.minutes else float("inf")
        async with _shown(drive, console, "live, until Ctrl-C" if not wish.minutes else "live", None):
            await drive.live(open_views, until_ms=until)
    await drive.close()
    return drive.tally


@asynccontextmanager
async def _shown(
    drive: Drive, console: Console, title: str, span: tuple[int, int] | None
) -> AsyncIterator[None]:
    """A progress bar while something runs."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn(
            "{task.fields[views]:,} views, {task.fields[sent]:,} beacons, {task.fields[bad]:,} not taken"
        ),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        total = span[1] - span[0] if span else None
        task = progress.add_task(title, total=total, views=0, sent=0, bad=0)
        showing = asyncio.create_task(_keep_showing(progress, task, drive, span))
        try:
            yield
        finally:
            showing.cancel()
            _show(progress, task, drive, span)


async def _keep_showing(progress: Progress, task: TaskID, drive: Drive, span: tuple[int, int] | None) -> None:
    while True:
        _show(progress, task, drive, span)
        await asyncio.sleep(REFRESH_S)


def _show(progress: Progress, task: TaskID, drive: Drive, span: tuple[int, int] | None) -> None:
    tally = drive.tally
    bad = tally.refused.total() + tally.lost.total()
    progress.update(task, views=tally.views.total(), sent=tally.total, bad=bad)
    if span and drive.reached_ms:
        progress.update(task, completed=drive.reached_ms - span[0])


def summary(tally: Tally, console: Console) -> None:
    """What was sent and what became of it, by dialect."""
    table = Table("dialect", *(("views", "sent", "acknowledged", "refused", "unanswered")))
    for column in table.columns[1:]:
        column.justify = "right"
    columns = (tally.views, tally.sent, tally.acknowledged, tally.refused, tally.lost)
    for name in VOICES:
        if tally.views[name] or tally.sent[name]:
            table.add_row(name, *(f"{counts[name]:,}" for counts in columns))
    table.add_section()
    table.add_row("all", *(f"{counts.total():,}" for counts in columns))
    console.print(table)
    if tally.statuses:
        words = ", ".join(f"{count:,} × {status}" for status, count in tally.statuses.most_common())
        console.print(f"refused with: {words}")
