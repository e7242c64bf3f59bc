"""A view's fold that is kept from one version to the next, so that a version costs what is new (ADR 0013)."""

from __future__ import annotations

from collections.abc import Collection

from firstframe.beacon import Event
from firstframe.dialects.base import Dialect, Folded, Growing
from firstframe.fold.finish import finish
from firstframe.fold.gist import Gist


class Growth:
    """What a dialect and its surroundings know of one native view so far. Comes to the same rows as `fold_view`."""

    def __init__(self, dialect: Dialect, growing: Growing, project: str, native_view_id: str) -> None:
        self._dialect = dialect.name
        self._growing = growing
        self._project = project
        self._native_view_id = native_view_id
        self._gist = Gist()

    def extend(self, events: Collection[Event]) -> bool:
        """Take more events, none twice; False where one was received before those already taken: then begin anew."""
        if not self._gist.extend(events):
            return False
        self._growing.add(list(events))
        return True

    def fold(self, now_ms: int, *, keep_page_query: bool = False) -> Folded:
        """The finished rows as they stand."""
        folded = self._growing.fold(now_ms)
        finish(
            folded.rows,
            self._gist,
            self._project,
            self._dialect,
            self._native_view_id,
            keep_page_query=keep_page_query,
        )
        return folded
