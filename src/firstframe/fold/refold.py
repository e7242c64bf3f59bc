"""Views computed anew from stored events, with the rules of this version: after an upgrade, or a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from firstframe.dialects.base import Dialect
from firstframe.engine.client import Engine
from firstframe.engine.survey import NativeView, stored_days, stored_views
from firstframe.fold.rule import FoldRule
from firstframe.fold.store import Store, changes_of

PAGE = 500
DAY_MS = 86_400_000
OVERLAP_MS = 120_000
"""Longer than a worker may hold a view that it has not written."""


class Refolder:
    """Writes each view's rows under a new epoch, so that they win over every earlier version.

    It may run beside the worker: a closed view leaves the worker's memory with its last version, so a late event
    reads the refolded head before it writes. Views that are still open are left to the worker, which folds them
    with its own version's rules.
    """

    def __init__(self, engine: Engine, rule: FoldRule, dialects: Mapping[str, Dialect]) -> None:
        self._engine = engine
        self._store = Store(engine)
        self._rule = rule
        self._dialects = dialects

    def run(
        self,
        since_ms: int,
        until_ms: int,
        now_ms: int,
        *,
        dialect: str = "",
        told: Callable[[int, int], None],
    ) -> tuple[int, int]:
        """Refold every view with events received in the range; returns (views read, rows rewritten)."""
        epoch = self._store.epoch() + 1
        views = rows = 0
        # The second pass is for views that the worker was writing while the first one passed them by.
        for first_ms, last_ms in ((since_ms, until_ms), (max(since_ms, now_ms - OVERLAP_MS), until_ms)):
            for page in self._pages(first_ms, last_ms, dialect):
                rows += self.refold(page, epoch, now_ms)
                views += len(page)
                told(views, rows)
        return views, rows

    def refold(self, names: Sequence[NativeView], epoch: int, now_ms: int) -> int:
        """Refold these views; returns how many rows were written."""
        changes = []
        for view in self._store.load(names):
            dialect = self._dialects.get(view.dialect)
            if dialect is None or not view.events:
                continue
            folded = self._rule.fold(
                dialect, view.project, view.native_view_id, list(view.events.values()), now_ms
            )
            if all(row.closed for row in folded.rows):
                changes.extend(changes_of(view, folded.rows, epoch))
        self._store.put_views(changes)
        return len(changes)

    def _pages(self, since_ms: int, until_ms: int, dialect: str) -> Iterator[Sequence[NativeView]]:
        """Day by day, as the tables are parted: rows of few days go into few parts. A view of two days comes twice."""
        for day_ms in stored_days(self._engine, since_ms, until_ms):
            first_ms, last_ms = max(since_ms, day_ms), min(until_ms, day_ms + DAY_MS)
            after = ""
            while page := stored_views(
                self._engine, first_ms, last_ms, dialect=dialect, after=after, limit=PAGE
            ):
                yield page
                after = page[-1].key
