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
MOST_EVENT_BYTES = 64 * 1024
"""Of one event's payload, as JSON. The largest that an SDK sends, with a stack trace, is a few thousand; what is larger is
loaded and folded again with each version of its view, and a few of them would be all that memory holds."""

_encode = msgspec.json.Encoder().encode


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
    weights: dict[NativeView, int] = {}
    """Bytes of each view's payloads, known once they are stored."""

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
        if reading.rejects:
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
        reading = watch.run(dialect.parse, beacon)
        # A body that is no larger holds no larger event: nothing need be encoded to know that.
        return reading if len(beacon.body) <= MOST_EVENT_BYTES else watch.run(_without_giants, reading)
    except Exception as error:  # noqa: BLE001 - one broken beacon must not stop all others
        return _unreadable(beacon, f"{type(error).__name__}: {error}")


def _without_giants(reading: Reading) -> Reading:
    """Events that are too large are rejects; their view goes on without them."""
    sizes = [len(_encode(event.payload)) for event in reading.events]
    if max(sizes, default=0) <= MOST_EVENT_BYTES:
        return reading
    kept = [event for event, size in zip(reading.events, sizes, strict=True) if size <= MOST_EVENT_BYTES]
    rejects = [
        Reject(
            Reason.TOO_LARGE,
            f"one event of {size} bytes, but at most {MOST_EVENT_BYTES} are kept",
            f"{event.name[:100]} of {event.native_view_id[:256]}",
        )
        for event, size in zip(reading.events, sizes, strict=True)
        if size > MOST_EVENT_BYTES
    ]
    return Reading(kept, (*reading.rejects, *rejects))


def _unreadable(beacon: Beacon, why: str) -> Reading:
    return Reading((), (Reject(Reason.UNREADABLE, why, beacon.body[:500].decode("utf-8", "replace")),))
