"""The audience over the content: how many views watched each hundredth of a video, and how many came that far."""

from __future__ import annotations

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.filter import Filter
from firstframe.metrics.source import SETTINGS, Statement, between, views

STEPS = 100


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Plays on demand of a known length."""

    plays: int
    plays_with_ranges: int
    """Of these, the SDK or the events tell which parts were watched."""
    plays_with_position: int
    """Of these, it is known how far they came."""
    duration_ms: float | None
    """The usual length."""
    watched: list[int]
    """Plays with known ranges that watched some of each part."""
    reached: list[int]
    """Plays with a known position that came at least to the beginning of each part."""


async def audience(
    engine: AsyncEngine, project: str, *, found: Filter, start_ms: int, end_ms: int, bots: bool
) -> Audience:
    """Of views begun in the range."""
    binder = Binder()
    held = [between("view_start", start_ms, end_ms, binder), "started", "NOT live", "duration_ms > 0"]
    source = views(binder, project, found, *held, bots=bots)
    part = f"duration_ms / {STEPS}"
    inside = f"one -> one.1 < (at + 1) * {part} AND one.2 > at * {part}"
    watched = f"arrayMap(at -> toInt64(arrayExists({inside}, played_ranges)), range({STEPS}))"
    reached = f"arrayMap(at -> toInt64(ifNull(max_playhead_ms >= at * {part}, 0)), range({STEPS}))"
    sql = (
        "SELECT toInt64(count()), toInt64(countIf(notEmpty(played_ranges))), toInt64(count(max_playhead_ms)),"
        f" quantileExactOrNull(0.5)(duration_ms), sumForEach({watched}), sumForEach({reached}) {source} {SETTINGS}"
    )
    (row,) = (await run(engine, Statement(sql, binder.params))).rows
    return Audience(
        plays=row[0],
        plays_with_ranges=row[1],
        plays_with_position=row[2],
        duration_ms=row[3],
        watched=list(row[4]),
        reached=list(row[5]),
    )
