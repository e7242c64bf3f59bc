"""Counting what waits in the journal, without reading it twice."""

from __future__ import annotations

import msgspec

from firstframe.journal.reader import WINDOW_BYTES, SegmentReader, first_received_ms

STEP_BYTES = 64 * 2**20
"""Most that one question walks through; of what lies behind it the count is estimated."""


class _Counted(msgspec.Struct):
    start: int
    end: int
    count: int


class _First(msgspec.Struct, frozen=True):
    start: int
    size: int
    received_ms: int | None


class Tally:
    """Frames between what is chunked and what is written, per segment, counted as they come."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}
        self._first: dict[str, _First] = {}

    def unread(self, reader: SegmentReader, start: int, size: int) -> int:
        """Frames from ``start`` (a frame's place) to ``size``."""
        name = reader.segment.name
        counted = self._counted.get(name)
        if counted is None or counted.start != start:
            counted = self._counted[name] = _Counted(start, start, 0)
        until, window = min(size, counted.end + STEP_BYTES), WINDOW_BYTES
        while counted.end < until:
            count, length = reader.count(counted.end, min(until, counted.end + window))
            if length == 0:
                if counted.end + window >= until:
                    break
                window *= 2  # one that is larger
                continue
            counted.count += count
            counted.end += length
        if until < size and counted.count:
            return counted.count * (size - start) // (counted.end - start)
        return counted.count

    def received_ms(self, reader: SegmentReader, start: int, size: int) -> int | None:
        """When the first beacon from ``start`` on was received; None where there is none."""
        name = reader.segment.name
        first = self._first.get(name)
        if first is None or first.start != start or (first.received_ms is None and first.size != size):
            first = self._first[name] = _First(start, size, first_received_ms(reader, start, size))
        return first.received_ms

    def taken(self, name: str, end: int, count: int) -> None:
        """So many frames, up to ``end``, are unread no more."""
        counted = self._counted.get(name)
        if counted is not None and end <= counted.end:
            self._counted[name] = _Counted(end, counted.end, counted.count - count)

    def forget(self, name: str) -> None:
        """The segment is gone."""
        self._counted.pop(name, None)
        self._first.pop(name, None)
