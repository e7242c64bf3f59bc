"""Counting what waits in the journal, without reading it twice."""

from __future__ import annotations

import msgspec

from firstframe.journal.frame import count_frames
from firstframe.journal.reader import WINDOW_BYTES, SegmentReader, beacons_of

STEP_BYTES = 64 * 2**20
"""Most that one question walks through; of what lies behind it the count is estimated."""


class _Counted(msgspec.Struct):
    start: int
    end: int
    count: int


class Tally:
    """Frames between what is chunked and what is written, per segment, counted as they come."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}
        self._received: dict[str, tuple[int, int]] = {}

    def unread(self, reader: SegmentReader, start: int, size: int) -> int:
        """Frames from ``start`` (a frame's place) to ``size``."""
        name = reader.segment.name
        counted = self._counted.get(name)
        if counted is None or counted.start != start:
            counted = self._counted[name] = _Counted(start, start, 0)
        until, window = min(size, counted.end + STEP_BYTES), WINDOW_BYTES
        while counted.end < until:
            data = reader.read(counted.end, min(until, counted.end + window))
            count, length = count_frames(reader.segment.marker, data)
            if count == 0:
                if counted.end + window >= until:
                    break
                window *= 2  # one that is larger
                continue
            counted.count += count
            counted.end += length
        if until < size and counted.count:
            return counted.count * (size - start) // (counted.end - start)
        return counted.count

    def received_ms(self, reader: SegmentReader, start: int, size: int) -> list[int]:
        """When the first beacon from ``start`` on was received: one value, or none."""
        name = reader.segment.name
        known = self._received.get(name)
        if known is None or known[0] != start:
            beacons = beacons_of(reader.scan(start, size, 1, window=WINDOW_BYTES // 64)).beacons
            if not beacons:
                return []
            known = self._received[name] = (start, beacons[0].received_at_ms)
        return [known[1]]

    def forget(self, name: str) -> None:
        """The segment is gone."""
        self._counted.pop(name, None)
        self._received.pop(name, None)
