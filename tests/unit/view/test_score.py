"""The scores, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from firstframe.view.record import Outcome, ViewRecord
from firstframe.view.score import SUCCESS, experience_score, fill_scores, smoothness_score, startup_score


def played(**values):
    """A started view of a minute."""
    defaults = {
        "attempted": True,
        "started": True,
        "closed": True,
        "outcome": Outcome.EXITED,
        "watch_time_ms": 60_000,
        "content_playing_time_ms": 60_000,
        "rebuffer_count": 0,
        "rebuffer_duration_ms": 0,
    }
    return ViewRecord(**(defaults | values))


@pytest.mark.parametrize(("seconds", "score"), [(0, 100), (0.4, 95.238), (2, 80), (8, 50), (20, 28.571)])
def test_startup(seconds, score):
    """100 · 8/(8 + seconds)."""
    assert startup_score(played(video_startup_time_ms=seconds * 1000)) == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize(
    ("count", "stalled_ms", "watched_ms", "score"),
    [(0, 0, 300_000, 100), (1, 5_000, 300_000, 87.045), (4, 60_000, 1_200_000, 52.687)],
)
def test_smoothness(count, stalled_ms, watched_ms, score):
    """The mean of 100/√(1 + (count/2)²) and 100·e^(-10·share)."""
    found = played(rebuffer_count=count, rebuffer_duration_ms=stalled_ms, watch_time_ms=watched_ms)
    assert smoothness_score(found) == pytest.approx(score, abs=1e-3)


def test_quality_of_half_upscaled():
    """50 % average and 50 % at most are worth 84.8."""
    found = played(upscale_x_ms=30_000, scale_ms=60_000, max_upscale=0.5)
    fill_scores(found)
    assert found.video_quality_score == pytest.approx(84.789, abs=1e-3)


@pytest.mark.parametrize(
    ("success", "parts", "score"),
    [
        (100, (None, None, None), 100),
        (50, (None, None, None), 50),
        (100, (64, None, None), 64),
        (100, (64, 100, None), 80),
        (100, (25, 100, 100), (50 + 50 + 100) / 3),
        (0, (64, 100, None), 0),
        (None, (64, 100, None), None),
    ],
)
def test_experience(success, parts, score):
    """Success times the mean of the pairs' geometric means."""
    assert experience_score(success, parts) == score


def test_every_outcome_has_a_success_score():
    """The table of success scores knows all outcomes."""
    assert set(SUCCESS) == set(Outcome)


@pytest.mark.parametrize(
    ("waited_ms", "closed", "score"), [(999, True, None), (1000, True, 50), (9000, False, None)]
)
def test_leaving_before_the_start(waited_ms, closed, score):
    """Half, once somebody waited a second and left; nothing is said while the start may still come."""
    found = ViewRecord(
        attempted=True,
        outcome=Outcome.EXITED_BEFORE_START,
        startup_wait_ms=waited_ms,
        watch_time_ms=waited_ms,
        closed=closed,
    )
    fill_scores(found)
    assert (found.playback_success_score, found.experience_score) == (score, score)
    assert (found.startup_score, found.smoothness_score, found.video_quality_score) == (None, None, None)


def test_unknown_stalls_leave_smoothness_unknown():
    """A dialect that cannot see stalls gives no smoothness."""
    found = played(rebuffer_count=None, rebuffer_duration_ms=None, video_startup_time_ms=2000)
    fill_scores(found)
    assert (found.smoothness_score, found.experience_score) == (None, 80)
