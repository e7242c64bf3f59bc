"""The wait for the first data, which the web player counts as a stall where play was pressed before START."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.dialects.pillarbox.pace import Pace
from firstframe.dialects.pillarbox.sample import NEAR_SHARE, Sample, less
from firstframe.view.record import Approx

OVERFLOW_MS = 30
READY_SLACK_MS = 250


def without_startup(samples: Sequence[Sample], pace: Pace, ready_ms: float | None) -> list[Sample]:
    """A stall that does not fit between START and a report, beside the playing time, was the wait before START.

    The earliest report decides: a pause after it would make room for the stall. `ready_ms` is what loading took.
    """
    waited = next((found for sample in samples if (found := _wait(sample, pace, ready_ms))), None)
    if waited is None:
        return list(samples)
    return [
        msgspec.structs.replace(
            sample, stall=less(sample.stall, waited.stall), marks=sample.marks | waited.marks
        )
        for sample in samples
    ]


class _Wait(msgspec.Struct, frozen=True):
    """What is to be taken off the stalls, and how sure that is."""

    stall: tuple[int, float]
    marks: frozenset[Approx] = frozenset()


def _wait(sample: Sample, pace: Pace, ready_ms: float | None) -> _Wait | None:
    """One stall; all of its time where it is the only one, else what does not fit."""
    if sample.age_ms is None or not sample.stall or not sample.stall[0]:
        return None
    count, stall_ms = sample.stall
    played_ms, sure = _played(sample, pace)
    excess_ms = played_ms + stall_ms - sample.age_ms
    measured = sample.is_measured and sample.seen_ms > 0
    explained = ready_ms is not None and excess_ms <= ready_ms + READY_SLACK_MS
    if excess_ms <= OVERFLOW_MS or not (explained or (sure and measured)):
        return None
    if sure:
        return _Wait((1, stall_ms if count == 1 else excess_ms))
    if count == 1 and not sample.has_jumped and sample.counter_ms is not None:
        return None  # nothing but this stall has thrown the counter away
    if count == 1:
        return _Wait((1, stall_ms), frozenset({Approx.STALLS_LOWER_BOUND}))
    return _Wait((1, excess_ms), frozenset({Approx.STALLS_UPPER_BOUND}))


def _played(sample: Sample, pace: Pace) -> tuple[float, bool]:
    """The playing time, and whether it is sure.

    The ranges are believed where the counter is not behind them: a stall amid playing would have thrown away what it
    had counted. Behind them they may be media at a faster rate. Without ranges the counter is believed itself.
    """
    if not (sample.is_measured and sample.seen_ms):
        return sample.counter_ms or 0, sample.counter_ms is not None
    least_ms = pace.least(sample.seen_ms)
    return least_ms, sample.counter_ms is not None and sample.counter_ms >= least_ms * (1 - NEAR_SHARE)
