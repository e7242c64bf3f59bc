"""Divisions of the journal's files: what was written under another number of partitions is folded first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import structlog

from firstframe.clock import epoch_ms
from firstframe.errors import JournalError
from firstframe.journal import journal_folder
from firstframe.journal.consumer import FilesConsumer
from firstframe.journal.division import Partition, make_readable, others, readable
from firstframe.journal.unread import oldest_unread_ms, unfolded
from firstframe.settings import Settings

if TYPE_CHECKING:
    from firstframe.roles.fold import Work

log = structlog.get_logger()

LOOK_SECONDS = 0.2
AGAIN_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
CHECK_SECONDS = 60.0
"""How often a worker at its work looks whether somebody writes into another division of the journal."""


class Divisions:
    """The divisions of a journal, as a fold worker sees to them."""

    def __init__(self, settings: Settings, work: Work, stop: threading.Event) -> None:
        self._settings = settings
        self._work = work
        self._journal = journal_folder(settings)
        self._stop = stop

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
            self._work.fresh_until_ms = now if oldest is None else min(now, oldest)
        while left and not self._stop.is_set():
            for each in left:
                self._drain(each)
            left = unfolded(self._journal, wanted)
        self._work.fresh_until_ms = None

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

        self._work.fold(consumer, left, done)
