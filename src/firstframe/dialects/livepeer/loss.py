"""Marks of reports that never arrived, put back where the heartbeats that did arrive prove them.

The SDK sends a report again until it is answered, but not the beacons of a page that is hidden or left: what such a
report told is lost. Where it was the first one, or held the play that ended a pause, the heartbeats after it claim
playing that no mark allows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from firstframe.dialects.livepeer.beat import FROZEN_MS, Beat
from firstframe.dialects.livepeer.history import RANKS, History, Mark, PhaseKind, next_kind
from firstframe.dialects.livepeer.share import HOLE_MS, LOST_MS

_CAN_PLAY = (PhaseKind.ON, PhaseKind.FAILED)
"""Playing also goes on under an error: a time update is enough, and the SDK tells of none."""


def with_lost(history: History) -> History:
    """The history with the marks that were lost, as far as they are proved."""
    history = _with_playing_before(history)
    marks = _with_first_play(history)
    found = _Walk(marks).lost(history.beats)
    if not found and marks is history.marks:
        return history
    return msgspec.structs.replace(history, marks=sorted([*marks, *found]))


def _with_playing_before(history: History) -> History:
    """The history with the beginning of a player that played already when the SDK came to it, if that is proved.

    The SDK then hears of no play, and only counts. A position that is set before any play makes it count as well, but
    only what plays can pause or wait.
    """
    first = next((mark for mark in history.marks if mark.kind in ("play", "first-frame", "pause")), None)
    beat = next((each for each in history.beats if each.playing_ms > LOST_MS), None)
    if first is None or beat is None or not beat.opens:
        return history
    since = max(beat.start_ms, beat.at_ms - beat.playing_ms - beat.waiting_ms)
    waits = any(each.waits and each.at_ms < first.at_ms for each in history.beats)
    if since >= first.at_ms or not (waits or first.kind == "pause"):
        return history
    made = [Mark(since, RANKS[kind], kind, key="") for kind in ("play", "first-frame")]
    return msgspec.structs.replace(history, marks=sorted([*history.marks, *made]), joined=True)


def _with_first_play(history: History) -> list[Mark]:
    """The first frame comes with the time since the first play, which may have been told in a report before it."""
    if history.joined:
        return history.marks
    plays = history.of("play")
    shown = next((mark.at_ms for mark in history.of("first-frame")), None)
    waited = history.once("play_to_first_frame_ms")
    if shown is None or waited is None:
        return history.marks
    asked = shown - waited
    is_told = bool(plays) and plays[0].at_ms <= asked + HOLE_MS
    is_sane = history.beats[0].start_ms - asked <= FROZEN_MS  # no report holds more
    return history.marks if is_told or not is_sane else sorted([*history.marks, _guess("play", asked)])


class _Walk:
    """Goes through the heartbeats with the marks; remembers what could play and what had failed."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._marks = marks
        self._place = 0
        self._kind = PhaseKind.OFF
        self._failing = False
        self._overran = False
        """The heartbeat before claims playing in a pause: a seek set the timer going, which proves no play."""

    def lost(self, beats: Sequence[Beat]) -> list[Mark]:
        """The marks that heartbeats prove which come first, or after a loss."""
        found = []
        last = max((n for n, beat in enumerate(beats) if beat.missing_since_ms is not None), default=0)
        for number, beat in enumerate(beats[: last + 1]):
            inside = self._inside(beat)
            if (number == 0 and not beat.opens) or beat.missing_since_ms is not None:
                proved = self._proved(beat, inside)
                found += proved
                inside = [*proved, *inside]
            self._go_through(beat, inside)
        return found

    def _inside(self, beat: Beat) -> list[Mark]:
        end = bisect_right(self._marks, beat.at_ms, lo=self._place, key=lambda mark: mark.at_ms)
        inside = list(self._marks[self._place : end])
        self._place = end
        return inside

    def _proved(self, beat: Beat, inside: Sequence[Mark]) -> list[Mark]:
        if self._plays_unseen(beat, inside):
            return [_guess("play", beat.start_ms)]
        if self._fails_unseen(beat, inside):
            # The one warning that stops a session is the source that is not there.
            return [_guess("error", beat.start_ms, "unknown" if beat.errored_ms > LOST_MS else "offline")]
        return []

    def _plays_unseen(self, beat: Beat, inside: Sequence[Mark]) -> bool:
        """More playing than there is time after the first play in its stretch, where nothing could play before."""
        if self._kind in _CAN_PLAY or self._overran:
            return False
        play = next((mark.at_ms for mark in inside if mark.kind == "play"), beat.at_ms)
        return beat.playing_ms - (beat.at_ms - play) > LOST_MS

    def _fails_unseen(self, beat: Beat, inside: Sequence[Mark]) -> bool:
        is_told = self._failing or any(mark.kind in ("error", "warning") for mark in inside)
        return beat.failed_ms > LOST_MS and beat.playing_ms <= LOST_MS and not is_told

    def _go_through(self, beat: Beat, inside: Sequence[Mark]) -> None:
        room, at = 0.0, beat.start_ms
        for mark in inside:
            room += max(0.0, mark.at_ms - at) if self._kind in _CAN_PLAY else 0.0
            at = max(at, mark.at_ms)
            self._kind = next_kind(self._kind, mark)
            if mark.kind in ("error", "warning"):
                self._failing = True
            elif mark.kind in ("play", "first-frame"):
                self._failing = False
        room += beat.at_ms - at if self._kind in _CAN_PLAY else 0.0
        self._overran = beat.playing_ms - room > LOST_MS


def _guess(kind: str, at_ms: float, category: str = "") -> Mark:
    return Mark(at_ms, RANKS[kind], kind, key="", category=category, guessed=True)
