"""Where in time a session's states lie: exact for startup, pause and failure, reconstructed for waits."""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.dialects.livepeer.failure import Failure
from firstframe.dialects.livepeer.history import History, Phase, PhaseKind, stretches
from firstframe.dialects.livepeer.interval import Stretch, clipped, length, tail
from firstframe.dialects.livepeer.share import Share, Startup, resumes_of
from firstframe.view.record import Span, State
from firstframe.view.span import Track

Piece = tuple[float, float, State]


def spans_of(
    history: History,
    startup: Startup,
    shares: Sequence[Share],
    phases: Sequence[Phase],
    failure: Failure,
    end_ms: float,
) -> list[Span]:
    """The states in time order up to the end of the view."""
    asked = startup.asked_ms if startup.asked_ms is not None else startup.shown_ms
    pieces = [(low, high, State.PAUSE) for low, high in stretches(phases, PhaseKind.PAUSED)]
    if failure.since_ms is not None:
        pieces.append((failure.since_ms, end_ms, State.FAILED))
    if asked is not None:
        until = startup.shown_ms if startup.shown_ms is not None else end_ms
        wanted = clipped(stretches(phases, PhaseKind.ON), asked, until)
        pieces += [(low, high, State.STARTUP) for low, high in wanted]
    on, failed = stretches(phases, PhaseKind.ON), stretches(phases, PhaseKind.FAILED)
    resumes = resumes_of(history)
    begin = startup.shown_ms if startup.shown_ms is not None else float("-inf")
    for share in shares:
        low, high = max(begin, share.beat.start_ms), share.beat.at_ms
        pieces += _painted(share, clipped(on, low, high), clipped(failed, low, high), resumes)
    return _track(pieces, end_ms)


def _painted(
    share: Share, room: list[Stretch], failed: list[Stretch], resumes: Sequence[float]
) -> list[Piece]:
    """A heartbeat's waits and playing in the room it has; what does not fit in played on under an error."""
    found: list[Piece] = []
    left = room
    if share.rebuffer_ms + share.seek_ms > 0:
        waits, left = _waits(share, room, resumes)
        seeks, stalls = tail(waits, share.seek_ms)
        found += [(start, end, State.SEEK) for start, end in seeks]
        found += [(start, end, State.REBUFFER) for start, end in stalls]
    playing, _ = tail(left, share.playing_ms)
    if failed:
        playing += tail(failed, share.playing_ms - length(playing))[0]
    found += [(start, end, State.PLAYING) for start, end in playing]
    return found


def _waits(
    share: Share, room: list[Stretch], resumes: Sequence[float]
) -> tuple[list[Stretch], list[Stretch]]:
    """Where a heartbeat's waits lie, and the room they leave: a wait ends where playing is said to go on."""
    waited = share.rebuffer_ms + share.seek_ms
    low = room[0][0] if room else 0.0
    high = room[-1][1] if room else 0.0
    ends = [at for at in resumes if low < at <= high]
    if ends:
        high = ends[-1]
    elif not share.beat.waits:
        high = low + waited  # it began before this heartbeat's stretch
    before, after = clipped(room, low, high), clipped(room, high, float("inf"))
    waits, left = tail(before, waited)
    open_waits, after = tail(after, waited - length(waits))  # one that goes on at the heartbeat's end
    return waits + open_waits, sorted(left + after)


def _track(pieces: Sequence[Piece], end_ms: float) -> list[Span]:
    """Pieces as spans, in order, none over another."""
    track = Track()
    reached = float("-inf")
    for start, end, state in sorted(pieces):
        low, high = max(start, reached), min(end, end_ms)
        if high > low > float("-inf"):
            track.add(state, round(low), round(high))
            reached = high
    return track.spans
