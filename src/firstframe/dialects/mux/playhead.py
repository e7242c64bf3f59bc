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
_MOST_SPEED = 4
"""Nobody plays faster: a playhead further ahead has jumped, and a jump shows no frames."""

ENDS = frozenset({"play", "playing", "seeking", "seeked", "pause", "ended", "viewend", "adbreakstart"})
"""Events at which the SDK's clocks run again, or the playhead no longer says what is seen."""

Change = tuple[Kind, int]


class Follower:
    """Follows the playhead from an error on."""

    def __init__(self, at_ms: int, playhead: float | None, *, proven: bool) -> None:
        self.played_on = False
        self._at_ms = at_ms
        """When it was last told whether frames move."""
        self._playhead = playhead
        """Where the playhead was then."""
        self._proven = proven  # it is certain that playback went on
        self._moving = True

    def step(self, at_ms: int, playhead: float | None, *, waiting: bool, normal_speed: bool) -> list[Change]:
        """What an event's playhead says about the time since it last said something."""
        changes: list[Change] = []
        is_little = False
        if playhead is not None and self._playhead is not None:
            advance, passed = playhead - self._playhead, at_ms - self._at_ms
            is_little = 0 <= advance <= _MOVED_MS and passed - advance <= _STOOD_MS
            if 0 <= advance <= _MOST_SPEED * passed + _MOVED_MS:
                changes += self._advance(at_ms, advance, normal_speed=normal_speed)
        if waiting:
            changes += self._stop(at_ms)
        if self._moving and is_little:
            return changes  # it adds up with what comes next
        self._at_ms = at_ms
        self._playhead = self._playhead if playhead is None else playhead
        return changes

    def _advance(self, at_ms: int, advance: float, *, normal_speed: bool) -> list[Change]:
        was_moving, moved = self._moving, advance > _MOVED_MS
        changes = self._go(at_ms, advance) if moved else []
        stood_ms = at_ms - self._at_ms - advance
        if was_moving and stood_ms > _STOOD_MS and (normal_speed or not moved):
            changes += self._stop(self._within(self._at_ms + advance, at_ms))
        return changes

    def _go(self, at_ms: int, advance: float) -> list[Change]:
        """Frames moved: since the last event, or, where they stood then, for as long as the playhead went."""
        since_ms = self._at_ms if self._moving else self._within(at_ms - advance, at_ms)
        goes_on = self._proven and self._moving
        kind = Kind.STALL_END if self._proven else Kind.PLAYING
        self.played_on = self._proven = self._moving = True
        return [] if goes_on else [(kind, since_ms)]

    def _stop(self, at_ms: int) -> list[Change]:
        """Frames stand; before it is certain that they ever moved, this opens no stall."""
        opens = self._proven and self._moving
        self._moving = False
        return [(Kind.STALL_START, at_ms)] if opens else []

    def _within(self, found: float, at_ms: int) -> int:
        return round(min(max(found, self._at_ms), at_ms))
