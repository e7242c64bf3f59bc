"""What states one sample's interval holds: the collector books some of it in the wrong place.

It learns that frames move from the element's ``timeupdate``, four times a second at best. What really played until
then is booked as a stall, or as a pause behind a seek; the media positions of the same sample say how much, and it is
moved to where it belongs. What was driven against an element of known truth is marked with the collector's version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from firstframe.dialects.bitmovin.sample import Sample, adapter_of
from firstframe.dialects.bitmovin.standing import Standing, seek_parts, standing_of, waits_behind_seek
from firstframe.view.record import State

NOTICE_MS = 1000
"""The collector notices moving frames within this time: a longer advance has other causes."""
SEEK_PAUSE_MS = 50
"""A pause this short before a seek is the collector's own, made when a seek begins."""
END_TOLERANCE_MS = 250
"""A position this near to the duration is the end of the media."""
LATE_MS = 250
"""The element's `timeupdate` comes this late at most."""
POSITION_LAG_MS = 150
"""A media position may lag behind the frames by about this much."""
UNTOLD_MS = 60_000
"""While frames move a sample comes at least this often."""
RATE_TOLERANCE = 0.03
"""Media that moved within this share of the time played was played at a rate of 1."""
LONGEST_AUTOPLAY_MS = 10_000
"""Whoever waits for longer than this for a muted autoplay has not scrolled to it yet."""
FAST = 0.2
"""Media that moved by this share more than the time played ran at a faster rate."""
FASTEST = 4.2
"""No faster playback rate is believed."""
ELEMENT_PLAYERS = ("html5", "hlsjs", "dashjs", "shaka")
"""The adapters that watch a media element themselves, and find a seek by its jump; the others are told by their player."""


class Whole(msgspec.Struct, frozen=True):
    """What all samples together say, found once."""

    plain_rate: bool
    """What did not wait behind a pause played at the rate of 1."""
    seek_waits: frozenset[int]
    """Samples of stall, or of a play in which nothing moved yet, that are the wait of a seek."""
    standing: Standing
    """Stalls that were told as playing."""


def whole_of(ordered: Sequence[Sample]) -> Whole:
    """What all samples together say."""
    waits: set[int] = set()
    for index, sample in enumerate(ordered):
        if sample.buffered_ms and _waits_for_seek(ordered, index, waits):
            waits.add(index)
        if sample.buffered_ms and waits_behind_seek(ordered, index):
            waits |= {index, _beside(ordered, index, -1) or index}
    return Whole(_is_plain_rate(ordered), frozenset(waits), standing_of(ordered))


def parts_of(ordered: Sequence[Sample], index: int, whole: Whole) -> Iterator[tuple[State, int]]:
    """What states the interval of a sample holds, in order, with their lengths; none is empty."""
    for state, ms in _raw_parts(ordered, index, whole):
        if ms > 0:
            yield state, ms


def _raw_parts(ordered: Sequence[Sample], index: int, whole: Whole) -> Iterator[tuple[State, int]]:
    sample = ordered[index]
    if sample.video_startup_ms and not sample.payload.get("isProgramChange"):
        yield State.STARTUP, autoplay_wait_ms(ordered, index) or sample.video_startup_ms
    elif sample.start_failed:
        yield State.STARTUP, sample.duration_ms
    elif sample.ad and not any(sample.parts):
        yield State.AD_PLAYING, sample.duration_ms
    if sample.buffered_ms:
        wait = State.SEEK if index in whole.seek_waits else State.REBUFFER
        yield from _stalled(ordered, index, wait)
    stood = whole.standing.ms.get(index, 0)
    resuming = _resuming_ms(ordered, index) if whole.plain_rate else 0
    yield State.REBUFFER, stood
    yield State.RESUMING, resuming
    plays = State.SEEK if index in whole.seek_waits and sample.played_ms else shown(sample)
    yield plays, sample.played_ms - resuming - stood
    if sample.paused_ms:
        yield from _paused(ordered, index)
    seek_ms, moved_ms = seek_parts(ordered, index)
    yield State.SEEK, seek_ms
    yield shown(sample), moved_ms


