"""A fold worker."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry

from firstframe.dialects import DIALECTS
from firstframe.fold.meter import FoldMeter
from firstframe.fold.rule import FoldRule
from firstframe.fold.worker import Progress, Worker
from firstframe.folder import Folder, write_atomically
from firstframe.journal import open_consumer
from firstframe.roles.store import wait_for_engine
from firstframe.settings import Settings

TELL_SECONDS = 0.25


def fold(settings: Settings, partition: int) -> None:
    """Run one fold worker until told to stop."""
    folder = Folder(settings.data).make()
    stop = _stop_flag()
    consumer = open_consumer(settings, partition)
    with_engine = wait_for_engine(settings, folder, stop)
    if with_engine is None:
        return
    worker = Worker(
        consumer,
        with_engine,
        FoldRule(settings.max_view_events, settings.keep_page_query),
        {dialect.name: dialect for dialect in DIALECTS},
        partition=partition,
        partitions=settings.journal_partitions,
        meter=FoldMeter(CollectorRegistry()),
        tell=_teller(folder.progress_file(partition)),
    )
    worker.run(stop)
    consumer.close()


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
