"""How many views may be written in one go, so that what comes in is read in time however many views there are."""

from __future__ import annotations

import msgspec

MEMORY = 0.7
"""What the last batches weigh beside a new one: a batch of few views says little about a thousand."""


class Budget(msgspec.Struct):
    """Time for folding views, as a number of views by what the last ones cost.

    A fold reads what has come, then writes; while it writes nothing is read. So it never folds for longer than
    `most_seconds` in one go. Where beacons are waiting to be read it saves: of the time that reading takes, a share may
    be spent on folding, and is, once it is enough for a batch that is worth a statement of the engine. A view that is
    written late is folded once for many beacons.
    """

    most_seconds: float = 0.6
    behind_share: float = 0.25
    least_views: int = 100
    behind_views: int = 500
    """While beacons wait, so many are worth a statement, which costs the engine as much as a hundred views, however few
    it has; or as many as there is time for in one go, if that is less."""
    recent_views: float = 100
    recent_seconds: float = 0.1
    """What was folded of late, and in what time; before that, a guess of a millisecond for a view."""
    saved_seconds: float = 0.0

    @property
    def view_seconds(self) -> float:
        """What folding a view costs."""
        return max(self.recent_seconds / self.recent_views, 1e-6)

    def views(self, reading_seconds: float, *, behind: bool) -> int:
        """How many views may be written now, after so much reading."""
        most = max(self.least_views, int(self.most_seconds / self.view_seconds))
        if not behind:
            self.saved_seconds = 0.0
            return most
        self.saved_seconds += reading_seconds * self.behind_share
        views = int(self.saved_seconds / self.view_seconds)
        return min(views, most) if views >= min(self.behind_views, most) else 0

    def spent(self, views: int, seconds: float) -> None:
        """Learn from what was folded; what the engine took to store it is no price of a view."""
        self.saved_seconds = max(0.0, self.saved_seconds - seconds)
        if views:
            self.recent_views = MEMORY * self.recent_views + views
            self.recent_seconds = MEMORY * self.recent_seconds + seconds
