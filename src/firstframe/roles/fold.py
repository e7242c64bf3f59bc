"""A fold worker."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog
from prometheus_client import CollectorRegistry

from firstframe.clock import epoch_ms
from firstframe.dialects import DIALECTS
from firstframe.disk import write_atomically
from firstframe.edge.files import allow_files
from firstframe.engine.client import Engine
from firstframe.enrich.device import prepare
from firstframe.errors import JournalError
from firstframe.fold.meter import FoldMeter
from firstframe.fold.rule import FoldRule
from firstframe.fold.watch import Watch
from firstframe.fold.worker import Progress, Worker
from firstframe.folder import Folder
from firstframe.journal import FilesConsumer, journal_folder, open_consumer
from firstframe.journal.division import Partition, make_readable, others, readable
from firstframe.journal.unread import oldest_unread_ms, unfolded
from firstframe.roles.store import wait_for_engine
from firstframe.settings import Settings

log = structlog.get_logger()

TELL_SECONDS = 0.25
LOOK_SECONDS = 0.2
AGAIN_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
CHECK_SECONDS = 60.0
"""How often a worker at its work looks whether somebody writes into another division of the journal."""
LOOKS = (50_000, 50, 100)
"""How seldom Python looks for garbage in circles, of which a fold makes next to none: events that come and stay make it
look at them again and again, which took a third of the time of reading."""
CAPACITY_EVENTS = 400_000
"""In memory, of all workers of the journal together."""


def fold(settings: Settings, partition: int) -> None:
    """Run one fold worker until told to stop. Raises `ConfigError`, `JournalError`."""
    allow_files()  # a backlog may stand in many segments
    folder = Folder(settings.data).make()
    stop = _stop_flag()
    prepare()  # the engine starts meanwhile
    engine = wait_for_engine(settings, folder, stop, migrates=partition == 0)
    if engine is None:
        return
    gc.freeze()
    gc.set_threshold(*LOOKS)
    role = _Role(settings, engine, stop, folder.progress_file(partition))
    if role.may_read(partition):
        consumer = open_consumer(settings, partition)
        role.work(consumer, Partition(partition, settings.journal_partitions), role.lookout(partition))


class _Role:
    """What every worker of this process shares."""

    def __init__(self, settings: Settings, engine: Engine, stop: threading.Event, progress: Path) -> None:
        self._settings = settings
        self._journal = journal_folder(settings)
        self._engine = engine
        self._stop = stop
        self._meter = FoldMeter(CollectorRegistry())
        self._watch = Watch()
        self._write_down = _teller(progress)
        self._fresh_until_ms: int | None = None
        """While another division is drained: what came since is read by nobody yet."""

    def work(
        self, consumer: FilesConsumer, partition: Partition, done: Callable[[], bool] = lambda: False
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

    def may_read(self, partition: int) -> bool:
        """Wait until nothing is left of another division of the journal; the first worker sees to it.

        False when told to stop before that.
        """
        wanted = self._settings.journal_partitions
        if partition == 0:
            self._make_readable(wanted)
        while readable(self._journal) != wanted and not self._stop.is_set():
            self._stop.wait(LOOK_SECONDS)
        return not self._stop.is_set()

    def _make_readable(self, wanted: int) -> None:
        """See to the other divisions, again and again where the disk does not let them be read."""
        while not self._stop.is_set():
            try:
                self._drain_others()
                if not self._stop.is_set():
                    make_readable(self._journal, wanted)
            except OSError as error:
                log.warning("cannot see to other divisions of the journal, and try again", error=str(error))
                self._stop.wait(AGAIN_SECONDS)
            else:
                return

    def lookout(self, partition: int) -> Callable[[], bool]:
        """To be asked by the first worker, again and again, whether it is done. It never is, but looks around.

        A collector that was started with another number of partitions acknowledges what nobody reads before the next
        start: that must not go unsaid until then.
        """
        wanted = self._settings.journal_partitions
        look_at = time.monotonic()

        def look() -> bool:
            nonlocal look_at
            if partition == 0 and time.monotonic() >= look_at:
                look_at = time.monotonic() + CHECK_SECONDS
                self._check_division(wanted)
            return False

        return look

    def _check_division(self, wanted: int) -> None:
        try:
            left = unfolded(self._journal, wanted)
        except (OSError, JournalError) as error:
            log.warning("cannot look for other divisions of the journal", error=str(error))
            return
        if left or readable(self._journal) != wanted:
            log.error(
                "a collector was started with another number of partitions: what it takes is not folded before the fold"
                " is started again",
                journal_partitions=wanted,
                others=sorted({each.of for each in left}),
            )

    def _drain_others(self) -> None:
        """Fold what is left of other divisions, until one whole look finds nothing more.

        A collector of another division that still runs may write into a partition that was drained, or had nothing.
        """
        wanted = self._settings.journal_partitions
        left = others(self._journal, wanted)
        if left:
            now = epoch_ms()
            oldest = oldest_unread_ms(self._journal)
            self._fresh_until_ms = now if oldest is None else min(now, oldest)
        while left and not self._stop.is_set():
            for each in left:
                self._drain(each)
            left = unfolded(self._journal, wanted)
        self._fresh_until_ms = None

    def _tell(self, progress: Progress) -> None:
        """To the counters first: they are in memory, a file may find the disk full."""
        honest = self._honest(progress)
        self._meter.tell(honest)
        self._write_down(honest)

    def _honest(self, progress: Progress) -> Progress:
        """A worker's progress, but no fresher than the journal as a whole."""
        if self._fresh_until_ms is None or progress.fresh_as_of_ms <= self._fresh_until_ms:
            return progress
        more_seconds = (progress.fresh_as_of_ms - self._fresh_until_ms) / 1000
        return msgspec.structs.replace(
            progress,
            fresh_as_of_ms=self._fresh_until_ms,
            lag_seconds=progress.lag_seconds + more_seconds,
        )

    def _drain(self, left: Partition) -> None:
        if self._stop.is_set():
            return
        log.info(
            "the journal was divided otherwise; first what is left of that", **msgspec.structs.asdict(left)
        )
        # Nobody else reads that division: the last of its partitions makes room, where that is needed.
        consumer = FilesConsumer(
            self._journal,
            left.number,
            left.of,
            removes=True,
            retention_hours=float("inf"),
            limit_bytes=self._settings.journal_limit_bytes,
        )
        patience = time.monotonic() + PATIENCE_SECONDS

        def done() -> bool:
            nonlocal patience
            if consumer.is_drained():
                return True
            if time.monotonic() > patience and not consumer.lag().beacons:
                patience += PATIENCE_SECONDS
                log.warning(
                    "waiting for the end of a collector that still writes with another number of partitions",
                    journal_partitions=left.of,
                )
            return False

        self.work(consumer, left, done)


def _teller(file: Path) -> Callable[[Progress], None]:
    """Writes the worker's progress where the API reads it, a few times a second at most."""
    last = 0.0

    def tell(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_SECONDS:
            last = time.monotonic()
            write_atomically(file, msgspec.json.encode(progress))

    return tell


def _stop_flag() -> threading.Event:
    flag = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: flag.set())
    return flag
