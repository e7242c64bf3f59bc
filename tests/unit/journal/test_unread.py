"""What is not folded of a journal, by its notes alone."""

from __future__ import annotations

import asyncio
import os

from structlog.testing import capture_logs

from firstframe.journal import FilesAppender, FilesConsumer, open_consumer
from firstframe.journal.division import Partition, segments_of
from firstframe.journal.unread import oldest_unread_ms, split_by_folded, unfolded
from firstframe.settings import Settings
from support_journal import beacon, drain, read, write

ONLY = Partition(0, 1)


def test_what_is_committed_to_its_end_is_folded(tmp_path):
    """A segment is folded once its last record is committed, not when it is handed out."""
    write(tmp_path, range(3))
    consumer = FilesConsumer(tmp_path, 0, chunk_beacons=2)
    first, last = drain(consumer)
    assert split_by_folded(tmp_path, ONLY) == ([], segments_of(tmp_path, ONLY))
    consumer.commit(first.number)
    assert unfolded(tmp_path, 2) == [ONLY]
    consumer.commit(last.number)
    assert split_by_folded(tmp_path, ONLY) == (segments_of(tmp_path, ONLY), [])
    assert unfolded(tmp_path, 2) == []
    consumer.close()


def test_what_may_still_be_written_to_is_not_folded(tmp_path):
    """A collector that lives may go on in its segment, though all of it is committed."""
    appender = FilesAppender(tmp_path, "edge", commit_ms=0)

    async def append() -> None:
        await appender.append(beacon(1), ())

    asyncio.run(append())
    assert read(tmp_path) == [1]
    assert unfolded(tmp_path, 2) == [ONLY]
    asyncio.run(appender.close())
    assert unfolded(tmp_path, 2) == []


def test_half_a_record_of_a_dead_writer_is_nothing(tmp_path):
    """A torn tail was never acknowledged: it neither holds up another division nor is it kept for ever."""
    write(tmp_path, [1, 2])
    (segment,) = segments_of(tmp_path, ONLY)
    os.truncate(segment.path, segment.path.stat().st_size - 3)
    assert unfolded(tmp_path, 2) == [ONLY]
    assert read(tmp_path) == [1]
    assert split_by_folded(tmp_path, ONLY) == ([segment], [])


def test_a_collector_that_ends_between_two_looks_is_noticed(tmp_path, monkeypatch):
    """It wrote to the first partition when that was looked at already, and ended before the second was."""
    looks = []

    def look(journal, partition):
        looks.append(partition)
        if len(looks) == 1:
            write(tmp_path, [7])
            return [], []
        return split_by_folded(journal, partition)

    write(tmp_path, [1])
    read(tmp_path)
    monkeypatch.setattr("firstframe.journal.unread.split_by_folded", look)
    assert unfolded(tmp_path, 2) == [ONLY]


def test_the_oldest_that_is_not_folded_of_any_division(tmp_path):
    """What waits in any partition counts, what is committed does not."""
    assert oldest_unread_ms(tmp_path) is None
    write(tmp_path, [1, 2])
    assert read(tmp_path) == [1, 2]
    assert oldest_unread_ms(tmp_path) is None
    write(tmp_path, [9], partitions=3)
    write(tmp_path, [5, 6], partitions=2)
    assert oldest_unread_ms(tmp_path) == 5


def test_what_is_not_folded_of_another_division_is_not_removed(tmp_path):
    """It stays for the next start, however old it is, and is told of; what is folded goes in its time."""
    write(tmp_path, [1], partitions=2)
    assert read(tmp_path, 0, 2) == [1]
    (folded,) = segments_of(tmp_path, Partition(0, 2))
    write(tmp_path, [2], partitions=2)
    (unread,) = set(segments_of(tmp_path, Partition(0, 2))) - {folded}
    for segment in (folded, unread):
        os.utime(segment.path, (0, 0))
    with capture_logs() as said:
        consumer = open_consumer(Settings(journal=str(tmp_path), journal_partitions=1), 0)
    consumer.next(0)
    consumer.close()
    assert segments_of(tmp_path, Partition(0, 2)) == [unread]
    assert [(each["log_level"], each["segments"]) for each in said] == [("error", [unread.name])]
