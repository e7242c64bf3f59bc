"""How this installation folds: the operator's settings around the pure `fold_view`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import Dialect, Folded
from firstframe.fold.finish import fold_view
from firstframe.view.record import Approx


class FoldRule(msgspec.Struct, frozen=True):
    """What may differ between installations; everything else about a fold is fixed."""

    max_view_events: int = 20_000
    keep_page_query: bool = False

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
