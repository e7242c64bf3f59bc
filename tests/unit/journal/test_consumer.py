"""The reading side of the journal in files."""

import asyncio
import os
import resource
import time
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from firstframe.errors import JournalError
from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.journal.base import Chunk, Lag
from firstframe.journal.frame import frame
from firstframe.journal.note import committed_to
from firstframe.journal.reader import WINDOW_BYTES, SegmentReader
from firstframe.journal.replay import replay
from firstframe.journal.segment import SegmentWriter, list_all_segments, list_segments
from support_journal import beacon, drain, numbers, read, views_of, write


def test_chunk_is_the_same_until_it_is_committed(tmp_path):
    """What was handed out and not committed comes again after a restart: same number, token and beacons."""
    write(tmp_path, range(10))
    first = FilesConsumer(tmp_path, 0, chunk_beacons=4)
    before = drain(first)
    first.commit(before[0].number)
    first.close()
    write(tmp_path, [10, 11])
    second = FilesConsumer(tmp_path, 0, chunk_beacons=100)
    after = drain(second)
    assert after[: len(before) - 1] == before[1:]
    assert numbers(after) == list(range(4, 12))
    second.close()


def test_numbers_grow_by_one_and_never_repeat(tmp_path):
    """Numbers go on where they stood even when every segment is gone."""
    seen = []
    for round_ in range(3):
        write(tmp_path, [round_])
        consumer = FilesConsumer(tmp_path, 0, retention_hours=0, now_seconds=lambda: time.time() + 3600)
        for chunk in drain(consumer):
            seen.append(chunk.number)
        consumer.next(0)
        consumer.commit(seen[-1])
        consumer.close()
        assert list_segments(tmp_path / "of0001") == []
    assert seen == [1, 2, 3]


def test_segments_of_dead_writers_are_all_read(tmp_path):
    """Whoever wrote them."""
    write(tmp_path, range(10), writer="a")
    write(tmp_path, range(10, 20), writer="b")
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=5)
    chunks = drain(consumer)
    assert sorted(numbers(chunks)) == list(range(20))
    assert len({chunk.token.split("-")[3] for chunk in chunks}) == 2
    consumer.close()


def test_several_writers_are_read_in_turn(tmp_path):
    """None that writes starves another."""
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=5)

    async def run() -> list[Chunk]:
        writers = [FilesAppender(tmp_path, name, commit_ms=0) for name in ("a", "b")]
        for number in range(10):
            for place, writer in enumerate(writers):
                await writer.append(beacon(10 * place + number), ())
        chunks = drain(consumer)
        for writer in writers:
            await writer.close()
        return chunks

    chunks = asyncio.run(run())
    assert [numbers([chunk])[0] for chunk in chunks] == [0, 10, 5, 15]
    consumer.close()


def test_a_quiet_writer_is_read_while_another_rolls_its_segments(tmp_path):
    """Segments that come while others are read have their turn after those."""
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=5)

    async def run() -> int:
        quiet = FilesAppender(tmp_path, "quiet", commit_ms=0)
        await quiet.append(beacon(999), ())
        seen, count = drain(consumer), 0
        while 1_000 not in numbers(seen) and count < 50:
            hot = FilesAppender(tmp_path, "hot", commit_ms=0)
            for number in range(6):
                await hot.append(beacon(number), ())
            await hot.close()
            if count == 2:
                await quiet.append(beacon(1_000), ())
            seen, count = [consumer.next(0)], count + 1
        await quiet.close()
        return count

    assert asyncio.run(run()) < 10
    consumer.close()


def test_what_a_writer_left_is_read_before_what_it_writes_now(tmp_path):
    """Its rest was accepted first."""
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=5)

    async def run() -> list[int]:
        first = FilesAppender(tmp_path, "a", commit_ms=0)
        for number in range(10):
            await first.append(beacon(number), ())
        seen = numbers([consumer.next(0)])
        await first.close()
        second = FilesAppender(tmp_path, "a", commit_ms=0)
        await second.append(beacon(10), ())
        seen += numbers(drain(consumer))
        await second.close()
        return seen

    assert asyncio.run(run()) == list(range(11))
    consumer.close()


