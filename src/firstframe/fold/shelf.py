"""The open views in memory: bounded, the least recently touched put away first, woken when silence is up."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Collection

from firstframe.fold.open_view import OpenView


class Shelf:
    """Views by key, at most `capacity` events of them. A view that is not written yet is never put away."""

    def __init__(self, capacity_events: int) -> None:
        self.capacity_events = capacity_events
        self._views: OrderedDict[str, OpenView] = OrderedDict()
        self._dirty: dict[str, OpenView] = {}
        """Views with events that no written version knows, the longest waiting first."""
        self._events = 0
        self._dues: list[tuple[int, str]] = []
        self._due_of: dict[str, tuple[int, str, str, str]] = {}

    def __len__(self) -> int:
        return len(self._views)

    @property
    def event_count(self) -> int:
        return self._events

    def get(self, key: str) -> OpenView | None:
        """The view, if it is in memory; asking counts as touching."""
        view = self._views.get(key)
        if view is not None:
            self._views.move_to_end(key)
        return view

    def put(self, view: OpenView) -> None:
        self._views[view.key] = view
        self._events += len(view.events)

    def grown(self, by: int) -> None:
        """Tell that views on the shelf took in so many events."""
        self._events += by

    def drop(self, key: str) -> None:
        view = self._views.pop(key, None)
        self._dirty.pop(key, None)
        if view is not None:
            self._events -= len(view.events)

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
        known = self._due_of.get(key)
        self._due_of[key] = (due_ms, project, dialect, native_view_id)
        if known is None or known[0] != due_ms:
            heapq.heappush(self._dues, (due_ms, key))

    def pop_due(self, now_ms: int, most: int) -> list[OpenView]:
        """Views whose silence is up; one that is not in memory comes back empty, to be loaded."""
        found: list[OpenView] = []
        while self._dues and self._dues[0][0] <= now_ms and len(found) < most:
            due_ms, key = heapq.heappop(self._dues)
            wanted = self._due_of.get(key)
            if wanted is None or wanted[0] != due_ms:
                continue  # it was rescheduled meanwhile
            del self._due_of[key]
            found.append(self._views.get(key) or OpenView(key, *wanted[1:]))
        return found

    def trim(self) -> int:
        """Put away what is over the capacity; returns how many views went."""
        if self._events <= self.capacity_events:
            return 0
        away = []
        over = self._events - self.capacity_events
        for key, view in self._views.items():
            if over <= 0:
                break
            if view.dirty_since is None:
                away.append(key)
                over -= len(view.events)
        for key in away:
            self.drop(key)
        return len(away)
