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

from firstframe.disk import sync_folder
from firstframe.errors import JournalError
from firstframe.journal.base import CHUNK_BEACONS, Chunk, Lag
from firstframe.journal.division import Partition, segments_of
from firstframe.journal.frame import Scan
from firstframe.journal.note import Bounds, Notebook
from firstframe.journal.reader import WINDOW_BYTES, SegmentReader, beacons_of
from firstframe.journal.retention import Retention
from firstframe.journal.segment import Segment, division_folder, partition_folder, remove_unborn
from firstframe.journal.tally import Tally
from firstframe.journal.unread import Neighbours

log = structlog.get_logger()

POLL_SECONDS = 0.02
IDLE_POLL_SECONDS = 0.1
"""Where nothing comes for a while it is looked for less often: an idle journal costs nothing."""
LOOK_SECONDS = 1.0
"""So long one look for new beacons may last, beyond the segment that it is at."""
AGAIN_SECONDS = 5.0
"""After which a segment that cannot be read is tried again."""


class Damage(msgspec.Struct):
    """What could not be read, since this consumer began."""

    runs: int = 0
    """Places within a segment whose bytes are no frame."""
    torn_tails: int = 0
    """Segments whose writer died in the middle of a frame (never acknowledged)."""
    strange: int = 0
    """Sound frames that hold no beacon as this version knows it."""


class _Source(msgspec.Struct):
    """A segment as this reader knows it."""

    reader: SegmentReader
    passed: int = 0
    """Place up to which there is nothing of this partition that is not in a chunk."""
    seen: int = 0
    """Size at which it was last found to have nothing new."""
    is_done: bool = False
    """Final, and nothing in it is left to be read."""

    is_stopped: bool = False
    """Still written, and damaged where the reader stands."""
    again_at: float = 0.0
    """On the monotonic clock: when one that could not be read is tried again."""


class _Look(msgspec.Struct, frozen=True):
    """What a look at a segment showed."""

    is_final: bool
    size: int
    start: int
    """Where the partition stood in it."""
    found: Scan


