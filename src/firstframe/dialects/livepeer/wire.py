"""Livepeer's words as tables: event types, heartbeat keys, error categories, the totals of its WebSocket."""

from __future__ import annotations

from typing import Any

from firstframe.dialects.base import number, text

EVENT_TYPES = frozenset(
    {
        "heartbeat",
        "error",
        "warning",
        "play",
        "pause",
        "enter-fullscreen",
        "exit-fullscreen",
        "enter-pip",
        "exit-pip",
        "can-play",
        "ended",
        "first-frame",
        "rate",
        "seek",
        "video-quality",
        "clip",
    }
)

BEAT_SINCE_LAST = (
    "errors",
    "warnings",
    "stalled_count",
    "waiting_count",
    "time_errored_ms",
    "time_warning_ms",
    "time_stalled_ms",
    "time_playing_ms",
    "time_waiting_ms",
)
"""Counters and times since the last heartbeat (totals in the draft that counted in seconds)."""

BEAT_ONCE = (
    "mount_to_play_ms",
    "mount_to_first_frame_ms",
    "play_to_first_frame_ms",
)

BEAT_ON_CHANGE = (
    "duration_ms",
    "offset_ms",
    "player_height_px",
    "player_width_px",
    "video_height_px",
    "video_width_px",
    "window_height_px",
    "window_width_px",
)

BEAT_NUMBERS = (*BEAT_SINCE_LAST, *BEAT_ONCE, *BEAT_ON_CHANGE, "oldest_buffer_timestamp")

BUSINESS = frozenset({"access-control", "permissions"})
"""Categories of rules that forbid the playing; ``offline`` joins them once a frame was shown."""

HARMLESS = frozenset({"fallback"})
"""Categories that never end a view: the player goes on with another protocol."""

CATEGORY_OF_MESSAGE = (
    ("stream open failed", "offline"),
    ("stream is offline", "offline"),
    ("stream is waiting for data", "offline"),
    ("not allowed to view this stream", "access-control"),
    ("contains bframes", "fallback"),
    ("unacceptable playback protocol", "fallback"),
    ("did not allow the permissions request", "permissions"),
)
"""What the SDK itself goes by; for the WebSocket and the first draft, which send the message alone."""

SOCKET_NUMBERS = (
    "duration",
    "firstPlayback",
    "preloadTime",
    "ttff",
    "nWaiting",
    "nStalled",
    "timeWaiting",
    "timeStalled",
    "timeUnpaused",
    "nError",
    "offset",
    "playbackScore",
    "playerHeight",
    "playerWidth",
    "videoHeight",
    "videoWidth",
)
SOCKET_TEXTS = ("autoplay", "lastError", "pageUrl", "sourceUrl", "sourceType", "player", "userAgent", "uid")

MESSAGE_LIMIT = 256


def message_of(payload: dict[str, Any]) -> str | None:
    """The message of an error or warning event, under its published or its older name."""
    return text(payload.get("message"), MESSAGE_LIMIT) or text(payload.get("error_message"), MESSAGE_LIMIT)


def category_of(category: Any, message: str | None) -> str:
    """The category as sent, else by the message's wording, else ``unknown``."""
    if named := text(category, 64):
        return named
    words = (message or "").lower()
    return next((found for part, found in CATEGORY_OF_MESSAGE if part in words), "unknown")


def positive(value: Any) -> float:
    """A counter or time as a number, 0 where it is missing, broken or negative."""
    return max(0.0, number(value) or 0.0)
