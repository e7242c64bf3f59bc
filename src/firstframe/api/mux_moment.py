"""What is known of an instant, by one dimension or of all views: who watches, and one number of Mux's monitoring.

Of this moment the live figures tell, which know who was heard of lately; of earlier ones the spans of the views. How
attempts went is told of those that ended in the five minutes before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from firstframe.api.mux_dimension import MuxDimension
from firstframe.api.mux_query import Call, Timeframe
from firstframe.metrics.filter import read_filters, speaks_of_bots
from firstframe.metrics.live import MOST_GROUPS, LiveQuery, live

STEP_MS = 5_000
"""How long an instant is."""
OUTCOME_MS = 5 * 60_000
"""How long before an instant attempts ended that are told of with it."""

VIEWERS, STARTING, WATCHING, STALLED = (
    *("concurrent_viewers.peak", "concurrent_starting.peak"),
    *("concurrent_viewers.mean", "concurrent_stalled.mean"),
)


class MonitoringMetric(msgspec.Struct, frozen=True):
    """One metric of the moment."""

    id: str
    title: str
    outcome: str | None = None
    """The catalogue's metric, of attempts that are over."""


METRICS: Mapping[str, MonitoringMetric] = {
    one.id: one
    for one in (
        MonitoringMetric("current-concurrent-viewers", "Current Concurrent Viewers (CCV)"),
        MonitoringMetric("current-rebuffering-percentage", "Current Rebuffering Percentage"),
        MonitoringMetric("current-average-bitrate", "Current Average Bitrate"),
        MonitoringMetric(
            "exits-before-video-start", "Exits Before Video Start", "exit_before_video_start_percentage"
        ),
        MonitoringMetric(
            "playback-failure-percentage", "Playback Failure Percentage", "playback_failure_percentage"
        ),
        MonitoringMetric(
            "video-startup-failure-percentage",
            "Video Startup Failure Percentage",
            "video_start_failure_percentage",
        ),
    )
}
CONCURRENT, REBUFFERING = "current-concurrent-viewers", "current-rebuffering-percentage"


class Figures(msgspec.Struct, frozen=True):
    """What is known of some views at an instant."""

    viewers: int = 0
    starting: int = 0
    value: float | None = None
    weight: int = 0
    """Of how many viewers, or attempts, the value is."""


async def moment(
    call: Call, metric: MonitoringMetric, by: MuxDimension | None, at_ms: int | None
) -> dict[Any, Figures]:
    """By value; of all views together under None. ``at_ms`` is None for now."""
    found = await (_now(call, metric, by) if at_ms is None else _then(call, metric, by, at_ms))
    if metric.outcome is None:
        return found
    told = await _outcomes(call, metric.outcome, by, call.now_ms if at_ms is None else at_ms)
    return {value: _with(found.get(value, Figures()), told.get(value)) for value in (found | told)}


def asked_of(metric: MonitoringMetric) -> list[str]:
    """What a metric is made of, besides how many are watching."""
    if metric.outcome is not None:
        return [metric.outcome]
    return [WATCHING, STALLED] if metric.id == REBUFFERING else []


def figures_of(metric: MonitoringMetric, row: Mapping[str, Any]) -> Figures:
    """From spans; who is starting only where that was asked for."""
    viewers, starting = row[VIEWERS] or 0, row.get(STARTING) or 0
    if metric.outcome is not None:
        return Figures(viewers, starting, row[metric.outcome], round(row[f"{metric.outcome}.weight"] or 0))
    stalled = row[STALLED] / row[WATCHING] if row.get(WATCHING) else None
    return Figures(viewers, starting, _value(metric, viewers, stalled), viewers)


def _value(metric: MonitoringMetric, viewers: int, stalled: float | None) -> float | None:
    """Nobody tells of the bitrate of a moment."""
    return {CONCURRENT: viewers, REBUFFERING: stalled}.get(metric.id)


async def _now(call: Call, metric: MonitoringMetric, by: MuxDimension | None) -> dict[Any, Figures]:
    """Of this moment, by value."""
    held = read_filters(call.params.filters())
    groups = () if by is None or by.dimension is None else (by.dimension,)
    query = LiveQuery(
        project=call.project,
        filter=held,
        groups=groups,
        bots=speaks_of_bots(held, groups),
        limit=MOST_GROUPS,
    )
    found = {}
    for row in (await live(call.engine, query, call.now_ms, None)).data:
        viewers = row["concurrent_viewers"]
        stalled = row["rebuffering_viewers"] / viewers if viewers else None
        key = None if by is None else row[by.ours or ""]
        if viewers or by is None:
            found[key] = Figures(viewers, row["starting_viewers"], _value(metric, viewers, stalled), viewers)
    return found


async def _then(
    call: Call, metric: MonitoringMetric, by: MuxDimension | None, at_ms: int
) -> dict[Any, Figures]:
    """Of the step before an instant, by value."""
    plain = msgspec.structs.replace(metric, outcome=None)
    found = await call.ask(
        Timeframe(at_ms - STEP_MS, at_ms),
        [VIEWERS, STARTING, *asked_of(plain)],
        call.params.filters(),
        group_by=[] if by is None else [by.ours],
        limit=MOST_GROUPS,
    )
    rows = {None if by is None else row[by.ours or ""]: figures_of(plain, row) for row in found.data}
    return {value: one for value, one in rows.items() if one.viewers or by is None}


async def _outcomes(
    call: Call, outcome: str, by: MuxDimension | None, at_ms: int
) -> dict[Any, tuple[float | None, int]]:
    """How the attempts went that ended lately, and how many they are, by value."""
    found = await call.ask(
        Timeframe(at_ms - OUTCOME_MS, at_ms),
        [outcome],
        call.params.filters(),
        group_by=[] if by is None else [by.ours],
        order_by=[f"-{outcome}.weight"],
        limit=MOST_GROUPS,
    )
    return {
        None if by is None else row[by.ours or ""]: (row[outcome], round(row[f"{outcome}.weight"]))
        for row in found.data
        if row[f"{outcome}.weight"]
    }


def _with(figures: Figures, outcome: tuple[float | None, int] | None) -> Figures:
    value, weight = outcome or (None, 0)
    return msgspec.structs.replace(figures, value=value, weight=weight)
