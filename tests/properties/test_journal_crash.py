"""Whatever crashes when, each acknowledged beacon comes out of the journal once, in the same chunks."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.journal.base import Chunk
from support_journal import beacon, numbers
from support_law import law

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


class CrashingJournal(RuleBasedStateMachine):
    """Two writers and a reader that die at will."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        # In memory where there is such a place: thousands of syncs on a disk prove nothing more here.
        self.scratch = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self.scratch.name)
        self.writers: dict[int, FilesAppender] = {}
        self.reader: FilesConsumer | None = None
        self.acknowledged: list[int] = []
        self.handed_out: dict[int, Chunk] = {}
        self.expected = 1
        """The number of the next chunk."""
        self.committed = 0
        self.is_dry = False

    @rule(writer=st.integers(0, 1), count=st.integers(1, 4), size=st.integers(0, 300))
    def append(self, writer: int, count: int, size: int) -> None:
        if writer not in self.writers:
            self.writers[writer] = FilesAppender(
                self.folder, f"edge-{writer}", commit_ms=0, segment_bytes=1_500
            )
        first = len(self.acknowledged)
        fresh = range(first, first + count)

        async def append() -> None:
            await asyncio.gather(*(self.writers[writer].append(beacon(n, b"x" * size), ()) for n in fresh))

        self.loop.run_until_complete(append())
        self.acknowledged.extend(fresh)

    @precondition(lambda self: self.writers)
    @rule(torn=st.binary(max_size=60), data=st.data())
    def kill_writer(self, torn: bytes, data: st.DataObject) -> None:
        """The writer dies in the middle of a write: some bytes of a record stand at the end of its segment."""
        name = data.draw(st.sampled_from(sorted(self.writers)))
        writer = self.writers.pop(name)
        for segment in filter(None, (each._segment for each in writer._writers)):
            half = segment.marker + len(torn + b"more").to_bytes(4, "little") + b"\0\0\0\0" + torn
            cut = data.draw(st.integers(0, len(half)))
            os.write(segment._descriptor, half[:cut])
        self.loop.run_until_complete(writer.close())

    @rule(limit=st.integers(1, 5))
    def read(self, limit: int) -> None:
        if self.reader is None:
            self.reader = FilesConsumer(self.folder, 0, chunk_beacons=limit, retention_hours=0)
            self.expected = self.committed + 1
        chunk = self.reader.next(0)
        self.is_dry = chunk is None
        if chunk is None:
            return
        assert chunk.number == self.expected
        self.expected += 1
        before = self.handed_out.setdefault(chunk.number, chunk)
        assert chunk == before

    @precondition(lambda self: self.reader is not None and self.expected - 1 > self.committed)
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        assert self.reader is not None
        number = data.draw(st.integers(self.committed + 1, self.expected - 1))
        self.reader.commit(number)
        self.committed = number

    @precondition(lambda self: self.reader is not None)
    @rule(torn=st.binary(max_size=30))
    def kill_reader(self, torn: bytes) -> None:
        """The reader dies in the middle of noting a chunk that it has not handed out."""
        assert self.reader is not None
        self.reader.close()
        self.reader = None
        with (self.folder / "p0000of0001" / "chunks.log").open("ab") as log:
            log.write(torn.replace(b"\n", b""))

    @invariant()
    def nothing_comes_twice(self) -> None:
        came = numbers(list(self.handed_out.values()))
        assert len(came) == len(set(came))

    def teardown(self) -> None:
        for writer in self.writers.values():
            self.loop.run_until_complete(writer.close())
        self.is_dry = False
        while not self.is_dry:
            self.read(5)
        assert sorted(numbers(list(self.handed_out.values()))) == self.acknowledged
        assert self.reader is not None
        assert self.reader.lag().beacons == sum(
            len(chunk.beacons) for number, chunk in self.handed_out.items() if number > self.committed
        )
        self.reader.close()
        self.loop.close()
        self.scratch.cleanup()


TestCrashingJournal = CrashingJournal.TestCase
TestCrashingJournal.settings = law(40, stateful_step_count=25)
