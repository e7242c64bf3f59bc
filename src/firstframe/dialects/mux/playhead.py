"""Playback after an error, read off the playhead.

After any error the SDK stops its clocks until the next play, although the buffer may play on for minutes.
Only the playhead, which every event carries, and `waiting` tell what the viewer saw.
"""

from __future__ import annotations

from firstframe.view.event import Kind

_MOVED_MS = 250
"""An advance that is no rounding."""
_STOOD_MS = 1000
"""Time without advance that is a stall: what the SDK itself waits for."""

ENDS = frozenset({"play", "playing", "seeked", "pause", "ended", "viewend", "adbreakstart", "error"})
"""Events at which the SDK's clocks run again, or nothing is left to follow."""

Change = tuple[Kind, int]


class Follower:
    """Follows the playhead from an error on."""

    def __init__(self, at_ms: int, playhead: float | None, *, proven: bool) -> None:
        self.played_on = False
        self._start_ms = at_ms
        self._at_ms = at_ms
        self._playhead = playhead
        self._proven = proven  # it is certain that playback went on
        self._moving = True

    def step(self, at_ms: int, playhead: float | None, *, waiting: bool) -> list[Change]:
        """What an event's playhead says about the time since the last one."""
        changes: list[Change] = []
        if playhead is not None and self._playhead is not None and playhead >= self._playhead:
            changes += self._advance(at_ms, playhead - self._playhead)
        if waiting and self._moving:
            changes += [(Kind.STALL_START, at_ms)] if self._proven else []
            self._moving = False
        self._at_ms = at_ms
        self._playhead = playhead if playhead is not None else self._playhead
        return changes

    def _advance(self, at_ms: int, advance: float) -> list[Change]:
        moved = advance > _MOVED_MS
        changes: list[Change] = []
        self.played_on = self.played_on or moved
        if moved and not self._proven:
            begun = self._start_ms if self._moving else at_ms - advance
            changes.append((Kind.PLAYING, self._within(begun, at_ms)))
            self._proven = self._moving = True
        elif moved and not self._moving:
            changes.append((Kind.STALL_END, self._within(at_ms - advance, at_ms)))
            self._moving = True
        if self._proven and self._moving and at_ms - self._at_ms - advance > _STOOD_MS:
            changes.append((Kind.STALL_START, self._within(self._at_ms + advance, at_ms)))
            self._moving = False
        return changes

    def _within(self, found: float, at_ms: int) -> int:
        return round(min(max(found, self._at_ms), at_ms))
