"""Views computed anew from stored events, with the rules of this version: after an upgrade, or a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from firstframe.clock import epoch_ms
from firstframe.dialects.base import Dialect
from firstframe.engine.client import Engine
from firstframe.engine.survey import NativeView, stored_days, stored_views
from firstframe.fold.open_view import OpenView
from firstframe.fold.rule import FoldRule
from firstframe.fold.store import Store, changes_of

PAGE = 500
DAY_MS = 86_400_000
OVERLAP_MS = 120_000
"""Longer than a worker may hold a view that it has not written."""
MOST_TURNS = 10
"""How often views that events keep coming for are folded again at most; such a view is open, and the worker's."""


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
        *,
        dialect: str = "",
        clock: Callable[[], int] = epoch_ms,
        told: Callable[[int, int], None],
    ) -> tuple[int, int]:
        """Refold every view with events received in the range; returns (views read, rows rewritten)."""
        epoch, begun_ms = self._store.epoch() + 1, clock()
        views = rows = 0

        def over(first_ms: int, last_ms: int) -> None:
            nonlocal views, rows
            for page in self._pages(first_ms, last_ms, dialect):
                rows += self.refold(page, epoch, clock())
                views += len(page)
                told(views, rows)

        over(since_ms, until_ms)
        # Again what the worker may have held in memory, with an older version's number, while the first pass went by.
        over(max(since_ms, begun_ms - OVERLAP_MS), clock())
        return views, rows

    def refold(self, names: Sequence[NativeView], epoch: int, now_ms: int) -> int:
        """Refold these views; returns how many rows were written.

        An event that comes meanwhile is stored before the worker looks for its view's row. So whoever finds as many
        events after writing as were folded has written the latest; the others are folded again.
        """
        rows, left = 0, names
        for _ in range(MOST_TURNS):
            views = self._store.load(left)
            rows += self._write(views, epoch, now_ms)
            counts = self._store.event_counts(left)
            left = [
                name
                for name, view in zip(left, views, strict=True)
                if counts.get(name.key, 0) != len(view.events)
            ]
            if not left:
                break
        return rows

    def _write(self, views: Sequence[OpenView], epoch: int, now_ms: int) -> int:
        changes = []
        for view in views:
            dialect = self._dialects.get(view.dialect)
            if dialect is None or not view.events:
                continue
            folded = self._rule.fold_open(dialect, view, now_ms)
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