def test_torn_tail_of_a_dead_writer_is_cut(tmp_path):
    """Half a record at the end of a dead writer's segment is counted and holds nothing up."""
    write(tmp_path, [1, 2])
    path = list_segments(tmp_path / "of0001")[0].path
    os.truncate(path, path.stat().st_size - 3)
    write(tmp_path, [3])
    consumer = FilesConsumer(tmp_path, 0)
    assert numbers(drain(consumer)) == [1, 3]
    assert consumer.damage.torn_tails == 1
    assert consumer.lag().beacons > 0
    consumer.commit(99)
    assert consumer.lag() == Lag(0, None)
    consumer.close()


def test_flipped_bit_in_the_middle_costs_one_beacon(tmp_path):
    """A damaged record is skipped and counted, later ones are read."""
    write(tmp_path, range(5), body=b"x" * 100)
    path = list_segments(tmp_path / "of0001")[0].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    consumer = FilesConsumer(tmp_path, 0)
    assert numbers(drain(consumer)) == [0, 1, 3, 4]
    assert consumer.damage.runs == 1
    consumer.close()


def test_damage_longer_than_a_window_is_passed(tmp_path, monkeypatch):
    """However long the damage, what stands behind it is found."""
    write(tmp_path, range(3), body=os.urandom(1 << 16))
    path = list_segments(tmp_path / "of0001")[0].path
    data = bytearray(path.read_bytes())
    data[0:40] = b"\0" * 40
    path.write_bytes(data)
    monkeypatch.setitem(SegmentReader.scan.__kwdefaults__, "window", 64)
    assert read(tmp_path) == [1, 2]


def test_one_consumer_per_partition(tmp_path):
    """A second consumer of the same partition is refused while the first lives."""
    first = FilesConsumer(tmp_path, 0)
    with pytest.raises(JournalError, match="one per partition"):
        FilesConsumer(tmp_path, 0)
    first.close()
    FilesConsumer(tmp_path, 0).close()


def test_damaged_commit_file_is_said(tmp_path):
    """A commit file that cannot be trusted stops the reader, instead of starting from the beginning."""
    write(tmp_path, [1])
    read(tmp_path)
    (tmp_path / "p0000of0001" / "committed").write_bytes(b"00000000 7\n")
    with pytest.raises(JournalError, match="damaged"):
        FilesConsumer(tmp_path, 0)


def test_torn_line_of_the_chunk_log_is_dropped(tmp_path):
    """A chunk whose note was cut short was never handed out: its beacons come as a new chunk."""
    write(tmp_path, [1, 2])
    consumer = FilesConsumer(tmp_path, 0)
    before = drain(consumer)
    consumer.close()
    log = tmp_path / "p0000of0001" / "chunks.log"
    os.truncate(log, log.stat().st_size - 4)
    consumer = FilesConsumer(tmp_path, 0)
    assert drain(consumer) == before
    consumer.close()


def test_damaged_line_in_the_middle_of_the_chunk_log_skips_nothing(tmp_path):
    """The chunk it stood for comes, and every chunk behind it, though its neighbours' notes are whole."""
    write(tmp_path, range(12))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=3)
    drain(consumer)
    consumer.commit(1)
    consumer.close()
    log = tmp_path / "p0000of0001" / "chunks.log"
    lines = log.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b",3]", b",2]")
    log.write_bytes(b"".join(lines))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=3)
    assert numbers(drain(consumer)) == list(range(3, 12))
    consumer.close()


def test_chunk_log_is_rewritten_small(tmp_path, monkeypatch):
    """The notes do not grow for ever, and nothing is forgotten when they are rewritten."""
    monkeypatch.setattr("firstframe.journal.note.REWRITE_BYTES", 200)
    write(tmp_path, range(30))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=1)
    for number in range(1, 31):
        chunk = consumer.next(0)
        assert chunk is not None
        assert chunk.number == number
        consumer.commit(number)
    consumer.close()
    assert (tmp_path / "p0000of0001" / "chunks.log").stat().st_size < 600
    assert read(tmp_path) == []


