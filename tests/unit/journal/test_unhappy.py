"""The reading side where disks fail, folders vanish and readers are far apart."""

import asyncio
import errno
import os
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from firstframe.journal import FilesAppender, FilesConsumer, note
from firstframe.journal import consumer as consumer_module
from firstframe.journal import retention as retention_module
from firstframe.journal import tally as tally_module
from firstframe.journal.base import Chunk, Lag
from firstframe.journal.frame import frame
from firstframe.journal.note import committed_to
from firstframe.journal.reader import SegmentReader
from firstframe.journal.replay import replay
from firstframe.journal.segment import SegmentWriter, list_segments
from support_disk import fill, mounted
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


@pytest.fixture
def bad_place(monkeypatch):
    """Makes a place of a file unreadable, as Linux does: a read that begins before it is short, one at it fails."""
    bad: dict[str, int] = {}
    real = os.pread

    def read_short(descriptor: int, count: int, at: int) -> bytes:
        place = bad.get(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - of a number
        if place is None or at + count <= place:
            return real(descriptor, count, at)
        if at >= place:
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, place - at, at)

    monkeypatch.setattr(os, "pread", read_short)
    return bad


def test_a_place_that_cannot_be_read_does_not_hold_up_other_segments(tmp_path, bad_place):
    """What stands before it comes, and the others; what stands behind it is neither forgotten nor removed."""
    write(tmp_path, range(10), body=b"x" * 300)
    write(tmp_path, [10])
    bad = list_segments(tmp_path / "of0001")[0]
    bad_place[str(bad.path)] = 2_000
    consumer = FilesConsumer(tmp_path, 0, retention_hours=0, now_seconds=hours_later)
    with capture_logs() as said:
        chunks = drain(consumer)
        consumer.next(0)
        consumer.commit(chunks[-1].number)
    assert sorted(numbers(chunks)) == [0, 1, 2, 3, 10]
    assert [each["log_level"] for each in said if "cannot be read" in each["event"]] == ["error"]
    lag = consumer.lag()
    assert (lag.oldest_received_ms, lag.is_stuck) == (bad.made_ms, True)
    assert not consumer.is_drained()
    assert bad in list_segments(tmp_path / "of0001")
    consumer.close()
    assert [each.received_at_ms for each in replay(tmp_path, 0, 99)] == [0, 1, 2, 3]
    bad_place.clear()
    assert read(tmp_path) == list(range(4, 10))


def test_a_chunk_comes_again_whole_or_not_at_all(tmp_path, bad_place):
    """Its place was read before, and may not be read now."""
    write(tmp_path, range(10), body=b"x" * 300)
    consumer = FilesConsumer(tmp_path, 0)
    chunks = drain(consumer)
    consumer.close()
    (segment,) = list_segments(tmp_path / "of0001")
    bad_place[str(segment.path)] = 2_000
    consumer = FilesConsumer(tmp_path, 0)
    with pytest.raises(OSError, match="Input/output"):
        consumer.next(0)
    bad_place.clear()
    assert drain(consumer) == chunks
    consumer.close()


def test_what_a_neighbour_cannot_read_is_not_removed(tmp_path, bad_place):
    """A read that is short is no end."""
    write(tmp_path, range(20), keys=lambda n: [VIEWS[n >= 10]], partitions=2, body=b"x" * 300)
    (segment,) = list_segments(tmp_path / "of0002")
    first = FilesConsumer(tmp_path, 0, 2, retention_hours=0, now_seconds=hours_later)
    chunks = drain(first)
    bad_place[str(segment.path)] = 2_000
    first.commit(chunks[-1].number)
    assert list_segments(tmp_path / "of0002") == [segment]
    first.close()
    bad_place.clear()
    assert read(tmp_path, 1, 2) == list(range(10, 20))


