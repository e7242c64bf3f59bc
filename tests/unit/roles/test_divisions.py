"""Which division of the journal a fold worker reads, and what it says meanwhile."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from firstframe.clock import epoch_ms
from firstframe.errors import ConfigError
from firstframe.fold.worker import Progress
from firstframe.journal import FilesAppender, open_appender, open_consumer
from firstframe.journal.division import make_readable, others, readable
from firstframe.roles import division as module
from firstframe.roles import fold as fold_module
from firstframe.roles.division import CHECK_SECONDS, Divisions
from firstframe.roles.fold import Work
from firstframe.settings import Settings
from support_journal import beacon, numbers, views_of, write

VIEWS = views_of(2)


class Reader:
    """In place of a worker: commits what comes without an engine, and tells that it is fresh."""

    chunks: ClassVar[list] = []
    before: ClassVar[list] = []
    """What happens while one works, once each."""
    told: ClassVar[list[Progress]] = []

    def __init__(self, consumer, *args, tell, **options):
        self.consumer, self.tell = consumer, tell

    def run(self, stop, *, done):
        while not done():
            chunk = self.consumer.next(0)
            if chunk:
                self.chunks.append(chunk)
                self.consumer.commit(chunk.number)
            elif self.before:
                self.before.pop()()
            self.tell(Progress(epoch_ms(), 0, 0.5, 0))


@pytest.fixture
def role(tmp_path, monkeypatch):
    """The first worker of a journal that is one partition now."""
    monkeypatch.setattr(Reader, "chunks", [])
    monkeypatch.setattr(Reader, "before", [])
    monkeypatch.setattr(Reader, "told", [])
    monkeypatch.setattr(fold_module, "Worker", Reader)
    settings = Settings(journal=str(tmp_path / "journal"), journal_partitions=1)
    stop = threading.Event()
    return Divisions(settings, Work(settings, None, stop, Reader.told.append), stop)


def test_a_collector_of_the_old_division_is_waited_for_in_all_its_partitions(tmp_path, role) -> None:
    """One that wrote to the second partition so far, and while that is drained to the first, is read to its end."""
    journal = tmp_path / "journal"
    old = FilesAppender(journal, "old", partitions=2, commit_ms=0)

    async def append(number: int, partition: int) -> None:
        await old.append(beacon(number), [VIEWS[partition]])

    async def end() -> None:
        await append(2, 0)
        await old.close()

    asyncio.run(append(1, 1))
    Reader.before.append(lambda: asyncio.run(end()))
    assert role.may_read(0)
    assert sorted(numbers(Reader.chunks)) == [1, 2]
    assert readable(journal) == 1
    consumer = open_consumer(Settings(journal=str(journal), journal_partitions=1), 0)
    assert len(consumer._inherited) == 1
    consumer.close()


def test_a_division_that_cannot_be_read_is_tried_again(tmp_path, role, monkeypatch) -> None:
    """The disk may be back, and an end of the process would help nobody."""
    write(tmp_path / "journal", [1], partitions=2)
    failures = [OSError(5, "Input/output error")] * 2
    oldest = module.oldest_unread_ms
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)

    def look(journal):
        if failures:
            raise failures.pop()
        return oldest(journal)

    monkeypatch.setattr(module, "oldest_unread_ms", look)
    with capture_logs() as said:
        assert role.may_read(0)
    assert numbers(Reader.chunks) == [1]
    assert [each["log_level"] for each in said][:2] == ["warning", "warning"]


def test_nothing_is_fresh_while_another_division_is_drained(tmp_path, role) -> None:
    """What came to the new division is read by nobody yet: fresh is no later than the oldest that waits anywhere."""
    now = epoch_ms()
    write(tmp_path / "journal", [now - 90_000], partitions=2)
    write(tmp_path / "journal", [now - 120_000], partitions=1)
    seen = []
    Reader.before.append(lambda: seen.append(Reader.told[-1]))
    assert role.may_read(0)
    assert seen[0].fresh_as_of_ms == now - 120_000
    assert 120 <= seen[0].lag_seconds < 180
    assert role._work._meter._lag_seconds._value.get() >= 120
    assert role._work._honest(Progress(now, 0, 0.0, 0)).fresh_as_of_ms == now, "all is drained"


def test_fresh_stands_still_from_the_start_of_the_drain(tmp_path, role) -> None:
    """With nothing old to be read, what comes from now on is not claimed to be seen."""
    write(tmp_path / "journal", [1], partitions=2)
    draining = []

    def wait() -> None:
        time.sleep(0.02)
        draining.append(epoch_ms())

    Reader.before.append(wait)
    consumer = open_consumer(Settings(journal=str(tmp_path / "journal"), journal_partitions=2), 0)
    chunk = consumer.next(0)
    assert chunk is not None
    consumer.commit(chunk.number)
    consumer.close()
    before = epoch_ms()
    assert role.may_read(0)
    assert before <= Reader.told[-1].fresh_as_of_ms < draining[0]


@pytest.mark.parametrize("ended", [True, False])
def test_a_collector_with_another_number_is_said_now_and_then(tmp_path, role, monkeypatch, ended) -> None:
    """What it takes is read by nobody before the next start, and somebody must learn of it until then."""
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    journal = tmp_path / "journal"
    stray = open_appender(Settings(journal=str(journal), journal_partitions=2), "stray")
    make_readable(journal, 1)
    look = role.lookout(0)
    with capture_logs() as said:
        assert not look()
    assert said == []

    async def append() -> None:
        await stray.append(beacon(1), ())
        if ended:
            await stray.close()

    asyncio.run(append())
    assert others(journal, 1)
    now[0] += CHECK_SECONDS
    with capture_logs() as said:
        assert not look()
        assert not look()
        assert not role.lookout(1)(), "one worker says it"
    assert [(each["log_level"], each["others"]) for each in said] == [("error", [2])]
    if not ended:
        asyncio.run(stray.close())


def test_a_collector_with_another_number_that_took_nothing_yet(tmp_path, role) -> None:
    """It forbade reading when it started."""
    ours = open_appender(Settings(journal=str(tmp_path / "journal"), journal_partitions=1), "ours")
    make_readable(tmp_path / "journal", 1)
    stray = open_appender(Settings(journal=str(tmp_path / "journal"), journal_partitions=2), "stray")
    with capture_logs() as said:
        assert not role.lookout(0)()
    assert [each["log_level"] for each in said] == ["error"]
    for appender in (ours, stray):
        asyncio.run(appender.close())


def test_a_worker_may_open_as_many_files_as_the_system_grants(tmp_path, monkeypatch) -> None:
    """A backlog may stand in many segments."""
    asked = []
    monkeypatch.setattr(fold_module, "allow_files", lambda: asked.append(True))
    monkeypatch.setattr(fold_module, "_stop_flag", threading.Event)
    monkeypatch.setattr(fold_module, "wait_for_engine", lambda *args, **options: None)
    fold_module.fold(Settings(data=str(tmp_path)), 0)
    assert asked == [True]


@pytest.mark.parametrize("partition", [-1, 2, 7])
def test_a_partition_that_is_not_there_is_refused(tmp_path, partition) -> None:
    """It would be waited for, and what its worker tells of itself would keep anybody from knowing what is fresh."""
    with pytest.raises(ConfigError, match=f"--partition is {partition}, but of 2 partitions the last is 1"):
        fold_module.fold(Settings(data=str(tmp_path), journal_partitions=2), partition)