def test_lag_counts_what_is_not_committed(tmp_path):
    """Lag is the number and the oldest receipt of what is accepted and not committed, handed out or not."""
    write(tmp_path, range(100, 110))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=4)
    assert consumer.lag() == Lag(10, 100)
    chunk = consumer.next(0)
    assert chunk is not None
    assert consumer.lag() == Lag(10, 100)
    consumer.commit(chunk.number)
    assert consumer.lag() == Lag(6, 104)
    consumer.close()


def test_lag_counts_what_stands_behind_a_large_beacon(tmp_path):
    """Also where that is larger than what is looked at in one go."""
    write(tmp_path, [1, 2, 3], body=b"x" * (WINDOW_BYTES + 1))
    consumer = FilesConsumer(tmp_path, 0)
    assert consumer.lag().beacons == 3
    consumer.close()


def test_lag_grows_with_a_live_writer(tmp_path):
    """What a live writer adds is counted at once."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)
    consumer = FilesConsumer(tmp_path, 0)

    async def append() -> None:
        for number in range(1, 6):
            await appender.append(beacon(number), ())
            assert consumer.lag().beacons == number
        await appender.close()

    asyncio.run(append())
    consumer.close()


def test_segments_stay_for_their_hours(tmp_path):
    """Consumed segments stay for the retention and go after it; those not consumed stay whatever their age."""
    now = [time.time()]
    write(tmp_path, [1])
    consumer = FilesConsumer(tmp_path, 0, retention_hours=24, now_seconds=lambda: now[0])
    chunk = consumer.next(0)
    assert chunk is not None
    consumer.next(0)
    consumer.commit(chunk.number)
    assert len(list_segments(tmp_path / "of0001")) == 1
    write(tmp_path, [2])
    now[0] += 25 * 3600
    second = consumer.next(0)
    assert second is not None
    consumer.commit(second.number - 1)
    consumer._sweep()
    assert [numbers([second])] == [[2]]
    assert len(list_segments(tmp_path / "of0001")) == 1
    consumer.close()


def test_folded_segments_go_early_when_the_journal_nears_its_limit(tmp_path):
    """Near its limit the journal gives up what is folded before it refuses what comes."""
    for number in range(4):
        write(tmp_path, [number], body=b"x" * 1_000)
    consumer = FilesConsumer(tmp_path, 0, retention_hours=24, limit_bytes=4_000)
    chunks = drain(consumer)
    consumer.commit(chunks[-1].number)
    left = list_segments(tmp_path / "of0001")
    assert 0 < len(left) < 4
    assert sum(each.path.stat().st_size for each in left) <= 3_200
    consumer.close()


def test_a_full_journal_that_is_folded_makes_room_though_nothing_comes(tmp_path):
    """What is refused is never committed: room is made without a commit, or the collector would refuse for ever."""
    for number in range(4):
        write(tmp_path, [number], body=b"x" * 1_000)
    assert read(tmp_path) == [0, 1, 2, 3]
    consumer = FilesConsumer(tmp_path, 0, limit_bytes=4_000)
    assert consumer.next(0) is None
    assert consumer.next(0) is None
    left = list_segments(tmp_path / "of0001")
    assert 0 < len(left) < 4
    assert sum(each.path.stat().st_size for each in left) <= 3_200
    consumer.close()


@contextmanager
def few_files(more: int):
    """As if this process might open so many files more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(each.name) for each in Path("/proc/self/fd").iterdir()}
    last = max(taken)
    filled = [os.dup(last) for _ in range(last + 1 - len(taken))]
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1 + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in filled:
            os.close(each)


