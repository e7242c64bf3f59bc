"""How records come to the disk: many beacons share a sync of the segment, and a crowd does not wait for it.

The records of all partitions go to one segment: a sync costs the same however much it writes, so two files would cost
twice as much (ADR 0018).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import structlog

from firstframe.errors import Unavailable
from firstframe.journal.frame import HEADER_BYTES, frame
from firstframe.journal.kept import Told
from firstframe.journal.segment import SegmentWriter

log = structlog.get_logger()

RETRY_SECONDS = 5


class Pace(msgspec.Struct, frozen=True):
    """When the next sync begins, and when a segment is over."""

    commit_seconds: float
    """From the beginning of one sync to the next, while few beacons wait."""
    enough_beacons: int
    """So many share a sync without waiting for more."""
    segment_bytes: int
    segment_ms: float


class Record(msgspec.Struct, frozen=True, gc=False):
    """A beacon for one partition."""

    payload: bytes
    partition: int
    is_copy: bool = False
    """Whether the same beacon stands first in another."""


class _Batch:
    """Beacons that share one sync."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.told: list[Told] = []
        self.bytes = 0

    def settle(self, error: Exception | None) -> None:
        for told in self.told:
            told(error)


class Writer:
    """Appends to its own segments in a folder. For one event loop; the disk work is in a thread."""

    def __init__(
        self,
        folder: Path,
        writer: str,
        pace: Pace,
        *,
        check_room: Callable[[int], None],
        now_ms: Callable[[], int],
    ) -> None:
        """``check_room`` is asked in the thread whether so many bytes more may be written, and raises `Unavailable`.

        Then the segment is let go: only one that nobody writes to can be folded to its end and make room.
        """
        self._folder = folder
        self._writer = writer
        self._pace = pace
        self._check_room = check_room
        self._now_ms = now_ms
        self._segment: SegmentWriter | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        # Begins it: where no thread can be begun, that is said now and not to a beacon.
        self._thread.submit(int)
        self._pending = _Batch()
        self._timer: asyncio.TimerHandle | None = None
        self._is_due = False
        """Whether the next sync begins with the loop's next round."""
        self._writing: Future[None] | None = None
        self._writing_bytes = 0
        self._begun = 0.0
        """When the last sync began, on the loop's clock."""
        self.commits = 0
        """Syncs so far."""

    @property
    def waiting_bytes(self) -> int:
        """What is not on the disk yet."""
        return self._pending.bytes + self._writing_bytes

    def append(self, loop: asyncio.AbstractEventLoop, records: Sequence[Record], told: Told) -> None:
        """``told`` is called in the loop, once: None when all of these are durable, else why they are not."""
        batch = self._pending
        batch.records += records
        batch.told.append(told)
        for each in records:
            batch.bytes += len(each.payload) + HEADER_BYTES
        if self._writing is None:
            self._plan(loop)

    async def look(self) -> None:
        """Ask for room without a beacon, between two syncs. Raises `Unavailable` where there is none."""
        await self._do(lambda: self._check(0))

    async def close(self) -> None:
        """Make durable what waits, and let go."""
        while self._writing is not None or self._pending.records:
            if self._writing is None:
                self._begin(asyncio.get_running_loop())
            else:
                await asyncio.wait({asyncio.wrap_future(self._writing)})
        await self._do(self._drop)
        self._thread.shutdown()

    async def _do(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin the next sync: soon for a crowd, else so long after the last that more can share it."""
        if len(self._pending.told) >= self._pace.enough_beacons:
            if not self._is_due:
                self._is_due = True
                loop.call_soon(self._begin, loop)  # with all that will have come by the end of this round
        elif self._timer is None:
            at = max(loop.time(), self._begun + self._pace.commit_seconds)
            self._timer = loop.call_at(at, self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Without a task, which would cost as much as a beacon."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_due = False
        if self._writing is not None or not self._pending.records:
            return
        self._begun = loop.time()
        batch, self._pending = self._pending, _Batch()
        self._writing_bytes = batch.bytes
        self._writing = self._thread.submit(self._write, batch)
        self._writing.add_done_callback(partial(_pass_on, loop, partial(self._written, loop, batch)))

    def _written(self, loop: asyncio.AbstractEventLoop, batch: _Batch, writing: Future[None]) -> None:
        self._writing = None
        self._writing_bytes = 0
        batch.settle(_refusal_of(writing.exception()))
        if self._pending.records and self._writing is None:
            self._plan(loop)

    # In the thread

    def _write(self, batch: _Batch) -> None:
        self._check(batch.bytes)
        segment = self._open()
        segment.append(
            [
                frame(segment.marker, each.payload, partition=each.partition, is_copy=each.is_copy)
                for each in batch.records
            ]
        )
        self.commits += 1

    def _check(self, more_bytes: int) -> None:
        try:
            self._check_room(more_bytes)
        except Unavailable:
            self._drop()
            raise

    def _open(self) -> SegmentWriter:
        """A segment to append to: the last one, or a new one where that is over."""
        now = self._now_ms()
        if self._segment is not None and self._is_over(self._segment, now):
            self._drop()
        if self._segment is None:
            self._segment = SegmentWriter(self._folder, self._writer, now)
        return self._segment

    def _is_over(self, segment: SegmentWriter, now_ms: int) -> bool:
        is_old = now_ms - segment.made_ms >= self._pace.segment_ms
        return is_old or segment.size >= self._pace.segment_bytes or not segment.is_sound

    def _drop(self) -> None:
        # Closed once: the number may be somebody else's after an error.
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()


def _pass_on(
    loop: asyncio.AbstractEventLoop, told: Callable[[Future[None]], None], writing: Future[None]
) -> None:
    """From the thread to the loop, unless that has ended: then nobody waits any more."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(told, writing)


def _refusal_of(error: BaseException | None) -> Unavailable | None:
    """What is said to those whose beacons were not written."""
    if error is None or isinstance(error, Unavailable):
        return error
    log.error("journal cannot be written", error=repr(error))
    return Unavailable(
        f"the journal cannot be written: {error}",
        code="journal_failed",
        retry_after_seconds=RETRY_SECONDS,
    )
