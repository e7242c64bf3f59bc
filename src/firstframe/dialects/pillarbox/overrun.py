"""What the playing counter ran on through, though nothing played: it stops for a pause alone, not for a wait.

The web player starts it again when playing goes on, so that the wait is lost together with what was played before. It
stays in the counter where a pause banked it, and where the session ended in it. It shows in the ranges, which stood
still meanwhile (`wire/pillarbox.md`, section 4, read in the player's source and seen in its recordings).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.pillarbox.report import MOST, SAME_RANGE_MS, Report
from firstframe.dialects.pillarbox.sample import Sample, lessened, near
from firstframe.dialects.pillarbox.wire import STOP
from firstframe.view.record import Approx

STARVED_MS = 1_500
"""A browser stalls with this much of one track in its buffer, when it has nothing of the other."""
FIRST_PATIENCE_MS, MOST_PATIENCE_MS = 200, 6_400
"""What a browser wants in its buffer before it plays on, twice as much after each stall [Chromium 156, driven]."""
END_MS = 10
"""At the end of the media position and buffer are one; what differs is rounding."""


def without_overrun(reports: Sequence[Report], samples: Sequence[Sample]) -> list[Sample]:
    """The samples without the waits that their counters hold; a stall that nobody told is put in."""
    found = _without_ended_stalls(_without_paused_stalls(samples))
    places = [index for index, sample in enumerate(found) if _is_told(sample)]
    if not places or not _is_still(found[places[-1]], found[-1]):
        return found
    last, told = reports[places[-1]], [found[index] for index in places]
    starved, elsewhere = _is_starved(last, STARVED_MS), _is_elsewhere(last)
    may_be = starved or _is_starved(last, _patience_ms(told[-1]))
    overrun = _open_wait(told) if may_be or elsewhere else []
    for index, ran_on_ms in zip(reversed(places), reversed(overrun), strict=False):
        found[index] = _without_wait(found[index], ran_on_ms, is_stall=may_be)
    if not overrun and (elsewhere or (starved and (_left(last) >= 0 or _may_wait(told)))):
        marks = {Approx.PLAY_TIME_ESTIMATED, *([Approx.STALLS_LOWER_BOUND] if starved else [])}
        found[places[-1]] = msgspec.structs.replace(told[-1], marks=told[-1].marks | marks)
    return found


def _is_told(sample: Sample) -> bool:
    return sample.is_measured and sample.counter_ms is not None


def _ran_on(earlier: Sample, later: Sample) -> float:
    """How far the counter outran the media from one sample to a later one; 0 where it did not."""
    return max(0, _ahead(earlier, later))


def _has_lost(earlier: Sample, later: Sample) -> bool:
    """Whether the counter was started again between two samples: it grew by less than was played."""
    return _ahead(earlier, later) < 0


def _ahead(earlier: Sample, later: Sample) -> float:
    """By how much more the counter grew than the media that was played; 0 where both grew alike."""
    counted_ms = (later.counter_ms or 0) - (earlier.counter_ms or 0)
    grown_ms = later.seen_ms - earlier.seen_ms
    return 0 if near(counted_ms, grown_ms) else counted_ms - grown_ms


def _is_still(earlier: Sample, later: Sample) -> bool:
    return later.seen_ms - earlier.seen_ms <= SAME_RANGE_MS


def _begun(told: Sequence[Sample]) -> int:
    """Before which of the samples a wait began that is open at the last: then the media stood still.

    It is the sample before the one at which the counter was first seen to have run on.
    """
    index = len(told) - 1
    while index > 0 and _is_still(told[index - 1], told[index]):
        index -= 1
    return index - 1 if index > 0 and _ran_on(told[index - 1], told[index]) else index


def _without_paused_stalls(samples: Sequence[Sample]) -> list[Sample]:
    """A pause in a stall banks the counter with the stall in it, and the player then counts the pause as stall too.

    So where one stall was told, and the counter lost nothing by it, it lasted as long as the counter ran on.
    """
    found: list[Sample] = []
    told: list[Sample] = []  # since the last stall was told: the next one did not begin before
    banked_ms, paused_ms = 0.0, 0.0
    for sample in samples:
        if sample.counter_ms is not None and sample.counter_ms < banked_ms:
            banked_ms = 0
        own = _banked(sample, banked_ms, paused_ms)
        stalled_ms = _told_stall(told[-1], own) if told else 0
        ran_on_ms = _ran_on_since(told, own) if stalled_ms else 0
        if 0 < ran_on_ms <= stalled_ms:
            banked_ms += ran_on_ms
            paused_ms += stalled_ms - ran_on_ms
            own = _banked(sample, banked_ms, paused_ms)
        found.append(own)
        if _is_told(own):
            if stalled_ms:
                del told[:-1]
            told.append(own)
    return found


def _without_ended_stalls(samples: Sequence[Sample]) -> list[Sample]:
    """Heartbeats in a stall count it as playing; where it then ended without a pause, it is told, and counts as stall."""
    found = list(samples)
    told: dict[int, Sample] = {}  # by place, since the last stall was told: the next one did not begin before
    for place, own in enumerate(samples):
        if not _is_told(own):
            continue
        last = next(reversed(told.values()), None)
        if last is not None and _told_stall(last, own):
            before = list(told.values())
            begun = _begun(before)
            if _has_lost(before[begun], own):
                for each in list(told)[begun + 1 :]:
                    found[each] = lessened(told[each], _ran_on(before[begun], told[each]), 0)
            told.clear()
        told[place] = own
    return found


def _ran_on_since(told: Sequence[Sample], own: Sample) -> float:
    """How far the counter ran on in a stall that was told now; what played since the pause may hide it, so also before."""
    begun = told[_begun(told)]
    return 0 if _has_lost(begun, own) else _ran_on(begun, own) or _ran_on(begun, told[-1])


def _banked(sample: Sample, counted_ms: float, stalled_ms: float) -> Sample:
    own = lessened(sample, counted_ms, stalled_ms)
    return msgspec.structs.replace(own, marks=own.marks | {Approx.PLAY_TIME_ESTIMATED}) if counted_ms else own


def _told_stall(earlier: Sample, later: Sample) -> float:
    """The length of the one stall that was told between two samples."""
    count, before_ms = earlier.stall or (0, 0)
    if not (_is_told(later) and later.stall and later.stall[0] - count == 1):
        return 0
    return later.stall[1] - before_ms


def _patience_ms(sample: Sample) -> float:
    """How much the buffer may hold although nothing plays, in a stall behind those that were told."""
    count = sample.stall[0] if sample.stall else 0
    return min(FIRST_PATIENCE_MS * 2.0 ** min(count + 1, 9), MOST_PATIENCE_MS)


def _is_starved(last: Report, most_ms: float) -> bool:
    """It ends where the buffer and what was played end, short of the end of the media.

    A buffer that has dropped what lies behind says less: after a seek back it looks the same. There STOP alone is
    believed, at which a viewer left.
    """
    if not last.ranges or not last.buffered_ms or last.position_ms is None:
        return False
    stopped_there = abs(last.position_ms - last.ranges[-1][1]) <= SAME_RANGE_MS
    least_ms = -MOST if last.name == STOP else 0
    return stopped_there and abs(_left(last)) > END_MS and least_ms <= _left(last) <= most_ms


def _left(last: Report) -> float:
    """What the buffer holds beyond what was played; negative where parts before it are not in the buffer."""
    return (last.buffered_ms or 0) - last.ranges[-1][1] if last.ranges else 0


def _is_elsewhere(last: Report) -> bool:
    """It ends where nothing was played: amid a seek."""
    place_ms = last.position_ms
    if not last.ranges or place_ms is None or last.is_emptied:
        return False
    return not any(start - SAME_RANGE_MS <= place_ms <= end + SAME_RANGE_MS for start, end in last.ranges)


def _open_wait(told: Sequence[Sample]) -> list[float]:
    """How long the wait at the end had lasted by each of the last samples.

    Where the counter outran the media before it began, media ran slowly: no wait.
    """
    begun = _begun(told)
    if any(_ran_on(earlier, later) for earlier, later in pairwise(told[: begun + 1])):
        return []
    overrun = [_ran_on(told[begun], later) for later in told[begun + 1 :]]
    return overrun if any(overrun) else []


def _may_wait(told: Sequence[Sample]) -> bool:
    """The counter outran the media at the end, as it does where a part is watched again too."""
    return len(told) > 1 and bool(_ran_on(told[-2], told[-1]))


def _without_wait(sample: Sample, ran_on_ms: float, *, is_stall: bool) -> Sample:
    if not ran_on_ms:
        return sample
    count, stall_ms = sample.stall or (0, 0)
    stall = (count + 1, stall_ms + ran_on_ms) if is_stall and sample.stall else sample.stall
    marks = {Approx.PLAY_TIME_ESTIMATED, *([Approx.STALLS_UPPER_BOUND] if is_stall else [])}
    return msgspec.structs.replace(
        sample, counter_ms=(sample.counter_ms or 0) - ran_on_ms, stall=stall, marks=sample.marks | marks
    )
