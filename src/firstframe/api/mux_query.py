"""The parameters of Mux Data's read API, checked one by one, and the questions of our catalogue that they become."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from firstframe.accounts.lookup import Lookups
from firstframe.alerts.store import AlertStore
from firstframe.api.mux_dimension import read_filters
from firstframe.api.mux_metric import read_metric_filter
from firstframe.engine.client import AsyncEngine
from firstframe.errors import BadRequest
from firstframe.metrics.answer import Answer, answer
from firstframe.metrics.dimension import unknown
from firstframe.metrics.granularity import MOST_BUCKETS
from firstframe.metrics.instant import LATEST_MS
from firstframe.metrics.query import Question, plan_of

USUAL_LIMIT = 25
MOST_ITEMS = 10_000
"""Of one page."""
MOST_PARAMETERS = 500
DAY_MS = 86_400_000
HOUR_MS = 3_600_000

LISTS = ("timeframe", "filters", "metric_filters")
_LISTED = re.compile(rf"({'|'.join(LISTS)})(?:\[\d*\])?")
_RELATIVE = re.compile(r"(\d{1,6}):(second|minute|hour|day|week)s?", re.ASCII)
_UNITS_MS = {"second": 1_000, "minute": 60_000, "hour": HOUR_MS, "day": DAY_MS, "week": 7 * DAY_MS}
_EPOCH = re.compile(r"\d{1,11}", re.ASCII)
_FRAMES = "two epoch seconds, or one such as 60:minutes, 24:hours or 7:days"

STEPS: Mapping[str, tuple[str, int]] = {
    "minute": ("minute", 60_000),
    "ten_minutes": ("10m", 600_000),
    "hour": ("hour", HOUR_MS),
    "day": ("day", DAY_MS),
}
"""Mux's steps of a time series, with ours and their length."""


