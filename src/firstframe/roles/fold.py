"""A fold worker."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable

import msgspec
import structlog
from prometheus_client import CollectorRegistry

from firstframe.dialects import DIALECTS
from firstframe.edge.files import allow_files
from firstframe.engine.client import Engine
from firstframe.enrich.device import prepare
from firstframe.errors import ConfigError
from firstframe.fold.meter import FoldMeter
from firstframe.fold.rule import FoldRule
from firstframe.fold.watch import Watch
from firstframe.fold.worker import Progress, Worker
from firstframe.folder import Folder
from firstframe.journal import is_kafka, open_consumer
from firstframe.journal.base import Consumer
from firstframe.journal.division import Partition
from firstframe.roles.division import Divisions
from firstframe.roles.progress import Tell, teller
from firstframe.roles.store import wait_for_engine
from firstframe.settings import Settings

log = structlog.get_logger()

LOOKS = (50_000, 50, 100)
"""How seldom Python looks for garbage in circles, of which a fold makes next to none: events that come and stay make it
look at them again and again, which took a third of the time of reading."""
CAPACITY_EVENTS = 400_000
"""In memory, of all workers of the journal together."""


def fold(settings: Settings, partition: int) -> None:
    """Run one fold worker until told to stop. Raises `ConfigError`, `JournalError`."""
    if not 0 <= partition < settings.journal_partitions:
        raise ConfigError(
            f"--partition is {partition}, but of {settings.journal_partitions} partitions the last is "
            f"{settings.journal_partitions - 1}"
        )
    allow_files()  # a backlog may stand in many segments
    folder = Folder(settings.data).make()
    stop = _stop_flag()
    prepare()  # the engine starts meanwhile
    engine = wait_for_engine(settings, folder, stop, migrates=partition == 0)
    if engine is None:
        return
    gc.freeze()
    gc.set_threshold(*LOOKS)
    whole = Partition(partition, settings.journal_partitions)
    work = Work(settings, engine, stop, teller(settings, folder, engine, whole))
    if is_kafka(settings.journal):
        work.fold(open_consumer(settings, partition), whole)
        return
    divisions = Divisions(settings, work, stop)
    if divisions.may_read(partition):
        work.fold(open_consumer(settings, partition), whole, divisions.lookout(partition))


class Work:
    """What every worker of this process shares."""

    def __init__(self, settings: Settings, engine: Engine, stop: threading.Event, tell: Tell) -> None:
        self._settings = settings
        self._engine = engine
        self._stop = stop
        self._meter = FoldMeter(CollectorRegistry())
        self._watch = Watch()
        self._tell_others = tell
        self.fresh_until_ms: int | None = None
        """While another division is drained: what came since is read by nobody yet."""

    def fold(
        self, consumer: Consumer, partition: Partition, done: Callable[[], bool] = lambda: False
    ) -> None:
        """Fold a partition until told to stop, or done."""
        settings = self._settings
        worker = Worker(
            consumer,
            self._engine,
            FoldRule(settings.max_view_events, settings.keep_page_query),
            {dialect.name: dialect for dialect in DIALECTS},
            partition=partition.number,
            partitions=partition.of,
            capacity_events=CAPACITY_EVENTS // partition.of,
            meter=self._meter,
            watch=self._watch,
            tell=self._tell,
        )
        with self._watch.started():
            worker.run(self._stop, done=done)
        consumer.close()

    def _tell(self, progress: Progress) -> None:
        """To the counters first: they are in memory, a file may find the disk full."""
        honest = self._honest(progress)
        self._meter.tell(honest)
        self._tell_others(honest)

    def _honest(self, progress: Progress) -> Progress:
        """A worker's progress, but no fresher than the journal as a whole."""
        if self.fresh_until_ms is None or progress.fresh_as_of_ms <= self.fresh_until_ms:
            return progress
        more_seconds = (progress.fresh_as_of_ms - self.fresh_until_ms) / 1000
        return msgspec.structs.replace(
            progress,
            fresh_as_of_ms=self.fresh_until_ms,
            lag_seconds=progress.lag_seconds + more_seconds,
        )


def _stop_flag() -> threading.Event:
    flag = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: flag.set())
    return flag
