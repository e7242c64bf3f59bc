"""What adapters book in the wrong place that go by any `timeupdate`, without a look at whether the media moved.

video.js makes one itself every quarter of a second while it is not paused, and elements fire some while they stand. So a stall
is over for the collector with the first of them, and what is left of it is told as playing. With video.js, what plays between the
end of a seek and the first of them is in no sample. [VideojsAnalyticsStateMachine of bitmovin-analytics 2.51.0, driven with
video.js 8.23.4; HTML5InternalAdapter of 2.24.1, driven. That of 2.43.3 looks.]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from firstframe.dialects.bitmovin.sample import Sample, adapter_of, is_old

VIDEOJS = "videojs"
SINCE_LOOKING = ("html5", "hlsjs", "dashjs", "shaka")
"""The adapters that look now whether the media moved."""
LATE_MS = 250
"""The player's own `timeupdate` comes this late at most."""
LONGEST_SEEK_MS = 60_000
"""A longer gap before a seek has other causes: the collector drops playing of 90 s."""
LEAST_MS = 1000
"""Shorter samples say too little about the speed."""
TOLERANCE = 0.03


class Standing(msgspec.Struct, frozen=True):
    """Where the media stood still in samples of playing."""

    ms: Mapping[int, int]
    """How long, at the beginning of which samples: the rest of the stall before them."""
    is_unsure: bool
    """The media did not run at normal speed, so nobody knows how long it stood."""


def standing_of(ordered: Sequence[Sample]) -> Standing:
    """The stalls that were told as playing."""
    behind = list(_behind_stalls(ordered))
    if not behind:
        return Standing({}, is_unsure=False)
    stood = {index: _missing_ms(ordered[index]) for index in behind}
    if not _is_normal_speed(ordered, stood):
        still = {index: ms for index, ms in stood.items() if not ordered[index].advance_ms}
        return Standing(still, is_unsure=len(still) < len(stood))
    return Standing({index: ms for index, ms in stood.items() if ms > LATE_MS}, is_unsure=False)


def seek_parts(ordered: Sequence[Sample], index: int) -> tuple[int, int]:
    """How long a seek took, and how long frames moved behind it before the collector noticed.

    It begins where playing ended: what the collector says is the time from the last of its jumps to the media's answer.
    """
    sample = ordered[index]
    gap_ms = _gap_ms(ordered, index)
    moved_ms = min(gap_ms, LATE_MS)
    return sample.seeked_ms + gap_ms - moved_ms, moved_ms


def _gap_ms(ordered: Sequence[Sample], index: int) -> int:
    """The time before a seek in playing that is in no sample."""
    sample, before = ordered[index], ordered[index - 1] if index else None
    if not sample.seeks or not _is_of_videojs(sample) or before is None or not _was_playing(ordered, index):
        return 0
    if sample.time_ms is None or before.time_ms is None or sample.seq != (before.seq or 0) + 1:
        return 0
    gap_ms = sample.time_ms - before.time_ms - sample.seeked_ms
    return gap_ms if 0 < gap_ms <= LONGEST_SEEK_MS else 0


def waits_behind_seek(ordered: Sequence[Sample], index: int) -> bool:
    """Whether a stall came right behind a seek: the play that ends one in a pause is told before any frame moves."""
    before = list(islice(_timed(ordered, index), 2))
    return (
        len(before) == 2
        and _is_of_videojs(ordered[index])
        and 0 < before[0].played_ms < LATE_MS
        and not before[0].advance_ms
        and before[1].seeks
    )


def _behind_stalls(ordered: Sequence[Sample]) -> Iterator[int]:
    """Samples of playing that a stall comes before, or more of it that was told as playing."""
    stalled = False
    for index, sample in enumerate(ordered):
        if stalled and sample.played_ms and _is_placed(sample) and _goes_by_any_update(sample):
            yield index
            stalled = not sample.advance_ms
        elif not sample.is_point:
            stalled = sample.buffered_ms > 0


def _is_placed(sample: Sample) -> bool:
    start, end = sample.media_start_ms, sample.media_end_ms
    return not sample.ad and start is not None and end is not None and start <= end


def _missing_ms(sample: Sample) -> int:
    return max(0, sample.played_ms - round(sample.advance_ms))


def _is_normal_speed(ordered: Sequence[Sample], behind: Mapping[int, int]) -> bool:
    """Whether the media ran with the clock, by what no stall and no seek can have changed; so too where nothing tells."""
    telling = [
        sample
        for index, sample in enumerate(ordered)
        if index not in behind
        and sample.played_ms >= LEAST_MS
        and sample.advance_ms
        and not _leads_to_seek(ordered, index)
    ]
    played, moved = sum(each.played_ms for each in telling), sum(each.advance_ms for each in telling)
    return abs(moved - played) <= max(TOLERANCE * played, LATE_MS)


def _leads_to_seek(ordered: Sequence[Sample], index: int) -> bool:
    return any(sample.seeks for sample in ordered[index + 1 : index + 2])


def _was_playing(ordered: Sequence[Sample], index: int) -> bool:
    """Whether a seek began in playing; one behind another began where that did."""
    return next((bool(each.played_ms) for each in _timed(ordered, index) if not each.seeks), False)


def _timed(ordered: Sequence[Sample], index: int) -> Iterator[Sample]:
    """The samples before one that have time of their own or tell of a seek, the nearest first."""
    before = (ordered[at] for at in range(index - 1, -1, -1))
    return (each for each in before if not each.is_point or each.seeks)


def _goes_by_any_update(sample: Sample) -> bool:
    return _is_of_videojs(sample) or (adapter_of(sample) in SINCE_LOOKING and is_old(sample))


def _is_of_videojs(sample: Sample) -> bool:
    return adapter_of(sample) == VIDEOJS