def test_a_note_that_cannot_be_kept_is_the_readers_own_fault(tmp_path, monkeypatch, reads):
    """No other segment is tried, and nothing is put off."""
    for first in (0, 10, 20):
        write(tmp_path, range(first, first + 10), body=b"x" * 1_000)
    size = list_segments(tmp_path / "of0001")[0].path.stat().st_size
    consumer = FilesConsumer(tmp_path, 0)
    with monkeypatch.context() as patch:
        patch.setattr(consumer._notes, "add", lambda bounds: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            consumer.next(0)
        assert sum(reads) <= size
    assert sorted(numbers(drain(consumer))) == list(range(30))
    consumer.close()


def test_half_a_note_that_cannot_be_taken_back_spoils_no_other(tmp_path, monkeypatch):
    """The next one begins on a line of its own."""
    write(tmp_path, range(9))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=3)
    before = [consumer.next(0)]
    real = os.write
    with monkeypatch.context() as patch:

        def fail(descriptor: int, data) -> int:
            real(descriptor, data[:10])
            raise OSError(errno.EIO, "Input/output error")

        patch.setattr(os, "write", fail)
        patch.setattr(os, "ftruncate", lambda *args: fail(args[0], b""))
        with pytest.raises(OSError, match="Input/output"):
            consumer.next(0)
    before += drain(consumer)
    consumer.close()
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=9)
    assert drain(consumer) == before
    assert numbers(before) == list(range(9))
    consumer.close()


def test_damage_is_told_wherever_it_stands(tmp_path):
    """Where no record of the partition stands behind it, and where it came after the record was read."""
    write(tmp_path, [0, 1, 3], keys=by_turns, partitions=2, body=b"x" * 100)
    (segment,) = list_segments(tmp_path / "of0002")
    data = bytearray(segment.path.read_bytes())
    data[50] ^= 1
    segment.path.write_bytes(data)
    first = FilesConsumer(tmp_path, 0, 2)
    assert drain(first) == []
    assert first.damage.runs == 1
    first.close()
    second = FilesConsumer(tmp_path, 1, 2)
    assert numbers(drain(second)) == [1, 3]
    second.close()
    data[-5] ^= 1
    segment.path.write_bytes(data)
    second = FilesConsumer(tmp_path, 1, 2)
    with capture_logs() as said:
        assert numbers(drain(second)) == [1]
    assert [each["event"] for each in said] == ["journal damage skipped"]
    second.close()


def test_a_chunk_waits_for_a_folder_that_is_away(tmp_path):
    """It is not handed out empty, to be committed."""
    write(tmp_path, [1, 2, 3])
    consumer = FilesConsumer(tmp_path, 0)
    chunks = drain(consumer)
    consumer.close()
    consumer = FilesConsumer(tmp_path, 0)
    (tmp_path / "of0001").rename(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="away"):
        consumer.next(0)
    (tmp_path / "elsewhere").rename(tmp_path / "of0001")
    assert drain(consumer) == chunks
    consumer.close()


