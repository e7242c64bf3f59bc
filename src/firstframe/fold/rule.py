"""How this installation folds: the operator's settings around the pure `fold_view`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

import msgspec

from firstframe.beacon import Event, view_id_of
from firstframe.dialects.base import Dialect, Folded
from firstframe.fold.finish import fold_view
from firstframe.fold.growth import Growth
from firstframe.fold.open_view import OpenView
from firstframe.view.machine import SPLIT_MS
from firstframe.view.record import WATCH_STATES, Approx, EndReason, Outcome, State, ViewRecord
from firstframe.view.score import fill_scores


def closed(row: ViewRecord) -> ViewRecord:
    """A row that no event will change any more; one that was still open ends as it stands, in silence."""
    if row.closed:
        return row
    watching = bool(row.spans) and row.spans[-1].state in (*WATCH_STATES, State.FAILED)
    over = msgspec.structs.replace(
        row,
        closed=True,
        end_reason=EndReason.DROPPED if watching else EndReason.IDLE_TIMEOUT,
        outcome=Outcome.DROPPED if row.outcome is Outcome.EXITED else row.outcome,
    )
    fill_scores(over)
    return over


def later(events: Iterable[Event], standing: Sequence[ViewRecord]) -> list[Event]:
    """The events of other views under the same id: those that an hour or more of silence parts from these rows."""
    # On the client's clock, as the events are.
    known_ms = max(row.view_end_ms - row.clock_shift_ms for row in standing)
    ordered = sorted(events, key=attrgetter("at_ms", "key"))
    for place, event in enumerate(ordered):
        if event.at_ms - known_ms > SPLIT_MS:
            return ordered[place:]
        known_ms = max(known_ms, event.at_ms)
    return []


class FoldRule(msgspec.Struct, frozen=True):
    """What may differ between installations; everything else about a fold is fixed."""

    max_view_events: int = 20_000
    keep_page_query: bool = False
    least_grown_events: int = 10
    """A shorter view is folded anew: that is as quick, and what is kept of an open view costs memory."""

    def fold(
        self, dialect: Dialect, project: str, native_view_id: str, events: Sequence[Event], now_ms: int
    ) -> Folded:
        """The rows of a view; of more events than are allowed only the earliest (by client time) are used."""
        used = events
        if len(events) > self.max_view_events:
            used = sorted(events, key=lambda event: (event.at_ms, event.key))[: self.max_view_events]
        folded = fold_view(
            dialect, project, native_view_id, used, now_ms, keep_page_query=self.keep_page_query
        )
        if used is not events:
            for row in folded.rows:
                row.approx = sorted({*row.approx, Approx.EVENTS_CAPPED.value})
        return folded

    def fold_open(self, dialect: Dialect, view: OpenView, now_ms: int) -> Folded:
        """The rows of a view in memory: the same, at the price of what is new where its dialect can go on."""
        if view.standing:
            return self._fold_beside(view.standing, dialect, view, now_ms)
        growth, fresh = view.growth, view.fresh
        view.growth, view.fresh = None, []  # a fold that fails leaves nothing half done
        if not self.least_grown_events <= len(view.events) <= self.max_view_events:
            return self.fold(dialect, view.project, view.native_view_id, list(view.events.values()), now_ms)
        if growth is None or not growth.extend(fresh):
            growth = Growth(dialect, dialect.grow(), view.project, view.native_view_id)
            growth.extend(view.events.values())
        folded = growth.fold(now_ms, keep_page_query=self.keep_page_query)
        view.growth = growth
        return folded

    def _fold_beside(
        self, standing: Sequence[ViewRecord], dialect: Dialect, view: OpenView, now_ms: int
    ) -> Folded:
        """Rows that stand, and those of views that came after them under the same id."""
        rows = [closed(row) for row in standing]
        events = later(view.events.values(), standing) if dialect.splits else []
        if not events:
            return Folded(rows)
        folded = self.fold(dialect, view.project, view.native_view_id, events, now_ms)
        next_ordinal = max(row.ordinal for row in rows) + 1
        for row in folded.rows:
            row.ordinal += next_ordinal
            row.view_id = view_id_of(view.project, view.dialect, view.native_view_id, row.ordinal)
        return Folded([*rows, *folded.rows], folded.due_ms)
