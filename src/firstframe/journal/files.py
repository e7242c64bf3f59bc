"""The journal in local files, writing side: a beacon is acknowledged when the disk has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from firstframe.beacon import Beacon
from firstframe.clock import epoch_ms
from firstframe.disk import sync_folder
from firstframe.errors import ConfigError, Unavailable
from firstframe.journal.base import partitions_of
from firstframe.journal.division import begin_writing
from firstframe.journal.kept import Kept
from firstframe.journal.room import Room, measure
from firstframe.journal.room import segment_bytes as segment_bytes_of
from firstframe.journal.segment import division_folder
from firstframe.journal.writing import RETRY_SECONDS, Pace, Record, Writer

SEGMENT_BYTES = 64 * 2**20
SEGMENT_SECONDS = 600.0
MEASURE_SECONDS = 1.0
ENOUGH_BEACONS = 32
"""Where so many wait, no sync waits for more: what it costs each of them is little then."""
PENDING_BYTES = 64 * 2**20
"""Most that may wait for the disk; beyond it the edge says 503 instead of filling the memory."""


class FilesAppender:
    """Appends to segments of its own, in which the records of all partitions stand. For one event loop."""

    def __init__(
        self,
        journal: Path,
        writer: str,
        *,
        partitions: int = 1,
        commit_ms: float = 5,
        limit_bytes: int = 20 * 2**30,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
        now_ms: Callable[[], int] = epoch_ms,
    ) -> None:
        """Raises `ConfigError` when the folder cannot be made."""
        self._journal = journal
        self._partitions = partitions
        self._limit_bytes = limit_bytes
        self._encode = msgspec.msgpack.Encoder().encode
        self._room: Room | None = None
        self._room_until = 0.0
        self._closed = False
        folder = division_folder(journal, partitions)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # A segment in a folder that a power cut unmade is lost, however well it was synced.
            sync_folder(journal)
            with suppress(OSError):  # the one above may be somebody else's, only to be passed through
                sync_folder(journal.parent)
            begin_writing(journal, partitions)
            segment_bytes = segment_bytes_of(journal, segment_bytes)
        except OSError as error:
            raise ConfigError(f"the journal folder {journal} cannot be made: {error.strerror}") from error
        pace = Pace(
            commit_seconds=commit_ms / 1000,
            enough_beacons=ENOUGH_BEACONS,
            segment_bytes=segment_bytes,
            segment_ms=segment_seconds * 1000,
        )
        self._writer = Writer(folder, writer, pace, check_room=self._check_room, now_ms=now_ms)

    @property
    def lack(self) -> str | None:
        """See `firstframe.journal.base.Appender.lack`."""
        return self._room.lack if self._room is not None else None

    @property
    def room(self) -> Room | None:
        """See `firstframe.journal.base.Appender.room`."""
        return self._room

    @property
    def commits(self) -> int:
        """Syncs so far."""
        return self._writer.commits

    def append(self, beacon: Beacon, view_keys: Sequence[str]) -> Kept:
        """See `firstframe.journal.base.Appender.append`."""
        if self._closed:
            raise Unavailable("the collector is stopping", code="stopping", retry_after_seconds=1)
        if self._writer.waiting_bytes > PENDING_BYTES:
            raise Unavailable(
                "the disk is too slow for what comes in", code="overloaded", retry_after_seconds=RETRY_SECONDS
            )
        payload = self._encode(beacon)
        first, *others = partitions_of(view_keys, self._partitions)
        records = [Record(payload, first)]
        if others:
            records += [Record(payload, partition, is_copy=True) for partition in others]
        kept = Kept()
        self._writer.append(asyncio.get_running_loop(), records, kept.settle)
        return kept

    async def look(self) -> None:
        """See `firstframe.journal.base.Appender.look`; at most so often as with beacons."""
        if not self._closed:
            with suppress(Unavailable):
                await self._writer.look()

    async def close(self) -> None:
        """See `firstframe.journal.base.Appender.close`."""
        self._closed = True
        await self._writer.close()

    def _check_room(self, more_bytes: int) -> None:
        """In the writer's thread. Raises `Unavailable`."""
        room = self._room
        if room is None or time.monotonic() >= self._room_until:
            room = measure(self._journal, self._limit_bytes)
            self._room_until = time.monotonic() + MEASURE_SECONDS
        else:
            room = msgspec.structs.replace(
                room, used_bytes=room.used_bytes + more_bytes, free_bytes=room.free_bytes - more_bytes
            )
        self._room = room
        if room.lack:
            raise Unavailable(room.lack, code="journal_full", retry_after_seconds=RETRY_SECONDS)
