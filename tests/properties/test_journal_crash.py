"""Whatever crashes when, each acknowledged beacon comes out of the journal once, in the same chunks."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from firstframe.errors import Unavailable
from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.journal.base import Chunk
from firstframe.journal.segment import list_all_segments, partition_folder
from support_journal import beacon, numbers, views_of
from support_law import law

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


PARTITIONS = 2
VIEWS = views_of(PARTITIONS)


def partitions_of(number: int) -> list[int]:
    """Where a beacon goes, first and then: every third goes to both."""
    first = number // 2 % PARTITIONS
    return [first] if number % 3 else [first, 1 - first]


@contextmanager
def failing(fault: int | None, part: int) -> Iterator[None]:
    """The next write to a segment writes so many bytes at most, and then fails with this error."""
    if fault is None:
        yield
        return
    real = os.write
    left = [part]

    def write(descriptor: int, data: memoryview) -> int:
        if not os.readlink(f"/proc/self/fd/{descriptor}").endswith(".seg"):  # noqa: PTH115 - of a number
            return real(descriptor, data)
        if left:
            written = real(descriptor, data[: left.pop()])
            if fault == errno.ENOSPC:
                return written
        raise OSError(fault, os.strerror(fault))

    with mock.patch.object(os, "write", write):
        yield


class _Half:
    """One partition: its reader, and what came of it."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.reader: FilesConsumer | None = None
        self.handed_out: dict[int, Chunk] = {}
        self.expected = 1
        """The number of the next chunk."""
        self.committed = 0
        self.is_dry = False


class CrashingJournal(RuleBasedStateMachine):
    """Two writers, and a reader for each of two partitions, that die at will."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        # In memory where there is such a place: thousands of syncs on a disk prove nothing more here.
        self.scratch = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self.scratch.name)
        self.writers: dict[int, FilesAppender] = {}
        self.halves = [_Half(partition) for partition in range(PARTITIONS)]
        self.count = 0
        self.acknowledged: list[int] = []
        self.refused: list[int] = []
        """May come all the same: the disk had taken them before it failed."""

    @rule(
        writer=st.integers(0, 1),
        count=st.integers(1, 4),
        size=st.integers(0, 300),
        fault=st.sampled_from([None, None, errno.ENOSPC, errno.EIO]),
        part=st.integers(0, 1_200),
    )
    def append(self, writer: int, count: int, size: int, fault: int | None, part: int) -> None:
        """A disk that is full writes a part of it and then nothing; one that fails may have written a part, or all."""
        if writer not in self.writers:
            self.writers[writer] = FilesAppender(
                self.folder, f"edge-{writer}", partitions=PARTITIONS, commit_ms=0, segment_bytes=1_500
            )
        fresh = range(self.count, self.count + count)
        self.count += count
        appender = self.writers[writer]

        async def append() -> list[object]:
            return await asyncio.gather(
                *(
                    appender.append(beacon(n, b"x" * size), [VIEWS[each] for each in partitions_of(n)])
                    for n in fresh
                ),
                return_exceptions=True,
            )

        with failing(fault, part):
            for number, refusal in zip(fresh, self.loop.run_until_complete(append()), strict=True):
                assert refusal is None or isinstance(refusal, Unavailable)
                (self.acknowledged if refusal is None else self.refused).append(number)

    @precondition(lambda self: self.writers)
    @rule(torn=st.binary(max_size=60), data=st.data())
    def kill_writer(self, torn: bytes, data: st.DataObject) -> None:
        """The writer dies in the middle of a write: some bytes of a record stand at the end of its segment."""
        name = data.draw(st.sampled_from(sorted(self.writers)))
        appender = self.writers.pop(name)
        segment = appender._writer._segment
        if segment is not None:
            half = segment.marker + len(torn + b"more").to_bytes(4, "little") + b"\0\0\0\0" + torn
            cut = data.draw(st.integers(0, len(half)))
            os.write(segment._descriptor, half[:cut])
        self.loop.run_until_complete(appender.close())

    @rule(partition=st.integers(0, 1), limit=st.integers(1, 5))
    def read(self, partition: int, limit: int) -> None:
        half = self.halves[partition]
        if half.reader is None:
            half.reader = FilesConsumer(
                self.folder,
                partition,
                PARTITIONS,
                chunk_beacons=limit,
                retention_hours=0,
                now_seconds=lambda: time.time() + 1,
            )
            half.expected = half.committed + 1
        half.reader._retention._due = 0  # every look is one at what may be removed
        chunk = half.reader.next(0)
        half.is_dry = chunk is None
        if chunk is None:
            return
        assert chunk.number == half.expected
        half.expected += 1
        before = half.handed_out.setdefault(chunk.number, chunk)
        assert chunk == before

    @rule(partition=st.integers(0, 1), data=st.data())
    def commit(self, partition: int, data: st.DataObject) -> None:
        half = self.halves[partition]
        if half.reader is None or half.expected - 1 <= half.committed:
            return
        number = data.draw(st.integers(half.committed + 1, half.expected - 1))
        half.reader.commit(number)
        half.committed = number

    @rule(partition=st.integers(0, 1), torn=st.binary(max_size=30))
    def kill_reader(self, partition: int, torn: bytes) -> None:
        """The reader dies in the middle of noting a chunk that it has not handed out."""
        half = self.halves[partition]
        if half.reader is None:
            return
        half.reader.close()
        half.reader = None
        notes = partition_folder(self.folder, partition, PARTITIONS)
        with (notes / "chunks.log").open("ab") as log:
            log.write(torn.replace(b"\n", b""))

    @invariant()
    def nothing_comes_twice(self) -> None:
        for half in self.halves:
            came = numbers(list(half.handed_out.values()))
            assert len(came) == len(set(came))

    def teardown(self) -> None:
        for writer in self.writers.values():
            self.loop.run_until_complete(writer.close())
        firsts: list[int] = []
        for half in self.halves:
            half.is_dry = False
            while not half.is_dry:
                self.read(half.partition, 5)
            chunks = half.handed_out.values()
            came = set(numbers(list(chunks)))
            assert came >= {n for n in self.acknowledged if half.partition in partitions_of(n)}
            assert came <= {*self.acknowledged, *self.refused}
            assert all(half.partition in partitions_of(n) for n in came)
            for chunk in chunks:
                firsts += [
                    each.received_at_ms
                    for place, each in enumerate(chunk.beacons)
                    if place not in chunk.copies
                ]
            assert half.reader is not None
            assert half.reader.lag().beacons == sum(
                len(chunk.beacons) for number, chunk in half.handed_out.items() if number > half.committed
            )
            half.reader.commit(half.expected - 1)
            half.committed = half.expected - 1
        assert len(firsts) == len(set(firsts))
        assert set(firsts) >= set(self.acknowledged)
        for half in reversed(self.halves):  # all of it is folded, so the first one's reader removes it
            self.read(half.partition, 5)
            assert half.reader is not None
            half.reader.close()
        assert list(list_all_segments(self.folder)) == []
        self.loop.close()
        self.scratch.cleanup()


TestCrashingJournal = CrashingJournal.TestCase
TestCrashingJournal.settings = law(40, stateful_step_count=25)
