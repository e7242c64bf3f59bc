"""Instants as people and programs write them: ISO 8601, epoch seconds or milliseconds, or relative to now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firstframe.errors import BadRequest

ALLOWED = "ISO 8601 (2026-01-31 or 2026-01-31T12:00:00Z), epoch seconds or milliseconds, now, or relative such as -24h"
EARLIEST_MS = 0
LATEST_MS = 10_413_791_999_999
"""The end of the year 2299, the last that the engine's instants hold."""

_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_RELATIVE = re.compile(r"(?:now)?\s*([+-])(\d{1,6})\s*([smhdw])", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,17}(?:\.\d{1,9})?", re.ASCII)
_UNDASHED = re.compile(r"(\d{4})(?:(\d{2})(\d{2}))?", re.ASCII)
"""A year, or a date without its dashes: as seconds they would be of 1970 to 1973, which nobody asks for."""
_LOST_PLUS = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")
_MS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would be the year 5138."""


def read_instant(value: str | float, parameter: str, now_ms: int, zone: ZoneInfo) -> int:
    """Epoch milliseconds of an instant. Text without an offset is in ``zone``. Raises `BadRequest`."""
    text = str(value).strip()
    if undashed := _UNDASHED.fullmatch(text):
        year, month, day = undashed.groups(default="01")
        raise BadRequest(
            f"{parameter} is {text!r}, which may be a date or seconds since 1970; for the date write"
            f" {year}-{month}-{day}",
            parameter=parameter,
            got=text,
            allowed=ALLOWED,
        )
    found = _relative(text, now_ms)
    if found is None:
        found = _epoch(text) if _NUMBER.fullmatch(text) else _iso(text, zone)
    if found is None or not EARLIEST_MS <= found <= LATEST_MS:
        raise BadRequest(
            f"{parameter} is {text[:60]!r}, which is no instant from 1970 to 2299",
            parameter=parameter,
            got=text[:60],
            allowed=ALLOWED,
        )
    return found


def read_range(start: str | float, end: str | float, now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """The instants of ``from`` and ``to``, the first before the second. Raises `BadRequest`."""
    start_ms, end_ms = read_instant(start, "from", now_ms, zone), read_instant(end, "to", now_ms, zone)
    if start_ms >= end_ms:
        raise BadRequest("from must be before to", parameter="from", got=[start, end], allowed="from < to")
    return start_ms, end_ms


def iso(epoch_ms: int) -> str:
    """``2026-01-01T00:00:00Z``, with milliseconds only where there are some."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)
    text = instant.isoformat(timespec="milliseconds" if epoch_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def _relative(text: str, now_ms: int) -> int | None:
    if text == "now":
        return now_ms
    found = _RELATIVE.fullmatch(text)
    if found is None:
        return None
    sign, count, unit = found.groups()
    return now_ms + (1 if sign == "+" else -1) * int(count) * _UNITS_MS[unit]


def _epoch(text: str) -> int:
    number = float(text)
    return round(number if abs(number) >= _MS_FROM else number * 1000)


def _iso(text: str, zone: ZoneInfo) -> int | None:
    # The plus of an offset in a query string arrives as a blank.
    text = _LOST_PLUS.sub(r"\1+\2", text)
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=zone)
        return round((instant - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return None
