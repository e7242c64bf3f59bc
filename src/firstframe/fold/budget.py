"""How many views may be written in one go, so that what comes in is read in time however many views there are."""

from __future__ import annotations

import msgspec

FIRST_GUESS_SECONDS = 0.001
"""What writing a view costs, before any was written."""
LEARNING = 0.3


class Budget(msgspec.Struct):
    """Time for writing views, as a number of views by what the last ones cost.

    A fold reads what has come, then writes; while it writes nothing is read. So it never writes for longer than
    `most_seconds` in one go, and where beacons are waiting to be read only a share of the time that reading took.
    """

    most_seconds: float = 0.4
    least_seconds: float = 0.05
    behind_share: float = 0.5
    view_seconds: float = FIRST_GUESS_SECONDS

    def views(self, reading_seconds: float, *, behind: bool) -> int:
        """How many views may be written now."""
        seconds = self.most_seconds
        if behind:
            seconds = min(seconds, max(self.least_seconds, reading_seconds * self.behind_share))
        return max(1, int(seconds / self.view_seconds))

    def spent(self, views: int, seconds: float) -> None:
        """Learn from what was written."""
        if views:
            self.view_seconds += LEARNING * (max(seconds / views, 1e-6) - self.view_seconds)