def _resuming_ms(ordered: Sequence[Sample], index: int) -> int:
    """How long the media stood still behind a pause: the collector takes the wish to play for playing.

    Its playback rate is never told, so only where the rest of the view played at the rate of 1
    [`play` in HTML5InternalAdapter of bitmovin-analytics 2.51.0].
    """
    sample = ordered[index]
    if not sample.played_ms or sample.ad or not of_web(sample) or not _behind_pause(ordered, index):
        return 0
    missing = sample.played_ms - round(sample.advance_ms)
    return missing if missing > NOTICE_MS and sample.advance_ms > 0 else 0


def _behind_pause(ordered: Sequence[Sample], index: int) -> bool:
    """Whether playing began with the end of a pause that the viewer made, or again from the end, with seeks or not."""
    at = _beside(ordered, index, -1)
    while at is not None and ordered[at].seeks:
        at = _beside(ordered, at, -1)
    return (
        at is not None
        and ordered[at].paused_ms > 0
        and _late_target(ordered, at) is None
        and not _hides_seek(ordered, at)
        and _pause_state(ordered, at) in (State.PAUSE, State.IDLE)
    )


def _is_plain_rate(ordered: Sequence[Sample]) -> bool:
    """Whether all that played without a wait before it moved the media by the time it took."""
    others = [
        each
        for index, each in enumerate(ordered)
        if each.played_ms >= NOTICE_MS
        and each.advance_ms > 0
        and (each.played_ms - each.advance_ms <= LATE_MS or not _behind_pause(ordered, index))
    ]
    played, moved = sum(each.played_ms for each in others), sum(each.advance_ms for each in others)
    return bool(others) and abs(moved - played) <= RATE_TOLERANCE * played


def shown(sample: Sample) -> State:
    """The state in which the frames of a sample move."""
    return State.AD_PLAYING if sample.ad else State.PLAYING


def _stalled(ordered: Sequence[Sample], index: int, wait: State) -> Iterator[tuple[State, int]]:
    """A stall ends when frames move, not when it is noticed; where they moved all the time there was none.

    Samples of stall behind one another are one stall: what moves before its last one is a nudge, not its end.
    """
    sample, after = ordered[index], _neighbour(ordered, index, 1)
    goes_on = after is not None and after.buffered_ms > 0
    if goes_on or _ends_in_seek(ordered, index):
        yield wait, sample.buffered_ms
        return
    late = round(_noticed_late(sample, sample.buffered_ms) / _speed(_neighbour(ordered, index, -1)))
    moved = sample.buffered_ms if _moves(sample, sample.buffered_ms) else late
    yield wait, sample.buffered_ms - moved
    yield shown(sample), moved


def _ends_in_seek(ordered: Sequence[Sample], index: int) -> bool:
    """Whether a seek comes right behind a stall: no frames moved at its end.

    Its last position is not where the media was, but where the collector reckons that playing would have come
    [HTML5InternalAdapter.checkSeeking of bitmovin-analytics 2.51.0].
    """
    if not watches_element(ordered[index]):
        return False
    at = _beside(ordered, index, 1)
    if at is not None and 0 < ordered[at].paused_ms <= SEEK_PAUSE_MS:
        at = _beside(ordered, at, 1)
    return at is not None and ordered[at].seeks


def _speed(before: Sample | None) -> float:
    """How fast the media ran before a stall, and so behind it; 1 where it was not faster for certain."""
    if before is None or before.played_ms < NOTICE_MS:
        return 1
    speed = before.advance_ms / before.played_ms
    return speed if 1 + FAST < speed <= FASTEST else 1


def _waits_for_seek(ordered: Sequence[Sample], index: int, known: set[int]) -> bool:
    """Whether a wait began behind a jump of the media: it is the wait of a seek, as in metrics 2.1(4).

    The collector knows a seek by a jump that is longer than the time since it last looked. Soon after a pause
    that time is long, and the wait of the seek is told as a stall
    [HTML5InternalAdapter.checkSeeking of bitmovin-analytics 2.51.0].
    """
    at = _beside(ordered, index, -1)
    if at is None:
        return False
    return at in known if ordered[at].buffered_ms else ordered[at].played_ms > 0 and _jumps(ordered[at])


