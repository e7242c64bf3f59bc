"""How often a growing view is written."""

from __future__ import annotations

from firstframe.fold.open_view import OpenView
from firstframe.fold.pace import Pace

NOW_MS = 1_800_000_000_000


def written(ago_ms: int, age_ms: int = 10_000) -> OpenView:
    """A view that was written so long ago."""
    view = OpenView("key", "default", "native", "view", first_seen_ms=NOW_MS - age_ms)
    view.written_ms = NOW_MS - ago_ms
    return view


def test_a_first_version_is_written_at_once() -> None:
    """However many wait."""
    assert Pace().ready(OpenView("key", "default", "native", "view"), NOW_MS, waiting=10**6, busy=True)


def test_versions_are_spaced_by_the_crowd() -> None:
    """While few wait a view is written as often as twice a second; in a crowd the old ones are written seldom."""
    pace = Pace()
    assert not pace.ready(written(pace.calm_ms - 1), NOW_MS, waiting=1, busy=False)
    assert pace.ready(written(pace.calm_ms), NOW_MS, waiting=1, busy=False)
    crowd = pace.crowd + 1
    assert not pace.ready(written(1_999), NOW_MS, waiting=crowd, busy=True)
    assert pace.ready(written(2_000), NOW_MS, waiting=crowd, busy=True)
    assert not pace.ready(written(29_999, age_ms=3_600_000), NOW_MS, waiting=crowd, busy=True)
    assert pace.ready(written(30_000, age_ms=3_600_000), NOW_MS, waiting=crowd, busy=True)


def test_a_busy_worker_writes_a_view_less_often() -> None:
    """Also then the first version is written at once, and a view that speaks seldom waits no longer."""
    pace = Pace()
    assert pace.calm_ms < pace.busy_ms
    assert not pace.ready(written(pace.busy_ms - 1), NOW_MS, waiting=1, busy=True)
    assert pace.ready(written(pace.busy_ms), NOW_MS, waiting=1, busy=True)


def test_a_clock_that_was_put_back_holds_nothing_up() -> None:
    """A view that was written an hour ahead of now does not wait for that hour."""
    assert Pace().ready(written(-3_600_000), NOW_MS, waiting=1, busy=False)
