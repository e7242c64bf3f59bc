"""The journal in local files, reading side: chunks with fixed bounds, out of the segments of many writers."""

from __future__ import annotations

import fcntl
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from firstframe.errors import JournalError
from firstframe.journal.base import Chunk, Lag
from firstframe.journal.division import Partition, segments_of
from firstframe.journal.frame import Scan
from firstframe.journal.note import Bounds, Notebook
from firstframe.journal.reader import SegmentReader, beacons_of
from firstframe.journal.retention import Retention
from firstframe.journal.segment import Segment, division_folder, partition_folder, remove_unborn
from firstframe.journal.tally import Tally
from firstframe.journal.unread import folded_by

log = structlog.get_logger()

CHUNK_BEACONS = 5_000
POLL_SECONDS = 0.02
IDLE_POLL_SECONDS = 0.1
"""Where nothing comes for a while it is looked for less often: an idle journal costs nothing."""


class Damage(msgspec.Struct):
    """What could not be read, since this consumer began."""

    runs: int = 0
    """Places within a segment whose bytes are no frame."""
    torn_tails: int = 0
    """Segments whose writer died in the middle of a frame (never acknowledged)."""
    strange: int = 0
    """Sound frames that hold no beacon as this version knows it."""


class FilesConsumer:
    """Reads one partition. Not thread-safe; a second one on the same partition is refused."""

    def __init__(
        self,
        journal: Path,
        partition: int,
        partitions: int = 1,
        *,
        inherited: Sequence[Segment] = (),
        retention_hours: float = 24,
        limit_bytes: int | None = None,
        chunk_beacons: int = CHUNK_BEACONS,
        now_seconds: Callable[[], float] = time.time,
    ) -> None:
        """Reads partition ``partition`` of ``partitions``; that of the first also removes segments that all have folded.

        ``inherited`` are segments of another division of the journal, wholly folded, which are kept and removed
        like those of this one. Raises `JournalError` when the partition has another consumer or its notes are
        damaged.
        """
        self._journal = journal
        self._partition = Partition(partition, partitions)
        self._others = [Partition(number, partitions) for number in range(partitions) if number != partition]
        self._inherited = {segment.name: SegmentReader(segment) for segment in inherited}
        self.damage = Damage()
        self._folder = partition_folder(journal, partition, partitions)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self._folder / "consumer.lock")
        remove_unborn(division_folder(journal, partitions))
        self._chunk_beacons = chunk_beacons
        self._notes = Notebook(self._folder)
        self._again = deque(self._notes.bounds[number] for number in sorted(self._notes.bounds))
        self._readers: dict[str, SegmentReader] = {}
        self._done: set[str] = set()
        """Segments that are final and have nothing more to read."""
        self._passed: dict[str, int] = {}
        """Place in a segment up to which there is nothing more of this partition."""
        self._seen: dict[str, int] = {}
        """Size at which a segment was last found to have nothing new."""
        self._last = ""
        """The segment of the newest chunk; the next look begins behind it, so that no writer starves."""
        self._pause = POLL_SECONDS
        self._tally = Tally()
        self._retention = Retention(journal, retention_hours, limit_bytes, now_seconds)

    def next(self, wait_seconds: float) -> Chunk | None:
        """See `firstframe.journal.base.Consumer.next`. Raises OSError when the disk fails; try again."""
        # Not by `commit` alone: a full journal takes nothing, so that nothing more would ever be committed.
        self._sweep()
        if self._again:
            bounds = self._again[0]
            again = self._chunk(bounds, self._read_again(bounds))
            self._again.popleft()
            return again
        deadline = time.monotonic() + wait_seconds
        while True:
            chunk = self._look()
            self._pause = POLL_SECONDS if chunk else min(self._pause * 1.1, IDLE_POLL_SECONDS)
            left = deadline - time.monotonic()
            if chunk is not None or left <= 0:
                return chunk
            time.sleep(min(self._pause, left))

    def commit(self, number: int) -> None:
        """See `firstframe.journal.base.Consumer.commit`."""
        self._notes.commit(number)
        self._sweep()

    def lag(self) -> Lag:
        """See `firstframe.journal.base.Consumer.lag`."""
        self._open_new()
        beacons = sum(bounds.count for bounds in self._notes.bounds.values())
        oldest: list[int] = []
        for name, reader in self._readers.items():
            read = self._place(name)
            committed = self._notes.committed_to.get(name, 0) if self._is_handed_out(name) else read
            size = read if name in self._done else reader.size()
            if size <= committed:
                continue
            beacons += self._tally.unread(reader, read, size)
            first = self._tally.received_ms(reader, committed, size)
            if first is not None:
                oldest.append(first)
            reader.close()  # of a backlog there may be more segments than files that may be open
        return Lag(beacons, min(oldest, default=None))

    def is_drained(self) -> bool:
        """Whether everything is committed and nobody can write here any more."""
        self._open_new()
        return not self._notes.bounds and self._readers.keys() <= self._done

    def close(self) -> None:
        """Let go of the partition; what is not committed comes again."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._notes.close()
        os.close(self._lock)

    def _place(self, name: str) -> int:
        """Up to which a segment is cut into chunks, or holds nothing for one."""
        return max(self._notes.read.get(name, 0), self._passed.get(name, 0))

    def _is_handed_out(self, name: str) -> bool:
        """Whether anything of a segment is in a chunk that is not committed."""
        return self._notes.committed_to.get(name, 0) < self._notes.read.get(name, 0)

    def _look(self) -> Chunk | None:
        self._open_new()
        names = sorted(self._readers)
        behind = [name for name in names if name > self._last]
        for name in (*behind, *names[: len(names) - len(behind)]):
            if name not in self._done:
                chunk = self._read_new(name, self._readers[name])
                if chunk is not None:
                    self._last = name
                    return chunk
        return None

    def _read_new(self, name: str, reader: SegmentReader) -> Chunk | None:
        is_final = reader.is_final()
        size = reader.size()
        start = self._place(name)
        if not is_final and size == self._seen.get(name, 0):
            return None
        # What looks damaged may be a record that its writer is taking back this moment.
        found = reader.scan(start, size, self._chunk_beacons, stops=not is_final)
        end = start + found.end
        if not found.frames:
            self._passed[name], self._seen[name] = end, size
            self._tally.taken(name, end, 0)
            if is_final:
                self._finish(name, torn_bytes=size - end)
            return None
        # What the writer has not synced yet may be read here; a chunk must not vanish with the power.
        reader.sync()
        bounds = Bounds(self._notes.number + 1, name, start, end, len(found.frames))
        self._notes.add(bounds)
        if found.damaged:
            self._tally.forget(name)  # it counts by headers, and some of them may stand before damage
        self._tally.taken(name, end, bounds.count)
        if is_final:
            reader.close()  # its turn comes again only after all others
        return self._chunk(bounds, found)

    def _finish(self, name: str, torn_bytes: int) -> None:
        self._done.add(name)
        self._readers[name].close()
        if torn_bytes:
            self.damage.torn_tails += 1
            log.warning(
                "journal segment ends in a torn record, which was never acknowledged",
                segment=name,
                bytes=torn_bytes,
            )

    def _chunk(self, bounds: Bounds, found: Scan) -> Chunk:
        decoded = beacons_of(found)
        self.damage.strange += decoded.strange
        self.damage.runs += found.damaged
        if decoded.strange or found.damaged:
            log.error(
                "journal damage skipped", segment=bounds.segment, runs=found.damaged, strange=decoded.strange
            )
        return Chunk(
            self._partition.number,
            bounds.number,
            bounds.token(self._partition.number),
            decoded.beacons,
            decoded.copies,
        )

    def _read_again(self, bounds: Bounds) -> Scan:
        self._open_new()
        reader = self._readers.get(bounds.segment)
        if reader is None:
            log.error(
                "journal segment is gone before it was folded", segment=bounds.segment, chunk=bounds.number
            )
            return Scan([], 0, 0)
        try:
            return reader.scan(bounds.start, bounds.end, None, window=bounds.end - bounds.start)
        finally:
            reader.close()

    def _open_new(self) -> None:
        segments = {segment.name: segment for segment in segments_of(self._journal, self._partition)}
        for name in (self._readers.keys() | self._notes.read.keys()) - segments.keys():
            self._forget(name)
        for name in segments.keys() - self._readers.keys():
            self._readers[name] = SegmentReader(segments[name], self._partition.number)

    def _forget(self, name: str) -> None:
        """The segment is gone."""
        reader = self._readers.pop(name, None)
        if reader is not None:
            reader.close()
        self._done.discard(name)
        self._passed.pop(name, None)
        self._seen.pop(name, None)
        self._notes.forget(name)
        self._tally.forget(name)

    def _note_ends(self) -> None:
        """So that nobody looks again for records of this partition among those of others."""
        for name in self._done:
            end = self._passed.get(name, 0)
            if end > self._notes.committed_to.get(name, 0) and not self._is_handed_out(name):
                self._notes.finish(name, end)

    def _sweep(self) -> None:
        if not self._retention.is_due():
            return
        with suppress(OSError):  # the disk may be full, and what follows is to make room
            self._note_ends()
        removable = [*self._inherited.values(), *self._folded()]
        if self._partition.number:  # what is shared is the first one's to remove
            removable = [reader for reader in removable if not reader.segment.is_shared]
        if not removable:
            return
        have_others = folded_by(self._journal, self._others)

        def may_go(segment: Segment) -> bool:
            return not segment.is_shared or segment.name in self._inherited or have_others(segment)

        for reader in self._retention.remove(removable, may_go):
            reader.close()
            if not self._inherited.pop(reader.segment.name, None):
                self._forget(reader.segment.name)

    def _folded(self) -> list[SegmentReader]:
        """Final segments of which everything of this partition is committed, oldest first."""
        return [self._readers[name] for name in sorted(self._done) if not self._is_handed_out(name)]


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise JournalError(
            f"{path.parent} is being read by another fold worker; one per partition is allowed"
        ) from error
    return descriptor
