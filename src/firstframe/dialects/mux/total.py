"""The sums that the SDK keeps itself: they grow, and are sent when changed, so the largest seen stands."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import number, whole

RUN_ON = frozenset(
    {
        "view_request_count",
        "view_request_failed_count",
        "view_request_canceled_count",
        "ad_playing_time_ms_cumulative",
    }
)
"""Sums that the SDK keeps per player: they start where the player's previous view left them."""

CONTENT = "view_content_playback_time"
"""Media time, ads included: exact at normal speed."""
PLAYING = "view_playing_time_ms_cumulative"
"""Wall time, ads included: runs on for a second into each stall."""
FURTHEST = "view_max_playhead_position"
"""Taken before the playhead of the player's next source is: a view may begin with where the one before got to."""

TOTALS = RUN_ON | {
    "view_watch_time",
    "view_time_to_first_frame",
    PLAYING,
    CONTENT,
    "view_rebuffer_count",
    "view_rebuffer_duration",
    "view_seek_count",
    "view_seek_duration",
    FURTHEST,
    "view_total_content_playback_time",
    "view_total_upscaling",
    "view_total_downscaling",
    "view_max_upscale_percentage",
    "view_max_downscale_percentage",
    "view_dropped_frame_count",
    "view_ad_played_count",
    "view_max_request_latency",
    "view_average_request_latency",
    "view_average_request_throughput",
}
"""Every sum that a view can be measured by."""

_LAST = frozenset({"view_average_request_latency", "view_average_request_throughput"})
"""Averages: the last one stands."""


_COUNTED_BY = {
    "requestcompleted": "view_request_count",
    "requestfailed": "view_request_failed_count",
    "requestcanceled": "view_request_canceled_count",
}


class Totals(msgspec.Struct, frozen=True):
    """What the SDK says of the view as a whole; a sum it never sent is None."""

    values: Mapping[str, float]
    moved_ms: float | None = None
    """The content total, brought up to the last event by the playing total, which every event carries."""

    def get(self, name: str) -> float | None:
        return self.values.get(name)

    def count(self, name: str) -> int | None:
        return whole(self.values.get(name))


class Sums:
    """The sums of one view's events, in their order."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._played_then = 0.0
        """The playing total when the content total last came."""
        self._is_first = False
        """It is the player's first view."""
        self._opening: Event | None = None

    def take(self, event: Event) -> None:
        """Add the next event."""
        values = self._values
        for name, found in _sums(event):
            if found > values.get(name, -1) or name in _LAST:
                values[name] = found
        if CONTENT in event.payload:
            self._played_then = values.get(PLAYING, 0)
        if not self._is_first:
            player = whole(event.payload.get("player_sequence_number"))
            self._is_first = player is not None and player == event.seq
        if self._opening is None and event.name != "viewend" and _opens(event):
            self._opening = event

    def totals(self) -> Totals:
        """The totals so far, those of the player's earlier views taken off."""
        values, before = dict(self._values), self._before()
        for name in RUN_ON & values.keys():
            if before is None:
                del values[name]  # how much of it belongs to this view cannot be known
            else:
                values[name] = max(0, values[name] - before.get(name, 0))
        if values.get(FURTHEST, 0) <= self._inherited():
            values.pop(FURTHEST, None)
        since = values.get(PLAYING, 0) - self._played_then
        return Totals(values, values[CONTENT] + since if CONTENT in values else None)

    def _inherited(self) -> float:
        """The furthest position that is the player's previous view's: this one has not been there when it begins."""
        if self._is_first or self._opening is None:
            return -1
        told = number(self._opening.payload.get(FURTHEST)) or 0
        stood = number(self._opening.payload.get("player_playhead_time"))
        return told if stood is not None and stood < told else -1

    def _before(self) -> Mapping[str, float] | None:
        """What the player had counted before this view, None when that never arrived."""
        if self._is_first:
            return {}
        return None if self._opening is None else _taken_off(self._opening)


def _taken_off(first: Event) -> Mapping[str, float]:
    """The sums on a view's first event, without what the event itself added."""
    own = {"view_request_count", _COUNTED_BY.get(first.name)}
    return {name: found - (name in own and first.name in _COUNTED_BY) for name, found in _sums(first)}


def _opens(event: Event) -> bool:
    """An event that states all fields: the first of a view, `viewstart`, or any that names the SDK."""
    return event.seq in (None, 1) or event.name == "viewstart" or "mux_embed" in event.payload


def _sums(event: Event) -> list[tuple[str, float]]:
    payload = event.payload
    said = [(name, number(payload[name])) for name in TOTALS & payload.keys()]
    return [(name, found) for name, found in said if found is not None and found >= 0]
