"""The parts of the video that were watched, from the ranges the SDK states."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import number

Range = tuple[float, float]

_MOST = 1000


class Played:
    """The union of all ranges that any event states.

    A range can shrink on the wire when the viewer seeks back a little, and its end can fall to the position in
    the next source: so every event is heard, and a range that ends before it begins is not.
    """

    def __init__(self) -> None:
        self._union: list[Range] = []
        self._fresh: list[Range] = []
        """What was stated since the union was made."""
        self._last: str | None = None

    def take(self, event: Event) -> None:
        """Hear the next event; most say what the one before it said."""
        said = event.payload.get("video_playback_range")
        if not isinstance(said, str) or said == self._last:
            return
        self._last = said
        self._fresh.extend(_ranges(said))

    def ranges(self) -> list[Range] | None:
        """In order, without overlap; None when no event stated any."""
        self._union, self._fresh = union([*self._union, *self._fresh]), []
        return None if self._last is None else self._union[:_MOST]


def union(ranges: Iterable[Range]) -> list[Range]:
    """Ranges that overlap or touch as one, in order."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _ranges(text: str) -> Iterable[Range]:
    """``["15:11996","12075:17018"]``."""
    try:
        listed = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return
    for item in listed if isinstance(listed, list) else ():
        start, _, end = item.partition(":") if isinstance(item, str) else ("", "", "")
        begin, stop = number(start), number(end)
        if begin is not None and stop is not None and 0 <= begin < stop:
            yield begin, stop
