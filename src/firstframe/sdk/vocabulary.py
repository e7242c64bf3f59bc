"""The events an integration may emit, and what each becomes on the wire: tables first, one reader behind them.

The browser package has the same tables; the golden vectors hold both to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

Data = Mapping[str, Any]
WireEvent = dict[str, Any]

SAME = frozenset(
    ("play", "playing", "pause", "seeking", "seeked", "ended", "error", "resize", "latency", "heartbeat")
)
"""Emitted names that are types on the wire as they are."""

TYPES: Mapping[str, str] = {
    **{name: name for name in SAME},
    "pagerequest": "page_request",
    "playerinit": "player_init",
    "playerready": "player_ready",
    "autoplayblocked": "autoplay_blocked",
    "rebufferstart": "stall_start",
    "rebufferend": "stall_end",
    "viewend": "end",
    "renditionchange": "rendition",
    "ratechange": "rate",
    "visibilitychange": "visibility",
    "requestcompleted": "request",
    "requestfailed": "request",
    "requestcanceled": "request",
    "adrequest": "ad_request",
    "adresponse": "ad_response",
    "adbreakstart": "ad_break_start",
    "adplay": "ad_start",
    "adplaying": "ad_playing",
    "adpause": "pause",
    "adended": "ad_ended",
    "adbreakend": "ad_break_end",
    "aderror": "error",
}
"""Emitted name → type on the wire. Other names are sent as heartbeats that carry their name."""

KEYS: Mapping[str, str] = {
    "playhead_time": "playhead_ms",
    "duration": "duration_ms",
    "is_live": "live",
    "autoplay_on": "autoplay",
    "is_muted": "muted",
    "is_hidden": "hidden",
    "error_code": "code",
    "error_message": "message",
    "error_severity": "severity",
    "error_business_exception": "business",
    "bitrate": "bitrate_bps",
    "playback_rate": "rate",
    "live_latency": "latency_ms",
    "dropped_frame_count": "dropped_frames",
    "bytes_loaded": "bytes",
    "error": "message",
}
"""Key of an event's data without its prefix → key on the wire. Others describe the view."""

CONTEXT: Mapping[str, str] = {
    "viewer_user_id": "viewer_id",
    "video_source_url": "source_url",
    "video_stream_type": "stream_type",
    "video_cdn": "cdn",
    "player_software_name": "player_software",
    "player_language_code": "language",
    "viewer_application_name": "application",
    "viewer_application_version": "application_version",
    "viewer_connection_type": "connection_type",
    "experiment_name": "experiment",
    "sub_property_id": "sub_property",
}
"""Metadata → key of the view's context; others keep their name."""

_PREFIX = re.compile(r"^(player|video_source|view|request)_")
_OWN = re.compile(r"^(ad|request)_")
_INSTANT = re.compile(r"_(start|end)$")
_TEXT_LIMIT = 1_000
NO_CONTEXT = frozenset(
    (
        "viewer_id",
        "viewer_user_id",
        "session_id",
        "player_init_time",
        "player_is_paused",
        "view_dropped_frame_count",
    )
)
"""Metadata that say nothing of the view, or of the viewer, who is told of apart."""


def described(metadata: Data) -> dict[str, Any]:
    """What some metadata say of the view, under the wire's names."""
    return {
        CONTEXT.get(name, name): _text(value)
        for name, value in metadata.items()
        if _told(value) and value != "" and name not in NO_CONTEXT and not name.endswith(_SIZES)
    }


_SIZES = ("_width", "_height")


def read(name: str, data: Data, at_ms: float) -> tuple[WireEvent, dict[str, Any]]:
    """An emitted event as the event on the wire, and what its data say of the view."""
    kind = TYPES.get(name, "heartbeat")
    event: WireEvent = {"type": kind, "at": rounded(at_ms)}
    rest: dict[str, Any] = {}
    sized = "video_source_" if kind == "rendition" else "player_"
    if name not in TYPES or name == "adpause":
        event["name"] = name
    for key, value in data.items():
        if not _told(value):
            continue
        short = _PREFIX.sub("", key)
        wire = KEYS.get(short) if short != key else None
        if short in ("width", "height"):
            if key.startswith(sized):
                event[short] = value
        elif wire is not None:
            event[wire] = str(value) if wire == "code" else _text(value)
        elif not _OWN.match(key):
            rest[key] = value
        elif not isinstance(value, Mapping | list) and not _INSTANT.search(key):
            event[key] = _text(value)
    if kind == "request":
        _request(event, name, data, rest)
    if name == "aderror":
        event["scope"] = "ad"
    return event, rest


def _request(event: WireEvent, name: str, data: Data, rest: dict[str, Any]) -> None:
    start, first, end = (data.get(f"request_{word}") for word in ("start", "response_start", "response_end"))
    if name != "requestcompleted":
        event["status"] = name.removeprefix("request")
    for key, until in (("ttfb_ms", first), ("duration_ms", end)):
        if finite(start) and finite(until):
            event[key] = max(0, until - start)
    headers = data.get("request_response_headers")
    for header, value in (headers if isinstance(headers, Mapping) else {}).items():
        if str(header).lower() == "x-cdn":
            rest["cdn"] = value


def rounded(at_ms: float) -> int:
    """Half up, as browsers round."""
    return math.floor(at_ms + 0.5)


def finite(value: Any) -> TypeGuard[float]:
    """Whether it is a number that can be reckoned with."""
    return isinstance(value, int | float) and math.isfinite(value)


def _told(value: Any) -> bool:
    """JSON has no word for infinity: it would take with it all that is said beside it."""
    return value is not None and (not isinstance(value, float) or math.isfinite(value))


def _text(value: Any) -> Any:
    """Numbers and truth as they are, all else as text."""
    return value if isinstance(value, int | float) else str(value)[:_TEXT_LIMIT]
