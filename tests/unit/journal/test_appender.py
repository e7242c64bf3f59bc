"""The writing side of the journal in files."""

import asyncio
import errno
import os

import pytest

from firstframe.errors import ConfigError, Unavailable
from firstframe.journal import FilesAppender, FilesConsumer, journal_folder
from firstframe.journal import files as files_module
from firstframe.journal.files import ENOUGH_BEACONS
from firstframe.journal.room import measure
from firstframe.journal.segment import SegmentWriter, list_segments
from firstframe.settings import Settings
from support_journal import beacon, drain, numbers, read, views_of, write


def test_many_beacons_share_a_sync(tmp_path):
    """Beacons that come together are acknowledged by far fewer syncs than there are beacons."""
    appender = write(tmp_path, range(500))
    assert read(tmp_path) == list(range(500))
    assert appender.commits <= 5


def test_beacon_of_two_partitions_is_in_both(tmp_path):
    """A beacon whose views fall in several partitions is appended to each of them once."""
    ours = views_of(2)
    write(tmp_path, [1], keys=lambda n: [ours[1], ours[0], ours[1]], partitions=2)
    write(tmp_path, [2], keys=lambda n: [ours[0]], partitions=2)
    assert read(tmp_path, 0, 2) == [1, 2]
    assert read(tmp_path, 1, 2) == [1]


def test_all_partitions_share_a_sync(tmp_path):
    """A second file would cost a second sync, and each answer would wait for both."""
    views = [f"view {n}" for n in range(50)]
    appender = write(tmp_path, range(50), keys=lambda n: [views[n]], partitions=8)
    assert appender.commits <= 5
    assert len(list_segments(tmp_path / "of0008")) == 1
    came = [read(tmp_path, each, 8) for each in range(8)]
    assert all(came)
    assert sorted(n for each in came for n in each) == list(range(50))


def test_beacon_without_views_goes_to_the_first_partition(tmp_path):
    """A beacon that names no view is kept all the same."""
    write(tmp_path, [7], partitions=4)
    assert read(tmp_path, 0, 4) == [7]


def test_segments_rotate_by_size_and_by_time(tmp_path):
    """A segment that is large or old enough is followed by a new one, and nothing is lost between them."""
    now = [1_000]
    appender = FilesAppender(
        tmp_path, "edge", commit_ms=0, segment_bytes=2_000, segment_seconds=60, now_ms=lambda: now[0]
    )

    async def append() -> None:
        for number in range(8):
            await appender.append(beacon(number, b"x" * 600), ())
        now[0] += 61_000
        await appender.append(beacon(8), ())
        await appender.close()

    asyncio.run(append())
    assert len(list_segments(tmp_path / "of0001")) >= 4
    assert sorted(read(tmp_path)) == list(range(9))


def test_full_disk_refuses_and_goes_on_when_there_is_room_again(tmp_path, monkeypatch):
    """A write that the disk cuts short is refused and leaves no part of a record; the next one succeeds."""
    real = os.write
    short = iter([40])

    def write_short(descriptor: int, data) -> int:
        left = next(short, None)
        if left is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data[:left])

    appender = FilesAppender(tmp_path, "edge", commit_ms=0)

    async def append() -> None:
        await appender.append(beacon(1), ())
        monkeypatch.setattr(os, "write", write_short)
        with pytest.raises(Unavailable) as refused:
            await appender.append(beacon(2), ())
        assert refused.value.code == "journal_failed"
        assert refused.value.detail["retry_after_seconds"] > 0
        monkeypatch.setattr(os, "write", real)
        await appender.append(beacon(3), ())
        await appender.close()

    asyncio.run(append())
    assert len(list_segments(tmp_path / "of0001")) == 1
    assert read(tmp_path) == [1, 3]


def test_failed_sync_acknowledges_nothing_and_leaves_the_segment(tmp_path, monkeypatch):
    """After a failed sync nobody knows what the disk has: the next beacon goes to another segment."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)

    real = os.write

    def fail(descriptor: int, data) -> int:
        real(descriptor, data)
        raise OSError(errno.EIO, "Input/output error")

    async def append() -> None:
        await appender.append(beacon(1), ())
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", fail)
            with pytest.raises(Unavailable):
                await appender.append(beacon(2), ())
        await appender.append(beacon(3), ())
        await appender.close()

    asyncio.run(append())
    assert len(list_segments(tmp_path / "of0001")) == 2
    assert {1, 3} <= set(read(tmp_path))


def test_failed_folder_sync_leaves_no_segment(tmp_path, monkeypatch):
    """A segment that is not sure to be found again is no segment, and there is none of it."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)

    def fail(folder) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def append() -> None:
        with monkeypatch.context() as patch:
            patch.setattr("firstframe.journal.segment.sync_folder", fail)
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await appender.append(beacon(1), ())
        assert list((tmp_path / "of0001").iterdir()) == []
        await appender.append(beacon(2), ())
        await appender.close()

    asyncio.run(append())
    assert read(tmp_path) == [2]


