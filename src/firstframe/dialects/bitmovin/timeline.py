"""From samples to the states of a view: order, repeats, gaps, and what is booked in the wrong place.

The collector learns that frames move from the element's ``timeupdate``, four times a second at best. What
really played until then is booked as a stall, or as a pause behind a seek; the media positions of the same
sample say how much, and it is moved to where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.bitmovin.sample import Sample
from firstframe.view.record import Span, State

NOTICE_MS = 1000
"""The collector notices moving frames within this time: a longer advance has other causes."""
SEEK_PAUSE_MS = 50
"""A pause this short before a seek is the collector's own, made when a seek begins."""
END_TOLERANCE_MS = 250
"""A position this near to the duration is the end of the media."""
POSITION_LAG_MS = 150
"""A media position may lag behind the frames by about this much."""
UNTOLD_MS = 60_000
"""While frames move a sample comes at least this often."""


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
    """Playing time that was booked as stall or pause."""
    overlap_ms: int
    """How far samples overlapped on the client's clock: it was set back, or two wrote at once."""
    credited: Sequence[Piece]
    """The pieces that no sample tells of: the playhead advanced over a hole."""
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
    ordered = _without_next_source(found)
    placed = _place(ordered)
    neighbours = list(pairwise(placed))
    holes = [index for index, pair in enumerate(neighbours, 1) if _is_hole(*pair)]
    bridges = {index: piece for index in holes if (piece := _bridge(placed, index))}
    return Timeline(
        samples=ordered,
        pieces=[
            piece
            for index, each in enumerate(placed)
            for piece in ([bridges[index]] if index in bridges else []) + each.pieces
        ],
        start_ms=placed[0].start_ms if placed else 0,
        end_ms=placed[-1].end_ms if placed else 0,
        lost_count=_lost(found),
        conflicts=conflicts,
        replaced=_is_replaced(found),
        moved_ms=sum(_moved_ms(each) for each in placed),
        overlap_ms=max((_overlap_ms(before, each) for before, each in neighbours), default=0),
        credited=list(bridges.values()),
        has_hole=len(bridges) < len(holes),
    )


def _place(ordered: Sequence[Sample]) -> list[_Placed]:
    """Each interval where its clock says, but never before the end of the one before it.

    That also puts the samples of page close right: they carry the clock of the sample before, where they begin.
    A seek in a pause stays pause, as in metrics 2.1: only the latency clock runs.
    """
    placed: list[_Placed] = []
    cursor: int | None = None
    last: State | None = None
    for index, sample in enumerate(ordered):
        parts = list(_parts(ordered, index))
        length = sum(ms for _, ms in parts) or sample.duration_ms
        wanted = _start_of(sample, length, cursor)
        start = at = wanted if cursor is None else max(wanted, cursor)
        pieces = []
        for state, ms in parts:
            last = State.PAUSE if state is State.SEEK and last is State.PAUSE else state
            pieces.append(Piece(last, at, at + ms, sample, seeks=state is State.SEEK))
            at += ms
        cursor = start + length
        placed.append(_Placed(sample, wanted, pieces, start, cursor))
    return placed


def _runs(held: Iterable[bool]) -> int:
    """How many unbroken stretches of True there are."""
    return sum(now and not before for before, now in pairwise([False, *held]))


def _moved_ms(placed: _Placed) -> int:
    """Playing time that the sample's own number does not hold."""
    shown = sum(
        piece.length_ms for piece in placed.pieces if piece.state in (State.PLAYING, State.AD_PLAYING)
    )
    return max(0, shown - placed.sample.played_ms) if any(placed.sample.parts) else 0


def _overlap_ms(before: _Placed, placed: _Placed) -> int:
    return 0 if _is_stale(before.sample, placed.sample) else max(0, before.end_ms - placed.wanted_ms)


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


def _is_replaced(ordered: Sequence[Sample]) -> bool:
    """Whether the last sample was built when the element had already let go of the media."""
    lengths = [sample.payload.get("videoDuration") for sample in ordered]
    if not lengths or ordered[-1].payload.get("isLive") is True:
        return False  # a live stream has a length of 0 as well, once it is known to be one
    return lengths[-1] == 0 and any(lengths[:-1])


def is_unload(before: Sample | None, sample: Sample) -> bool:
    """Whether a sample was sent at page close, with the clock and the totals of the sample before it."""
    return before is not None and sample.payload.get("platform") == "web" and _is_stale(before, sample)


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
        return sample.time_ms - length
    return sample.received_at_ms - length if cursor is None else cursor


def _is_stale(before: Sample, sample: Sample) -> bool:
    return (
        sample.time_ms is not None
        and sample.time_ms == before.time_ms
        and bool(sample.duration_ms or sample.closes)
    )


