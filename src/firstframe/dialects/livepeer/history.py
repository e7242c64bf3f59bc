"""What happened in a session, in order: marks, heartbeats, and the phases between.

Events come in any order, and again: a `History` is the same for every order and repetition of its deliveries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from operator import attrgetter
from typing import Any

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import number, text
from firstframe.dialects.livepeer import wire
from firstframe.dialects.livepeer.beat import TWIN_MS, Beat, Ending, beat_of, beats_of, version_of
from firstframe.dialects.livepeer.interval import Stretch
from firstframe.dialects.livepeer.parse import SESSION, TOTALS

FALSE_PAUSE_MS = 1_000
"""A pause that an error or the end follows so soon was nobody's."""


class Mark(msgspec.Struct, frozen=True, order=True):
    """Something that happened at an instant."""

    at_ms: float
    rank: int
    """Of what happens in the same millisecond: first the play, last the end."""
    kind: str
    key: str
    category: str = ""
    message: str | None = None
    value: float | None = None
    guessed: bool = False
    """Its report never arrived: heartbeats prove it, and hardly more than about when it was."""

    @property
    def stops(self) -> bool:
        """An error after which the source may be dead: any but a fallback."""
        return self.kind == "error" and self.category not in wire.HARMLESS


class Heard(msgspec.Struct, frozen=True):
    """One event, read."""

    event: Event
    identity: str
    """Events with one id are versions of one: a merged heartbeat replaces the one it grew from."""
    mark: Mark | None = None
    beat: Beat | None = None
    """Of a heartbeat. A history has a copy of it, made sound."""


class PhaseKind(StrEnum):
    """What the player had last been told or had last said."""

    ON = "on"
    OFF = "off"
    """Before the first play, and after the end."""
    PAUSED = "paused"
    FAILED = "failed"


class Phase(msgspec.Struct, frozen=True):
    """One stretch between two marks."""

    kind: PhaseKind
    start_ms: float
    end_ms: float


class History(msgspec.Struct):
    """A session in order."""

    marks: list[Mark]
    beats: list[Beat]
    sessions: list[dict[str, Any]]
    """What the reports said beside their events; earliest first."""
    event_count: int
    ending: Ending = Ending.SILENT
    is_socket: bool = False
    joined: bool = False
    """The SDK came to a player that played already: its play and first frame are where the counting began."""

    def of(self, kind: str) -> list[Mark]:
        """The marks of one kind."""
        return [mark for mark in self.marks if mark.kind == kind]

    def once(self, key: str) -> float | None:
        """The first value of a number that heartbeats say once."""
        values = (number(beat.payload[key]) for beat in self.beats if key in beat.payload)
        return next((value for value in values if value is not None and value >= 0), None)

    @property
    def last_ms(self) -> float:
        return max([mark.at_ms for mark in self.marks] + [beat.at_ms for beat in self.beats], default=0)


RANKS = {"play": 0, "first-frame": 1, "seek": 2, "pause": 3, "error": 4, "ended": 5}


def heard_of(event: Event) -> Heard:
    """An event of any kind, read."""
    if event.name in (SESSION, TOTALS):
        return Heard(event, event.key)
    identity = text(event.payload.get("id")) or event.key
    if event.name == "heartbeat":
        return Heard(event, identity, beat=beat_of(event, event.payload))
    return Heard(event, identity, mark=_mark(event))


def history_of(heard: Sequence[Heard]) -> History:
    """The HTTP reports of a session in order."""
    sessions = sorted(
        (each.event for each in heard if each.event.name == SESSION),
        key=attrgetter("received_at_ms", "at_ms", "key"),
    )
    spoken = _latest(each for each in heard if each.mark is not None or each.beat is not None)
    totals = [each.event.received_at_ms for each in heard if each.event.name == TOTALS]
    marks = sorted(each.mark for each in spoken if each.mark is not None)
    told = [mark.at_ms for mark in marks]
    pulse = [(each.event, each.beat) for each in spoken if each.beat is not None]
    beats, ending = beats_of(pulse, told, totals)
    marks = sorted([*marks, *_pauses_of_kept(marks, beats)])
    return History(marks, beats, [event.payload for event in sessions], len(spoken), ending)


