"""Whether an error ended the view. Livepeer sends no such flag: it shows in what came after."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.dialects.livepeer import wire
from firstframe.dialects.livepeer.history import History, Mark, Phase, PhaseKind, stretches
from firstframe.dialects.livepeer.interval import clipped, length
from firstframe.dialects.livepeer.share import LOST_MS, Share


class Failure(msgspec.Struct, frozen=True):
    """What the errors of a session came to."""

    fatal: Mark | None = None
    """The error that stands, if one does."""
    since_ms: float | None = None
    """When the trouble began that ended in it: the SDK reports each retry."""
    business: bool = False
    recovered: int = 0
    """Troubles after which playback went on."""


def failure_of(
    history: History, shares: Sequence[Share], phases: Sequence[Phase], *, started: bool
) -> Failure:
    """Before the first frame any error with no frame after it is fatal, later one with no playing after it."""
    errors = [mark for mark in history.marks if mark.stops]
    if not errors:
        return Failure()
    troubles = _troubles(history.marks)
    last = errors[-1]
    if started and not _stands(last, history, shares, phases):
        return Failure(recovered=troubles)
    failed = [phase for phase in phases if phase.kind is PhaseKind.FAILED and phase.start_ms <= last.at_ms]
    since = failed[-1].start_ms if failed else last.at_ms
    business = last.category in wire.BUSINESS or (started and last.category == "offline")
    return Failure(last, since, business, recovered=troubles - 1 if started else 0)


def _stands(error: Mark, history: History, shares: Sequence[Share], phases: Sequence[Phase]) -> bool:
    if any(mark.at_ms >= error.at_ms for mark in history.of("first-frame")):
        return False
    if any(mark.at_ms >= error.at_ms for mark in history.of("ended")):
        return False
    if _played_after(error.at_ms, shares, phases) > LOST_MS:
        return False
    last_beat = max((share.beat.at_ms for share in shares), default=0)
    if any(mark.at_ms > max(error.at_ms, last_beat) for mark in history.of("play")):
        return False
    after = [share.beat for share in shares if share.beat.at_ms > error.at_ms]
    return not after or sum(beat.failed_ms for beat in after) > 0


def _played_after(at_ms: float, shares: Sequence[Share], phases: Sequence[Phase]) -> float:
    on = stretches(phases, PhaseKind.ON)
    played = 0.0
    for share in shares:
        if share.beat.at_ms <= at_ms:
            continue
        before = length(clipped(on, share.beat.start_ms, min(at_ms, share.beat.at_ms)))
        played += max(0.0, share.playing_ms - before)
    return played


def _troubles(marks: Sequence[Mark]) -> int:
    """Runs of errors with neither a play nor a frame between them."""
    count, open_ = 0, False
    for mark in marks:
        if mark.stops:
            count, open_ = count + (not open_), True
        elif mark.kind in ("play", "first-frame"):
            open_ = False
    return count