def test_a_backlog_of_more_segments_than_files_may_be_open(tmp_path):
    """Segments of writers that are gone are not kept open, neither read, nor waiting, nor read again."""
    write(tmp_path, [0])
    for number in range(1, 150):
        write(tmp_path, [number])
    with few_files(20):
        consumer = FilesConsumer(tmp_path, 0)
        assert consumer.lag().beacons == 150
        chunks = drain(consumer)
        assert sorted(numbers(chunks)) == list(range(150))
        assert consumer.lag().beacons == 150
        consumer.close()
        consumer = FilesConsumer(tmp_path, 0)
        assert drain(consumer) == chunks
        consumer.commit(chunks[-1].number)
        assert consumer.lag().beacons == 0
        consumer.close()
        consumer = FilesConsumer(tmp_path, 0)
        assert consumer.lag().beacons == 0, "asked before anything is read"
        assert drain(consumer) == []
        consumer.close()


def test_a_partition_that_nothing_comes_for_is_never_behind(tmp_path):
    """The others' records are passed once, as they come, and nothing of them waits."""
    views = views_of(2)
    appender = FilesAppender(tmp_path, "edge", commit_ms=0, partitions=2)
    quiet = FilesConsumer(tmp_path, 1, 2)
    scanned = []
    scan = SegmentReader.scan

    def note(reader, start, *rest, **more):
        scanned.append(start)
        return scan(reader, start, *rest, **more)

    async def append(number: int) -> None:
        await appender.append(beacon(number), [views[0]])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SegmentReader, "scan", note)
        for number in range(5):
            asyncio.run(append(number))
            assert quiet.lag() == Lag(0, None)
            assert quiet.next(0) is None
    assert len(scanned) == len(set(scanned)) * 2 == 10, (
        "asked for its lag and for a chunk, from where it stood"
    )
    assert not quiet.is_drained()
    asyncio.run(appender.close())
    assert quiet.next(0) is None
    assert quiet.is_drained()
    assert read(tmp_path, 0, 2) == list(range(5))
    quiet.close()


def test_lag_is_that_of_the_partition(tmp_path):
    """What the others wait for is theirs."""
    views = views_of(2)
    write(tmp_path, range(10), keys=lambda n: [views[n % 2]], partitions=2)
    consumer = FilesConsumer(tmp_path, 1, 2, chunk_beacons=2)
    assert consumer.lag() == Lag(5, 1)
    chunk = consumer.next(0)
    assert chunk is not None
    assert consumer.lag() == Lag(5, 1)
    consumer.commit(chunk.number)
    assert consumer.lag() == Lag(3, 5)
    consumer.commit(drain(consumer)[-1].number)
    assert consumer.lag() == Lag(0, None)
    consumer.close()


def test_records_of_others_longer_than_a_window_are_passed(tmp_path, monkeypatch):
    """However many there are before the next of its own."""
    views = views_of(2)
    monkeypatch.setitem(SegmentReader.scan.__kwdefaults__, "window", 500)
    write(tmp_path, range(100), keys=lambda n: [views[n % 50 == 49]], partitions=2, body=b"x" * 50)
    consumer = FilesConsumer(tmp_path, 1, 2)
    chunks = drain(consumer)
    assert numbers(chunks) == [49, 99]
    consumer.close()
    again = FilesConsumer(tmp_path, 1, 2)
    assert drain(again) == chunks
    again.close()


def test_what_all_have_folded_is_removed_by_the_first(tmp_path):
    """A segment goes when every partition is done with it, and those who did not remove it forget it."""
    views = views_of(2)
    write(tmp_path, range(10), keys=lambda n: [views[n % 2]], partitions=2)
    now = [time.time() + 3600]
    first, second = (
        FilesConsumer(tmp_path, each, 2, retention_hours=0, now_seconds=lambda: now[0]) for each in (0, 1)
    )

    def left() -> int:
        now[0] += 60
        assert first.next(0) is None
        return len(list_segments(tmp_path / "of0002"))

    first.commit(drain(first)[-1].number)
    assert left() == 1
    chunks = drain(second)
    assert left() == 1
    second.commit(chunks[-1].number)
    assert left() == 0
    assert second.next(0) is None
    assert second.is_drained()
    assert second._notes.committed_to == {}
    for each in (first, second):
        each.close()


