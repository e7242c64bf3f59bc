"""The wait for the first data, which the web player counts as a stall where play was pressed before START."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.dialects.pillarbox.pace import Pace
from firstframe.dialects.pillarbox.sample import NEAR_SHARE, Sample, less

OVERFLOW_MS = 30
READY_SLACK_MS = 250


def without_startup(samples: Sequence[Sample], pace: Pace, ready_ms: float | None) -> list[Sample]:
    """A stall that does not fit between START and a report, beside the playing time, was the wait before START.

    The earliest report decides: a pause after it would make room for the stall. `ready_ms` is what loading took.
    """
    waited = next((found for sample in samples if (found := _wait(sample, pace, ready_ms))), None)
    if waited is None:
        return list(samples)
    return [msgspec.structs.replace(sample, stall=less(sample.stall, waited)) for sample in samples]


def _wait(sample: Sample, pace: Pace, ready_ms: float | None) -> tuple[int, float] | None:
    """One stall; all of its time where it is the only one, else what does not fit."""
    played_ms = _played(sample, pace)
    if played_ms is None or sample.age_ms is None or not sample.stall or not sample.stall[0]:
        return None
    count, stall_ms = sample.stall
    excess_ms = played_ms + stall_ms - sample.age_ms
    measured = sample.is_measured and sample.seen_ms > 0
    explained = ready_ms is not None and excess_ms <= ready_ms + READY_SLACK_MS
    if excess_ms <= OVERFLOW_MS or not (measured or explained):
        return None
    return 1, stall_ms if count == 1 else excess_ms


def _played(sample: Sample, pace: Pace) -> float | None:
    """The playing time, where it is sure.

    The ranges are believed where the counter is not behind them: a stall amid playing would have thrown away what it
    had counted. Without ranges it is believed itself.
    """
    if sample.counter_ms is None or not (sample.is_measured and sample.seen_ms):
        return sample.counter_ms
    least_ms = pace.least(sample.seen_ms)
    return least_ms if sample.counter_ms >= least_ms * (1 - NEAR_SHARE) else None
