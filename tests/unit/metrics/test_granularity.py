"""Time buckets: their edges in every kind of zone."""

from zoneinfo import ZoneInfo

import pytest

from firstframe.errors import BadRequest
from firstframe.metrics.granularity import Granularity, buckets_of
from firstframe.metrics.instant import iso, read_instant


def edges(granularity, start, end, zone="UTC"):
    """The edges of a range, as text."""
    where = ZoneInfo(zone)
    first, last = (read_instant(text, "from", 0, where) for text in (start, end))
    return [iso(edge) for edge in buckets_of(Granularity(granularity), first, last, where).edges]


def test_first_bucket_holds_the_start() -> None:
    """The first edge is at or before the start, the last at or after the end."""
    assert edges("hour", "2026-01-01T10:20", "2026-01-01T12:00") == [
        "2026-01-01T10:00:00Z",
        "2026-01-01T11:00:00Z",
        "2026-01-01T12:00:00Z",
    ]


def test_short_buckets() -> None:
    """Five seconds and ten minutes are counted from the full hour."""
    assert edges("5s", "2026-01-01T10:00:07", "2026-01-01T10:00:15") == [
        "2026-01-01T10:00:05Z",
        "2026-01-01T10:00:10Z",
        "2026-01-01T10:00:15Z",
    ]
    assert edges("10m", "2026-01-01T10:19", "2026-01-01T10:21") == [
        "2026-01-01T10:10:00Z",
        "2026-01-01T10:20:00Z",
        "2026-01-01T10:30:00Z",
    ]


def test_days_of_a_zone_with_summer_time() -> None:
    """On the last Sunday of March a day of Berlin has 23 hours."""
    assert edges("day", "2026-03-28", "2026-03-31", "Europe/Berlin") == [
        "2026-03-27T23:00:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
        "2026-03-30T22:00:00Z",
    ]


def test_a_day_without_midnight() -> None:
    """In Beirut summer time begins at midnight, which does not exist; the day begins an hour later."""
    assert edges("day", "2026-03-28", "2026-03-31", "Asia/Beirut") == [
        "2026-03-27T22:00:00Z",
        "2026-03-28T22:00:00Z",
        "2026-03-29T21:00:00Z",
        "2026-03-30T21:00:00Z",
    ]


def test_hours_of_a_zone_half_an_hour_off() -> None:
    """An hour of Kolkata begins at half past of UTC."""
    assert edges("hour", "2026-01-01T00:10", "2026-01-01T01:00", "Asia/Kolkata") == [
        "2025-12-31T18:30:00Z",
        "2025-12-31T19:30:00Z",
    ]


def test_weeks_begin_on_monday() -> None:
    """New year's day of 2026 is a Thursday of the week of 29 December."""
    assert edges("week", "2026-01-01", "2026-01-06") == [
        "2025-12-29T00:00:00Z",
        "2026-01-05T00:00:00Z",
        "2026-01-12T00:00:00Z",
    ]


def test_months_and_years() -> None:
    """The calendar decides, leap days included."""
    assert edges("month", "2028-02-10", "2028-03-02") == [
        "2028-02-01T00:00:00Z",
        "2028-03-01T00:00:00Z",
        "2028-04-01T00:00:00Z",
    ]
    assert edges("year", "2026-05-01", "2027-05-01")[:2] == ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]


def test_too_many() -> None:
    """A year of minutes is refused by the parameter's name."""
    with pytest.raises(BadRequest) as refused:
        edges("minute", "2025-01-01", "2026-01-01")
    assert refused.value.detail["parameter"] == "granularity"
