"""Time watched and mean concurrency as SQL: the spans of a view, cut at the edges of its row's cell.

Of a view whose spans all lie in the cell the record's own total counts. In all but series hardly any view crosses an edge,
and those are a branch of their own: only there are spans read.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Column
from firstframe.metrics.metric import Concurrent, Elapsed
from firstframe.metrics.span import (
    BARE,
    BARE_STATES,
    END_MS,
    FIRST_MS,
    LAST_MS,
    START_MS,
    WAIT_MS,
    among,
    arrays,
    hold,
    watched_until,
)


class Part(Enum):
    """Which of the views that pass time in a cell are added up."""

    ALL = "all"
    WITHIN = "within"
    """Those that lie in it from their start to their end, and all without spans, which two numbers tell the time of."""
    ACROSS = "across"
    """The others."""


def is_apart(columns: Sequence[Column]) -> bool:
    """Whether views within a cell need no look at their spans: of some time in states the record has the sum."""
    return bool(columns) and all(isinstance(one.measure.metric.shape, Elapsed) for one in columns)


def passage(columns: Sequence[Column], part: Part, suffixes: Sequence[str]) -> list[str]:
    """Whether a view passes time in a cell, for each of a row's cells, by the suffix of its names; and what `amount` needs."""
    if part is Part.WITHIN:
        return [BARE, *(f"{_passes_within(suffix)} AS passes{suffix}" for suffix in suffixes)]
    found = [BARE, f"{FIRST_MS} AS begun_ms", f"{LAST_MS} AS over_ms"]
    for suffix in suffixes:
        low, high = f"low{suffix}", f"high{suffix}"
        passes = f"greatest(begun_ms, {low}) < least(over_ms, {high})"
        if part is Part.ACROSS:
            passes += f" AND NOT (bare OR {_is_within(suffix)})"
        found += [f"{passes} AS passes{suffix}", f"begun_ms >= {low} AND over_ms <= {high} AS whole{suffix}"]
    if not columns:
        return found
    whole = " OR ".join(f"whole{suffix}" for suffix in suffixes)
    return [*found, *arrays(whole if is_apart(columns) else None)]


def _is_within(suffix: str) -> str:
    return f"{START_MS} >= low{suffix} AND {END_MS} <= high{suffix}"


def _passes_within(suffix: str) -> str:
    bare = f"greatest({START_MS}, low{suffix}) < least({START_MS} + toInt64(watch_time_ms), high{suffix})"
    return f"if(bare, {bare}, lasted AND {_is_within(suffix)})"


def amount(column: Column, part: Part, now_ms: int, start_ms: int, suffix: str, binder: Binder) -> str:
    """Of each row the time in some states, added up, in the cell of that suffix."""
    shape = column.measure.metric.shape
    low, high, passes = f"low{suffix}", f"high{suffix}", f"attempted AND passes{suffix}"
    if isinstance(shape, Elapsed):
        total = f"if({_any(shape.states)}, {shape.total}, 0)"
        if part is Part.WITHIN:
            return f"sumIf({total}{_bare_share(shape, low, high)}, {passes})"
        passed = _passed(shape.states, "stop", low, high)
        length = f"arraySum((state, one) -> if({among(shape.states)}, one, 0), states, lengths)"
        scaled = f"{passed} * if({length} = 0, 1, ({shape.total}) / {length})"
        return f"sumIf(if(whole{suffix}, {total}, {scaled}), {passes})"
    if not isinstance(shape, Concurrent):
        raise TypeError(f"{column.key} is measured over views")
    now = binder.bind(max(now_ms, start_ms + 1), "Int64")
    passed = _passed(shape.states, watched_until("stop", "stop - one"), low, high)
    return f"sumIf({passed}, {passes}) / greatest(1, any(least({high}, {now}) - {low}))"


def _bare_share(shape: Elapsed, low: str, high: str) -> str:
    """A factor: how much of the time of a view without spans lies between two instants; of all others everything."""
    watched = "toInt64(watch_time_ms)"
    match tuple(state in shape.states for state in BARE_STATES):
        case True, True:
            begin, length = START_MS, watched
        case True, False:
            begin, length = START_MS, WAIT_MS
        case False, True:
            begin, length = f"({START_MS} + {WAIT_MS})", f"({watched} - {WAIT_MS})"
        case _:
            return ""
    inside = f"greatest(0, least({begin} + {length}, {high}) - greatest({begin}, {low}))"
    return f" * if(bare AND {length} > 0, {inside} / {length}, 1)"


def _passed(states: Sequence[str], until: str, low: str, high: str) -> str:
    """The time of a view in some states, as far as it lies between two instants."""
    inside = f"greatest(0, least({until}, {high}) - greatest(stop - one, {low}))"
    return f"arraySum((state, one, stop) -> if({among(states)}, {inside}, 0), states, lengths, stops)"


def _any(states: Sequence[str]) -> str:
    """Whether a view was ever in one of the states."""
    return f"({hold(states)}) OR bare" if set(states) & set(BARE_STATES) else hold(states)
