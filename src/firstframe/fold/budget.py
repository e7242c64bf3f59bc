"""How many views may be written in one go, so that what comes in is read in time however many views there are."""

from __future__ import annotations

import msgspec

FIRST_GUESS_SECONDS = 0.001
"""What folding a view costs, before any was folded."""
LEARNING = 0.3


class Budget(msgspec.Struct):
    """Time for folding views, as a number of views by what the last ones cost.

    A fold reads what has come, then writes; while it writes nothing is read. So it never folds for longer than
    `most_seconds` in one go, and where beacons are waiting to be read only a share of the time that reading took. A
    batch is never so small that the engine's price of a statement is paid for next to nothing.
    """

    most_seconds: float = 0.8
    behind_share: float = 0.5
    least_views: int = 200
    view_seconds: float = FIRST_GUESS_SECONDS

    def views(self, reading_seconds: float, *, behind: bool) -> int:
        """How many views may be written now."""
        seconds = self.most_seconds
        if behind:
            seconds = min(seconds, reading_seconds * self.behind_share)
        return max(self.least_views, int(seconds / self.view_seconds))

    def spent(self, views: int, seconds: float) -> None:
        """Learn from what was folded; what the engine took to store it is no price of a view."""
        if views:
            self.view_seconds += LEARNING * (max(seconds / views, 1e-6) - self.view_seconds)
