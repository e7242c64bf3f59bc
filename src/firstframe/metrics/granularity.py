"""Time buckets: their edges in a time zone, and how SQL finds the bucket of an instant.

The edges are made here, with the zone's own calendar, and bound as parameters; the engine only compares integers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from firstframe.errors import BadRequest
from firstframe.metrics.bind import Binder

MOST_BUCKETS = 20_000


class Granularity(StrEnum):
    """How wide a time bucket is. Weeks begin on Monday."""

    FIVE_SECONDS = "5s"
    MINUTE = "minute"
    FIVE_MINUTES = "5m"
    TEN_MINUTES = "10m"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


_STEP_MS = {
    Granularity.FIVE_SECONDS: 5_000,
    Granularity.MINUTE: 60_000,
    Granularity.FIVE_MINUTES: 300_000,
    Granularity.TEN_MINUTES: 600_000,
    Granularity.HOUR: 3_600_000,
}
_ABOUT_MS = {
    **_STEP_MS,
    Granularity.DAY: 86_400_000,
    Granularity.WEEK: 604_800_000,
    Granularity.MONTH: 2_592_000_000,
    Granularity.YEAR: 31_536_000_000,
}


class Buckets(msgspec.Struct, frozen=True):
    """Edges in epoch milliseconds, one more than there are buckets; the first may lie before the range asked for."""

    edges: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.edges) - 1

    @property
    def step_ms(self) -> int | None:
        """The width of every bucket, None where the calendar makes them differ."""
        step = self.edges[1] - self.edges[0]
        return step if all(b - a == step for a, b in zip(self.edges, self.edges[1:], strict=False)) else None

    def index(self, instant: str, binder: Binder) -> str:
        """SQL for the number of the bucket, from 0, of an expression in epoch milliseconds."""
        step = self.step_ms
        if step is not None:
            first = binder.bind(self.edges[0], "Int64")
            return f"intDiv({instant} - {first}, {binder.bind(step, 'Int64')})"
        edges = binder.bind(list(self.edges), "Array(Int64)")
        return f"toInt64(arrayCount(edge -> edge <= ({instant}), {edges})) - 1"

    def edge(self, number: str, binder: Binder) -> str:
        """SQL for the lower edge of a bucket."""
        step = self.step_ms
        if step is not None:
            return f"({binder.bind(self.edges[0], 'Int64')} + ({number}) * {binder.bind(step, 'Int64')})"
        return f"{binder.bind(list(self.edges), 'Array(Int64)')}[({number}) + 1]"


def buckets_of(granularity: Granularity, start_ms: int, end_ms: int, zone: ZoneInfo) -> Buckets:
    """The buckets that touch ``[start_ms, end_ms)``. Raises `BadRequest` when they are too many."""
    if granularity is Granularity.ALL:
        return Buckets((start_ms, end_ms))
    expected = (end_ms - start_ms) // _ABOUT_MS[granularity] + 1
    if expected > MOST_BUCKETS:
        raise BadRequest(
            f"granularity {granularity.value} makes {expected} buckets of this range, {MOST_BUCKETS} are allowed",
            parameter="granularity",
            got=granularity.value,
            allowed="a coarser granularity or a shorter range",
        )
    edges = [_floor(start_ms, granularity, zone)]
    while edges[-1] < end_ms:
        edges.append(_next(edges[-1], granularity, zone))
    return Buckets(tuple(edges))


def _floor(instant_ms: int, granularity: Granularity, zone: ZoneInfo) -> int:
    local = _local(instant_ms, zone)
    if granularity in _STEP_MS:
        # Offsets of zones are whole minutes, not always whole hours.
        step = _STEP_MS[granularity]
        offset = round((local.utcoffset() or timedelta()) / timedelta(milliseconds=1))
        return (instant_ms + offset) // step * step - offset
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if granularity is Granularity.WEEK:
        day -= timedelta(days=day.weekday())
    elif granularity is Granularity.MONTH:
        day = day.replace(day=1)
    elif granularity is Granularity.YEAR:
        day = day.replace(month=1, day=1)
    return _epoch_ms(day)


def _next(edge_ms: int, granularity: Granularity, zone: ZoneInfo) -> int:
    if granularity in _STEP_MS:
        return edge_ms + _STEP_MS[granularity]
    # Half a bucket past the next edge's earliest place, then down to it: the calendar does the rest.
    ahead = {
        Granularity.DAY: 36,
        Granularity.WEEK: 24 * 7 + 12,
        Granularity.MONTH: 24 * 40,
        Granularity.YEAR: 24 * 370,
    }
    return _floor(edge_ms + ahead[granularity] * 3_600_000, granularity, zone)


def _local(instant_ms: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant_ms)).astimezone(zone)


def _epoch_ms(local: datetime) -> int:
    return round((local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
