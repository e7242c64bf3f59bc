"""Views computed anew from stored events, with the rules of this version: after an upgrade, or a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from firstframe.clock import epoch_ms
from firstframe.dialects.base import Dialect
from firstframe.engine.client import Engine
from firstframe.engine.survey import NativeView, stored_days, stored_views
from firstframe.fold.open_view import OpenView
from firstframe.fold.rule import FoldRule
from firstframe.fold.store import Change, Store, changes_of
from firstframe.fold.watch import Watch
from firstframe.view.record import ViewRecord

log = structlog.get_logger()

WRITE_BYTES = 64 * 2**20
"""Of events, whose views are written together at most."""
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
    with its own version's rules: also those that nothing but silence closes, because the worker may hold them, and
    would go on from a row that no longer wins. A view that cannot be loaded or folded keeps its row, and is told.
    """

    def __init__(
        self, engine: Engine, rule: FoldRule, dialects: Mapping[str, Dialect], *, watch: Watch | None = None
    ) -> None:
        self.watch = watch or Watch()
        self.left: dict[str, str] = {}
        """Views that could not be refolded, by key, and why."""
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

        with self.watch.started_where_possible():
            over(since_ms, until_ms)
            # Again what the worker may have held in memory, with an older version's number, while the first pass went by.
            over(max(since_ms, begun_ms - OVERLAP_MS), clock())
        self.tell_left()
        return views, rows

    def tell_left(self) -> None:
        """Say how many views could not be refolded."""
        if self.left:
            log.warning("views were left as they are", count=len(self.left), first=next(iter(self.left)))

    def refold(self, names: Sequence[NativeView], epoch: int, now_ms: int) -> int:
        """Refold these views; returns how many rows were written.

        An event that comes meanwhile is stored before the worker looks for its view's row. So whoever finds as many
        events after writing as before reading has written the latest; the others are folded again.
        """
        rows, left = 0, names
        for _ in range(MOST_TURNS):
            before = self._store.event_counts(left)
            rows += self._write(left, epoch, now_ms)
            after = self._store.event_counts(left)
            left = [
                name
                for name in left
                if name.key not in self.left and before.get(name.key) != after.get(name.key)
            ]
            if not left:
                break
        return rows

    def _write(self, names: Sequence[NativeView], epoch: int, now_ms: int) -> int:
        changes: list[Change] = []
        rows = weight = 0
        for view in self._store.load(names, most_events=self._rule.max_view_events, leave=self._leave):
            changes.extend(self._changes(view, epoch, now_ms))
            weight += view.weight
            if weight > WRITE_BYTES:
                self._store.put_views(changes)
                rows, changes, weight = rows + len(changes), [], 0
        self._store.put_views(changes)
        return rows + len(changes)

    def _changes(self, view: OpenView, epoch: int, now_ms: int) -> list[Change]:
        """What is to be written of a view; nothing of one that breaks its dialect, and all others go on."""
        dialect = self._dialects.get(view.dialect)
        if dialect is None or not view.events or view.key in self.left:
            return []
        try:
            rows = self.watch.run(self._closed_rows, dialect, view, now_ms)
            return [] if rows is None else changes_of(view, rows, epoch)
        except Exception as error:  # noqa: BLE001 - whatever it is, one view must not stop all others
            self._leave(view.name, error)
            return []

    def _leave(self, name: NativeView, error: Exception) -> None:
        if name.key not in self.left:
            log.error(
                "a view cannot be refolded", view=name.key, dialect=name.dialect, error=repr(error)[:300]
            )
        self.left[name.key] = repr(error)[:300]

    def _closed_rows(self, dialect: Dialect, view: OpenView, now_ms: int) -> Sequence[ViewRecord] | None:
        """The rows of a view that is over; None for one that is the worker's."""
        rows = self._rule.fold_open(dialect, view, now_ms).rows
        if not all(row.closed for row in rows) or self._is_held(dialect, view, now_ms):
            return None
        return rows

    def _is_held(self, dialect: Dialect, view: OpenView, now_ms: int) -> bool:
        """Whether the worker may hold this view, by its row, and will close it itself.

        It will where the row is still open and only silence closes it, or the loss of its first events. It has yet to
        write what came a moment ago.
        """
        if all(head.closed or head.is_deleted for head in view.heads.values()):
            return False
        heard_ms = max(event.received_at_ms for event in view.events.values())
        if now_ms - heard_ms < OVERLAP_MS or not all(row.closed for row in view.standing):
            return True
        return not all(row.closed for row in self._rule.fold_open(dialect, view, heard_ms).rows)

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
