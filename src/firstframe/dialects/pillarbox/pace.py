"""How fast media ran against the clock: the ranges hold media, of which a faster rate plays more in the same time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.pillarbox.sample import Sample, near

STRETCH_MS = 10_000
"""Over less, the time by which a browser's ranges lag behind its clock would look like a rate."""
LEAST_SLOW = 2
"""In one stretch alone the counter may have run on through a stall that nobody told."""


class Pace(msgspec.Struct, frozen=True):
    """What the growth of the ranges from report to report tells of the rate."""

    seen_ms: float = 0
    """The media that was played, each part once."""
    clocked_ms: float = 0
    """What was played from report to report: what the ranges or the counter grew by, and no more than the time there."""
    speed: float = 1
    """The fastest that media ran, where it is sure that it was not the clock's own pace."""

    @property
    def least_ms(self) -> float:
        """How long playing all of it took, at least."""
        return self.least(self.seen_ms)

    @property
    def covered_ms(self) -> float:
        """How long playing all of it took, as near as the ranges tell; the rate may have changed."""
        return self.clocked_ms if self.speed > 1 else self.least_ms

    def least(self, media_ms: float) -> float:
        """How long playing so much media took, at least."""
        return media_ms / self.speed


class _Stretch(msgspec.Struct, frozen=True):
    """What grew from one report to a later one: the time, the ranges, the counter."""

    elapsed_ms: float
    grown_ms: float
    counted_ms: float

    @property
    def is_fast(self) -> bool:
        """More media than time: no seek and no pause does that."""
        long = self.elapsed_ms >= STRETCH_MS
        return long and self.grown_ms > self.elapsed_ms and not near(self.grown_ms, self.elapsed_ms)

    @property
    def is_slow(self) -> bool:
        """Less media than the counter; a stall that it ran through does that too."""
        return self.grown_ms < self.counted_ms and not near(self.grown_ms, self.counted_ms)


def pace_of(samples: Sequence[Sample]) -> Pace:
    """The pace of a session whose samples are in order."""
    told = [sample for sample in samples if sample.is_measured]
    stretches = _stretches(told)
    seen_ms = samples[-1].seen_ms
    stalled_ms = max((sample.stall[1] for sample in samples if sample.stall), default=0)
    clocked_ms = (told[0].seen_ms if told else 0) + sum(
        min(max(stretch.grown_ms, stretch.counted_ms), stretch.elapsed_ms) for stretch in stretches
    )
    return Pace(seen_ms, clocked_ms, _speed(stretches, stalled_ms))


def _stretches(told: Sequence[Sample]) -> list[_Stretch]:
    """What grew between reports that are far enough apart; the last one may be shorter."""
    ends: list[Sample] = []
    for sample in told:
        if not ends or sample.at_ms - ends[-1].at_ms >= STRETCH_MS or sample is told[-1]:
            ends.append(sample)
    return [_stretch(earlier, later) for earlier, later in pairwise(ends)]


def _stretch(earlier: Sample, later: Sample) -> _Stretch:
    known = earlier.counter_ms is not None and later.counter_ms is not None
    counted_ms = (later.counter_ms or 0) - (earlier.counter_ms or 0) if known else 0
    return _Stretch(later.at_ms - earlier.at_ms, later.seen_ms - earlier.seen_ms, counted_ms)


def _speed(stretches: Sequence[_Stretch], stalled_ms: float) -> float:
    """One stretch proves a fast rate; a slow one must show in all, by more than the stalls that were told."""
    fast = [stretch.grown_ms / stretch.elapsed_ms for stretch in stretches if stretch.is_fast]
    if fast:
        return max(fast)
    moving = [stretch for stretch in stretches if stretch.grown_ms and stretch.counted_ms >= STRETCH_MS]
    if len(moving) < LEAST_SLOW or not all(stretch.is_slow for stretch in moving):
        return 1
    if sum(stretch.counted_ms - stretch.grown_ms for stretch in moving) <= stalled_ms:
        return 1
    return max(stretch.grown_ms / stretch.counted_ms for stretch in moving)