def test_a_segment_is_closed_once(tmp_path, monkeypatch):
    """Its number is somebody else's after a close that failed."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0, segment_bytes=1)
    closed = []

    def fail(segment) -> None:
        closed.append(segment)
        raise OSError(errno.EIO, "Input/output error")

    async def append() -> None:
        await appender.append(beacon(1), ())
        with monkeypatch.context() as patch:
            patch.setattr(SegmentWriter, "close", fail)
            with pytest.raises(Unavailable):
                await appender.append(beacon(2), ())
            await asyncio.sleep(0.002)  # segments of one millisecond have no order
            await appender.append(beacon(3), ())
        await appender.close()

    asyncio.run(append())
    assert len(closed) == 1
    assert read(tmp_path) == [1, 3]


def test_journal_over_its_limit_refuses(tmp_path, monkeypatch):
    """At its limit the journal answers with when to come back, and says what it holds."""
    monkeypatch.setattr(files_module, "MEASURE_SECONDS", 0)
    appender = FilesAppender(tmp_path, "edge", commit_ms=0, limit_bytes=500)

    async def append() -> None:
        await appender.append(beacon(1, b"x" * 600), ())
        with pytest.raises(Unavailable) as refused:
            await appender.append(beacon(2), ())
        assert refused.value.code == "journal_full"
        assert "limit is 500" in refused.value.message
        await appender.close()

    asyncio.run(append())
    assert read(tmp_path) == [1]


@pytest.mark.parametrize("is_looked_at", [True, False])
def test_a_full_journal_lets_go_of_what_it_wrote(tmp_path, monkeypatch, is_looked_at):
    """Segments that are held cannot be removed when they are folded: they alone may be what fills the journal.

    It does so when it is looked at, too: nobody may send any more.
    """
    monkeypatch.setattr(files_module, "MEASURE_SECONDS", 0)
    appender = FilesAppender(tmp_path, "edge", commit_ms=0, limit_bytes=500)
    consumer = FilesConsumer(tmp_path, 0, limit_bytes=500)

    async def append() -> None:
        await appender.append(beacon(1, b"x" * 600), ())
        if is_looked_at:
            await appender.look()
            assert appender.room is not None
            assert appender.room.lack
        else:
            with pytest.raises(Unavailable):
                await appender.append(beacon(2), ())
        for chunk in drain(consumer):
            consumer.commit(chunk.number)
        consumer.next(0)
        await appender.append(beacon(3), ())
        await appender.close()

    asyncio.run(append())
    assert numbers(drain(consumer)) == [3]
    consumer.close()


def test_room_names_what_is_lacking(tmp_path):
    """The look at the disk counts segments and keeps a reserve free."""
    write(tmp_path, [1])
    room = measure(tmp_path, 10**9)
    assert 0 < room.used_bytes < 1_000
    assert room.lack is None
    assert measure(tmp_path, 1).lack is not None


def test_cancelled_request_disturbs_nobody(tmp_path):
    """A request that goes away while it waits for the disk takes nobody with it."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=5)

    async def append() -> None:
        gone = asyncio.ensure_future(appender.append(beacon(1), ()))
        stays = appender.append(beacon(2), ())
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        await appender.close()

    asyncio.run(append())
    assert 2 in read(tmp_path)


def test_closed_appender_refuses(tmp_path):
    """After the end nothing is taken that nobody would write."""
    appender = write(tmp_path, [1])
    with pytest.raises(Unavailable):
        asyncio.run(appender.append(beacon(2), ()))


def test_close_makes_what_waits_durable(tmp_path):
    """Beacons that still wait for company when the appender is closed are written and acknowledged."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=60_000)

    async def append() -> None:
        await appender.append(beacon(1), ())
        waiting = appender.append(beacon(2), ())
        await asyncio.sleep(0)
        await appender.close()
        await waiting

    asyncio.run(append())
    assert read(tmp_path) == [1, 2]


def test_syncs_keep_their_distance_unless_a_crowd_waits(tmp_path):
    """The first beacon waits for nobody; those behind it share the next sync, which many make come at once."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=60_000)

    async def append() -> None:
        await appender.append(beacon(0), ())
        few = [
            asyncio.ensure_future(appender.append(beacon(number), ())) for number in range(1, ENOUGH_BEACONS)
        ]
        assert not (await asyncio.wait(few, timeout=0.05))[0]
        await asyncio.gather(*few, appender.append(beacon(ENOUGH_BEACONS), ()))
        assert appender.commits == 2
        await appender.close()

    asyncio.run(append())
    assert read(tmp_path) == list(range(ENOUGH_BEACONS + 1))


def test_segment_gets_its_name_only_when_it_is_locked(tmp_path):
    """A reader never takes a segment that is being made for one whose writer is dead."""
    segment = SegmentWriter(tmp_path, "edge/0 x", 5)
    assert segment.path.name.startswith("0000000000005-edge_0_x-")
    assert [each.path for each in list_segments(tmp_path)] == [segment.path]
    segment.close()


def test_strange_journal_setting_is_refused():
    """A journal URL that is not of files is an error that says what is wanted."""
    assert str(journal_folder(Settings(journal="file:///srv/journal"))) == "/srv/journal"
    with pytest.raises(ConfigError, match="kafka"):
        journal_folder(Settings(journal="kafka://host/topic"))


def test_consumer_reads_while_the_writer_writes(tmp_path):
    """A live segment is tailed: what is appended after the first look comes with the next."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)
    consumer = FilesConsumer(tmp_path, 0)

    async def append() -> None:
        await appender.append(beacon(1), ())
        assert numbers(drain(consumer)) == [1]
        await appender.append(beacon(2), ())
        assert numbers(drain(consumer)) == [2]
        assert drain(consumer) == []
        await appender.close()

    asyncio.run(append())
    consumer.close()
