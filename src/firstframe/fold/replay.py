"""The retained journal read again, with this version's dialects: events stored anew, their views folded anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from firstframe.beacon import Beacon
from firstframe.dialects.base import Dialect
from firstframe.engine.client import Engine
from firstframe.fold.reading import read
from firstframe.fold.refold import Refolder
from firstframe.fold.store import Store

BATCH = 2_000


def replay(
    beacons: Iterable[Beacon],
    engine: Engine,
    refolder: Refolder,
    dialects: Mapping[str, Dialect],
    now_ms: int,
) -> Iterator[tuple[int, int]]:
    """Store and refold what these beacons say; yields (beacons read, rows written) as it goes.

    Events that are stored already are replaced by themselves: their key is their content. What could not be used is
    not listed again: the worker that read it first listed it, and rejects have no keys by which the two would be one.
    """
    store = Store(engine)
    epoch = store.epoch() + 1
    stream, count, rows = iter(beacons), 0, 0
    while part := list(islice(stream, BATCH)):
        with refolder.watch.started_where_possible():
            batch = read(part, dialects, watch=refolder.watch)
            store.put_events(msgspec.structs.replace(batch, refused=[]), chunk=0, token=None)
            rows += refolder.refold(list(batch.events), epoch, now_ms)
        count += len(part)
        yield count, rows
    refolder.tell_left()
