"""Errors by code and message, where messages that differ only in numbers, ids and addresses are one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.rows import epoch_ms
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.filter import Filter
from firstframe.metrics.source import SETTINGS, Statement, between, views

TREND_STEPS = 24
RULES: Sequence[tuple[str, str]] = (
    (r"""[a-z][a-z0-9+.-]*://[^\s"'<>)]+""", "<url>"),
    (r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", "<id>"),
    (r"\b[0-9a-fA-F]{16,}\b", "<id>"),
    (r"\d+(?:\.\d+)?", "<n>"),
)
"""What is replaced in a message, in this order."""
ENDED = "outcome IN ('start_failed', 'start_blocked', 'playback_failed', 'playback_blocked')"
"""Whether an error ended the view; not every such error has a code."""
_DIGITS = r"(?:\d{1,15}|\B\d{16,}|\d{16,}\B)"
"""As many as are no id: one is bounded on both sides."""
_HOLES = {
    "<url>": RULES[0][0],
    "<id>": f"(?:{RULES[1][0]}|{RULES[2][0]})",
    "<n>": rf"{_DIGITS}(?:\.{_DIGITS})?",
}
_MIXED = rf"{_DIGITS}\.{_DIGITS}"
"""A number before ``.<n>``: it has taken one point already, or it would have taken that one."""
_PUNCTUATION = re.compile(r"[!-/:-@\[-^`{-~]")


class ErrorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Views whose last error had the same code and, but for numbers and ids, the same message."""

    code: str | None
    message: str | None
    views: int
    share: float | None
    """Of the attempts of the range."""
    fatal: int
    """Views that an error ended, whatever it said."""
    warnings: int
    """Views in which it was only a warning: they have no error, and are not among the views with errors."""
    error_class: str | None
    dialects: list[str]
    first_seen_ms: int
    last_seen_ms: int
    trend: list[int]
    """Views in each of equal parts of the range."""
    sample: str | None
    """One whole message."""
    filters: list[str]
    """What finds these views."""


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """The groups, the most frequent first, and what their shares are of."""

    groups: list[ErrorGroup]
    attempts: int
    views_with_errors: int
    truncated: bool


async def errors(
    engine: AsyncEngine,
    project: str,
    *,
    found: Filter,
    start_ms: int,
    end_ms: int,
    limit: int,
    bots: bool,
) -> Errors:
    """Of views that ended in the range."""
    binder = Binder()
    held = [between("view_end", start_ms, end_ms, binder), "closed"]
    source = views(binder, project, found, *held, bots=bots)
    message = _normalised("error_message", binder)
    width = max(1, (end_ms - start_ms) // TREND_STEPS + 1)
    step = (
        f"intDiv(toUnixTimestamp64Milli(view_end) - {binder.bind(start_ms, 'Int64')},"
        f" {binder.bind(width, 'Int64')})"
    )
    trend = f"sumForEach(arrayMap(at -> toInt64(at = {step}), range({TREND_STEPS})))"
    sql = (
        f"SELECT error_code AS code, {message} AS words, toInt64(count()) AS number,"
        f" toInt64(countIf({ENDED})), toInt64(countIf(error_count = 0)), any(error_class),"
        " groupUniqArray(toString(dialect)),"
        f" min(view_end), max(view_end), {trend}, any(error_message)"
        f" {source} AND (error_count > 0 OR error_code IS NOT NULL)"
        f" GROUP BY code, words ORDER BY number DESC, code, words LIMIT {binder.bind(limit + 1, 'Int64')} {SETTINGS}"
    )
    rows = (await run(engine, Statement(sql, binder.params))).rows
    attempts, with_errors = await _totals(engine, project, found, start_ms, end_ms, bots=bots)
    return Errors(
        groups=[_group(row, attempts) for row in rows[:limit]],
        attempts=attempts,
        views_with_errors=with_errors,
        truncated=len(rows) > limit,
    )


async def _totals(
    engine: AsyncEngine, project: str, found: Filter, start_ms: int, end_ms: int, *, bots: bool
) -> tuple[int, int]:
    binder = Binder()
    source = views(binder, project, found, between("view_end", start_ms, end_ms, binder), "closed", bots=bots)
    sql = f"SELECT toInt64(countIf(attempted)), toInt64(countIf(attempted AND error_count > 0)) {source} {SETTINGS}"
    (row,) = (await run(engine, Statement(sql, binder.params))).rows
    return row[0], row[1]


def _normalised(column: str, binder: Binder) -> str:
    sql = column
    for pattern, hole in RULES:
        sql = f"replaceRegexpAll({sql}, {binder.bind(pattern, 'String')}, {binder.bind(hole, 'String')})"
    return sql


def normalised(message: str) -> str:
    """A message with its numbers, ids and addresses replaced, as the engine does it."""
    for pattern, hole in RULES:
        message = re.sub(pattern, hole, message, flags=re.ASCII)
    return message


def _group(row: Sequence[Any], attempts: int) -> ErrorGroup:
    code, message, number, fatal, warnings, error_class, dialects, first, last, trend, sample = row
    return ErrorGroup(
        code=code,
        message=message,
        views=number,
        share=number / attempts if attempts else None,
        fatal=fatal,
        warnings=warnings,
        error_class=error_class,
        dialects=sorted(dialects),
        first_seen_ms=epoch_ms(first),
        last_seen_ms=epoch_ms(last),
        trend=list(trend),
        sample=sample,
        filters=[_same("error_code", code, code), _same("error_message", message, pattern_of(message or ""))],
    )


def _same(dimension: str, value: str | None, wanted: str | None) -> str:
    if value is None:
        return f"{dimension}:exists:false"
    return f"{dimension}:{'eq' if value == wanted else 'matches'}:{wanted}"


def pattern_of(message: str) -> str:
    """A regular expression for all messages that are this one when normalised; the message itself if it has no holes."""
    if not any(hole in message for hole in _HOLES):
        return message
    parts = re.split("(" + "|".join(map(re.escape, _HOLES)) + ")", message)
    found = [_HOLES.get(part) or _PUNCTUATION.sub(r"\\\g<0>", part) for part in parts]
    for at in range(len(parts) - 2):
        if parts[at : at + 3] == ["<n>", ".", "<n>"]:
            found[at] = _MIXED
    return f"^{''.join(found)}$"
