"""The WebSocket's totals as a history, for the older packages, which report over nothing else.

Each message holds the totals that changed, by key; they are laid over one another in the order of receipt, also
across connections. The SDK gives its messages no time and no event: the receipt is the time of a message, and what
happened is read off the totals that moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firstframe.beacon import Event
from firstframe.dialects.livepeer import wire
from firstframe.dialects.livepeer.beat import Beat
from firstframe.dialects.livepeer.history import History, Mark
from firstframe.dialects.livepeer.wire import positive

_NAMES = {
    "pageUrl": "page_url",
    "sourceUrl": "source_url",
    "sourceType": "protocol",
    "userAgent": "user_agent",
    "playbackId": "playback_id",
    "player": "player",
    "uid": "uid",
}

_NUMBERS = {
    "playerHeight": "player_height_px",
    "playerWidth": "player_width_px",
    "videoHeight": "video_height_px",
    "videoWidth": "video_width_px",
    "offset": "offset_ms",
}


def history_of_totals(events: Sequence[Event]) -> History:
    """A session that was reported as totals."""
    ordered = sorted(events, key=lambda event: (event.received_at_ms, event.key))
    reader = _Reader()
    for event in ordered:
        reader.take(event)
    return reader.history(len(ordered))


class _Reader:
    """Lays message over message; each becomes a heartbeat, and the marks that it betrays."""

    def __init__(self) -> None:
        self._total: dict[str, Any] = {}
        self._marks: list[Mark] = []
        self._beats: list[Beat] = []

    def take(self, event: Event) -> None:
        before = dict(self._total)
        for key, value in event.payload.items():
            grown = key.startswith(("n", "time")) and key in wire.SOCKET_NUMBERS
            self._total[key] = max(positive(value), positive(before.get(key))) if grown else value
        beat = self._beat(event, before)
        self._beats.append(beat)
        self._betrayed(event, before, beat)

    def _delta(self, before: dict[str, Any], *keys: str) -> float:
        return sum(positive(self._total.get(key)) - positive(before.get(key)) for key in keys)

    def _beat(self, event: Event, before: dict[str, Any]) -> Beat:
        payload = {name: event.payload[key] for key, name in _NUMBERS.items() if key in event.payload}
        if "duration" in event.payload:
            payload["duration_ms"] = positive(event.payload["duration"]) * 1000
        if "ttff" in event.payload and "ttff" not in before:
            payload["play_to_first_frame_ms"] = positive(event.payload["ttff"])
        if "autoplay" in event.payload:
            payload["autoplay_status"] = event.payload["autoplay"]
        playing = self._delta(before, "timeUnpaused")
        waits = self._delta(before, "timeWaiting"), self._delta(before, "timeStalled")
        waiting = sum(waits)
        if self._beats:  # the two timers also run at once, but hardly longer than the time that passed
            waiting = min(waiting, max(*waits, event.at_ms - self._beats[-1].at_ms - playing))
        return Beat(
            start_ms=self._beats[-1].at_ms if self._beats else event.at_ms - playing - waiting,
            at_ms=float(event.at_ms),
            received_ms=event.received_at_ms,
            playing_ms=playing,
            waiting_ms=waiting,
            waits=round(self._delta(before, "nWaiting")),
            errored_ms=0,
            warned_ms=0,
            errors=round(self._delta(before, "nError")),
            warnings=0,
            payload=payload,
        )

    def _betrayed(self, event: Event, before: dict[str, Any], beat: Beat) -> None:
        moved = beat.playing_ms + beat.waiting_ms
        wanted = any(key in self._total for key in ("firstPlayback", "preloadTime", "ttff"))
        if not any(mark.kind == "play" for mark in self._marks) and (moved > 0 or wanted):
            self._mark("play", max(beat.at_ms - moved, beat.start_ms), event)
        if "ttff" in event.payload and "ttff" not in before:
            asked = next(mark.at_ms for mark in self._marks if mark.kind == "play")
            shown = min(asked + positive(event.payload["ttff"]), beat.at_ms)
            self._mark("first-frame", shown, event)
        if beat.errors:
            message = str(self._total.get("lastError") or "")[: wire.MESSAGE_LIMIT] or None
            self._mark("error", beat.at_ms, event, wire.category_of(None, message), message)

    def _mark(
        self, kind: str, at_ms: float, event: Event, category: str = "", message: str | None = None
    ) -> None:
        self._marks.append(Mark(at_ms, len(self._marks), kind, event.key, category, message))

    def history(self, event_count: int) -> History:
        session = {name: self._total[key] for key, name in _NAMES.items() if key in self._total}
        session["live"] = positive(self._total.get("offset")) > 0
        return History(sorted(self._marks), self._beats, [session], event_count, is_socket=True)
