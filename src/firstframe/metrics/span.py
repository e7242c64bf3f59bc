"""Concurrency as SQL: the spans of views as beginnings and ends of watching.

Peaks take one row for each beginning and end of watching, and a bucket begins with what the buckets before it left.
Most views are one piece from their first span to their last, which is told without a look at each; of the others every
span begins and ends, and where one ends as the next begins, the end comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Column, Period, cast, key_columns, key_names, null
from firstframe.metrics.metric import Concurrent
from firstframe.metrics.source import touching, views
from firstframe.view.record import State

STALL_LIMIT_MS = 300_000
"""A viewer stalled for longer is not counted as watching any more."""

START_MS, END_MS = "toUnixTimestamp64Milli(view_start)", "toUnixTimestamp64Milli(view_end)"
WAIT_MS = "toInt64(watch_time_ms - content_playing_time_ms - ad_playing_time_ms)"
BARE = "held_states = 0 AND watch_time_ms > 0 AS bare"
# A record without spans keeps its time: waiting first, then playing, from the start of the view, perhaps beyond its end.
BARE_STATES = ("startup", "playing")
_STATES = f"if(bare, CAST({list(BARE_STATES)}, toTypeName(`spans.state`)), `spans.state`)"
_GAPS = "if(bare, [toInt64(0), toInt64(0)], `spans.gap_ms`)"
_LENGTHS = f"if(bare, [{WAIT_MS}, toInt64(watch_time_ms) - {WAIT_MS}], `spans.length_ms`)"
FIRST_MS = f"({START_MS} + `spans.gap_ms`[1])"
LAST_MS = f"({START_MS} + arraySum(`spans.gap_ms`) + arraySum(`spans.length_ms`) + if(bare, toInt64(watch_time_ms), 0))"
_STOPS = (
    f"arrayMap(passed -> {START_MS} + passed, arrayCumSum(arrayMap((gap, one) -> gap + one, gaps, lengths)))"
)


def peak_branches(
    period: Period, columns: Sequence[Column], mine: Sequence[bool], binder: Binder
) -> list[str]:
    """One SELECT for each set of states whose peak is asked for."""
    return [_peak_branch(period, columns, place, binder) for place, here in enumerate(mine) if here]


def arrays(without: str | None = None) -> list[str]:
    """``states``, ``gaps``, ``lengths`` and ``stops`` of a view's spans, empty for views that need no look at them."""
    parts = {"states": _STATES, "gaps": _GAPS, "lengths": _LENGTHS}
    found = [f"{f'if({without}, [], {sql})' if without else sql} AS {name}" for name, sql in parts.items()]
    return [*found, f"{_STOPS} AS stops"]


def hold(states: Sequence[str]) -> str:
    """Whether a view that has spans was ever in one of the states; their numbers in the table are those of `State`."""
    bits = sum(1 << number for number, state in enumerate(State) if state in states)
    return f"bitAnd(held_states, {bits}) != 0"


def among(states: Sequence[str]) -> str:
    """Whether ``state`` is one of them."""
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"


def watched_until(stop: str, begin: str) -> str:
    """Where the watching in a span ends."""
    return f"if(state = 'rebuffer', least({stop}, {begin} + {STALL_LIMIT_MS}), {stop})"


def _peak_branch(period: Period, columns: Sequence[Column], place: int, binder: Binder) -> str:
    """The largest number of views at once, from the order of their beginnings and ends."""
    plan = period.plan
    names = key_names(plan)
    numbers = [cast("toInt64(peak)", one, n) if n == place else null(one, n) for n, one in enumerate(columns)]
    sums = (
        "arrayCumSum(arrayMap(mark -> toInt64(bitAnd(mark, 1)) * 2 - 1, arraySort(groupArray(mark)))) AS counts,"
        " arrayMax(counts) AS most, counts[-1] AS more"
    )
    keys = ", ".join([*names, "bucket"])
    by_bucket = f"SELECT {keys}, {sums} FROM ({_marks(period, columns[place], binder)}) GROUP BY {keys}"
    if not plan.series:
        peak = f"SELECT {', '.join([*names, 'most AS peak'])} FROM ({by_bucket})"
        return f"SELECT {', '.join([*names, *numbers])} FROM ({peak})"
    return f"SELECT {', '.join([*names, 'bucket', *numbers])} FROM ({_carried(period, by_bucket, binder)})"


