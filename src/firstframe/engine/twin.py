"""Numbers of a view that are stored only where they are not what a rule says: the writer's side of the aliases.

The rules stand in the migrations too; a test holds that both are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, nan, sqrt

from firstframe.view.record import ViewRecord


def _startup_score(record: ViewRecord) -> float | None:
    waited = record.video_startup_time_ms
    if waited is None:
        return None
    return 800 / (8 + waited / 1000) if 0 <= waited < inf else nan


def _experience_score(record: ViewRecord) -> float | None:
    success = record.playback_success_score
    parts = (record.startup_score, record.smoothness_score, record.video_quality_score)
    known = [part for part in parts if part is not None]
    if success is None or not known:
        return success
    if not all(0 <= part < inf for part in known):
        return nan
    if len(known) == 1:
        return success / 100 * known[0]
    one, two, *rest = known
    if not rest:
        return success / 100 * sqrt(one * two)
    three = rest[0]
    return success / 100 * (sqrt(one * two) + sqrt(one * three) + sqrt(two * three)) / 3


TWINS: Mapping[str, Callable[[ViewRecord], float | None]] = {
    "content_startup_time_ms": lambda record: record.video_startup_time_ms,
    "startup_wait_ms": lambda record: record.video_startup_time_ms or 0.0,
    "media_time_ms": lambda record: record.content_playing_time_ms,
    "bitrate_ms": lambda record: record.content_playing_time_ms,
    "scale_ms": lambda record: record.content_playing_time_ms,
    "startup_score": _startup_score,
    "experience_score": _experience_score,
}
"""What the engine answers for a field whose own value is not stored; NaN, which nothing equals, for odd records."""


def own_value(value: float | None, usual: float | None) -> float | None:
    """What is stored of a value: nothing where it is the usual one, and NaN for null."""
    if value == usual:
        return None
    return nan if value is None else value