def _jumps(sample: Sample) -> bool:
    """Whether the media came from the first to the last position of a sample by more than playing."""
    start, end = sample.media_start_ms, sample.media_end_ms
    # 0 is where the heartbeats of the hls.js adapter lose the position; a replay goes back from the end
    if not start or not end or at_end(sample, start):
        return False
    return not -NOTICE_MS <= end - start <= FASTEST * sample.played_ms + NOTICE_MS


def _paused(ordered: Sequence[Sample], index: int) -> Iterator[tuple[State, int]]:
    """What a pause was; behind a seek that was noticed only at its end: the rest of its wait, and moving frames."""
    sample, target = ordered[index], _late_target(ordered, index)
    if target is None and _hides_seek(ordered, index):
        moved = min(LATE_MS, sample.paused_ms - 1)
        yield State.SEEK, sample.paused_ms - moved
        yield shown(sample), moved
        return
    if target is None:
        yield _pause_state(ordered, index), sample.paused_ms
        return
    advance = (sample.media_end_ms or 0) - target
    moved = min(round(advance), sample.paused_ms) if 0 < advance <= NOTICE_MS else 0
    if moved and sample.paused_ms - moved <= POSITION_LAG_MS:
        moved = sample.paused_ms
    before = _neighbour(ordered, index, -1)
    first = before is not None and before.video_startup_ms > 0
    yield State.STARTUP if first else State.SEEK, sample.paused_ms - moved
    yield shown(sample), moved


def _hides_seek(ordered: Sequence[Sample], index: int) -> bool:
    """Whether a seek began before the pause that the collector wraps it in: it tells of the pause alone.

    In a viewer's pause the media stands, and a seek in it has a sample of its own: only a pause whose seek began while
    the collector still took it for playing or a stall holds a jump. It ends with the first time update behind it
    [`seeking` passes unnoticed there in HTML5AnalyticsStateMachine of bitmovin-analytics 2.51.0, driven].
    """
    before = _neighbour(ordered, index, -1)
    was_going = before is not None and (before.played_ms > 0 or before.buffered_ms > 0)
    return was_going and watches_element(ordered[index]) and _jumps(ordered[index])


def _late_target(ordered: Sequence[Sample], index: int) -> float | None:
    """Where a seek led that the collector noticed only at its end; None where a pause is one.

    The time update of such a seek makes a playing sample of no length that begins at the target and ends where the
    collector reckons playing would have come [HTML5InternalAdapter.checkSeeking of bitmovin-analytics 2.51.0].
    """
    before = ordered[index - 1] if index else None
    if (
        before is None
        or before.state != "playing"
        or before.duration_ms > SEEK_PAUSE_MS
        or before.is_set_back
    ):
        return None
    return before.media_start_ms if _jumps(before) else None


def startup_ms(ordered: Sequence[Sample], index: int) -> int:
    """The startup that a sample tells of, and what of it lies behind a seek that was taken for the first frame."""
    at = _beside(ordered, index, 1)
    behind = _paused(ordered, at) if at is not None and ordered[at].paused_ms else ()
    told = autoplay_wait_ms(ordered, index) or ordered[index].video_startup_ms
    return told + sum(ms for state, ms in behind if state is State.STARTUP)


def _pause_state(ordered: Sequence[Sample], index: int) -> State:
    """What a pause was: idle behind the end, a part of a seek, moving frames behind one, or a pause."""
    sample, before, after = ordered[index], _neighbour(ordered, index, -1), _neighbour(ordered, index, 1)
    is_behind_seek = before is not None and before.seeks
    next_seek = after if after and after.seeks else None
    # where the element has let go of the media, only the sample before knows its length
    if any(at_end(each, sample.media_start_ms) for each in (sample, before) if each is not None):
        return State.IDLE
    if is_behind_seek and _moves(sample, sample.paused_ms):
        return shown(sample)
    was_going = is_behind_seek or (before is not None and (before.played_ms > 0 or before.buffered_ms > 0))
    if was_going and next_seek and sample.paused_ms <= SEEK_PAUSE_MS:
        return State.SEEK
    if is_behind_seek and next_seek and _moves(next_seek, sample.paused_ms):
        return shown(sample)  # one seek soon after another: only the next sample tells how far frames came
    return State.PAUSE


