"""From a chunk of beacons to the events of each view, and the reasons for what could not be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from firstframe.beacon import Beacon, Event, view_id_of
from firstframe.dialects.base import Dialect, Reading, Reason, Reject
from firstframe.engine.survey import NativeView
from firstframe.fold.watch import Watch
from firstframe.journal.base import partition_of

MOST_REJECTS = 100
"""Kept of one beacon: enough to see what is wrong with its sender."""


class Refused(msgspec.Struct, frozen=True):
    """One reject, with whose it was."""

    received_at_ms: int
    project: str
    dialect: str
    reject: Reject


class Batch(msgspec.Struct):
    """What a chunk says: events by view, in the order they came, and what could not be used."""

    events: dict[NativeView, list[Event]] = {}
    refused: list[Refused] = []
    beacon_count: int = 0

    @property
    def event_count(self) -> int:
        return sum(map(len, self.events.values()))


def read(
    beacons: Iterable[Beacon],
    dialects: Mapping[str, Dialect],
    *,
    copies: Collection[int] = (),
    partition: int = 0,
    partitions: int = 1,
    watch: Watch | None = None,
) -> Batch:
    """Parse beacons, keeping the views of one partition: the other views of a body are another worker's.

    So are the rejects, and the counting, of beacons that are only ``copies`` here.
    """
    watch = watch or Watch()
    batch = Batch()
    found: dict[tuple[str, str, str], list[Event]] = {}
    for place, beacon in enumerate(beacons):
        reading = _parse(beacon, dialects, watch)
        for event in reading.events:
            native = beacon.project, beacon.dialect, event.native_view_id
            events = found.get(native)
            if events is None:
                events = found[native] = []
                key = view_id_of(*native)
                if partitions == 1 or partition_of(key, partitions) == partition:
                    batch.events[NativeView(key, *native)] = events
            events.append(event)
        if place in copies:
            continue
        batch.beacon_count += 1
        batch.refused.extend(
            Refused(beacon.received_at_ms, beacon.project, beacon.dialect, reject)
            for reject in _few(reading.rejects)
        )
    return batch


def _few(rejects: Sequence[Reject]) -> Sequence[Reject]:
    """The first of them, and how many there were: no body may make more rows than it has bytes worth looking at."""
    if len(rejects) <= MOST_REJECTS:
        return rejects
    first, more = rejects[: MOST_REJECTS - 1], len(rejects) - MOST_REJECTS + 1
    return [*first, Reject(rejects[-1].reason, f"and {more} more in the same body")]


def _parse(beacon: Beacon, dialects: Mapping[str, Dialect], watch: Watch) -> Reading:
    """A dialect's reading; a beacon that breaks it is a reject, never the end of the worker."""
    dialect = dialects.get(beacon.dialect)
    if dialect is None:
        return _unreadable(beacon, f"no dialect is called {beacon.dialect!r}")
    try:
        return watch.run(dialect.parse, beacon)
    except Exception as error:  # noqa: BLE001 - one broken beacon must not stop all others
        return _unreadable(beacon, f"{type(error).__name__}: {error}")


def _unreadable(beacon: Beacon, why: str) -> Reading:
    return Reading((), (Reject(Reason.UNREADABLE, why, beacon.body[:500].decode("utf-8", "replace")),))