def test_what_is_taken_back_may_be_followed_by_as_much(tmp_path):
    """A segment that has the same size again has something else in it."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)
    consumer = FilesConsumer(tmp_path, 0)

    async def append(number: int) -> None:
        await appender.append(beacon(number), ())

    asyncio.run(append(1))
    assert numbers(drain(consumer)) == [1]
    (segment,) = list_segments(tmp_path / "of0001")
    before = segment.path.stat().st_size
    with segment.path.open("ab") as file:
        file.write(segment.marker.ljust(before, b"\xff"))
    assert drain(consumer) == []
    os.truncate(segment.path, before)
    asyncio.run(append(2))
    assert segment.path.stat().st_size == before * 2
    assert numbers(drain(consumer)) == [2]
    asyncio.run(appender.close())
    consumer.close()


def test_one_that_cannot_be_removed_keeps_no_other(tmp_path, monkeypatch):
    """It is said, and tried again."""
    for number in range(3):
        write(tmp_path, [number])
    stays = list_segments(tmp_path / "of0001")[0]
    unlink = Path.unlink

    def fail(path: Path, *, missing_ok: bool = False) -> None:
        if path == stays.path:
            raise OSError(errno.EIO, "Input/output error")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", fail)
    consumer = FilesConsumer(tmp_path, 0, retention_hours=0, now_seconds=hours_later)
    chunks = drain(consumer)
    with capture_logs() as said:
        consumer.commit(chunks[-1].number)
    assert list_segments(tmp_path / "of0001") == [stays]
    assert "cannot be removed" in said[-1]["event"]
    consumer.close()


def test_lag_of_what_this_version_cannot_read(tmp_path):
    """It was received no earlier than its segment was made."""
    write(tmp_path, [5])
    segment = SegmentWriter(tmp_path / "of0001", "later", 7)
    segment.append([frame(segment.marker, b"what is this")])
    segment.close()
    consumer = FilesConsumer(tmp_path, 0)
    assert consumer.lag() == Lag(2, 5)
    assert numbers([consumer.next(0)]) == []
    assert numbers([consumer.next(0)]) == [5]
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
    look = note._read_commit

    def late(path):
        if consumer._notes.committed < chunks[-1].number:
            consumer.commit(chunks[-1].number)
        return look(path)

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


def half_folded(journal: Path) -> list[Chunk]:
    """Two chunks that were handed out, of which the first is committed, and half a note of a third."""
    write(journal, range(10), body=b"x" * 300)
    consumer = FilesConsumer(journal, 0, chunk_beacons=5)
    chunks = drain(consumer)
    consumer.commit(chunks[0].number)
    consumer.close()
    with (journal / "p0000of0001" / note.LOG_NAME).open("ab") as log:
        log.write(b"00000000 [3,")
    return chunks


def test_a_consumer_begins_on_a_full_disk(tmp_path):
    """With the notes as they are: what is not committed comes again, and nothing is noted twice or lost afterwards."""
    with mounted(tmp_path / "disk", 8) as disk:
        journal = disk / "journal"
        chunks = half_folded(journal)
        fill(disk / "ballast")
        consumer = FilesConsumer(journal, 0, chunk_beacons=5)
        assert drain(consumer) == chunks[1:]
        (disk / "ballast").unlink()
        write(journal, range(10, 15))
        new = drain(consumer)
        consumer.commit(chunks[1].number)
        consumer.close()
        with capture_logs() as said:
            consumer = FilesConsumer(journal, 0, chunk_beacons=5)
        assert drain(consumer) == new
        assert numbers(new) == list(range(10, 15))
        assert said == []
        consumer.close()


def test_behind_a_damaged_note_nothing_is_written_on_a_full_disk(tmp_path):
    """It would not be found again: the consumer waits for room."""
    with mounted(tmp_path / "disk", 8) as disk:
        journal = disk / "journal"
        write(journal, range(10))
        consumer = FilesConsumer(journal, 0, chunk_beacons=3)
        chunks = drain(consumer)
        consumer.close()
        log = journal / "p0000of0001" / note.LOG_NAME
        lines = log.read_bytes().splitlines(keepends=True)
        log.write_bytes(b"".join([lines[0], lines[1].replace(b"[", b"{"), *lines[2:]]))
        before = log.read_bytes()
        fill(disk / "ballast")
        with pytest.raises(OSError, match="No space"):
            FilesConsumer(journal, 0)
        assert log.read_bytes() == before
        (disk / "ballast").unlink()
        consumer = FilesConsumer(journal, 0, chunk_beacons=3)
        assert drain(consumer) == chunks
        consumer.close()


def test_what_is_folded_makes_room_on_a_full_disk(tmp_path):
    """A worker that begins when nothing can be written any more lets go of what it need not keep."""
    with mounted(tmp_path / "disk", 8) as disk:
        journal = disk / "journal"
        write(journal, range(10), body=b"x" * 300)
        assert read(journal) == list(range(10))
        fill(disk / "ballast")
        consumer = FilesConsumer(journal, 0, retention_hours=0, now_seconds=hours_later)
        assert consumer.next(0) is None
        consumer.next(0)
        consumer.close()
        assert list_segments(journal / "of0001") == []
