"""How much worse the whole is because of one of its parts: firstframe's own rule, because Mux's is not published.

A part's score is ``how much worse than the whole it is × its views ÷ all views``, in the unit of the metric, and 0 where it
is not worse: were the metric a mean, the whole would be better by so much if the part were as the whole is. A part's
impact among others is its percentage of all their scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.api.mux_metric import Measured


class Whole(msgspec.Struct, frozen=True):
    """All views together."""

    value: float | None
    views: int


def score(measured: Measured, whole: Whole, value: float | None, views: int) -> float:
    """How far a part drags the whole down."""
    metric = measured.of.metric
    if metric is None or value is None or whole.value is None or not whole.views or not measured.is_average:
        return 0.0
    worse = {"lower": value - whole.value, "higher": whole.value - value, "neutral": 0.0}[metric.better]
    return dragged(worse, views, whole.views)


def dragged(worse: float, views: int, all_views: int) -> float:
    """What being worse by so much does to the whole, as so many of all views."""
    return max(0.0, worse) * views / all_views


def impacts(scores: Sequence[float]) -> list[int]:
    """The scores of all parts as percentages of their sum."""
    total = sum(scores)
    return [round(100 * one / total) if total else 0 for one in scores]
