"""What a journal promises to those who write it (the edge) and to those who read it (the fold)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from zlib import crc32

import msgspec

from firstframe.beacon import Beacon
from firstframe.journal.kept import Kept
from firstframe.journal.room import Room

CHUNK_BEACONS = 5_000
CHUNK_BYTES = 4 * 2**20
"""About so many make a chunk at most, and so much payload."""


class Appender(Protocol):
    """The writing side: one per edge process."""

    def append(self, beacon: Beacon, view_keys: Sequence[str]) -> Kept:
        """Settled once the beacon is on disk in the partition of each of its views.

        ``view_keys`` are the `firstframe.beacon.view_id_of` of each view the beacon speaks of; with none it
        goes to partition 0. Raises `firstframe.errors.Unavailable`, or is settled with it, when it cannot be kept
        now; then the caller must not acknowledge it. Needs a running loop.
        """
        ...

    @property
    def lack(self) -> str | None:
        """Why nothing can be taken, in words, as of the last beacon or look; None when it can."""
        ...

    @property
    def room(self) -> Room | None:
        """What the last look at the disk showed; None before the first, and for a journal elsewhere."""
        ...

    async def look(self) -> None:
        """Look again whether something can be taken, without a beacon."""
        ...

    async def close(self) -> None:
        """Make what was appended durable and let go. Later appends are refused."""
        ...


class Chunk(msgspec.Struct, frozen=True):
    """A fixed run of accepted beacons: the same beacons each time it is handed out, until it is committed."""

    partition: int
    number: int
    """Grows by one per partition and never repeats."""
    token: str
    """Names (partition, number, segment, range): what is stored of a chunk without keys of its own is told apart by it."""
    beacons: Sequence[Beacon]
    copies: frozenset[int] = frozenset()
    """Places of the beacons that stand first in another partition: what belongs to no view is told of there."""


class Lag(msgspec.Struct, frozen=True):
    """What is accepted and not yet committed."""

    beacons: int
    oldest_received_ms: int | None
    is_stuck: bool = False
    """Whether any of it cannot be read now, because of the disk, of damage in a segment that is being written, or of
    brokers that have not given it yet."""


class Consumer(Protocol):
    """The reading side of one partition: one at a time."""

    def next(self, wait_seconds: float) -> Chunk | None:
        """The next chunk in order; None when nothing came within the wait. Raises OSError."""
        ...

    def commit(self, number: int) -> None:
        """Chunks up to and with this number are done for good."""
        ...

    def lag(self) -> Lag:
        """How far behind this consumer is; of a long backlog that is an estimate."""
        ...

    def close(self) -> None: ...


def partition_of(view_key: str, partitions: int) -> int:
    """The partition that all beacons of a view go to."""
    return crc32(view_key.encode("utf-8", "surrogatepass")) % partitions


def partitions_of(view_keys: Sequence[str], partitions: int) -> Sequence[int]:
    """Each partition that a beacon of these views goes to, once, the first view's first."""
    if partitions == 1 or not view_keys:
        return (0,)
    if len(view_keys) == 1:  # nearly always, and asked for each beacon
        return (partition_of(view_keys[0], partitions),)
    return tuple(dict.fromkeys(partition_of(key, partitions) for key in view_keys))
