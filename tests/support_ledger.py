"""What was said to the collector in any dialect and what it acknowledged, by the identity of each event."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from firstframe.beacon import KEPT_HEADERS, Beacon, Event, Place, view_id_of
from firstframe.dialects import DIALECTS
from firstframe.edge.route import Router

PROJECT = "default"
ROUTER = Router(DIALECTS)


class Ledger:
    """Event keys by view key: of everything that was sent, and of what was answered 2xx."""

    def __init__(self) -> None:
        self.sent: dict[str, set[str]] = {}
        self.acknowledged: dict[str, set[str]] = {}
        self.accepted = 0
        self.refused = 0
        self.statuses: Counter[int] = Counter()
        self._lock = threading.Lock()

    def note(self, path: str, headers: Mapping[str, str], body: bytes, status: int) -> None:
        """One delivery and its answer; 0 stands for none."""
        events = events_of(path, headers, body)
        with self._lock:
            self.statuses[status] += 1
            for view, event in events:
                self.sent.setdefault(view, set()).add(event.key)
            if 200 <= status < 300:
                self.accepted += 1
                for view, event in events:
                    self.acknowledged.setdefault(view, set()).add(event.key)
            else:
                self.refused += 1

    @property
    def event_count(self) -> int:
        """Distinct events that were acknowledged."""
        return sum(map(len, self.acknowledged.values()))


def is_named(path: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the body alone says who its events are; one without any time is known by its receipt."""
    early, late = (events_of(path, headers, body, received_at_ms=at) for at in (0, 1_795_000_000_000))
    return [event.key for _, event in early] == [event.key for _, event in late]


def events_of(
    path: str, headers: Mapping[str, str], body: bytes, *, received_at_ms: int = 0
) -> list[tuple[str, Event]]:
    """The events that a body holds, each with the key of its view, as the dialect of its route reads it."""
    path, _, query = path.partition("?")
    match = ROUTER.find(path)
    assert match is not None, f"no route for {path}"
    target = match.methods["POST"]
    if target.route.kind != "collect":
        return []
    beacon = Beacon(
        received_at_ms=received_at_ms,
        dialect=target.dialect.name,
        route=target.route.path,
        project=PROJECT,
        path=path,
        query=query,
        headers={name: value for name, value in headers.items() if name in KEPT_HEADERS},
        place=Place(),
        body=body,
    )
    reading = target.dialect.parse(beacon)
    name = target.dialect.name
    return [(view_id_of(PROJECT, name, event.native_view_id), event) for event in reading.events]
