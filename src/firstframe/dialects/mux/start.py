"""When a view began, where the events of its start are lost and only later ones still say so."""

from __future__ import annotations

import msgspec

from firstframe.dialects.base import flag, number, whole
from firstframe.dialects.mux.history import History

WANTS = frozenset({"viewstart", "play", "adbreakstart", "playing", "adplaying", "programchange"})
SHOWS = frozenset({"playing", "adplaying"})

_PLAYED = ("view_playing_time_ms_cumulative", "view_content_playback_time")
_LATE_MS = 1_000
"""A first frame this much later than the SDK's own startup time is not the first."""


class Start(msgspec.Struct, frozen=True):
    """What the timeline lacks; None where it has it, or nobody knows."""

    play_ms: int | None = None
    playing_ms: int | None = None
    is_guess: bool = False
    """It played, but nothing says since when: there is no startup time."""

    @property
    def is_lost(self) -> bool:
        """Something must be put on the timeline that no event says."""
        return self.play_ms is not None or self.playing_ms is not None


def lost_start(history: History) -> Start:
    """The play and the first frame that the events do not have but the SDK's sums imply."""
    begun = _first(history, "view_start")
    wait = _first(history, "view_time_to_first_frame")
    play_ms = begun if not history.has(*WANTS) else None
    if begun is not None and wait is not None and not history.missing and history.has(*SHOWS):
        return Start(play_ms)
    shown = [event.at_ms for event in history.events if event.name in SHOWS or _goes_on(event.payload)]
    if begun is not None and wait is not None:
        late = history.missing and bool(shown) and min(shown) - begun > wait + _LATE_MS
        return Start(play_ms, begun + wait if late or not shown else None)
    since = None if shown else _played_since(history)
    if since is None:
        return Start(play_ms)
    return Start(play_ms, max(since, begun or 0), is_guess=True)


def _goes_on(payload: dict[str, object]) -> bool:
    return "view_program_changed" in payload and flag(payload["view_program_changed"]) is True


def _played_since(history: History) -> int | None:
    """Since when it must have played at least, by the first sum that says it did."""
    for event in history.events:
        for name in _PLAYED:
            played = number(event.payload.get(name))
            if played is not None and played > 0:
                return round(max(event.at_ms - played, 0))
    return None


def _first(history: History, name: str) -> int | None:
    found = (whole(event.payload[name]) for event in history.events if name in event.payload)
    return next((value for value in found if value is not None), None)
