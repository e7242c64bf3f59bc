"""From a Pillarbox request to an event: one JSON object a body, whatever its content type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from firstframe.beacon import Beacon, Event, context_of, event_key
from firstframe.dialects import foreign
from firstframe.dialects.base import (
    Envelope,
    Reading,
    Reason,
    Reject,
    Reply,
    Request,
    Route,
    flag,
    number,
    text,
)
from firstframe.errors import BadRequest

EVENTS = "/api/events"
ROUTES = (Route(EVENTS, reply=Reply(200)),)
"""No SDK reads the answer; the official dispatcher gives 200 with an empty body."""

START, HEARTBEAT, STOP, ERROR = "START", "HEARTBEAT", "STOP", "ERROR"
NAMES = (START, HEARTBEAT, ERROR, STOP)
"""In the order they stand in when two bear the same time."""

VIEW_ID_LENGTH = 256
CLOCK_END_MS = 4_102_444_800_000
"""The year 2100: no client's clock means more."""
SAMPLE_LENGTH = 500
ADDRESS = "user_ip"
"""Added by the official dispatcher: an event relayed from there holds the viewer's address, which is not kept."""

Check = Callable[[Any], Any]


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


_TIMINGS = {f"qoe_timings.{key}": number for key in ("asset", "metadata", "total")} | {
    f"qos_timings.{key}": number for key in ("asset", "drm", "metadata", "token")
}
_TEXTS = (
    *("application.id", "application.version", "browser.name", "browser.version", "browser.user_agent"),
    *("device.id", "device.model", "device.type", "os.name", "os.version"),
    *("media.asset_url", "media.id", "media.metadata_url", "media.origin"),
    *("player.name", "player.version", "player.platform", "player.language"),
)
_PLACES: dict[str, Check] = {
    "position": number,
    "position_timestamp": number,
    "duration": number,
    "url": text,
    "audio": text,
    "subtitles": text,
    "vpn": flag,
}
_STATUS: dict[str, Check] = {
    **_PLACES,
    **dict.fromkeys(
        ("bandwidth", "bitrate", "buffered_duration", "frame_drops", "playback_duration"), number
    ),
    "airplay": flag,
    "stall": _mapping,
    "stall.count": number,
    "stall.duration": number,
    "stream_type": text,
}
CHECKS: dict[str, dict[str, Check]] = {
    START: {
        **dict.fromkeys(("application", "browser", "device", "media", "os", "player"), _mapping),
        **dict.fromkeys(("qoe_timings", "qos_timings", "screen", "capabilities"), _mapping),
        **_TIMINGS,
        **dict.fromkeys(_TEXTS, text),
        **dict.fromkeys(("screen.width", "screen.height"), number),
    },
    HEARTBEAT: _STATUS,
    STOP: _STATUS,
    ERROR: {**_PLACES, **dict.fromkeys(("message", "name", "severity", "block_reason", "error_type"), text)},
}
"""What each optional key must be to be used; null and absent are the same everywhere."""


def envelope(request: Request) -> Envelope:
    """The session of a body; a body without one is taken too, SDKs cannot be told otherwise."""
    session = _session(_object(request.body))
    return Envelope((session,) if session else (), 1)


def parse(beacon: Beacon) -> Reading:
    """The one event of a body."""
    try:
        body = _object(beacon.body)
    except BadRequest as error:
        return Reading((), (_reject(Reason.UNREADABLE, error.message, beacon),))
    session, name = _session(body), text(body.get("event_name"), 64)
    if session is None:
        wanted = f"session_id must be text of 1 to {VIEW_ID_LENGTH} characters"
        return Reading(
            (), (_reject(Reason.NO_VIEW_ID, f"{wanted}, but is {_shown(body.get('session_id'))}", beacon),)
        )
    if name is None:
        message = f"event_name must be one of {', '.join(NAMES)}, but is {_shown(body.get('event_name'))}"
        return Reading((), (_reject(Reason.BAD_EVENT, message, beacon),))
    return Reading((_event(beacon, body, session, name.upper()),), tuple(_doubts(beacon, body, name.upper())))


def _event(beacon: Beacon, body: dict[str, Any], session: str, name: str) -> Event:
    kept = {key: value for key, value in body.items() if key != ADDRESS}
    at_ms = _clock(body)
    return Event(
        native_view_id=session,
        key=event_key(session, name, body.get("timestamp"), content=kept),
        at_ms=beacon.received_at_ms if at_ms is None else at_ms,
        received_at_ms=beacon.received_at_ms,
        name=name,
        payload=kept,
        context=context_of(beacon),
    )


def _doubts(beacon: Beacon, body: Mapping[str, Any], name: str) -> Iterator[Reject]:
    """What was left out of an event that is used all the same."""
    if name not in CHECKS:
        message = (
            f"event_name is {name[:80]!r}, known are {', '.join(NAMES)}; it is kept and changes no number"
        )
        yield _reject(Reason.UNKNOWN_EVENT, message, beacon)
    if _clock(body) is None:
        message = f"timestamp is {_shown(body.get('timestamp'))}, Unix milliseconds are wanted; the receipt stands for it"
        yield _reject(Reason.BAD_CLOCK, message, beacon)
    data = body.get("data")
    if not isinstance(data, Mapping):
        yield _reject(Reason.BAD_FIELD, f"data is {_shown(data)}, an object is wanted", beacon)
        return
    for path, check in CHECKS.get(name, {}).items():
        value = at(data, path)
        if value is not None and value != "" and check(value) is None:
            yield _reject(Reason.BAD_FIELD, f"data.{path} is {_shown(value)}, which it cannot be", beacon)


def at(data: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    for key in path.split(".") if "." in path else (path,):
        if not isinstance(data, dict):
            return None
        data = data.get(key)
    return data


def _clock(body: Mapping[str, Any]) -> int | None:
    found = number(body.get("timestamp"))
    return None if found is None or not 0 <= found <= CLOCK_END_MS else round(found)


def _session(body: Mapping[str, Any]) -> str | None:
    found = body.get("session_id")
    return found if isinstance(found, str) and 0 < len(found) <= VIEW_ID_LENGTH else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = foreign.decode(body)
    except ValueError as error:
        raise BadRequest(f"the body must be one JSON object, but is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadRequest(f"the body must be one JSON object, but is {foreign.named(found)}: {_shown(found)}")
    return found


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _reject(reason: Reason, message: str, beacon: Beacon) -> Reject:
    return Reject(reason, message, beacon.body[:SAMPLE_LENGTH].decode("utf-8", "replace"))
