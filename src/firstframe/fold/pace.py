"""How often a growing view is written again: at once while there is room, seldom when there is little or a crowd."""

from __future__ import annotations

import msgspec

from firstframe.fold.open_view import OpenView


class Pace(msgspec.Struct, frozen=True):
    """Every version costs the engine a row until it is merged away, so versions are spaced (design 4b).

    With few views waiting each is written at most once per `calm_ms`, or per `busy_ms` by a worker that has little rest:
    what one view says in quick succession is then folded once. With more than `crowd` waiting the spacing grows with
    the view's age, so that the long-lived many do not drown the young.
    """

    calm_ms: int = 600
    busy_ms: int = 1_500
    crowd: int = 10_000
    steps: tuple[tuple[int, int], ...] = ((60_000, 2_000), (600_000, 10_000))
    """(age below, spacing): while the view is that young."""
    old_ms: int = 30_000

    def ready(self, view: OpenView, now_ms: int, waiting: int, *, busy: bool) -> bool:
        """Whether a version may be written now. The first version of a view always may, and any after a step back in time."""
        if view.written_ms is None or now_ms < view.written_ms:
            return True
        return now_ms - view.written_ms >= self._spacing(now_ms - view.first_seen_ms, waiting, busy=busy)

    def _spacing(self, age_ms: int, waiting: int, *, busy: bool) -> int:
        if waiting <= self.crowd:
            return self.busy_ms if busy else self.calm_ms
        return next((spacing for below, spacing in self.steps if age_ms < below), self.old_ms)
