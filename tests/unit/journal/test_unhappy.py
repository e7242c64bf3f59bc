"""The reading side where disks fail, folders vanish and readers are far apart."""

import asyncio
import errno
import os
import time

import pytest
from structlog.testing import capture_logs

from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.journal import consumer as consumer_module
from firstframe.journal import retention as retention_module
from firstframe.journal import tally as tally_module
from firstframe.journal.base import Lag
from firstframe.journal.note import committed_to
from firstframe.journal.reader import SegmentReader
from firstframe.journal.segment import list_segments
from support_journal import beacon, drain, numbers, read, views_of, write

VIEWS = views_of(2)


def by_turns(number: int) -> list[str]:
    """Even numbers are the first partition's."""
    return [VIEWS[number % 2]]


def hours_later() -> float:
    return time.time() + 36_000


@pytest.fixture
def reads(monkeypatch):
    """Bytes that are read from now on, in a list."""
    found = []
    real = os.pread

    def note(descriptor: int, count: int, at: int) -> bytes:
        data = real(descriptor, count, at)
        found.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", note)
    return found


def test_a_segment_that_lost_its_end_with_the_power_holds_nothing_up(tmp_path):
    """What was never synced may be gone, also from under the notes: the rest comes."""
    write(tmp_path, [0, 1, 2], body=b"x" * 100)
    consumer = FilesConsumer(tmp_path, 0)
    consumer.commit(drain(consumer)[-1].number)
    consumer.close()
    (segment,) = list_segments(tmp_path / "of0001")
    os.truncate(segment.path, 150)
    write(tmp_path, [3])
    assert read(tmp_path) == [3]


def test_an_end_is_synced_before_it_is_noted(tmp_path, monkeypatch):
    """Also where nothing of the partition stands before it."""
    write(tmp_path, [1, 3], keys=by_turns, partitions=2)
    done = []
    sync, finish = SegmentReader.sync, consumer_module.Notebook.finish
    monkeypatch.setattr(SegmentReader, "sync", lambda reader: (done.append("sync"), sync(reader)))
    monkeypatch.setattr(
        consumer_module.Notebook, "finish", lambda *args: (done.append("note"), finish(*args))
    )
    assert read(tmp_path, 0, 2) == []
    assert done == ["sync", "note"]


def test_a_place_that_cannot_be_read_does_not_hold_up_other_segments(tmp_path, monkeypatch):
    """They come, then the disk's error; and what cannot be read is not forgotten."""
    for number in range(3):
        write(tmp_path, [number])
    bad = list_segments(tmp_path / "of0001")[0]
    scan = SegmentReader.scan

    def fail(reader, *rest, **more):
        if reader.segment == bad:
            raise OSError(errno.EIO, "Input/output error")
        return scan(reader, *rest, **more)

    consumer = FilesConsumer(tmp_path, 0)
    with monkeypatch.context() as patch:
        patch.setattr(SegmentReader, "scan", fail)
        chunks = [consumer.next(0), consumer.next(0)]
        assert numbers(chunks) == [1, 2]
        consumer.commit(chunks[-1].number)
        with pytest.raises(OSError, match="Input/output"):
            consumer.next(0)
        assert consumer.lag() == Lag(0, bad.made_ms), "how many there are is not known"
    assert numbers(drain(consumer)) == [0]
    consumer.close()


def test_a_segment_that_is_removed_meanwhile_is_no_error(tmp_path):
    """The first reader may remove it when another one has just listed it."""
    write(tmp_path, [1])
    write(tmp_path, [3])
    consumer = FilesConsumer(tmp_path, 0)
    consumer._list()
    list_segments(tmp_path / "of0001")[0].path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consumer, "_list", lambda: None)
        assert consumer.lag().beacons == 1
        chunk = consumer.next(0)
        assert chunk is not None
        assert numbers([chunk]) == [3]
        assert consumer.next(0) is None
    consumer.close()


