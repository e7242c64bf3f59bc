"""How long a segment stays once folded: its hours, or less when the journal would refuse beacons instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from firstframe.disk import sync_folder
from firstframe.journal.reader import SegmentReader
from firstframe.journal.room import shortage_bytes, used_bytes
from firstframe.journal.segment import Segment

log = structlog.get_logger()

SWEEP_SECONDS = 10.0
PRESSURE = 0.8
"""Share of the limit above which read segments go before their time, the oldest first."""


class Retention:
    """Removes segments whose every beacon is folded and committed."""

    def __init__(
        self, journal: Path, hours: float, limit_bytes: int | None, now_seconds: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._seconds = hours * 3600
        self._limit_bytes = limit_bytes
        self._now_seconds = now_seconds
        self._due = 0.0

    def is_due(self) -> bool:
        """Whether the last look at the disk was long enough ago for another one. Cheap."""
        return not self._due - SWEEP_SECONDS <= self._now_seconds() < self._due

    def rest(self) -> None:
        """Be due again only after a while."""
        self._due = self._now_seconds() + SWEEP_SECONDS

    def remove(self, done: Iterable[SegmentReader], may_go: Callable[[Segment], bool]) -> list[SegmentReader]:
        """Delete those whose time is over and that may go; returns them. Ask `is_due` first: this looks at the disk.

        Raises OSError when what was deleted may come back with the power.
        """
        self.rest()
        now = self._now_seconds()
        surplus = self._surplus_bytes()
        removed = []
        for reader in done:
            size, age = _look(reader.segment, now)
            if (surplus <= 0 and age < self._seconds) or not may_go(reader.segment):
                continue
            try:
                reader.segment.path.unlink(missing_ok=True)
            except OSError as error:
                log.warning(
                    "a folded segment cannot be removed", segment=str(reader.segment.path), error=str(error)
                )
                continue
            surplus -= size
            removed.append(reader)
        for folder in {reader.segment.path.parent for reader in removed}:
            sync_folder(folder)
        return removed

    def _surplus_bytes(self) -> float:
        surplus: float = shortage_bytes(self._journal)
        if self._limit_bytes is not None:
            surplus = max(surplus, used_bytes(self._journal) - self._limit_bytes * PRESSURE)
        if surplus > 0:
            log.warning(
                "journal nears its limit or the disk its end: folded segments go before their time",
                surplus_bytes=int(surplus),
            )
        return surplus


def _look(segment: Segment, now: float) -> tuple[int, float]:
    """Size in bytes, and seconds since the last write."""
    try:
        status = segment.path.stat()
    except FileNotFoundError:
        return 0, float("inf")
    return status.st_size, now - status.st_mtime
