"""From samples to the states of a view: order, repeats, gaps, and where each interval lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.bitmovin.parts import (
    NOTICE_MS,
    SEEK_PAUSE_MS,
    UNTOLD_MS,
    Whole,
    of_web,
    parts_of,
    shown,
    whole_of,
)
from firstframe.dialects.bitmovin.sample import Sample
from firstframe.view.record import Span, State

FAR = 200
"""A lost position is looked for in so many samples: more than three hours of heartbeats."""
ONCE_STATE = "customdatachange"
"""A sample that the page asked for: the state goes on behind it as if it were not there."""


class Piece(msgspec.Struct, frozen=True):
    """A part of one sample's interval that belongs to one state."""

    state: State
    start_ms: int
    end_ms: int
    sample: Sample
    seeks: bool = False
    """A part of a seek: its state is `SEEK`, or `PAUSE` where the viewer had paused."""

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


class Timeline(msgspec.Struct, frozen=True):
    """The samples of a view in order, and its time cut into states."""

    samples: Sequence[Sample]
    pieces: Sequence[Piece]
    start_ms: int
    end_ms: int
    lost_count: int
    """Samples that the sequence numbers say are missing."""
    conflicts: bool
    """Two samples with different contents claimed one place; the earlier receipt was used."""
    replaced: bool
    """The element got another source: the collector says no more of this one, and no ``closed``."""
    moved_ms: int
    """Playing time that was booked as stall or pause, or a wait that was booked as playing."""
    overlap_ms: int
    """How far samples overlapped on the client's clock: it was set back, or two wrote at once."""
    credited: Sequence[Piece]
    """The pieces that no sample tells of: the playhead advanced over a hole."""
    whole: Whole
    has_hole: bool
    """An interval between neighbours was never reported, and no playhead says what happened in it."""

    def total_ms(self, *states: State) -> int:
        return sum(piece.length_ms for piece in self.pieces if piece.state in states)

    def runs(self, state: State) -> int:
        """How many unbroken stretches of a state there are."""
        return _runs(piece.state is state for piece in self.pieces)

    @property
    def seek_ms(self) -> int:
        """The time of all seeks, also of those in a pause."""
        return sum(piece.length_ms for piece in self.pieces if piece.seeks)

    @property
    def seeks(self) -> int:
        """How many seeks there were; those that follow one another at once are one."""
        return _runs(piece.seeks for piece in self.pieces)

    def spans(self) -> list[Span]:
        """The pieces as spans, neighbours of one state joined."""
        found: list[Span] = []
        for piece in self.pieces:
            if found and found[-1].state is piece.state and found[-1].end_ms == piece.start_ms:
                found[-1] = Span(piece.state, found[-1].start_ms, piece.end_ms)
            else:
                found.append(Span(piece.state, piece.start_ms, piece.end_ms))
        return found


class _Placed(msgspec.Struct, frozen=True):
    """A sample with its interval on the view's clock."""

    sample: Sample
    wanted_ms: int
    """Where the interval begins by the sample's own clock."""
    pieces: list[Piece]
    start_ms: int
    end_ms: int


def timeline_of(samples: Iterable[Sample]) -> Timeline:
    """The timeline of one view's samples, whatever their order."""
    found, conflicts = in_order(samples)
    ordered = _with_late_beacon(_without_next_source(found))
    whole = whole_of(ordered)
    placed = _place(ordered, whole)
    telling = [index for index, each in enumerate(placed) if not _is_once(each.sample)]
    neighbours = list(pairwise(telling))
    holes = [pair for pair in neighbours if _is_hole(placed, *pair)]
    bridges = {index: piece for before, index in holes if (piece := _bridge(placed, before, index))}
    return Timeline(
        samples=ordered,
        pieces=[
            piece
            for index, each in enumerate(placed)
            for piece in ([bridges[index]] if index in bridges else []) + each.pieces
        ],
        start_ms=placed[0].start_ms if placed else 0,
        end_ms=max((each.end_ms for each in placed), default=0),
        lost_count=_lost(found),
        conflicts=conflicts,
        replaced=_is_replaced(found),
        moved_ms=sum(_moved_ms(each) for each in placed),
        overlap_ms=max((_overlap_ms(placed, *pair) for pair in neighbours), default=0),
        credited=list(bridges.values()),
        whole=whole,
        has_hole=len(bridges) < len(holes),
    )