def test_folders_that_are_away_make_nobody_forget(tmp_path):
    """What is committed stays so when they are back."""
    write(tmp_path, [1, 2, 3])
    consumer = FilesConsumer(tmp_path, 0)
    consumer.commit(drain(consumer)[-1].number)
    (tmp_path / "of0001").rename(tmp_path / "elsewhere")
    assert consumer.next(0) is None
    (tmp_path / "elsewhere").rename(tmp_path / "of0001")
    assert consumer.next(0) is None
    consumer.close()
    assert read(tmp_path) == []


def test_folders_of_notes_and_removals_are_synced(tmp_path, monkeypatch):
    """A power cut brings back no removed segment that nobody remembers, and unmakes no notes."""
    write(tmp_path, [0, 1], keys=by_turns, partitions=2)
    synced = []
    for module in (consumer_module, retention_module):
        monkeypatch.setattr(module, "sync_folder", lambda folder: synced.append(folder.name))
    second = FilesConsumer(tmp_path, 1, 2)
    assert synced == [tmp_path.name]
    second.commit(drain(second)[-1].number)
    first = FilesConsumer(tmp_path, 0, 2, retention_hours=0, now_seconds=hours_later)
    chunks = drain(first)
    synced.clear()
    first.commit(chunks[-1].number)
    assert list_segments(tmp_path / "of0002") == []
    assert synced == ["of0002"]
    synced.clear()
    assert second.next(0) is None
    assert "of0002" in synced
    for each in (first, second):
        each.close()


def test_the_last_partition_of_a_drained_division_makes_room(tmp_path, monkeypatch):
    """Nobody else reads it, and its first partition's reader was there before the others had folded anything."""
    monkeypatch.setattr(retention_module, "shortage_bytes", lambda journal: 10**12)
    write(tmp_path, range(6), keys=by_turns, partitions=2)
    left = []
    for partition in (0, 1):
        consumer = FilesConsumer(tmp_path, partition, 2, removes=True, retention_hours=float("inf"))
        consumer.commit(drain(consumer)[-1].number)
        assert consumer.is_drained()
        consumer._retention._due = 0
        assert consumer.next(0) is None
        left.append(len(list_segments(tmp_path / "of0002")))
        consumer.close()
    assert left == [1, 0]


def test_what_another_has_not_folded_is_asked_for_once(tmp_path, reads):
    """However often the first reader looks for room; when the other goes on, it asks again."""
    write(tmp_path, range(200), keys=by_turns, partitions=2, body=b"x" * 1_000)
    now = [hours_later()]
    first = FilesConsumer(tmp_path, 0, 2, retention_hours=0, now_seconds=lambda: now[0])
    chunks = drain(first)

    def look() -> int:
        reads.clear()
        now[0] += 60
        first.commit(chunks[-1].number)
        return sum(reads)

    assert 0 < look() <= 2**16
    assert look() == 0
    second = FilesConsumer(tmp_path, 1, 2, chunk_beacons=50)
    chunks = drain(second)
    second.commit(chunks[0].number)
    assert 0 < look() <= 2**16
    assert look() == 0
    second.commit(chunks[-1].number)
    look()
    assert list_segments(tmp_path / "of0002") == []
    for each in (first, second):
        each.close()


def test_the_end_is_noted_when_a_reader_stops(tmp_path):
    """A division that was drained is looked at for as long as it is kept."""
    write(tmp_path, range(5), keys=lambda n: [VIEWS[n > 0]], partitions=2)
    read(tmp_path, 0, 2)
    (segment,) = list_segments(tmp_path / "of0002")
    assert committed_to(tmp_path / "p0000of0002") == {segment.name: segment.path.stat().st_size}


