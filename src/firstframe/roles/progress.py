"""Up to when everything can be seen: fold workers tell it, the API and the watch over alerts ask.

Where the journal is in files all of them share its machine, and a file of the data folder is enough. With a topic they
may be anywhere: then the engine keeps it, which all of them reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

import msgspec

from firstframe.disk import write_atomically
from firstframe.engine.client import Engine
from firstframe.engine.progress import fresh_as_of_ms, put_fresh_as_of
from firstframe.fold.worker import Progress
from firstframe.folder import Folder
from firstframe.journal import is_kafka
from firstframe.journal.division import Partition
from firstframe.settings import Settings

FILE_SECONDS = 0.25
ENGINE_SECONDS = 2.0
"""How often it is told at most: a statement costs the engine tens of milliseconds."""
ASK_SECONDS = 1.0

Tell = Callable[[Progress], None]
Fresh = Callable[[], int | None]


class _Freshness(msgspec.Struct):
    """The one field of a fold worker's progress that is wanted here."""

    fresh_as_of_ms: int


def teller(settings: Settings, folder: Folder, engine: Engine, partition: Partition) -> Tell:
    """Where a worker tells its progress, now and then. Raises `EngineError`, OSError."""
    if is_kafka(settings.journal):
        return _now_and_then(ENGINE_SECONDS, partial(_to_engine, engine, partition))
    return _now_and_then(FILE_SECONDS, partial(_to_file, folder.progress_file(partition.number)))


def freshness(settings: Settings, folder: Folder, where: Callable[[], str]) -> Fresh:
    """Up to when everything can be seen: the fold worker that is furthest behind tells; None while one has not told.

    ``where`` is the engine's URL.
    """
    if is_kafka(settings.journal):
        return _Asker(where, settings.journal_partitions).told
    return partial(_from_files, folder, settings.journal_partitions)


def _now_and_then(seconds: float, tell: Tell) -> Tell:
    last = 0.0

    def maybe(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            tell(progress)

    return maybe


def _to_file(file: Path, progress: Progress) -> None:
    write_atomically(file, msgspec.json.encode(progress))


def _from_files(folder: Folder, partitions: int) -> int | None:
    try:
        told = [folder.progress_file(number).read_bytes() for number in range(partitions)]
        return min(msgspec.json.decode(one, type=_Freshness).fresh_as_of_ms for one in told)
    except (OSError, msgspec.DecodeError):
        return None


def _to_engine(engine: Engine, partition: Partition, progress: Progress) -> None:
    put_fresh_as_of(engine, partition.number, partition.of, progress.fresh_as_of_ms)


class _Asker:
    """Asks the engine again and again, so that nobody waits for it; what it said once stays true."""

    def __init__(self, where: Callable[[], str], partitions: int) -> None:
        self._where = where
        self._partitions = partitions
        self._told: int | None = None
        Thread(target=self._ask, name="freshness", daemon=True).start()

    def told(self) -> int | None:
        return self._told

    def _ask(self) -> None:
        engine: Engine | None = None
        while True:
            with suppress(Exception):  # who asks anything else is told what is wrong with the engine
                engine = engine or Engine.connect(self._where(), self._where)
                self._told = fresh_as_of_ms(engine, self._partitions)
            time.sleep(ASK_SECONDS)
