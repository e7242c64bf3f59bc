"""Counting what waits in the journal, without reading it twice."""

from __future__ import annotations

import msgspec

from firstframe.journal.reader import WINDOW_BYTES, SegmentReader, first_received

STEP_BYTES = 16 * 2**20
"""Most that one question walks through, over all segments; of what lies behind it the count is estimated."""


class _Counted(msgspec.Struct):
    start: int
    end: int
    count: int


class _First(msgspec.Struct, frozen=True):
    start: int
    looked_to: int
    received_ms: int | None


class Tally:
    """Frames between what is chunked and what is written, per segment, counted as they come."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}
        self._first: dict[str, _First] = {}
        self._left_bytes = STEP_BYTES

    def begin(self) -> None:
        """Another question about all segments."""
        self._left_bytes = STEP_BYTES

    def unread(self, reader: SegmentReader, start: int, size: int) -> int:
        """Frames from ``start`` (a frame's place) to ``size``."""
        name = reader.segment.name
        counted = self._counted.get(name)
        if counted is None or counted.start != start:
            counted = self._counted[name] = _Counted(start, start, 0)
        self._walk(reader, counted, size)
        return counted.count + round((size - counted.end) * self._frames_per_byte(counted))

    def _walk(self, reader: SegmentReader, counted: _Counted, size: int) -> None:
        window = WINDOW_BYTES
        while counted.end < size and self._left_bytes > 0:
            end = min(size, counted.end + window)
            count, length = reader.count(counted.end, end)
            self._left_bytes -= end - counted.end
            if length == 0 and end == size:
                return  # the end of a frame is still to come
            if length == 0:
                window *= 2  # one that is larger
                continue
            counted.count += count
            counted.end += length

    def _frames_per_byte(self, counted: _Counted) -> float:
        """In this segment, or where nothing of it was walked through, in all."""
        if self._left_bytes > 0:
            return 0.0  # all was: behind it stands no whole frame
        if counted.end > counted.start:
            return counted.count / (counted.end - counted.start)
        length = sum(each.end - each.start for each in self._counted.values())
        return sum(each.count for each in self._counted.values()) / max(1, length)

    def received_ms(self, reader: SegmentReader, start: int, size: int) -> int | None:
        """When the first beacon from ``start`` on was received; None where there is none."""
        name = reader.segment.name
        first = self._first.get(name)
        if first is None or first.start != start:
            first = _First(start, start, None)
        if first.received_ms is None:
            received_ms, looked_to = first_received(reader, first.looked_to, size)
            first = self._first[name] = _First(start, looked_to, received_ms)
        return first.received_ms

    def taken(self, name: str, end: int, count: int) -> None:
        """So many frames, up to ``end``, are unread no more."""
        counted = self._counted.get(name)
        if counted is not None and end <= counted.end:
            self._counted[name] = _Counted(end, counted.end, counted.count - count)

    def forget(self, name: str) -> None:
        """The segment is gone, or was not what it looked like."""
        self._counted.pop(name, None)
        self._first.pop(name, None)