def test_others_that_note_meanwhile_look_whole(tmp_path, monkeypatch):
    """What is committed between two looks at the notes of a reader is no damage of them."""
    write(tmp_path, range(3))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=1)
    chunks = drain(consumer)
    real = consumer_module.Notebook.__module__
    from firstframe.journal import note

    look = note._read_commit

    def late(path):
        if consumer._notes.committed < chunks[-1].number:
            consumer.commit(chunks[-1].number)
        return look(path)

    assert real == note.__name__
    monkeypatch.setattr(note, "_read_commit", late)
    with capture_logs() as said:
        (end,) = committed_to(tmp_path / "p0000of0001").values()
    assert said == []
    assert end == list_segments(tmp_path / "of0001")[0].path.stat().st_size
    consumer.close()


def test_lag_goes_on_behind_damage(tmp_path):
    """A live segment is not read beyond it, but what waits there waits."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)
    consumer = FilesConsumer(tmp_path, 0)

    async def append() -> None:
        for number in range(10):
            await appender.append(beacon(number, b"x" * 100), ())

    asyncio.run(append())
    (segment,) = list_segments(tmp_path / "of0001")
    data = bytearray(segment.path.read_bytes())
    data[data.index(segment.marker, 1)] ^= 1
    with segment.path.open("r+b") as file:
        file.write(data)
    assert numbers(drain(consumer)) == [0]
    assert consumer.lag().beacons == 9
    asyncio.run(appender.close())
    assert numbers(drain(consumer)) == list(range(2, 10))
    assert consumer.lag().beacons == 9
    consumer.close()


def test_a_torn_tail_is_no_lag(tmp_path):
    """Headers that stand in it are of no record."""
    write(tmp_path, range(10), body=b"x" * 100)
    (segment,) = list_segments(tmp_path / "of0001")
    data = bytearray(segment.path.read_bytes())
    for at in range(len(data) // 2 + 50, len(data), 150):
        data[at] ^= 1
    segment.path.write_bytes(data)
    consumer = FilesConsumer(tmp_path, 0)
    assert consumer.lag().beacons == 10
    came = numbers(drain(consumer))
    assert len(came) < 10
    assert consumer.lag().beacons == len(came)
    consumer.close()


def test_chunks_are_as_large_however_many_partitions_there_are(tmp_path, monkeypatch):
    """What is looked at in one go is mostly the others'."""
    views = views_of(8)
    write(tmp_path, range(800), keys=lambda n: [views[n % 8]], partitions=8, body=b"x" * 100)
    monkeypatch.setitem(SegmentReader.scan.__kwdefaults__, "window", 5_000)
    consumer = FilesConsumer(tmp_path, 3, 8, chunk_beacons=1_000)
    sizes = [len(chunk.beacons) for chunk in drain(consumer)]
    assert sum(sizes) == 100
    assert min(sizes[:-1]) > 20, "two or three of them stand in a window"
    consumer.close()


def test_a_question_for_the_lag_walks_through_no_more_than_a_step(tmp_path, monkeypatch, reads):
    """Over all segments together; what lies behind is estimated, and counted by the next questions."""
    monkeypatch.setattr(tally_module, "STEP_BYTES", 30_000)
    monkeypatch.setattr(tally_module, "WINDOW_BYTES", 10_000)
    for first in (0, 100, 200):
        write(tmp_path, range(first, first + 100), body=b"x" * 300)
    consumer = FilesConsumer(tmp_path, 0)
    whole = sum(each.path.stat().st_size for each in list_segments(tmp_path / "of0001"))
    lag = consumer.lag()
    assert sum(reads) < 30_000 + 10_000 + 3 * 2**16
    assert whole > 100_000
    assert 285 <= lag.beacons <= 315
    for _ in range(5):
        lag = consumer.lag()
    assert lag == Lag(300, 0)
    consumer.close()


def test_a_backlog_is_walked_through_once_for_its_lag(tmp_path, reads):
    """However many chunks are taken of it meanwhile."""
    write(tmp_path, range(200), body=b"x" * 1_000)
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=10)
    consumer.lag()
    for left in range(190, 0, -10):
        chunk = consumer.next(0)
        assert chunk is not None
        consumer.commit(chunk.number)
        reads.clear()
        assert consumer.lag().beacons == left
        assert sum(reads) <= 2**16, "the first that waits, for its time"
    consumer.close()
