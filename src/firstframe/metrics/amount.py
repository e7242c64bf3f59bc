"""Time watched and mean concurrency as SQL: the spans of a view, cut at the edges of its row's cell.

A view that lies whole in its cell counts with its record's own total, and the arrays of its spans are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Column
from firstframe.metrics.metric import Concurrent, Elapsed
from firstframe.metrics.span import (
    BARE,
    BARE_STATES,
    FIRST_MS,
    LAST_MS,
    among,
    arrays,
    hold,
    watched_until,
)


def passage(columns: Sequence[Column], suffixes: Sequence[str]) -> list[str]:
    """The spans of a row as columns: when they begin and are over, and the arrays of those that are to be cut.

    Whether they pass through a cell and lie in it whole, is said of each of the row's cells, by the suffix of its names.
    """
    found = [BARE, f"{FIRST_MS} AS begun_ms", f"{LAST_MS} AS over_ms"]
    for suffix in suffixes:
        low, high = f"low{suffix}", f"high{suffix}"
        found += [
            f"greatest(begun_ms, {low}) < least(over_ms, {high}) AS passes{suffix}",
            f"begun_ms >= {low} AND over_ms <= {high} AS whole{suffix}",
        ]
    if not columns:
        return found
    totals = all(isinstance(one.measure.metric.shape, Elapsed) for one in columns)
    whole = " OR ".join(f"whole{suffix}" for suffix in suffixes)
    return [*found, *arrays(whole if totals else None)]


def amount(column: Column, now_ms: int, start_ms: int, suffix: str, binder: Binder) -> str:
    """Of each row the time in some states, added up, in the cell of that suffix."""
    shape = column.measure.metric.shape
    low, high, passes = f"low{suffix}", f"high{suffix}", f"attempted AND passes{suffix}"
    if isinstance(shape, Elapsed):
        part = _passed(shape.states, "stop", low, high)
        length = f"arraySum((state, one) -> if({among(shape.states)}, one, 0), states, lengths)"
        scaled = f"{part} * if({length} = 0, 1, ({shape.total}) / {length})"
        total = f"if({_any(shape.states)}, {shape.total}, 0)"
        return f"sumIf(if(whole{suffix}, {total}, {scaled}), {passes})"
    if not isinstance(shape, Concurrent):
        raise TypeError(f"{column.key} is measured over views")
    now = binder.bind(max(now_ms, start_ms + 1), "Int64")
    part = _passed(shape.states, watched_until("stop", "stop - one"), low, high)
    return f"sumIf({part}, {passes}) / greatest(1, any(least({high}, {now}) - {low}))"


def _passed(states: Sequence[str], until: str, low: str, high: str) -> str:
    """The time of a view in some states, as far as it lies between two instants."""
    inside = f"greatest(0, least({until}, {high}) - greatest(stop - one, {low}))"
    return f"arraySum((state, one, stop) -> if({among(states)}, {inside}, 0), states, lengths, stops)"


def _any(states: Sequence[str]) -> str:
    """Whether a view was ever in one of the states."""
    return f"({hold(states)} OR bare)" if set(states) & set(BARE_STATES) else hold(states)
