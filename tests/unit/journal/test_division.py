"""A journal that is divided otherwise than before."""

from __future__ import annotations

import asyncio

from firstframe.beacon import view_id_of
from firstframe.journal import FilesAppender, FilesConsumer
from firstframe.journal.division import Partition, make_readable, others, readable, segments_of
from support_journal import beacon, drain, numbers, read, write


def keys(number: int) -> list[str]:
    """The view of a beacon."""
    return [view_id_of("default", "tiny", f"view {number}")]


def test_other_divisions_are_known_by_their_segments(tmp_path):
    """What was written under another number of partitions is found, the present division is not."""
    write(tmp_path, range(40), keys=keys, partitions=2)
    write(tmp_path, range(40, 60), keys=keys, partitions=3)
    assert others(tmp_path, 3) == [Partition(0, 2), Partition(1, 2)]
    assert others(tmp_path, 2) == [Partition(number, 3) for number in range(3)]
    left = [read(tmp_path, each.number, each.of) for each in others(tmp_path, 3)]
    assert sorted(left[0] + left[1]) == list(range(40))


def test_writing_anew_forbids_reading_before_a_look(tmp_path):
    """The first writer of another division takes back which one may be read; one of the same does not."""
    make_readable(tmp_path, 1)
    write(tmp_path, [1], partitions=1)
    assert readable(tmp_path) == 1
    write(tmp_path, [2], partitions=2)
    assert readable(tmp_path) is None
    make_readable(tmp_path, 2)
    assert readable(tmp_path) == 2


def test_drained_is_committed_and_final(tmp_path):
    """A partition is drained when all of it is committed and no writer is left."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)
    consumer = FilesConsumer(tmp_path, 0)
    try:

        async def append_one() -> None:
            await appender.append(beacon(1), ())

        asyncio.run(append_one())
        chunks = drain(consumer)
        assert numbers(chunks) == [1]
        consumer.commit(chunks[-1].number)
        assert not consumer.is_drained(), "its writer may still write"
        asyncio.run(appender.close())
        assert drain(consumer) == []
        assert consumer.is_drained()
        write(tmp_path, [2])
        assert not consumer.is_drained()
        late = drain(consumer)
        assert not consumer.is_drained(), "not committed"
        consumer.commit(late[-1].number)
        assert drain(consumer) == []
        assert consumer.is_drained()
    finally:
        consumer.close()


def test_what_is_left_of_another_division_goes_in_its_time(tmp_path):
    """Folded segments of another division stay as long as any, and are removed like any."""
    write(tmp_path, range(5), partitions=1)
    read(tmp_path)
    write(tmp_path, range(5, 10), keys=keys, partitions=2)
    (old,) = others(tmp_path, 2)
    now = [segments_of(tmp_path, old)[0].path.stat().st_mtime]
    consumer = FilesConsumer(
        tmp_path, 0, 2, inherited=segments_of(tmp_path, old), retention_hours=1, now_seconds=lambda: now[0]
    )
    try:
        chunk = drain(consumer)[-1]
        consumer.commit(chunk.number)
        assert segments_of(tmp_path, old)
        now[0] += 3_700
        write(tmp_path, range(10, 20), keys=keys, partitions=2)
        consumer.commit(drain(consumer)[-1].number)
        assert segments_of(tmp_path, old) == []
    finally:
        consumer.close()
