"""How this installation folds: the operator's settings around the pure `fold_view`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import Dialect, Folded
from firstframe.fold.finish import fold_view
from firstframe.fold.growth import Growth
from firstframe.fold.open_view import OpenView
from firstframe.view.record import Approx, EndReason, ViewRecord
from firstframe.view.score import fill_scores


def closed(row: ViewRecord) -> ViewRecord:
    """A row that no event will change any more; one that was still open ends as it stands."""
    if row.closed:
        return row
    over = msgspec.structs.replace(row, closed=True, end_reason=row.end_reason or EndReason.DROPPED)
    fill_scores(over)
    return over


class FoldRule(msgspec.Struct, frozen=True):
    """What may differ between installations; everything else about a fold is fixed."""

    max_view_events: int = 20_000
    keep_page_query: bool = False
    least_grown_events: int = 40
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
        if view.standing is not None:
            return Folded([closed(row) for row in view.standing])
        growth, fresh = view.growth, view.fresh
        view.growth, view.fresh = None, []  # a fold that fails leaves nothing half done
        if dialect.grow is None or not self.least_grown_events <= len(view.events) <= self.max_view_events:
            return self.fold(dialect, view.project, view.native_view_id, list(view.events.values()), now_ms)
        if growth is None or not growth.extend(fresh):
            growth = Growth(dialect, dialect.grow(), view.project, view.native_view_id)
            growth.extend(view.events.values())
        folded = growth.fold(now_ms, keep_page_query=self.keep_page_query)
        view.growth = growth
        return folded