def test_what_was_passed_to_its_end_is_not_looked_at_again(tmp_path):
    """That a whole segment holds nothing more of a partition is noted, once all that it held is committed."""
    views = views_of(2)
    write(tmp_path, range(10), keys=lambda n: [views[n > 0]], partitions=2)
    (segment,) = list_segments(tmp_path / "of0002")

    def noted() -> int:
        return committed_to(tmp_path / "p0000of0002").get(segment.name, 0)

    now = [time.time()]
    consumer = FilesConsumer(tmp_path, 0, 2, now_seconds=lambda: now[0])
    (chunk,) = drain(consumer)
    now[0] += 60
    assert consumer.next(0) is None
    assert noted() == 0, "not committed"
    consumer.commit(chunk.number)
    now[0] += 60
    assert consumer.next(0) is None
    assert noted() == segment.path.stat().st_size
    consumer.close()
    again = FilesConsumer(tmp_path, 0, 2)
    assert again.lag() == Lag(0, None)
    assert drain(again) == []
    again.close()
    assert read(tmp_path, 1, 2) == list(range(1, 10))


def test_segments_of_one_partition_are_read_and_removed(tmp_path):
    """Such were written before ADR 0018: each partition's worker reads its own, and removes them in their time."""
    for partition in (0, 1):
        folder = tmp_path / f"p000{partition}of0002"
        folder.mkdir()
        segment = SegmentWriter(folder, "earlier", 5)
        payloads = [msgspec.msgpack.encode(beacon(number)) for number in (partition, 10 + partition)]
        segment.append([frame(segment.marker, each) for each in payloads])
        segment.close()
    views = views_of(2)
    write(tmp_path, [20, 21], keys=lambda n: [views[n % 2]], partitions=2)
    for partition in (1, 0):
        consumer = FilesConsumer(
            tmp_path, partition, 2, retention_hours=0, now_seconds=lambda: time.time() + 60
        )
        chunks = drain(consumer)
        assert numbers(chunks) == [partition, 10 + partition, 20 + partition]
        consumer.commit(chunks[-1].number)
        consumer._retention._due = 0
        assert consumer.next(0) is None
        consumer.close()
    assert list(list_all_segments(tmp_path)) == []


def test_what_was_killed_before_it_had_its_name_is_removed(tmp_path):
    """A file that was to become a segment stays no longer than a writer may need to name it."""
    write(tmp_path, [1])
    folder = tmp_path / "of0001"
    old, fresh = folder / "1-edge-00.new", folder / "2-edge-00.new"
    old.touch()
    fresh.touch()
    os.utime(old, (0, 0))
    FilesConsumer(tmp_path, 0).close()
    assert not old.exists()
    assert fresh.exists()
    assert len(list_segments(folder)) == 1


def test_replay_gives_a_time_range_once(tmp_path):
    """Replay gives each beacon of a range once, even one that stands in several partitions, whoever reads."""
    keys = [f"view {n}" for n in range(20)]
    write(tmp_path, range(10), keys=lambda n: keys, partitions=3)
    read(tmp_path, 0, 3)
    assert sorted(each.received_at_ms for each in replay(tmp_path, 3, 7)) == [3, 4, 5, 6]
    assert list(replay(tmp_path, 0, 99, dialect="other")) == []


def test_replay_does_not_read_what_it_makes(tmp_path):
    """Appending what is replayed ends: what came after the start is not read."""
    write(tmp_path, range(3))
    count = 0
    for each in replay(tmp_path, 0, 99):
        write(tmp_path, [each.received_at_ms], writer="replay")
        count += 1
    assert count == 3


def test_missing_segment_does_not_hold_up_the_rest(tmp_path):
    """When somebody removed a segment that was handed out, its chunk comes empty and later ones go on."""
    write(tmp_path, [1])
    consumer = FilesConsumer(tmp_path, 0)
    drain(consumer)
    consumer.close()
    list_segments(tmp_path / "of0001")[0].path.unlink()
    write(tmp_path, [2])
    consumer = FilesConsumer(tmp_path, 0)
    assert [list(numbers([chunk])) for chunk in drain(consumer)] == [[], [2]]
    consumer.close()