class FilesConsumer:
    """Reads one partition. Not thread-safe; a second one on the same partition is refused."""

    def __init__(
        self,
        journal: Path,
        partition: int,
        partitions: int = 1,
        *,
        inherited: Sequence[Segment] = (),
        removes: bool | None = None,
        retention_hours: float = 24,
        limit_bytes: int | None = None,
        chunk_beacons: int = CHUNK_BEACONS,
        now_seconds: Callable[[], float] = time.time,
    ) -> None:
        """Reads partition ``partition`` of ``partitions``.

        ``removes``: whether it removes segments that all partitions have folded; None: only that of the first does.
        ``inherited`` are segments of another division of the journal, wholly folded, which are kept and removed
        like those of this one. Raises `JournalError` when the partition has another consumer or its notes are
        damaged, OSError when they cannot be kept.
        """
        self._journal = journal
        self._partition = Partition(partition, partitions)
        self._removes = partition == 0 if removes is None else removes
        self._neighbours = Neighbours(
            journal, [Partition(number, partitions) for number in range(partitions) if number != partition]
        )
        self._inherited = {segment.name: SegmentReader(segment) for segment in inherited}
        self.damage = Damage()
        self._folder = partition_folder(journal, partition, partitions)
        self._shared = division_folder(journal, partitions)
        for folder in (self._folder, self._shared):
            folder.mkdir(parents=True, exist_ok=True)
        sync_folder(journal)  # notes in a folder that a power cut unmade are none
        self._lock = _lock(self._folder / "consumer.lock")
        try:
            for folder in (self._folder, self._shared):
                remove_unborn(folder)
            self._notes = Notebook(self._folder)
        except BaseException:
            os.close(self._lock)
            raise
        self._chunk_beacons = chunk_beacons
        self._again = deque(self._notes.bounds[number] for number in sorted(self._notes.bounds))
        self._sources: dict[str, _Source] = {}
        self._last = ""
        """The segment of the newest chunk."""
        self._round: list[str] = []
        """Segments whose turn comes before it is anybody's again."""
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
        self._list()
        self._tally.begin()
        beacons = sum(bounds.count for bounds in self._notes.bounds.values())
        oldest: list[int] = []
        is_stuck = False
        for name, source in self._sources.items():
            is_stuck = is_stuck or source.is_stopped
            try:
                unread, received_ms = self._waiting(name, source)
            except FileNotFoundError:
                continue  # folded by all and removed meanwhile
            except OSError:
                is_stuck = True
                unread, received_ms = 0, source.reader.segment.made_ms  # no later than what cannot be read
            beacons += unread
            if received_ms is not None:
                oldest.append(received_ms)
        return Lag(beacons, min(oldest, default=None), is_stuck)

    def is_drained(self) -> bool:
        """Whether everything is committed and nobody can write here any more."""
        self._list()
        return not self._notes.bounds and all(source.is_done for source in self._sources.values())

    def close(self) -> None:
        """Let go of the partition; what is not committed comes again."""
        with suppress(OSError):
            self._note_ends()
        for source in self._sources.values():
            source.reader.close()
        self._sources.clear()
        self._notes.close()
        os.close(self._lock)

    # What there is

    def _list(self) -> None:
        segments = {segment.name: segment for segment in segments_of(self._journal, self._partition)}
        gone = (self._sources.keys() | self._notes.read.keys()) - segments.keys()
        if gone:
            with suppress(OSError):  # folders that are not there now say nothing about their segments
                for folder in (self._folder, self._shared):
                    sync_folder(folder)  # or a removal may be undone that is noted nowhere
                for name in gone:
                    self._forget(name)
        for name in segments.keys() - self._sources.keys():
            self._sources[name] = _Source(SegmentReader(segments[name], self._partition.number))

    def _forget(self, name: str) -> None:
        """The segment is gone."""
        source = self._sources.pop(name, None)
        if source is not None:
            source.reader.close()
        self._notes.forget(name)
        self._tally.forget(name)
        self._neighbours.forget(name)

    def _place(self, name: str, source: _Source) -> int:
        """Up to which a segment is cut into chunks, or holds nothing for one."""
        return max(self._notes.read.get(name, 0), source.passed)

    def _is_handed_out(self, name: str) -> bool:
        """Whether anything of a segment is in a chunk that is not committed."""
        return self._notes.committed_to.get(name, 0) < self._notes.read.get(name, 0)

    def _waiting(self, name: str, source: _Source) -> tuple[int, int | None]:
        """Beacons of a segment that are in no chunk, and when the first that is not committed was received."""
        reader, read = source.reader, self._place(name, source)
        first = self._notes.committed_to.get(name, 0) if self._is_handed_out(name) else read
        size = read if source.is_done else reader.size()
        if size <= first:
            return 0, None
        try:
            return self._tally.unread(reader, read, size), self._tally.received_ms(reader, first, size)
        finally:
            reader.close()  # of a backlog there may be more segments than files that may be open

    # Reading

    def _look(self) -> Chunk | None:
        """The next chunk of any segment. One that cannot be read does not keep the others from it, nor anything else."""
        self._list()
        began = time.monotonic()
        for name in self._in_turn():
            source = self._sources[name]
            if source.is_done or source.again_at > began:
                continue
            try:
                look = self._look_at(name, source)
            except FileNotFoundError:
                continue  # folded by all and removed meanwhile
            except OSError as error:
                self._put_off(source, error)
                continue
            if look is None:
                continue
            if look.found.frames:
                return self._cut(name, source, look)
            self._pass(name, source, look)
            if time.monotonic() > began + LOOK_SECONDS:
                break
        return None

    def _in_turn(self) -> list[str]:
        """The segments: each gives a chunk, then those do that have come meanwhile, so that no writer starves.

        But what is left of one that its writer has left comes first, if it is little: it is older than what stands in
        the next.
        """
        last = [self._last] if self._last in self._sources else []
        rest = last if self._is_nearly_read(self._last) else []
        others = sorted(self._sources.keys() - self._round - {self._last})
        return [*rest, *(name for name in self._round if name in self._sources), *others, *last]

    def _is_nearly_read(self, name: str) -> bool:
        source = self._sources.get(name)
        if source is None or source.is_done:
            return False
        try:
            is_final = source.reader.is_final()
            return is_final and source.reader.size() - self._place(name, source) <= WINDOW_BYTES
        except OSError:
            return False

    def _had_its_turn(self, name: str) -> None:
        """A segment gave a chunk. Those before it in the round had nothing; one that is not in it begins another."""
        if name in self._round:
            del self._round[: self._round.index(name) + 1]
        elif name != self._last:
            self._round = sorted(self._sources.keys() - {name})
        self._last = name

    def _look_at(self, name: str, source: _Source) -> _Look | None:
        """None where nothing can be new. Raises OSError for a segment that cannot be read."""
        reader = source.reader
        is_final = reader.is_final()
        size = reader.size()
        if not is_final and size == source.seen:
            return None
        start = self._place(name, source)
        # What looks damaged may be a record that its writer is taking back this moment.
        found = reader.scan(start, size, self._chunk_beacons, stops=not is_final)
        if found.frames or is_final:
            # What the writer has not synced may be read here; nothing may be noted that can vanish with the power.
            reader.sync()
        source.again_at = 0.0
        source.is_stopped = found.is_stopped
        return _Look(is_final, size, start, found)

    def _put_off(self, source: _Source, error: OSError) -> None:
        if not source.again_at:
            path = str(source.reader.segment.path)
            log.error("journal segment cannot be read, others go on", segment=path, error=str(error))
        source.again_at = time.monotonic() + AGAIN_SECONDS
        source.reader.close()

    def _cut(self, name: str, source: _Source, look: _Look) -> Chunk:
        """Note a chunk before it is handed out. Raises OSError."""
        start, found = look.start, look.found
        bounds = Bounds(self._notes.number + 1, name, start, start + found.end, len(found.frames))
        self._notes.add(bounds)
        self._had_its_turn(name)
        if found.damaged:
            self._tally.forget(name)  # it counts by headers, which also stand in damage
        self._tally.taken(name, bounds.end, bounds.count)
        if look.is_final and bounds.end == look.size:
            source.reader.close()
        return self._chunk(bounds, found)

    def _pass(self, name: str, source: _Source, look: _Look) -> None:
        """Nothing of this partition stands there."""
        source.passed = look.start + look.found.end
        # What ends in half a record is looked at again even at this size: the half may be taken back for another.
        source.seen = look.size if source.passed == look.size or source.is_stopped else 0
        self._tally.taken(name, source.passed, 0)
        self._tell_damage(name, look.found.damaged)
        if look.is_final:
            self._tally.forget(name)  # headers stand in a torn tail, too
            source.is_done = True
            source.reader.close()
            self._tell_torn(name, look.size - source.passed)

    def _tell_torn(self, name: str, torn_bytes: int) -> None:
        if torn_bytes > 0:
            self.damage.torn_tails += 1
            log.warning(
                "journal segment ends in a torn record, which was never acknowledged",
                segment=name,
                bytes=torn_bytes,
            )

    def _tell_damage(self, name: str, runs: int, strange: int = 0) -> None:
        self.damage.runs += runs
        self.damage.strange += strange
        if runs or strange:
            log.error("journal damage skipped", segment=name, runs=runs, strange=strange)

    def _chunk(self, bounds: Bounds, found: Scan) -> Chunk:
        decoded = beacons_of(found)
        # One that was read before and is missing now, at the end of the chunk, is damage with nothing behind it.
        runs = found.damaged or int(len(found.frames) < bounds.count)
        self._tell_damage(bounds.segment, runs, decoded.strange)
        return Chunk(
            self._partition.number,
            bounds.number,
            bounds.token(self._partition.number),
            decoded.beacons,
            decoded.copies,
        )

    def _read_again(self, bounds: Bounds) -> Scan:
        self._list()
        source = self._sources.get(bounds.segment)
        if source is None:
            if not self._shared.is_dir():
                raise FileNotFoundError(f"{self._shared} is away")
            log.error(
                "journal segment is gone before it was folded", segment=bounds.segment, chunk=bounds.number
            )
            return Scan([], 0)
        try:
            return source.reader.scan(bounds.start, bounds.end, bounds.count, whole=True)
        finally:
            source.reader.close()

    # Removing

    def _sweep(self) -> None:
        """Remove segments that are folded and whose time is over."""
        if not self._retention.is_due():
            return
        with suppress(OSError):  # the disk may be full, and what follows is to make room
            self._note_ends()
        removable = [*self._inherited.values(), *self._folded()]
        if not self._removes:
            removable = [reader for reader in removable if not reader.segment.is_shared]
            self._retention.rest()
        if removable:
            self._neighbours.refresh()
            for reader in self._retention.remove(removable, self._may_go):
                reader.close()
                if not self._inherited.pop(reader.segment.name, None):
                    self._forget(reader.segment.name)

    def _may_go(self, segment: Segment) -> bool:
        """Whether all others are done with a segment that this partition has folded."""
        is_own = not segment.is_shared or segment.name in self._inherited
        return is_own or self._neighbours.have_folded(segment)

    def _folded(self) -> list[SegmentReader]:
        """Final segments of which everything of this partition is committed, oldest first."""
        return [
            source.reader
            for name, source in sorted(self._sources.items())
            if source.is_done and not self._is_handed_out(name)
        ]

    def _note_ends(self) -> None:
        """So that nobody looks again for records of this partition among those of others."""
        for name, source in self._sources.items():
            noted = self._notes.committed_to.get(name, 0)
            if source.is_done and source.passed > noted and not self._is_handed_out(name):
                self._notes.finish(name, source.passed)


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