def _is_hole(before: _Placed, placed: _Placed) -> bool:
    """Neighbours with time between them, where the state before goes on without a word."""
    one, other = before.sample, placed.sample
    follows = one.seq is not None and other.seq == one.seq + 1
    return (
        follows and placed.start_ms - before.end_ms >= UNTOLD_MS and any(one.parts) and one.error_code is None
    )


def _bridge(placed: Sequence[_Placed], index: int) -> Piece | None:
    """What played in the hole before a sample, per metrics 2.1(10): as long as the playhead advanced, at most all of it.

    The collector drops playing of 90 s and more, and nothing else: throttled timers of a hidden page make it.
    """
    before, after = placed[index - 1], placed[index]
    start, end = before.sample.media_end_ms, after.sample.media_start_ms
    # 0 is where the heartbeats of the hls.js adapter lose the position
    if not before.sample.played_ms or not start or not end or _begins_seek(placed, index):
        return None
    ms = min(after.start_ms - before.end_ms, round(end - start))
    return Piece(_shown(before.sample), before.end_ms, before.end_ms + ms, before.sample) if ms > 0 else None


def _begins_seek(placed: Sequence[_Placed], index: int) -> bool:
    """Whether a sample belongs to a seek: its position may already be the one that is looked for."""
    return any(each.sample.seeked_ms for each in placed[index : index + 2])


def _parts(ordered: Sequence[Sample], index: int) -> Iterator[tuple[State, int]]:
    """What states the interval of a sample holds, in order, with their lengths; none is empty."""
    for state, ms in _raw_parts(ordered, index):
        if ms > 0:
            yield state, ms


def _raw_parts(ordered: Sequence[Sample], index: int) -> Iterator[tuple[State, int]]:
    sample = ordered[index]
    if sample.video_startup_ms and not sample.payload.get("isProgramChange"):
        yield State.STARTUP, autoplay_wait_ms(ordered, index) or sample.video_startup_ms
    elif sample.start_failed:
        yield State.STARTUP, sample.duration_ms
    elif sample.ad and not any(sample.parts):
        yield State.AD_PLAYING, sample.duration_ms
    if sample.buffered_ms:
        yield from _stalled(ordered, index)
    yield _shown(sample), sample.played_ms
    yield _paused(ordered, index), sample.paused_ms
    yield State.SEEK, sample.seeked_ms


def _shown(sample: Sample) -> State:
    return State.AD_PLAYING if sample.ad else State.PLAYING


def _stalled(ordered: Sequence[Sample], index: int) -> Iterator[tuple[State, int]]:
    """A stall ends when frames move, not when it is noticed; where they moved all the time there was none.

    Samples of stall behind one another are one stall: what moves before its last one is a nudge, not its end.
    """
    sample, after = ordered[index], _neighbour(ordered, index, 1)
    if after is not None and after.buffered_ms:
        yield State.REBUFFER, sample.buffered_ms
        return
    late = _noticed_late(sample, sample.buffered_ms)
    moved = sample.buffered_ms if _moves(sample, sample.buffered_ms) else late
    yield State.REBUFFER, sample.buffered_ms - moved
    yield _shown(sample), moved


def _paused(ordered: Sequence[Sample], index: int) -> State:
    """What a pause was: idle behind the end, a part of a seek, moving frames behind one, or a pause."""
    sample, before, after = ordered[index], _neighbour(ordered, index, -1), _neighbour(ordered, index, 1)
    is_behind_seek = before is not None and before.seeked_ms > 0
    next_seek = after if after and after.seeked_ms else None
    if at_end(sample, sample.media_start_ms):
        return State.IDLE
    if is_behind_seek and _moves(sample, sample.paused_ms):
        return _shown(sample)
    was_going = is_behind_seek or (before is not None and before.played_ms > 0)
    if was_going and next_seek and sample.paused_ms <= SEEK_PAUSE_MS:
        return State.SEEK
    if is_behind_seek and next_seek and _moves(next_seek, sample.paused_ms):
        return _shown(sample)  # one seek soon after another: only the next sample tells how far frames came
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
    """The next sample in a direction that has time of its own."""
    index += step
    while 0 <= index < len(ordered):
        if not ordered[index].is_point:
            return ordered[index]
        index += step
    return None


def autoplay_wait_ms(ordered: Sequence[Sample], index: int) -> int | None:
    """The true wait of a muted autoplay, from the source's load to the first frame, where it is longer than told.

    The collector does not hear a play request that comes before the metadata; a muted autoplay cannot be
    refused by the browser, so its wait begins where the set-up ends.
    """
    sample = ordered[index]
    if sample.payload.get("autoplay") is not True or sample.payload.get("isMuted") is not True:
        return None
    setup = next((each for each in ordered[:index] if each.player_startup_ms), None)
    if setup is None or setup.time_ms is None or sample.time_ms is None:
        return None
    wait = sample.time_ms - setup.time_ms - round(sample.advance_ms)
    return wait if sample.video_startup_ms < wait <= UNTOLD_MS else None
