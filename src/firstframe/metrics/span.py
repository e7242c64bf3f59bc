"""Time and concurrency as SQL: the spans of views, cut at the edges of the range and of the buckets.

Amounts (time watched, mean concurrency) take one row for each view and bucket; a view that lies whole in its bucket
counts with its record's own total. Peaks take one row for each beginning and end of watching, no more: spans that
adjoin are one, and a bucket begins with what the buckets before it left.
"""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Column, Period, cast, group_by, key_columns, key_names, null
from firstframe.metrics.metric import Concurrent, Elapsed
from firstframe.metrics.source import instant, views

STALL_LIMIT_MS = 300_000
"""A viewer stalled for longer is not counted as watching any more."""

_START = "toUnixTimestamp64Milli(view_start)"
_WAIT = "toInt64(watch_time_ms - content_playing_time_ms - ad_playing_time_ms)"
_BARE = "empty(`spans.state`) AND watch_time_ms > 0"
# A record without spans keeps its time: waiting first, then playing, from the start of the view.
_STATES = f"if({_BARE}, CAST(['startup', 'playing'], toTypeName(`spans.state`)), `spans.state`)"
_GAPS = f"if({_BARE}, [toInt64(0), toInt64(0)], `spans.gap_ms`)"
_LENGTHS = f"if({_BARE}, [{_WAIT}, toInt64(watch_time_ms) - {_WAIT}], `spans.length_ms`)"
_STOPS = "arrayMap(passed -> first_ms - gaps[1] + passed, arrayCumSum(arrayMap((gap, one) -> gap + one, gaps, lengths)))"
_BEGINS = "arrayMap((stop, one) -> stop - one, stops, lengths)"


def span_branches(
    period: Period, columns: Sequence[Column], mine: Sequence[bool], binder: Binder
) -> list[str]:
    """One SELECT for the amounts, and one for each set of states whose peak is asked for."""
    peaks = [here and one.measure.measurement == "peak" for one, here in zip(columns, mine, strict=True)]
    amounts = [here and not peak for here, peak in zip(mine, peaks, strict=True)]
    branches = [_peak_branch(period, columns, place, binder) for place, peak in enumerate(peaks) if peak]
    # Peaks know nothing of a bucket in which views were paused; where only known buckets are answered, it counts.
    if any(amounts) or period.plan.groups or not period.plan.fill:
        branches.append(_amount_branch(period, columns, amounts, binder))
    return branches


def _amount_branch(period: Period, columns: Sequence[Column], mine: Sequence[bool], binder: Binder) -> str:
    """Of each view and bucket the time in some states, added up."""
    plan, buckets = period.plan, period.buckets
    names = [*key_names(plan), *(["bucket"] if plan.series else [])]
    low, high = _edges(period, binder)
    numbers = [
        cast(_amount(one, period, low, high, binder), one, n) if here else null(one, n)
        for n, (one, here) in enumerate(zip(columns, mine, strict=True))
    ]
    source = _pieces(period, binder)
    if plan.series:
        first, last = buckets.index("from_ms", binder), buckets.index("to_ms - 1", binder)
        source = (
            f"SELECT *, arrayJoin(range(toInt64({first}), toInt64({last}) + 1)) AS bucket FROM ({source})"
        )
    return f"SELECT {', '.join([*names, *numbers])} FROM ({source}){group_by(plan)}"


def _amount(column: Column, period: Period, low: str, high: str, binder: Binder) -> str:
    shape = column.measure.metric.shape
    if isinstance(shape, Elapsed):
        part = _passed(shape.states, low, high, "stop")
        length = f"arraySum((state, one) -> if({_among(shape.states)}, one, 0), states, lengths)"
        scaled = f"{part} * if({length} = 0, 1, ({shape.total}) / {length})"
        whole = f"first_ms >= {low} AND last_ms <= {high} AND arrayExists(state -> {_among(shape.states)}, states)"
        return f"sumIf(if({whole}, {shape.total}, {scaled}), attempted)"
    if not isinstance(shape, Concurrent):
        raise TypeError(f"{column.key} is measured over views")
    now = binder.bind(max(period.plan.now_ms, period.start_ms + 1), "Int64")
    part = _passed(shape.states, low, high, _watched_until("stop"))
    return f"sumIf({part}, attempted) / greatest(1, any(least({high}, {now}) - {low}))"


