"""What is happening now: who is watching, and how the last minutes went, by any dimension.

Instants of a view are those of its client's clock, which is believed or corrected as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.metrics.aggregate import true_or_rest
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.catalogue import METRIC_BY_ID, STARTED_STATES, WATCH_STATES
from firstframe.metrics.dimension import Dimension
from firstframe.metrics.filter import Filter
from firstframe.metrics.instant import iso
from firstframe.metrics.metric import Value
from firstframe.metrics.source import SETTINGS, Statement, instant, views
from firstframe.metrics.span import STALL_LIMIT_MS

SILENCE_MS: Mapping[str, int] = {
    "native": 300_000,
    "livepeer": 60_000,
    "bitmovin": 150_000,
    "mux": 60_000,
    "pillarbox": 100_000,
    "cmcd": 90_000,
}
"""How long a view of a dialect may say nothing and still be watching: some beats of its SDK; of players without one, the
silence after which the view is closed."""
LONGEST_SILENCE_MS = max(SILENCE_MS.values())
"""Also for a dialect that is not listed."""
STEADY_MS = 30_000
"""From its first event to its last a view that is heard of as it happens comes as late, but for what a batch waits."""
USUAL_MINUTES = 5
MOST_GROUPS = 1_000


class LiveQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose views, told apart by what, over how many minutes."""

    project: str
    filter: Filter
    groups: tuple[Dimension, ...] = ()
    minutes: int = USUAL_MINUTES
    bots: bool = False
    limit: int = 100


class LiveMeta(msgspec.Struct, frozen=True):
    """When a live answer was made, and what it covers."""

    at: str
    minutes: int
    fresh_as_of: str | None
    row_count: int
    truncated: bool
    """There were more groups than asked for."""


class LiveAnswer(msgspec.Struct, frozen=True):
    """Live figures, one row for each group."""

    data: list[dict[str, Any]]
    meta: LiveMeta


FIGURES = (
    "concurrent_viewers",
    "concurrent_plays",
    "rebuffering_viewers",
    "starting_viewers",
    "attempts",
    "plays",
    "active_attempts",
    "start_failures",
    "playback_failures",
    "exits_before_start",
    "views_with_errors",
    "rebuffer_percentage",
    "video_startup_time_median",
)
"""The keys of a row, after those of its groups. The first four are now, the others of the last minutes."""


async def live(engine: AsyncEngine, query: LiveQuery, now_ms: int, fresh_ms: int | None) -> LiveAnswer:
    """The figures of this instant."""
    rows = (await run(engine, _statement(query, now_ms))).rows
    keys = (*(group.id for group in query.groups), *FIGURES)
    data = [dict(zip(keys, row, strict=True)) for row in rows[: query.limit]]
    fresh = None if fresh_ms is None else iso(fresh_ms)
    truncated = len(rows) > query.limit
    return LiveAnswer(data, LiveMeta(iso(now_ms), query.minutes, fresh, len(data), truncated))


def _statement(query: LiveQuery, now_ms: int) -> Statement:
    binder = Binder()
    since = now_ms - query.minutes * 60_000
    # Only views that were heard of lately can count; both time columns bound what is read.
    heard = instant(min(since, now_ms - LONGEST_SILENCE_MS), binder)
    source = views(
        binder, query.project, query.filter, f"received_last >= {heard}", bots=query.bots, groups=query.groups
    )
    keys = [f"{group.expression(binder)} AS k{n}" for n, group in enumerate(query.groups)]
    names = ", ".join(f"k{n}" for n in range(len(keys)))
    figures = [f"{sql} AS f{n}" for n, sql in enumerate(_figures(now_ms, since, binder))]
    sql = f"SELECT {', '.join([*keys, *figures])} {source}"
    if keys:
        order = f"f0 DESC, f4 DESC, {names}"
        sql += f" GROUP BY {names} ORDER BY {order} LIMIT {binder.bind(query.limit + 1, 'Int64')}"
    return Statement(f"{sql} {SETTINGS}", binder.params)


def _figures(now_ms: int, since_ms: int, binder: Binder) -> Sequence[str]:
    since, start = instant(since_ms, binder), binder.bind(since_ms, "Int64")
    heard = f"NOT closed AND attempted AND {_lately(now_ms, binder)}"
    state = "toString(`spans.state`[-1])"
    stalled = f"{state} = 'rebuffer' AND toUnixTimestamp64Milli(received_last) - `spans.start_ms`[-1] > {STALL_LIMIT_MS}"
    watching = f"{heard} AND {_among(state, WATCH_STATES)} AND NOT ({stalled})"
    ended = f"closed AND view_end >= {since}"
    return (
        f"toInt64(countIf({watching}))",
        f"toInt64(countIf({watching} AND {_among(state, STARTED_STATES)}))",
        f"toInt64(countIf({watching} AND {state} = 'rebuffer'))",
        f"toInt64(countIf({watching} AND {state} = 'startup'))",
        f"toInt64(countIf(attempted AND view_start >= {since}))",
        f"toInt64(countIf(started AND view_start >= {since}))",
        f"toInt64(countIf(attempted AND view_end >= {since}))",
        f"toInt64(countIf(outcome = 'start_failed' AND {ended}))",
        f"toInt64(countIf(outcome = 'playback_failed' AND {ended}))",
        f"toInt64(countIf(outcome = 'exited_before_start' AND {ended}))",
        f"toInt64(countIf(attempted AND error_count > 0 AND view_end >= {since}))",
        f"{_passed(start, 'rebuffer')} / nullIf({_passed(start, *WATCH_STATES)}, 0)",
        _startup_median(since),
    )


def _lately(now_ms: int, binder: Binder) -> str:
    """Whether a view was heard of, and something of it happened, within its dialect's silence.

    What comes late, from a client that was offline or after an outage of the collector, tells who watched then. A clock
    that is slow makes everything look late as well, but its first event by as much as its last.
    """
    names, lengths = list(SILENCE_MS), list(SILENCE_MS.values())
    silence = f"transform(toString(dialect), {names}, {lengths}, {LONGEST_SILENCE_MS})"
    is_steady = f"abs(first_delay_ms - last_delay_ms) <= {STEADY_MS}"
    last = f"toUnixTimestamp64Milli(if({is_steady}, received_last, least(received_last, view_end)))"
    return f"{last} >= {binder.bind(now_ms, 'Int64')} - {silence}"


def _startup_median(since: str) -> str:
    """The median of the catalogue's startup time, of views begun since then."""
    shape = METRIC_BY_ID["video_startup_time"].shape
    if not isinstance(shape, Value):
        raise TypeError("video_startup_time is one number of each view")
    return true_or_rest(
        shape,
        lambda condition: (
            f"quantileExactInclusiveOrNullIf(0.5)({shape.value}, ({condition}) AND view_start >= {since})"
        ),
    )


def _passed(since: str, *states: str) -> str:
    """Σ time in these states since then, of plays whose stalls are known."""
    length = f"greatest(0, high - greatest(low, {since}))"
    among = _among("toString(state)", states)
    sql = f"arraySum((state, low, high) -> if({among}, {length}, 0), `spans.state`, `spans.start_ms`, `spans.end_ms`)"
    return f"sumIf({sql}, started AND rebuffer_duration_ms IS NOT NULL)"


def _among(state: str, states: Sequence[str]) -> str:
    return f"{state} IN ({', '.join(repr(one) for one in states)})"