class Timeframe(msgspec.Struct, frozen=True):
    """From when to when, on whole seconds; the end is not included."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def usual_step(self) -> str:
        """The step of a series that names none."""
        if self.length_ms < 90 * 60_000:
            return "minute"
        if self.length_ms <= 6 * HOUR_MS:
            return "ten_minutes"
        return "hour" if self.length_ms <= 15 * DAY_MS else "day"


class Paging(msgspec.Struct, frozen=True):
    """Which page, of how many items."""

    limit: int
    page: int

    @property
    def skipped(self) -> int:
        return (self.page - 1) * self.limit

    @property
    def end(self) -> int:
        return self.page * self.limit


class Params(msgspec.Struct, frozen=True):
    """The parameters of one request."""

    values: Mapping[str, str]
    lists: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str | None:
        """None where it is not given or empty."""
        return self.values.get(name) or None

    def choice(self, name: str, allowed: Sequence[str], usual: str) -> str:
        """Raises `BadRequest` that names what is allowed."""
        value = self.text(name) or usual
        if value not in allowed:
            raise BadRequest(
                f"{name} is {value[:60]!r}; wanted is one of {', '.join(allowed)}",
                parameter=name,
                got=value[:60],
            )
        return value

    def whole(self, name: str, usual: int, most: int) -> int:
        """A whole number from 1. Raises `BadRequest`."""
        value = self.text(name)
        if value is None:
            return usual
        if not (value.isascii() and value.isdigit() and len(value) <= 12 and 1 <= int(value) <= most):
            raise BadRequest(
                f"{name} is {value[:40]!r}; wanted is a whole number from 1 to {most}",
                parameter=name,
                got=value[:40],
            )
        return int(value)

    def instant(self, name: str, earliest_ms: int, latest_ms: int, usual_ms: int) -> int:
        """Epoch seconds as milliseconds, between two instants. Raises `BadRequest`."""
        value = self.text(name)
        if value is None:
            return usual_ms
        found = int(value) * 1_000 if _EPOCH.fullmatch(value) else -1
        if not earliest_ms <= found <= latest_ms:
            raise BadRequest(
                f"{name} is {value[:40]!r}; wanted are epoch seconds from {earliest_ms // 1_000} to {latest_ms // 1_000}",
                parameter=name,
                got=value[:40],
            )
        return found

    def paging(self, usual: int = USUAL_LIMIT, most: int = MOST_ITEMS) -> Paging:
        """Raises `BadRequest`."""
        return Paging(self.whole("limit", usual, most), self.whole("page", 1, 10**9))

    def is_descending(self, *, usual: bool = True) -> bool:
        """Raises `BadRequest`."""
        return self.choice("order_direction", ("asc", "desc"), "desc" if usual else "asc") == "desc"

    def timeframe(self, now_ms: int, usual_ms: int = DAY_MS) -> Timeframe:
        """The range asked for; by default the last day. Raises `BadRequest`."""
        told = [one for one in self.lists.get("timeframe", ()) if one]
        now_ms = -(-now_ms // 1_000) * 1_000
        if not told:
            return Timeframe(now_ms - usual_ms, now_ms)
        if len(told) == 1 and (found := _RELATIVE.fullmatch(told[0])) and int(found[1]):
            return Timeframe(max(0, now_ms - int(found[1]) * _UNITS_MS[found[2]]), now_ms)
        if len(told) != 2 or not all(_EPOCH.fullmatch(one) for one in told):
            raise _no_frame(told, f"timeframe[] is {', '.join(told)[:100]!r}; wanted are {_FRAMES}")
        start_ms, end_ms = (int(one) * 1_000 for one in told)
        if start_ms >= end_ms or end_ms > LATEST_MS:
            raise _no_frame(told, "timeframe[] must begin before it ends, and end before the year 2300")
        return Timeframe(start_ms, end_ms)

    def filters(self) -> list[Mapping[str, Any]]:
        """What views must fulfil. Raises `BadRequest`."""
        return [
            *read_filters(self.lists.get("filters", ())),
            *(read_metric_filter(text) for text in self.lists.get("metric_filters", ())),
        ]


def _no_frame(told: Sequence[str], message: str) -> BadRequest:
    return BadRequest(message, parameter="timeframe[]", got=list(told[:4]))


def read_params(query: str, takes: Sequence[str]) -> Params:
    """The parameters of a query string; lists are repeated, with or without brackets behind their names.

    Raises `BadRequest` for one that is not taken here: a filter that nobody reads must not look like one that holds.
    """
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise BadRequest(f"more than {MOST_PARAMETERS} query parameters") from error
    for given, value in pairs:
        listed = _LISTED.fullmatch(given)
        name = listed[1] if listed else given
        if name not in takes:
            raise unknown("the query string", given, takes, list(takes))
        text = value.encode("utf-8", "replace").decode()
        if listed:
            lists.setdefault(name, []).append(text)
        elif values.setdefault(name, text) != text:
            raise BadRequest(f"{name} is given more than once, and means one thing", parameter=name)
    return Params(values, lists)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as far as its answer depends on it."""

    engine: AsyncEngine
    """Asked in the project's turn."""
    alerts: AlertStore
    lookups: Lookups
    """By which the alerts' database is asked."""
    project: str
    params: Params
    now_ms: int
    name: str = ""
    """The id in the path."""
    kind: str = ""
    """What it is the id of, where the path says so."""

    async def ask(
        self,
        when: Timeframe,
        metrics: Sequence[str],
        filters: Sequence[Any],
        **more: Any,
    ) -> Answer:
        """The catalogue's answer, each number with its weight."""
        question = Question(
            metrics=list(metrics),
            filters=list(filters),
            # As fractions they cannot be taken for dates.
            from_=when.start_ms / 1_000,
            to=when.end_ms / 1_000,
            weights=True,
            **more,
        )
        return await answer(self.engine, plan_of(question, self.project, self.now_ms), None)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer consists of."""

    data: Any
    total_row_count: int | None
    """None where there is nothing to count, or too much."""
    timeframe: tuple[int, int]
    """Epoch seconds."""
    meta: Mapping[str, Any] = {}


def framed(
    data: Any, when: Timeframe, *, count: int | None = None, meta: Mapping[str, Any] | None = None
) -> Frame:
    """An answer about a range."""
    return Frame(
        data=data,
        total_row_count=count,
        timeframe=(when.start_ms // 1_000, when.end_ms // 1_000),
        meta=meta or {},
    )


def step_of(params: Params, when: Timeframe) -> str:
    """The step of a time series. Raises `BadRequest`."""
    step = params.choice("group_by", tuple(STEPS), when.usual_step)
    count = when.length_ms // STEPS[step][1] + 1
    if count > MOST_BUCKETS:
        raise BadRequest(
            f"group_by {step} makes {count} points of this timeframe, {MOST_BUCKETS} are allowed",
            parameter="group_by",
            got=step,
        )
    return step