def _passed(states: Sequence[str], low: str, high: str, until: str) -> str:
    """The time of a view in some states, as far as it lies between two instants."""
    inside = f"greatest(0, least({until}, {high}) - greatest(begin, {low}))"
    return f"arraySum((state, begin, stop) -> if({_among(states)}, {inside}, 0), states, begins, stops)"


def _watched_until(stop: str) -> str:
    return f"if(state = 'rebuffer', least({stop}, begin + {STALL_LIMIT_MS}), {stop})"


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
    start, end = binder.bind(period.start_ms, "Int64"), binder.bind(period.end_ms, "Int64")
    clipped = (
        "arrayFilter(span -> span.1 < span.2, arrayMap((state, begin, stop) ->"
        f" if({_among(shape.states)}, (greatest(begin, {start}), least({_watched_until('stop')}, {end})),"
        " (toInt64(0), toInt64(0))), states, begins, stops))"
    )
    # Where one span ends and the next begins at once, nobody came or went.
    joined = (
        "arrayConcat("
        "arrayMap(span -> span.1 * 2 + 1, arrayFilter((span, before) -> span.1 != before.2, pieces,"
        " arrayPopBack(arrayPushFront(pieces, (toInt64(-1), toInt64(-1)))))),"
        " arrayMap(span -> span.2 * 2, arrayFilter((span, after) -> span.2 != after.1, pieces,"
        " arrayPopFront(arrayPushBack(pieces, (toInt64(-1), toInt64(-1)))))))"
    )
    names = ", ".join([*key_names(plan), ""])
    # An end on the edge of a bucket belongs to the bucket before it.
    at = period.buckets.index("if(bitAnd(mark, 1) = 1, intDiv(mark, 2), intDiv(mark, 2) - 1)", binder)
    return (
        f"SELECT {names}mark, toInt64({at if plan.series else '0'}) AS bucket FROM ("
        f"SELECT {names}arrayJoin({joined}) AS mark FROM ("
        f"SELECT {names}{clipped} AS pieces FROM ({_pieces(period, binder)}) WHERE attempted))"
    )


def _pieces(period: Period, binder: Binder) -> str:
    """Views that touch the period, with their spans as arrays; ``from_ms`` and ``to_ms`` are within the period."""
    plan = period.plan
    start, end = binder.bind(period.start_ms, "Int64"), binder.bind(period.end_ms, "Int64")
    held = (
        f"view_start < {instant(period.end_ms, binder)}",
        f"view_end >= {instant(period.start_ms, binder)}",
    )
    source = views(binder, plan.project, plan.filter, *held, bots=plan.bots, groups=plan.groups)
    keys = ", ".join([*key_columns(plan, binder), ""])
    return (
        f"SELECT {keys}attempted, watch_time_ms, content_playing_time_ms, ad_playing_time_ms,"
        f" {_STATES} AS states, {_GAPS} AS gaps, {_LENGTHS} AS lengths,"
        f" {_START} + gaps[1] AS first_ms, {_START} + arraySum(gaps) + arraySum(lengths) AS last_ms,"
        f" {_STOPS} AS stops, {_BEGINS} AS begins,"
        f" greatest(first_ms, {start}) AS from_ms, least(last_ms, {end}) AS to_ms"
        f" {source}{period.chosen} AND notEmpty(states) AND from_ms < to_ms"
    )


def _edges(period: Period, binder: Binder) -> tuple[str, str]:
    """Where a bucket begins and ends within the period."""
    start, end = binder.bind(period.start_ms, "Int64"), binder.bind(period.end_ms, "Int64")
    if not period.plan.series:
        return start, end
    low, high = period.buckets.edge("bucket", binder), period.buckets.edge("bucket + 1", binder)
    return f"greatest({low}, {start})", f"least({high}, {end})"


def _among(states: Sequence[str]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"
