"""A view whose events are in memory: what came, what was written, what is still to be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from firstframe.beacon import Event
from firstframe.engine.survey import NativeView
from firstframe.fold.growth import Growth
from firstframe.view.record import ViewRecord


@dataclass(slots=True)
class Head:
    """What the engine holds of one row: enough to write its next version."""

    ordinal: int
    first_hour: int
    """Epoch seconds of the hour the row is ordered by; set once, never recomputed."""
    version: int
    is_deleted: bool = False
    closed: bool = False


@dataclass(slots=True)
class OpenView:
    """One native view: all of its events, and the state of its rows."""

    key: str
    """The view id of ordinal 0, under which `events` holds it."""
    project: str
    dialect: str
    native_view_id: str
    events: dict[str, Event] = field(default_factory=dict)
    weight: int = 0
    """About how many bytes the payloads of its events take as JSON."""
    growth: Growth | None = None
    """The fold of its last version, where the next one can go on from there."""
    fresh: list[Event] = field(default_factory=list)
    """What came since."""
    heads: dict[str, Head] = field(default_factory=dict)
    """By view id; one for each row that was ever written."""
    prints: dict[str, bytes] = field(default_factory=dict)
    """By view id: what the last written version said, to write no version that says the same."""
    dirty_since: int | None = None
    """Number of the first chunk whose events no written version knows."""
    dirty_received_ms: int = 0
    """Earliest receipt among these events."""
    last_chunk: int = 0
    written_ms: int | None = None
    """When a version was last written, or found unnecessary."""
    written_chunk: int = 0
    """The last chunk that a version knows."""
    first_seen_ms: int = 0
    due_ms: int | None = None
    closed: bool = False
    standing: list[ViewRecord] = field(default_factory=list)
    """Rows whose first events are no longer stored: they stay, since a fold of the rest would say less."""

    @property
    def name(self) -> NativeView:
        """What the engine knows it by."""
        return NativeView(self.key, self.project, self.dialect, self.native_view_id)

    def add(self, events: Iterable[Event]) -> int:
        """Take events in, of equal ones the earliest receipt; returns by how many the view grew."""
        before = len(self.events)
        for event in events:
            known = self.events.get(event.key)
            if known is None:
                self.events[event.key] = event
                if self.growth is not None:
                    self.fresh.append(event)
            elif event.received_at_ms < known.received_at_ms:
                self.events[event.key] = event
                self.growth, self.fresh = None, []  # the other delivery may be in it, or on its way there
        return len(self.events) - before

    def touch(self, chunk: int, received_ms: int) -> None:
        """Remember that a chunk brought something that is not written yet."""
        if self.dirty_since is None:
            self.dirty_since, self.dirty_received_ms = chunk, received_ms
        self.dirty_received_ms = min(self.dirty_received_ms, received_ms)
        self.last_chunk = max(self.last_chunk, chunk)

    def settle(self, now_ms: int) -> None:
        """Everything known is written."""
        self.dirty_since = None
        self.written_ms, self.written_chunk = now_ms, self.last_chunk