def _place(ordered: Sequence[Sample], whole: Whole) -> list[_Placed]:
    """Each interval where its clock says, but never before the end of the one before it.

    That also puts the samples of page close right: they carry the clock of the sample before, where they begin.
    What a page sends in the middle of a state (``setCustomDataOnce``) does not cut it: the state's own sample comes
    later and reaches back over it [bitmovin-analytics 2.51.0, driven].
    A seek in a pause stays pause, as in metrics 2.1: only the latency clock runs.
    """
    placed: list[_Placed] = []
    cursor: int | None = None
    last: State | None = None
    for index, sample in enumerate(ordered):
        parts = list(parts_of(ordered, index, whole))
        length = sum(ms for _, ms in parts) or sample.duration_ms
        wanted = _start_of(sample, length, cursor)
        start = at = wanted if cursor is None else max(wanted, cursor)
        pieces = []
        for state, ms in parts:
            last = State.PAUSE if state is State.SEEK and last is State.PAUSE else state
            pieces.append(Piece(last, at, at + ms, sample, seeks=state is State.SEEK))
            at += ms
        if not _is_once(sample) or cursor is None:
            cursor = start + length
        placed.append(_Placed(sample, wanted, pieces, start, start + length))
    return placed


def _runs(held: Iterable[bool]) -> int:
    """How many unbroken stretches of True there are."""
    return sum(now and not before for before, now in pairwise([False, *held]))


def _moved_ms(placed: _Placed) -> int:
    """Playing time that the sample's own number does not hold, or that it holds too much."""
    shown = sum(
        piece.length_ms for piece in placed.pieces if piece.state in (State.PLAYING, State.AD_PLAYING)
    )
    return abs(shown - placed.sample.played_ms) if any(placed.sample.parts) else 0


def _overlap_ms(placed: Sequence[_Placed], index: int, later: int) -> int:
    stale = _is_stale(placed[later - 1].sample, placed[later].sample)
    return 0 if stale else max(0, placed[index].end_ms - placed[later].wanted_ms)


def in_order(samples: Iterable[Sample]) -> tuple[list[Sample], bool]:
    """Samples in the order they were made, each number once, and whether two differed under one number."""
    found = sorted(samples, key=lambda each: (each.received_at_ms, each.key))
    if not found or any(sample.seq is None for sample in found):
        return sorted(
            found, key=lambda each: (each.time_ms or each.received_at_ms, each.received_at_ms, each.key)
        ), False
    kept: dict[int | None, Sample] = {}
    conflicts = False
    for sample in sorted(found, key=lambda each: each.retry_count):
        known = kept.setdefault(sample.seq, sample)
        conflicts = conflicts or _differ(known, sample)
    return [kept[seq] for seq in sorted(kept, key=lambda seq: seq or 0)], conflicts


def _without_next_source(ordered: list[Sample]) -> list[Sample]:
    """Samples without a last pause of some milliseconds that already describes the next source."""
    brief = bool(ordered) and 0 < ordered[-1].paused_ms <= 2 * SEEK_PAUSE_MS
    return ordered[:-1] if brief and _is_replaced(ordered) else ordered


def _with_late_beacon(ordered: list[Sample]) -> list[Sample]:
    """Samples whose last playing is known as sent at page close, also where the sample before it was dropped.

    Then its clock is that of a sample that nobody has: it begins there, as all of page close do, if it was received
    later than that by its own length.
    """
    if len(ordered) < 3 or not ordered[-1].closes:
        return ordered
    before, last = ordered[-3:-1]
    told = [each for each in ordered[:-2] if each.time_ms is not None]
    if not of_web(last) or not last.played_ms or last.time_ms != ordered[-1].time_ms or not told:
        return ordered
    usual = min(each.received_at_ms - (each.time_ms or 0) for each in told)
    late = last.received_at_ms - (last.time_ms or 0) - usual
    has_gap = (last.time_ms or 0) - (before.time_ms or 0) >= UNTOLD_MS
    if not has_gap or late < max(last.played_ms - NOTICE_MS, NOTICE_MS):
        return ordered
    return [*ordered[:-2], msgspec.structs.replace(last, unloads=True), ordered[-1]]


