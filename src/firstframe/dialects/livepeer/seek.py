"""A session's seeks: those that Livepeer's own controls tell, and the one with which a replay begins."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from firstframe.dialects.livepeer.history import History
from firstframe.dialects.livepeer.interval import Stretch

SCRUB_MS = 2_000
"""Seeks that follow each other so soon, with no frame between, are one (metrics.md 2.1, rule 6; Mux's 2 s)."""


def seeks_of(history: History) -> list[Stretch]:
    """The seeks that were told, each from its first mark to its last: a dragged slider tells of many."""
    plays = [mark.at_ms for mark in history.of("play")]
    seeks: list[Stretch] = []
    for mark in history.of("seek"):
        start, last = seeks[-1] if seeks else (0.0, float("-inf"))
        is_same = mark.at_ms - last <= SCRUB_MS and bisect_right(plays, last) == bisect_right(
            plays, mark.at_ms
        )
        if is_same:
            seeks[-1] = (start, mark.at_ms)
        else:
            seeks.append((mark.at_ms, mark.at_ms))
    return seeks


def seeking_of(history: History) -> list[Stretch]:
    """From each seek, told or of a replay, to the play that says that frames move again; one in another is no other."""
    plays = [mark.at_ms for mark in history.of("play")]
    found: list[Stretch] = []
    for start, last in sorted([*seeks_of(history), *((at, at) for at in _replays_of(history))]):
        place = bisect_right(plays, last)
        if not found or start >= found[-1][1]:
            found.append((start, plays[place] if place < len(plays) else float("inf")))
    return found


def _replays_of(history: History) -> list[float]:
    """Plays after the end: the browser seeks to the beginning, and the SDK takes that for a wait."""
    told = [mark for mark in history.marks if mark.kind in ("play", "ended")]
    return [play.at_ms for end, play in pairwise(told) if (end.kind, play.kind) == ("ended", "play")]