def _noticed_late(sample: Sample, length_ms: int) -> int:
    """How much of an interval had moving frames, where that is short enough to be a late notice."""
    advance = sample.advance_ms
    return min(round(advance), length_ms) if 0 < advance <= NOTICE_MS else 0


def _moves(sample: Sample, length_ms: int) -> bool:
    """Whether the media moved through all of a short interval, as far as its positions can tell."""
    moved = _noticed_late(sample, length_ms)
    return moved > 0 and length_ms - moved <= POSITION_LAG_MS


def _neighbour(ordered: Sequence[Sample], index: int, step: int) -> Sample | None:
    """The next sample in a direction that has time of its own, or tells of a seek that took none."""
    at = _beside(ordered, index, step)
    return None if at is None else ordered[at]


def _beside(ordered: Sequence[Sample], index: int, step: int) -> int | None:
    """Where the next such sample is."""
    index += step
    while 0 <= index < len(ordered):
        if not ordered[index].is_point or ordered[index].seeks:
            return index
        index += step
    return None


def autoplay_wait_ms(ordered: Sequence[Sample], index: int) -> int | None:
    """The true wait of a muted autoplay, from the source's load to the first frame, where it is longer than told.

    The collector does not hear a play request that comes before the metadata. One that seems far longer was none:
    browsers begin a muted autoplay when it is scrolled into view.
    """
    wait = autoplay_gap_ms(ordered, index)
    return wait if wait is not None and wait <= LONGEST_AUTOPLAY_MS else None


def autoplay_gap_ms(ordered: Sequence[Sample], index: int) -> int | None:
    """The time from the source's load to the first frame of a muted autoplay, where it is longer than its startup."""
    sample = ordered[index]
    if sample.payload.get("autoplay") is not True or sample.payload.get("isMuted") is not True:
        return None
    setup = next((each for each in ordered[:index] if each.player_startup_ms), None)
    if setup is None or setup.time_ms is None or sample.time_ms is None:
        return None
    wait = sample.time_ms - setup.time_ms - round(sample.advance_ms)
    return wait if wait > sample.video_startup_ms else None


def has_jump(ordered: Sequence[Sample]) -> bool:
    """Whether the media jumped in a stall, or by less than a second before it: seeks that the collector does not tell of."""
    stalls = (index for index, sample in enumerate(ordered) if sample.buffered_ms)
    return any(_jumps(ordered[index]) or _skips(_neighbour(ordered, index, -1)) for index in stalls)


def _skips(before: Sample | None) -> bool:
    """Whether the media went back in playing, or came further than the clock, by what a seek of less than a second makes.

    The collector takes none for a seek, and its wait for a stall [HTML5InternalAdapter.checkSeeking of
    bitmovin-analytics 2.51.0]. A faster rate comes further too, but not for long.
    """
    if before is None or not (before.played_ms and before.media_start_ms and before.media_end_ms):
        return False
    moved = before.media_end_ms - before.media_start_ms
    is_small = -NOTICE_MS <= moved < 0 or LATE_MS < moved - before.played_ms <= NOTICE_MS
    return is_small and watches_element(before)


def at_end(sample: Sample, position_ms: float | None) -> bool:
    """Whether a position is the end of the media."""
    duration = sample.payload.get("videoDuration")
    if (
        position_ms is None
        or not isinstance(duration, int | float)
        or duration <= 0
        or sample.payload.get("isLive") is True
    ):
        return False
    return position_ms >= duration - END_TOLERANCE_MS


def watches_element(sample: Sample) -> bool:
    """Whether an adapter made a sample that watches a media element itself; a site may call its player what it likes."""
    return adapter_of(sample) in ELEMENT_PLAYERS


def of_web(sample: Sample) -> bool:
    """Whether the web collector made a sample."""
    return sample.payload.get("platform") == "web"