def _is_replaced(ordered: Sequence[Sample]) -> bool:
    """Whether the last sample was built when the element had already let go of the media."""
    lengths = [sample.payload.get("videoDuration") for sample in ordered]
    if not lengths or ordered[-1].payload.get("isLive") is True:
        return False  # a live stream has a length of 0 as well, once it is known to be one
    return lengths[-1] == 0 and any(lengths[:-1])


def is_unload(before: Sample | None, sample: Sample) -> bool:
    """Whether a sample was sent at page close, with the clock and the totals of the sample before it."""
    return before is not None and of_web(sample) and (sample.unloads or _is_stale(before, sample))


def _differ(one: Sample, other: Sample) -> bool:
    return (
        one.parts != other.parts or one.state != other.state or one.video_startup_ms != other.video_startup_ms
    )


def _lost(ordered: Sequence[Sample]) -> int:
    last = ordered[-1].seq if ordered else None
    if last is None or any(sample.seq is None for sample in ordered):
        return 0
    return last + 1 - len(ordered)


def _start_of(sample: Sample, length: int, cursor: int | None) -> int:
    if sample.time_ms is not None:
        return sample.time_ms if sample.unloads else sample.time_ms - length
    return sample.received_at_ms - length if cursor is None else cursor


def _is_stale(before: Sample, sample: Sample) -> bool:
    return (
        sample.time_ms is not None
        and sample.time_ms == before.time_ms
        and bool(sample.duration_ms or sample.closes)
    )


def _is_once(sample: Sample) -> bool:
    return sample.state == ONCE_STATE and sample.is_point


def _is_hole(placed: Sequence[_Placed], index: int, later: int) -> bool:
    """Neighbours with time between them, where the state before goes on without a word.

    Frames may move from the startup on: also what plays right behind it can be too long to be told.
    """
    before, after = placed[index], placed[later]
    one, other = before.sample, after.sample
    follows = one.seq is not None and other.seq == one.seq + later - index
    goes_on = any(one.parts) or (one.video_startup_ms > 0 and one.advance_ms > 0)
    return follows and after.start_ms - before.end_ms >= UNTOLD_MS and goes_on and one.error_code is None


def _bridge(placed: Sequence[_Placed], index: int, later: int) -> Piece | None:
    """What played in the hole before a sample, per metrics 2.1(10): as long as the playhead advanced, at most all of it.

    The collector drops playing of 90 s and more, and nothing else: throttled timers of a hidden page make it.
    """
    before, after = placed[index], placed[later]
    start = _left_at(placed[at].sample for at in range(index, max(-1, index - FAR), -1))
    end = _resumed_at(placed[at].sample for at in range(later, min(len(placed), later + FAR)))
    if start is None or end is None or _begins_seek(placed, later):
        return None
    ms = min(after.start_ms - before.end_ms, round(end - start))
    return Piece(shown(before.sample), before.end_ms, before.end_ms + ms, before.sample) if ms > 0 else None


def _left_at(backwards: Iterable[Sample]) -> float | None:
    """Where the media was at the end of a sample, given with those before it.

    A heartbeat of the hls.js adapter says 0 for its end and the next start: both follow from the time played.
    """
    since = 0
    for sample in backwards:
        if not sample.played_ms and not sample.video_startup_ms:
            return None
        if sample.media_end_ms:
            return sample.media_end_ms + since
        since += sample.played_ms
        if sample.media_start_ms:
            return sample.media_start_ms + since
    return None


def _resumed_at(samples: Iterable[Sample]) -> float | None:
    """Where the media was at the start of a sample, given with those behind it; see `_left_at`."""
    since = 0
    for sample in samples:
        if sample.media_start_ms:
            return sample.media_start_ms - since
        since += sample.played_ms
        if not sample.played_ms:
            return None
        if sample.media_end_ms:
            return sample.media_end_ms - since
    return None


def _begins_seek(placed: Sequence[_Placed], index: int) -> bool:
    """Whether a sample belongs to a seek: its position may already be the one that is looked for."""
    return any(each.sample.seeks for each in placed[index : index + 2])
