"""The journal in local files, writing side: many beacons share a sync, none is acknowledged before it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import structlog

from firstframe.beacon import Beacon
from firstframe.clock import epoch_ms
from firstframe.disk import sync_folder
from firstframe.errors import ConfigError, Unavailable
from firstframe.journal.base import partitions_of
from firstframe.journal.division import begin_writing
from firstframe.journal.frame import HEADER_BYTES, frame
from firstframe.journal.room import Room, measure
from firstframe.journal.room import segment_bytes as segment_bytes_of
from firstframe.journal.segment import SegmentWriter, partition_folder

log = structlog.get_logger()

SEGMENT_BYTES = 64 * 2**20
SEGMENT_SECONDS = 600.0
MEASURE_SECONDS = 1.0
ENOUGH_BEACONS = 32
"""As many share a sync without waiting for more: what it costs the machine is then little beside what they cost."""
PENDING_BYTES = 64 * 2**20
"""Most that may wait for the disk; beyond it the edge says 503 instead of filling the memory."""
RETRY_SECONDS = 5


class _Batch:
    """Beacons that share one sync."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, Sequence[int]]] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.bytes = 0

    def add(self, payload: bytes, partitions: Sequence[int], done: asyncio.Future[None]) -> None:
        self.records.append((payload, partitions))
        self.waiting.append(done)
        self.bytes += (len(payload) + HEADER_BYTES) * len(partitions)

    def settle(self, error: Exception | None) -> None:
        for done in self.waiting:
            if done.done():  # its request went away meanwhile
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)


class FilesAppender:
    """Appends to its own segments, one per partition. For one event loop; the disk work is in a thread."""

    def __init__(
        self,
        journal: Path,
        writer: str,
        *,
        partitions: int = 1,
        commit_ms: float = 3,
        limit_bytes: int = 20 * 2**30,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
        now_ms: Callable[[], int] = epoch_ms,
    ) -> None:
        """Raises `ConfigError` when the folder cannot be made."""
        self._journal = journal
        self._writer = writer
        self._partitions = partitions
        self._commit_seconds = commit_ms / 1000
        self._limit_bytes = limit_bytes
        self._segment_ms = segment_seconds * 1000
        self._now_ms = now_ms
        self._encode = msgspec.msgpack.Encoder().encode
        self._segments: dict[int, SegmentWriter] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._disk = ThreadPoolExecutor(max(1, partitions - 1), thread_name_prefix="journal-disk")
        self._pending = _Batch()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._flushing_bytes = 0
        self._begun = 0.0
        """When the last sync began, on the loop's clock."""
        self._room: Room | None = None
        self._room_until = 0.0
        self._closed = False
        self.commits = 0
        """Syncs so far."""
        try:
            for partition in range(partitions):
                partition_folder(journal, partition, partitions).mkdir(parents=True, exist_ok=True)
            # A segment in a folder that a power cut unmade is lost, however well it was synced.
            sync_folder(journal)
            with suppress(OSError):  # the one above may be somebody else's, only to be passed through
                sync_folder(journal.parent)
            begin_writing(journal, partitions)
            self._segment_bytes = segment_bytes_of(journal, segment_bytes)
        except OSError as error:
            raise ConfigError(f"the journal folder {journal} cannot be made: {error.strerror}") from error

    @property
    def room(self) -> Room | None:
        """What the last look at the disk showed; None before the first."""
        return self._room

    def append(self, beacon: Beacon, view_keys: Sequence[str]) -> asyncio.Future[None]:
        """See `firstframe.journal.base.Appender.append`."""
        if self._closed:
            raise Unavailable("the collector is stopping", code="stopping", retry_after_seconds=1)
        if self._pending.bytes + self._flushing_bytes > PENDING_BYTES:
            raise Unavailable(
                "the disk is too slow for what comes in", code="overloaded", retry_after_seconds=RETRY_SECONDS
            )
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._pending.add(self._encode(beacon), partitions_of(view_keys, self._partitions), done)
        if self._flushing is None:
            self._plan(loop)
        return done

    async def look(self) -> None:
        """Look at the disk without a beacon, at most so often as with beacons: `room` then says what is there now."""
        if not self._closed:
            with suppress(Unavailable):
                await asyncio.get_running_loop().run_in_executor(self._thread, self._check_room, 0)

    async def close(self) -> None:
        """See `firstframe.journal.base.Appender.close`."""
        self._closed = True
        while self._flushing is not None or self._pending.records:
            if self._flushing is None:
                self._begin()
            elif not self._flushing.done():
                await asyncio.wait({self._flushing})
            else:
                await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop_all)
        self._thread.shutdown()
        self._disk.shutdown()

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin the next sync: at once for a crowd, else so long after the last that more can share it."""
        if len(self._pending.records) >= ENOUGH_BEACONS:
            self._begin()
        elif self._timer is None:
            self._timer = loop.call_at(max(loop.time(), self._begun + self._commit_seconds), self._begin)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        self._begun = loop.time()
        self._flushing = loop.create_task(self._flush())

    async def _flush(self) -> None:
        batch, self._pending = self._pending, _Batch()
        self._flushing_bytes = batch.bytes
        error: Exception | None = None
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)
        except Unavailable as refusal:
            error = refusal
        except Exception as trouble:  # noqa: BLE001 - whatever it was, nobody may wait for ever
            log.error("journal cannot be written", error=repr(trouble))  # noqa: TRY400 - no news in the trace
            error = Unavailable(
                f"the journal cannot be written: {trouble}",
                code="journal_failed",
                retry_after_seconds=RETRY_SECONDS,
            )
        finally:
            self._flushing = None
            self._flushing_bytes = 0
        batch.settle(error)
        if self._pending.records:
            self._plan(asyncio.get_running_loop())

    def _write(self, batch: _Batch) -> None:
        self._check_room(batch.bytes)
        frames: dict[int, list[bytes]] = {}
        for partition in {each for _, partitions in batch.records for each in partitions}:
            marker = self._segment(partition).marker
            frames[partition] = [
                frame(marker, payload, is_copy=partitions[0] != partition)
                for payload, partitions in batch.records
                if partition in partitions
            ]
        self._sync([partial(self._segments[partition].append, each) for partition, each in frames.items()])
        self.commits += 1

    def _sync(self, appends: Sequence[Callable[[], None]]) -> None:
        """Side by side: the file system makes several files durable in the time that one takes."""
        others = [self._disk.submit(append) for append in appends[1:]]
        try:
            for append in appends[:1]:
                append()
        finally:
            wait(others)
        for each in others:
            each.result()

    def _segment(self, partition: int) -> SegmentWriter:
        now = self._now_ms()
        segment = self._segments.get(partition)
        if segment and self._is_over(segment, now):
            self._segments.pop(partition).close()
            segment = None
        if segment is None:
            folder = partition_folder(self._journal, partition, self._partitions)
            segment = SegmentWriter(folder, self._writer, now)
            self._segments[partition] = segment
        return segment

    def _is_over(self, segment: SegmentWriter, now_ms: int) -> bool:
        is_old = now_ms - segment.made_ms >= self._segment_ms
        return is_old or segment.size >= self._segment_bytes or not segment.is_sound

    def _check_room(self, more_bytes: int) -> None:
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
            self._drop_all()  # only a segment that nobody writes to can be folded to its end and make room
            raise Unavailable(room.lack, code="journal_full", retry_after_seconds=RETRY_SECONDS)

    def _drop_all(self) -> None:
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()
