"""Beacons and small helpers for tests of the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from firstframe.beacon import Beacon, Place
from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.journal.base import Chunk, partition_of


def views_of(partitions: int) -> list[str]:
    """A view of each partition, in their order."""
    found = {partition_of(name, partitions): name for name in map(str, range(partitions * 20))}
    return [found[partition] for partition in range(partitions)]


def beacon(number: int, body: bytes = b"{}") -> Beacon:
    """A beacon that is told from all others by its time of receipt."""
    return Beacon(number, "tiny", "/events", "default", "/tiny/events", "", {}, Place(), body)


def write(
    folder: Path, numbers: Sequence[int], *, keys=None, body=b"{}", writer="edge", **options
) -> FilesAppender:
    """Append these beacons with one appender and close it."""
    appender = FilesAppender(folder, writer, commit_ms=0.1, **options)

    async def append() -> None:
        await asyncio.gather(*(appender.append(beacon(n, body), keys(n) if keys else ()) for n in numbers))
        await appender.close()

    asyncio.run(append())
    return appender


def drain(consumer: FilesConsumer) -> list[Chunk]:
    """Every chunk that is there now."""
    return list(iter(lambda: consumer.next(0), None))


def numbers(chunks: Sequence[Chunk]) -> list[int]:
    return [each.received_at_ms for chunk in chunks for each in chunk.beacons]


def read(folder: Path, partition: int = 0, partitions: int = 1) -> list[int]:
    """The numbers of all beacons of a partition, read by a consumer that commits them."""
    consumer = FilesConsumer(folder, partition, partitions)
    try:
        chunks = drain(consumer)
        if chunks:
            consumer.commit(chunks[-1].number)
        return numbers(chunks)
    finally:
        consumer.close()