def _carried(period: Period, by_bucket: str, binder: Binder) -> str:
    """Each bucket with those who were already watching when it began, also where nobody began or ended."""
    names = key_names(period.plan)
    keys = ", ".join([*names, ""])
    apart = f"PARTITION BY {', '.join(names)} " if names else ""
    over = f"({apart}ORDER BY bucket ASC"
    count = binder.bind(period.buckets.count, "Int64")
    carried = (
        f"SELECT {keys}bucket AS at, most, more,"
        f" sum(more) OVER {over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS left,"
        f" leadInFrame(bucket, 1, toInt64({count})) OVER {over}"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next"
        f" FROM ({by_bucket})"
    )
    return (
        f"SELECT {keys}arrayJoin(range(at, if(left > 0, next, at + 1))) AS bucket,"
        f" if(bucket = at, left - more + greatest(0, most), left) AS peak FROM ({carried})"
    )


def _marks(period: Period, column: Column, binder: Binder) -> str:
    """One row for each beginning and each end of watching: (keys, bucket, twice the instant, odd for a beginning)."""
    shape = column.measure.metric.shape
    if not isinstance(shape, Concurrent):
        raise TypeError(f"{column.key} has no peak")
    plan = period.plan
    names = ", ".join([*key_names(plan), ""])
    # An end on the edge of a bucket belongs to the bucket before it.
    at = period.buckets.index("if(bitAnd(mark, 1) = 1, intDiv(mark, 2), intDiv(mark, 2) - 1)", binder)
    return (
        f"SELECT {names}mark, toInt64({at if plan.series else '0'}) AS bucket FROM ("
        f"SELECT {names}arrayJoin(if(single, [from_ms * 2 + 1, to_ms * 2], marks)) AS mark"
        f" FROM ({_pieces(period, shape.states, binder)}))"
    )


def _pieces(period: Period, states: Sequence[str], binder: Binder) -> str:
    """Views that touch the period: ``from_ms`` and ``to_ms`` of those that are *single*, of the others all ``marks``."""
    plan = period.plan
    start, end = binder.bind(period.start_ms, "Int64"), binder.bind(period.end_ms, "Int64")
    held = (*touching(period.start_ms, period.end_ms, binder), "attempted")
    source = views(binder, plan.project, plan.filter, *held, bots=plan.bots, groups=plan.groups)
    keys = ", ".join([*key_columns(plan, binder), ""])
    low = f"greatest(stop - one, {start})"
    high = f"least({watched_until('stop', 'stop - one')}, {end})"
    # An end sorts before a beginning at the same instant: nobody is counted twice.
    marks = (
        f"arrayFlatten(arrayMap((state, one, stop) -> if({among(states)} AND {low} < {high},"
        f" [{low} * 2 + 1, {high} * 2], []), states, lengths, stops))"
    )
    return (
        f"SELECT {keys}{BARE}, {_single(states)} AS single, {', '.join(arrays('single'))}, {marks} AS marks,"
        f" greatest({FIRST_MS}, {start}) AS from_ms, least({LAST_MS}, {end}) AS to_ms"
        f" {source}{period.chosen} AND from_ms < to_ms"
    )


def _single(states: Sequence[str]) -> str:
    """Whether a view was in these states from its first span to its last: no gaps, no other state, no stall too long."""
    others = [state.value for state in State if state.value not in states]
    return (
        f"held_states != 0 AND NOT ({hold(others)})"
        " AND countEqual(`spans.gap_ms`, 0) + (`spans.gap_ms`[1] != 0) = length(`spans.gap_ms`)"
        f" AND (NOT ({hold(('rebuffer',))}) OR arrayMax(`spans.length_ms`) <= {STALL_LIMIT_MS})"
    )
