"""From a request of a Bitmovin collector to events: one JSON object a body, on four routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from firstframe.beacon import Beacon, Event, context_of, event_key
from firstframe.dialects import foreign
from firstframe.dialects.base import (
    Envelope,
    Grant,
    Reading,
    Reason,
    Reject,
    Reply,
    Request,
    Route,
    number,
    text,
    whole,
)
from firstframe.dialects.bitmovin.sample import NUMBERS, clock_of
from firstframe.errors import BadRequest

LICENSING = "/licensing"
SAMPLES = "/analytics"
ADS = "/analytics/a"
ERRORS = "/analytics/error"

AD_RECORD = "ad_record"
ERROR_DETAIL = "error_detail"
"""Names of the events that are not samples; a sample is named by its state."""

VIEW_ID = {SAMPLES: "impressionId", ADS: "videoImpressionId", ERRORS: "impressionId"}
CLOCK = {SAMPLES: ("time", "timestamp"), ADS: ("time",), ERRORS: ("timestamp", "time")}
IDENTITY = {
    SAMPLES: ("sequenceNumber",),
    ADS: ("adImpressionId", "time"),
    ERRORS: ("errorId", "timestamp"),
}
"""What makes a body one of its view; its content is part of the event's key as well."""

HTTP_REQUESTS = 10
"""How many of the last requests the Bitmovin player adds to an error's details."""
VIEW_ID_LENGTH = 256


def answer_licensing(request: Request, grant: Grant) -> Reply:
    """What opens the collector: without ``granted`` it stays silent for the whole impression."""
    content: dict[str, Any] = {"status": "granted" if grant.granted else "denied", "message": grant.message}
    if grant.granted:
        content["features"] = {"errorDetails": {"enabled": True, "numberOfHttpRequests": HTTP_REQUESTS}}
    return Reply(200, msgspec.json.encode(content), "application/json")


def key_of(request: Request) -> str | None:
    """The licence key that a body names."""
    try:
        return _key(_object(request.body))
    except BadRequest:
        return None


_EMPTY = Reply(204)  # a body that is not JSON would throw in the page

ROUTES = (
    Route(LICENSING, "answer", answer=answer_licensing, key_of=key_of),
    Route(SAMPLES, reply=_EMPTY),
    Route(ADS, reply=_EMPTY),
    Route(ERRORS, reply=_EMPTY),
)


class _Usual(msgspec.Struct, rename="camel"):
    """What is asked of a body as the SDK writes it."""

    impression_id: str | None = None
    video_impression_id: str | None = None
    key: str | None = None
    license_key: str | None = None


_USUAL = msgspec.json.Decoder(_Usual)


def envelope(request: Request) -> Envelope:
    """The view and the key of a body, whatever its content type: beacons have none."""
    usual = foreign.glance(_USUAL, request.body)
    return _envelope(request) if usual is None else _told(request.route, msgspec.to_builtins(usual))


def _envelope(request: Request) -> Envelope:
    """The same for a body of any shape."""
    return _told(request.route, _object(request.body))


def _told(route: str, payload: Mapping[str, Any]) -> Envelope:
    view_id = _view_id(route, payload)
    return Envelope((view_id,) if view_id else (), 1, _key(payload))


def parse(beacon: Beacon) -> Reading:
    """The one event of a body."""
    try:
        payload = _object(beacon.body)
    except BadRequest as error:
        return Reading((), (_reject(Reason.UNREADABLE, error.message, beacon),))
    view_id = _view_id(beacon.route, payload)
    if view_id is None:
        wanted = VIEW_ID.get(beacon.route, "impressionId")
        message = (
            f"{wanted} must be text of 1 to {VIEW_ID_LENGTH} characters, but is {payload.get(wanted)!r:.80}"
        )
        return Reading((), (_reject(Reason.NO_VIEW_ID, message, beacon),))
    return Reading((_event(beacon, view_id, payload),), _doubts(beacon, payload))


def _event(beacon: Beacon, view_id: str, payload: dict[str, Any]) -> Event:
    names = IDENTITY.get(beacon.route, ())
    identity = [payload.get(name) for name in names]
    content = {name: value for name, value in payload.items() if name != "retryCount"}
    return Event(
        native_view_id=view_id,
        key=event_key(beacon.route, view_id, *identity, content=content),
        seq=whole(payload.get("sequenceNumber")) if beacon.route == SAMPLES else None,
        at_ms=_clock(beacon, payload) or beacon.received_at_ms,
        received_at_ms=beacon.received_at_ms,
        name=_name(beacon.route, payload),
        payload=payload,
        context=context_of(beacon),
    )


def _name(route: str, payload: Mapping[str, Any]) -> str:
    if route == ADS:
        return AD_RECORD
    if route == ERRORS:
        return ERROR_DETAIL
    return text(payload.get("state"), 64) or "sample"


def _doubts(beacon: Beacon, payload: Mapping[str, Any]) -> tuple[Reject, ...]:
    """What was left out of a sample that is used all the same."""
    clocks = [
        _reject(Reason.BAD_CLOCK, f"{name} is {payload[name]!r:.80}; the receipt stands for it", beacon)
        for name in CLOCK.get(beacon.route, ())
        if payload.get(name) is not None and clock_of(payload[name]) is None
    ]
    fields = [
        _reject(Reason.BAD_FIELD, f"{name} is {payload[name]!r:.80}, a number is wanted", beacon)
        for name in (NUMBERS if beacon.route == SAMPLES else ())
        if payload.get(name) is not None and number(payload[name]) is None
    ]
    return (*clocks, *fields)


def _clock(beacon: Beacon, payload: Mapping[str, Any]) -> int | None:
    found = (clock_of(payload.get(name)) for name in CLOCK.get(beacon.route, ()))
    return next((at for at in found if at is not None), None)


def _view_id(route: str, payload: Mapping[str, Any]) -> str | None:
    value = payload.get(VIEW_ID.get(route, "impressionId"))
    return value if isinstance(value, str) and 0 < len(value) <= VIEW_ID_LENGTH else None


def _key(payload: Mapping[str, Any]) -> str | None:
    return text(payload.get("key")) or text(payload.get("licenseKey"))


def _object(body: bytes) -> dict[str, Any]:
    try:
        payload = foreign.decode(body)
    except ValueError as error:
        raise BadRequest(f"a body of one JSON object is wanted: {error}") from error
    if not isinstance(payload, dict):
        raise BadRequest(f"a body of one JSON object is wanted, but it is {foreign.named(payload)}")
    return payload


def _reject(reason: Reason, message: str, beacon: Beacon) -> Reject:
    return Reject(reason, message, beacon.body[:500].decode("utf-8", "replace"))
