"""One event of a session with its numbers read: what was wrong or negative is None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import number
from firstframe.dialects.pillarbox.wire import HEARTBEAT, NAMES, START, STOP, at

Range = tuple[float, float]

SAME_RANGE_MS = 250
"""Ranges nearer to each other than this are one: the gap is rounding, not a seek."""
MOST = 10**15
"""No total, time or rate of a player is larger; Android's mark for an unset time is."""
MOST_COUNT = 10**9
WITH_START_MS = 1_000
"""A first heartbeat within this of START was sent with it; the next one comes seconds later."""
MAX_MEDIA_MS = 10 * 366 * 86_400_000
RANGE_LIMIT = 500
"""More jumps than a viewer makes; a fold must not be slow because of one body."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says of the session so far."""

    key: str
    at_ms: int
    received_at_ms: int
    name: str
    data: Mapping[str, Any]
    body: Mapping[str, Any]
    ranges: list[Range] | None
    """Media ranges that the element has played so far, ms; None where the player does not tell."""
    is_status: bool
    playback_ms: float | None
    stall: tuple[int, float] | None
    """(count, duration), where the player can tell stalls at all."""
    position_ms: float | None
    buffered_ms: float | None
    duration_ms: float | None
    bitrate: float | None
    frame_drops: float | None
    shown_ms: float | None
    """When what a live stream shows was made, Unix time."""
    live: bool | None
    is_placed: bool = False
    """Its own time is from a clock that was set back: it is where it was received."""

    @property
    def log(self) -> Any:
        """The decoded `log`: an object, a list, text, or None. Not kept: of short text it may make a large value."""
        return _decoded(self.data.get("log"))

    @property
    def is_emptied(self) -> bool:
        """Sent after the element was emptied for the next source: position, buffer and kind of stream say nothing."""
        return self.name == STOP and not self.position_ms and not self.buffered_ms


def in_order(reports: Iterable[Report]) -> list[Report]:
    """Reports in the order of the session's clock.

    START is a session's first: what was received behind it but seems earlier came after the clock had been set back.
    """
    told = sorted(reports, key=_place)
    start = first_of(told, START)
    if start is None:
        return told
    late = [report for report in told if _is_set_back(report, start)]
    if not late:
        return told
    rest = [report for report in told if not _is_set_back(report, start)]
    return rest + sorted((_placed(report, start, rest[-1].at_ms) for report in late), key=_place)


def _is_set_back(report: Report, start: Report) -> bool:
    return report.at_ms < start.at_ms - WITH_START_MS and report.received_at_ms >= start.received_at_ms


def _place(report: Report) -> tuple[int, int, str]:
    return report.at_ms, _rank(report.name), report.key


def _placed(report: Report, start: Report, after_ms: int) -> Report:
    at_ms = start.at_ms + report.received_at_ms - start.received_at_ms
    return msgspec.structs.replace(report, at_ms=max(after_ms, at_ms), is_placed=True)


def _rank(name: str) -> int:
    return NAMES.index(name) if name in NAMES else len(NAMES)


def report_of(event: Event) -> Report:
    """An event of any name, read."""
    data = event.payload.get("data")
    data = data if isinstance(data, dict) else {}
    told = data["played_ranges"] if "played_ranges" in data else at(_decoded(data.get("log")), "playedRanges")
    is_status = event.name in (HEARTBEAT, STOP)
    return Report(
        key=event.key,
        at_ms=event.at_ms,
        received_at_ms=event.received_at_ms,
        name=event.name,
        data=data,
        body=event.payload,
        ranges=ranges_of(told) if isinstance(told, list) else None,
        is_status=is_status,
        playback_ms=amount(data, "playback_duration") if is_status else None,
        stall=_stall(data) if is_status else None,
        position_ms=_position_ms(data),
        buffered_ms=amount(data, "buffered_duration"),
        duration_ms=amount(data, "duration"),
        bitrate=amount(data, "bitrate"),
        frame_drops=amount(data, "frame_drops"),
        shown_ms=amount(data, "position_timestamp"),
        live=_live(data),
    )


def amount(data: Mapping[str, Any], path: str) -> float | None:
    """A number that cannot be negative; the players' marks for "unknown" are."""
    found = number(at(data, path))
    return found if found is not None and 0 <= found <= MOST else None


def _stall(data: Mapping[str, Any]) -> tuple[int, float] | None:
    count, duration = amount(data, "stall.count"), amount(data, "stall.duration")
    if count is None and duration is None:
        return None
    return round(min(count or 0, MOST_COUNT)), duration or 0


def _position_ms(data: Mapping[str, Any]) -> float | None:
    found = number(data.get("position"))
    return found if found is not None and abs(found) <= MOST else None


def _live(data: Mapping[str, Any]) -> bool | None:
    kind = data.get("stream_type")
    return {"live": True, "on-demand": False}.get(kind.lower()) if isinstance(kind, str) else None


def _decoded(log: Any) -> Any:
    """The web sends its log as JSON text; others send anything."""
    if not isinstance(log, str) or not log.lstrip().startswith(("{", "[")):
        return log
    try:
        return msgspec.json.decode(log)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return log


def ranges_of(found: Sequence[Any]) -> list[Range]:
    """Decoded ranges of seconds as ms; what is no range is left out."""
    read = []
    for each in found[:RANGE_LIMIT]:
        start, end = number(at(each, "start")), number(at(each, "end"))
        if start is not None and end is not None and 0 <= start < end and end * 1000 <= MAX_MEDIA_MS:
            read.append((start * 1000, end * 1000))
    return read


def union(ranges: Iterable[Range]) -> list[Range]:
    """The ranges that cover the same media without overlap, in order."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def length(ranges: Iterable[Range]) -> float:
    """How much media disjoint ranges hold."""
    return sum(end - start for start, end in ranges)


def is_one(ranges: Sequence[Range]) -> bool:
    """Nothing was skipped between the ranges: no sign of a seek."""
    return all(later[0] - earlier[1] <= SAME_RANGE_MS for earlier, later in pairwise(ranges))


def opening_of(reports: Sequence[Report]) -> Report | None:
    """The heartbeat that was sent with START, before any playback: what it counts is an earlier session's.

    Where START was lost, it is a first heartbeat that tells that nothing was played yet.
    """
    start, first = first_of(reports, START), first_of(reports, HEARTBEAT)
    if first is None:
        return None
    if start is None:
        return first if first.ranges == [] else None
    return first if 0 <= first.at_ms - start.at_ms <= WITH_START_MS else None


def first_of(reports: Iterable[Report], *names: str) -> Report | None:
    """The earliest of the given names."""
    return next((report for report in reports if report.name in names), None)
