"""The events of one view in the order in which they happened, each once, and what is missing among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, starmap
from operator import attrgetter

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import flag, number, text, whole
from firstframe.dialects.mux.body import SENT_AT
from firstframe.dialects.mux.vocabulary import RANK

_UNRANKED = RANK["timeupdate"]
_TRUNCATED = "event queue truncated"

_BEAT_MS = 10_000
"""From the last event of a view that plays, requests apart, to its heartbeat [code of mux-embed 5.19.0]."""
_EARLY_MS = 500
"""Time that a timer may seem to be early."""
_APART_MS = 250
_APART_SHARE = 0.01
"""The clock and what played over a silence may differ by this, and still nothing else happened in it."""


class History(msgspec.Struct):
    """All that arrived of one view."""

    events: list[Event]
    numbered: bool
    """Every event has a sequence number: the SDK's order is known, and so is what was lost."""
    missing: bool
    """Events are known to be lost: a gap in the numbers that a hidden page does not explain, or the SDK says so."""
    names: set[str]
    """Those of the events."""

    @property
    def unbroken(self) -> bool:
        """Nothing that happened in this view is unknown."""
        return self.numbered and not self.missing

    @property
    def opened(self) -> bool:
        """The view's first event is here."""
        return not self.numbered or self.events[0].seq == 1

    @property
    def joined(self) -> bool:
        """The SDK came to a player that played already: it then makes up a play and a first frame at once."""
        first = self.events[0]
        is_first = self.opened and whole(first.payload.get("player_sequence_number")) == 1
        plays = flag(first.payload.get("player_is_paused")) is False
        return is_first and plays and (number(first.payload.get("player_playhead_time")) or 0) > 0

    def has(self, *names: str) -> bool:
        """Any event of these names."""
        return not self.names.isdisjoint(names)

    def extend(self, events: Sequence[Event]) -> list[Event] | None:
        """Take events that simply go on, in order; None, and nothing taken, where the whole must be put in order."""
        if not self.unbroken or any(event.seq is None for event in events):
            return None
        ordered = sorted(events, key=attrgetter("seq"))
        last = (self.events[-1].seq if self.events else 0) or 0
        goes_on = all(event.seq == number for number, event in enumerate(ordered, last + 1))
        if not goes_on or any(map(_is_loss, ordered)):
            return None
        self.events += ordered
        self.names.update(event.name for event in ordered)
        return ordered


def history_of(events: Sequence[Event]) -> History:
    """Order a set of events; independent of the order in which they are given."""
    once = _once(events)
    numbers = {event.seq for event in once}
    numbered = None not in numbers
    if len(numbers) == len(once) and numbered:
        ordered = sorted(once, key=attrgetter("seq"))  # most often, and far quicker
    else:
        ordered = sorted(once, key=_by_number if numbered else _by_time)
    has_gap = numbered and numbers != set(range(1, len(numbers) + 1)) and not _only_beats_lack(ordered)
    names = {event.name for event in ordered}
    return History(ordered, numbered, has_gap or any(map(_is_loss, ordered)), names)


def _only_beats_lack(ordered: Sequence[Event]) -> bool:
    """Whether all that is missing are heartbeats of a hidden page, and nothing happened meanwhile but playing.

    A page that plays makes a heartbeat when it is hidden, and goes on making them. It throws away each that would go
    alone, but has numbered it. Anything else it sends again until it is answered [mux-embed 5.19.0, code and seen].
    """
    first = ordered[0]
    gaps = ((early, late) for early, late in pairwise(ordered) if (late.seq or 0) - (early.seq or 0) > 1)
    return first.seq == 1 and "mux_embed" in first.payload and all(starmap(_beats_through, gaps))


def _beats_through(early: Event, late: Event) -> bool:
    """The SDK sent the two apart, and between them it played, long enough for the heartbeats that are missing."""
    sent = early.payload.get(SENT_AT), late.payload.get(SENT_AT)
    if None in sent or sent[0] == sent[1] or late.name in _DATED_BACK:
        return False
    passed_ms = late.at_ms - early.at_ms
    lacking = (late.seq or 0) - (early.seq or 0) - 1
    if (lacking - 1) * _BEAT_MS > passed_ms + _EARLY_MS:  # the first one came when it was hidden
        return False
    allowed_ms = max(_APART_MS, _APART_SHARE * passed_ms)
    moved = (
        _grown(early, late, name) for name in ("player_playhead_time", "view_playing_time_ms_cumulative")
    )
    return any(found is not None and abs(found - passed_ms) <= allowed_ms for found in moved)


def _grown(early: Event, late: Event, field: str) -> float | None:
    """How much a field of every event has grown."""
    before, after = number(early.payload.get(field)), number(late.payload.get(field))
    return None if before is None or after is None else after - before


_DATED_BACK = frozenset({"devicesleep", "devicewake"})
"""A page that stood still counted nothing, and its heartbeats may be any that were lost."""


def _once(events: Sequence[Event]) -> list[Event]:
    """One event for each number and name, the earliest receipt; events without a number differ by content."""
    found: dict[tuple[object, str], Event] = {}
    for event in sorted(events, key=attrgetter("received_at_ms", "key")):
        identity = event.key if event.seq is None else event.seq
        found.setdefault((identity, event.name), event)
    return list(found.values())


def _by_number(event: Event) -> tuple[int, int, int, str]:
    return event.seq or 0, event.at_ms, _rank(event), event.key


def _by_time(event: Event) -> tuple[int, int, int, str]:
    return event.at_ms, -1 if event.seq is None else event.seq, _rank(event), event.key


def _rank(event: Event) -> int:
    return RANK.get(event.name, _UNRANKED)


def _is_loss(event: Event) -> bool:
    """The SDK's own word that it left events out."""
    if event.name == "eventrateexceeded":
        return True
    payload = event.payload
    return "mux_view_message" in payload and text(payload["mux_view_message"]) == _TRUNCATED