def _pauses_of_kept(marks: Sequence[Mark], beats: Sequence[Beat]) -> list[Mark]:
    """Pauses at each leave from which the page came back: the browser kept it, and paused its element.

    It tells of the pause when it is back, before anything else; until then the play timer ran on
    [core-web 5.2.6, driven].
    """
    told = [mark for mark in marks if mark.kind in ("play", "pause")]
    found = []
    for leave, after in pairwise(beats):
        place = bisect_right(told, leave.at_ms, key=attrgetter("at_ms")) if leave.leaves else len(told)
        comes_back = place < len(told) and told[place].kind == "pause"
        if comes_back and told[place].at_ms <= after.at_ms + TWIN_MS:
            found.append(Mark(leave.at_ms, RANKS["pause"], "pause", key=""))
    return found


def _latest(heard: Iterable[Heard]) -> list[Heard]:
    """Of events with one id the last version."""
    kept: dict[str, Heard] = {}
    for each in heard:
        known = kept.get(each.identity)
        if known is None or version_of(each.event) > version_of(known.event):
            kept[each.identity] = each
    return list(kept.values())


def _mark(event: Event) -> Mark:
    message = wire.message_of(event.payload) if event.name in ("error", "warning") else None
    category = wire.category_of(event.payload.get("category"), message) if message or _is_error(event) else ""
    kind = "error" if event.name == "warning" and category == "offline" else event.name
    return Mark(
        at_ms=float(event.at_ms),
        rank=RANKS.get(kind, 9),
        kind=kind,
        key=event.key,
        category=category,
        message=message,
        value=number(event.payload.get("payload")),
    )


def _is_error(event: Event) -> bool:
    return event.name in ("error", "warning")


def phases_of(marks: Sequence[Mark], end_ms: float) -> list[Phase]:
    """The stretches between the marks that change what the player does."""
    first = next((mark for mark in marks if mark.kind in ("play", "pause", "first-frame")), None)
    kind = PhaseKind.OFF if first is not None and first.kind == "play" else PhaseKind.ON
    start = float("-inf")
    phases = []
    for mark in marks:
        follows = next_kind(kind, mark)
        if follows is not kind:
            phases.append(Phase(kind, start, mark.at_ms))
            kind, start = follows, mark.at_ms
    phases.append(Phase(kind, start, max(end_ms, start)))
    return _without_false_pauses(phases)


def _without_false_pauses(phases: list[Phase]) -> list[Phase]:
    """Browsers pause right before `ended`, and when a source fails: that is the end or the failure already."""
    for place, (pause, after) in enumerate(pairwise(phases)):
        is_false = after.kind in (PhaseKind.FAILED, PhaseKind.OFF)
        if pause.kind is PhaseKind.PAUSED and is_false and pause.end_ms - pause.start_ms <= FALSE_PAUSE_MS:
            phases[place] = Phase(after.kind, pause.start_ms, pause.end_ms)
    return phases


def next_kind(kind: PhaseKind, mark: Mark) -> PhaseKind:
    """What follows a phase when this happens."""
    if mark.kind == "play" or (mark.kind == "first-frame" and kind is PhaseKind.FAILED):
        return PhaseKind.ON
    if mark.kind == "pause" and kind is PhaseKind.ON:
        return PhaseKind.PAUSED
    if mark.kind == "ended":
        return PhaseKind.OFF
    return PhaseKind.FAILED if mark.stops else kind


def stretches(phases: Iterable[Phase], *kinds: PhaseKind) -> list[Stretch]:
    """Where a phase of these kinds runs."""
    return [
        (phase.start_ms, phase.end_ms)
        for phase in phases
        if phase.kind in kinds and phase.start_ms < phase.end_ms
    ]
