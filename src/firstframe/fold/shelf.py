"""The open views in memory: bounded, the least recently touched put away first, woken when silence is up."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Collection, Sequence

from firstframe.beacon import Event
from firstframe.fold.open_view import OpenView

EVENT_BYTES = 2048
"""What an event may take on the average, as JSON, before its weight counts and not its number."""
KEPT_SHARE = 0.75
"""Of the capacity in bytes, what is left after views were put away for their weight: not every view more is one too many."""


class Shelf:
    """Views by key, at most so many events and bytes of them. A view that is not written yet is never put away."""

    def __init__(self, capacity_events: int, capacity_bytes: int | None = None) -> None:
        self.capacity_events = capacity_events
        self.capacity_bytes = capacity_events * EVENT_BYTES if capacity_bytes is None else capacity_bytes
        self._views: OrderedDict[str, OpenView] = OrderedDict()
        self._dirty: dict[str, OpenView] = {}
        """Views with events that no written version knows, the longest waiting first."""
        self._events = self._bytes = 0
        self._dues: list[tuple[int, str]] = []
        """A heap with an entry for each view that is due, no later than that; a view that is due later now is found out
        when its entry comes up. One entry for each time it moved would be one for each version that is written."""
        self._earliest: dict[str, int] = {}
        """Of each view its earliest entry in the heap: the one that counts."""
        self._due_of: dict[str, tuple[int, str, str, str]] = {}

    def __len__(self) -> int:
        return len(self._views)

    @property
    def event_count(self) -> int:
        return self._events

    @property
    def is_heavy(self) -> bool:
        """Whether there are more bytes of events than the capacity."""
        return self._bytes > self.capacity_bytes

    def get(self, key: str) -> OpenView | None:
        """The view, if it is in memory; asking counts as touching."""
        view = self._views.get(key)
        if view is not None:
            self._views.move_to_end(key)
        return view

    def put(self, view: OpenView) -> None:
        known = self._views.get(view.key)
        if known is not None:
            self._count(known, -1)
        self._views[view.key] = view
        self._count(view, 1)

    def add(self, view: OpenView, events: Sequence[Event], weight: int) -> None:
        """A view on the shelf takes in events of so many bytes; what it knows already weighs nothing."""
        by = view.add(events)
        more = weight * by // max(1, len(events))
        view.weight += more
        self._events += by
        self._bytes += more

    def _count(self, view: OpenView, sign: int) -> None:
        self._events += sign * len(view.events)
        self._bytes += sign * view.weight

    def drop(self, key: str) -> None:
        view = self._views.pop(key, None)
        self._dirty.pop(key, None)
        if view is not None:
            self._count(view, -1)

    def touch(self, view: OpenView, chunk: int, received_ms: int) -> None:
        """A chunk brought a view on the shelf something that is not written yet."""
        view.touch(chunk, received_ms)
        self._dirty.setdefault(view.key, view)

    def settle(self, view: OpenView, now_ms: int) -> None:
        """Everything known of a view is written."""
        view.settle(now_ms)
        self._dirty.pop(view.key, None)

    @property
    def dirty(self) -> Collection[OpenView]:
        """Views with events that no written version knows, the longest waiting first."""
        return self._dirty.values()

    def schedule(self, view: OpenView, due_ms: int | None) -> None:
        """Wake the view at a time, whether it is still in memory then or not; None: never."""
        view.due_ms = due_ms
        self.remind(view.key, due_ms, view.project, view.dialect, view.native_view_id)

    def remind(self, key: str, due_ms: int | None, project: str, dialect: str, native_view_id: str) -> None:
        """The same for a view that is only known by name."""
        if due_ms is None:
            self._due_of.pop(key, None)
            return
        self._due_of[key] = (due_ms, project, dialect, native_view_id)
        self._queue(due_ms, key)

    def _queue(self, due_ms: int, key: str) -> None:
        earliest = self._earliest.get(key)
        if earliest is None or due_ms < earliest:
            self._earliest[key] = due_ms
            heapq.heappush(self._dues, (due_ms, key))

    def pop_due(self, now_ms: int, most: int) -> list[OpenView]:
        """Views whose silence is up; one that is not in memory comes back empty, to be loaded."""
        found: list[OpenView] = []
        while self._dues and self._dues[0][0] <= now_ms and len(found) < most:
            due_ms, key = heapq.heappop(self._dues)
            if self._earliest.get(key) != due_ms:
                continue  # an earlier entry came up in its place
            del self._earliest[key]
            wanted = self._due_of.get(key)
            if wanted is None:
                continue
            if wanted[0] > due_ms:
                self._queue(wanted[0], key)  # it was rescheduled meanwhile
                continue
            del self._due_of[key]
            found.append(self._views.get(key) or OpenView(key, *wanted[1:]))
        return found

    def trim(self) -> int:
        """Put away what is over the capacity; returns how many views went."""
        over = self._events - self.capacity_events
        over_bytes = self._bytes - int(self.capacity_bytes * KEPT_SHARE) if self.is_heavy else 0
        away = []
        for key, view in self._views.items():
            if over <= 0 and over_bytes <= 0:
                break
            if view.dirty_since is None:
                away.append(key)
                over -= len(view.events)
                over_bytes -= view.weight
        for key in away:
            self.drop(key)
        return len(away)
