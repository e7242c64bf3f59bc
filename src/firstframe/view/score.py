"""The scores of a view, 0 to 100: success, startup, smoothness, picture, and firstframe's own sum of them."""

from __future__ import annotations

from itertools import combinations
from math import exp, sqrt

from firstframe.view.derived import derive
from firstframe.view.record import Outcome, ViewRecord

SUCCESS: dict[Outcome, float | None] = {
    Outcome.NOT_ATTEMPTED: None,
    Outcome.EXITED_BEFORE_START: 50,
    Outcome.START_FAILED: 0,
    Outcome.START_BLOCKED: None,
    Outcome.PLAYBACK_FAILED: 0,
    Outcome.PLAYBACK_BLOCKED: 100,
    Outcome.COMPLETED: 100,
    Outcome.DROPPED: 100,
    Outcome.EXITED: 100,
}
"""The success score of each outcome. A rule that forbids playback is no failure."""

SHORT_WAIT_MS = 1_000
"""Somebody who left sooner says nothing about quality."""


def fill_scores(record: ViewRecord) -> None:
    """Set the five scores of a record whose other numbers are final."""
    record.playback_success_score = success_score(record)
    record.startup_score = startup_score(record)
    record.smoothness_score = smoothness_score(record)
    record.video_quality_score = video_quality_score(record)
    record.experience_score = experience_score(
        record.playback_success_score,
        (record.startup_score, record.smoothness_score, record.video_quality_score),
    )


def success_score(record: ViewRecord) -> float | None:
    """By outcome; none for an exit within a second, nor for a start that may still come."""
    if record.outcome is Outcome.EXITED_BEFORE_START:
        waited = max(record.watch_time_ms, record.startup_wait_ms)
        return SUCCESS[record.outcome] if record.closed and waited >= SHORT_WAIT_MS else None
    return SUCCESS[record.outcome]


def startup_score(record: ViewRecord) -> float | None:
    """100 · 8/(8 + seconds)."""
    if not record.started or record.video_startup_time_ms is None:
        return None
    return 100 * 8 / (8 + record.video_startup_time_ms / 1000)


def smoothness_score(record: ViewRecord) -> float | None:
    """The mean of what the number of stalls and what their share of watch time is worth."""
    share = derive(record)["rebuffer_percentage"]
    if record.rebuffer_count is None or not isinstance(share, int | float):
        return None
    return (100 / sqrt(1 + (record.rebuffer_count / 2) ** 2) + 100 * exp(-10 * share)) / 2


def video_quality_score(record: ViewRecord) -> float | None:
    """100 · e^(-0.33 · (0.15 · largest + 0.85 · average upscale))."""
    if not record.started or not record.scale_ms:
        return None
    average = record.upscale_x_ms / record.scale_ms
    return 100 * exp(-0.33 * (0.15 * (record.max_upscale or 0) + 0.85 * average))


def experience_score(success: float | None, parts: tuple[float | None, ...]) -> float | None:
    """Success times the mean of √(a·b) over the pairs of known parts; one alone is itself, none is success."""
    if success is None:
        return None
    known = [part for part in parts if part is not None]
    if not known:
        return success
    pairs = [sqrt(left * right) for left, right in combinations(known, 2)] or known
    return success / 100 * sum(pairs) / len(pairs)
