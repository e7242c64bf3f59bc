"""A native body, from bytes to events, with a reason for everything that could not be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.beacon import Beacon, Context, Event, context_of, event_key
from firstframe.dialects import foreign
from firstframe.dialects.base import Envelope, Reading, Reason, Reject, number, text, whole
from firstframe.dialects.native.table import CONTEXT, CONTEXT_KEYS, EVENT_KEYS, KINDS, LATEST_MS, Key
from firstframe.errors import BadRequest

SAMPLE = 300
NAMES = ("viewer_id", "session_id")


def decode(body: bytes) -> list[Any]:
    """The objects of a body. Raises `BadRequest` when it is not a JSON object or array."""
    try:
        found = foreign.decode(body)
    except ValueError as error:
        raise BadRequest(
            "the body is not JSON", expected="a JSON object or array", problem=str(error)
        ) from error
    if isinstance(found, dict):
        return [found]
    if isinstance(found, list):
        return found
    raise BadRequest(
        f"the body is {foreign.named(found)}", expected="a JSON object or array", came=foreign.named(found)
    )


class _Usual(msgspec.Struct):
    """A body of one view, as all of our own SDKs send it."""

    view_id: str
    events: list[msgspec.Raw]
    write_key: str | None = None


_USUAL = msgspec.json.Decoder(_Usual)


def envelope(body: bytes) -> Envelope:
    """The views a body speaks of, its number of events, and the write key it names."""
    usual = foreign.glance(_USUAL, body)
    if usual is not None and (view := text(usual.view_id, 256)):
        return Envelope((view,), max(1, len(usual.events)), text(usual.write_key, 256))
    return _envelope(body)


def _envelope(body: bytes) -> Envelope:
    """The same for a body of any shape."""
    everything = decode(body)
    objects = [found for found in everything if isinstance(found, dict)]
    views = dict.fromkeys(view for found in objects if (view := view_of(found)))
    keys = (text(found.get("write_key"), 256) for found in objects)
    return Envelope(
        native_view_ids=tuple(views),
        # Whatever stands in the list is looked at one by one, so it counts, also where it is no object.
        event_count=len(everything) - len(objects) + sum(max(1, len(_events(found))) for found in objects),
        write_key=next((key for key in keys if key), None),
    )


def view_of(found: Mapping[str, Any]) -> str | None:
    """The id of the view an object speaks of."""
    return text(found.get("view_id"), 256)


def _events(found: Mapping[str, Any]) -> Sequence[Any]:
    events = found.get("events")
    return events if isinstance(events, list) else ()


def read(beacon: Beacon) -> Reading:
    """All events of a beacon."""
    try:
        objects = decode(beacon.body)
    except BadRequest as error:
        return Reading((), (Reject(Reason.UNREADABLE, error.message, _sample(beacon.body)),))
    context = context_of(beacon)
    events: list[Event] = []
    rejects: list[Reject] = []
    for found in objects:
        for one in _of_object(found, beacon.received_at_ms, context):
            (events if isinstance(one, Event) else rejects).append(one)  # type: ignore[arg-type]
    return Reading(events, rejects)


def _of_object(found: Any, received_ms: int, context: Context) -> Iterator[Event | Reject]:
    view = view_of(found) if isinstance(found, dict) else None
    if view is None:
        yield Reject(
            Reason.NO_VIEW_ID, "an object needs a view_id, text of 1 to 256 characters", _sample(found)
        )
        return
    if not isinstance(found.get("events", []), list):
        yield Reject(Reason.BAD_FIELD, "events must be an array", _sample(found["events"]))
    latest_ms = None
    for raw in _events(found):
        at_ms, problems = _check(raw)
        yield from problems
        if at_ms is not None:
            latest_ms = max(at_ms, latest_ms or 0)
            yield _event(view, raw, at_ms, received_ms, context)
    yield from _whole_view(found, view, received_ms if latest_ms is None else latest_ms, received_ms, context)


def _check(raw: Any) -> tuple[int | None, list[Reject]]:
    """When the event was, and what is wrong with it; without a time it cannot be used."""
    if not isinstance(raw, dict) or not text(raw.get("type"), 64) or number(raw.get("at")) is None:
        return None, [Reject(Reason.BAD_EVENT, "an event needs a type and a time: {type, at}", _sample(raw))]
    at_ms = whole(raw["at"], high=LATEST_MS)
    if at_ms is None:
        return None, [
            Reject(Reason.BAD_CLOCK, "at is not epoch milliseconds before the year 2100", _sample(raw))
        ]
    problems = list(_bad_keys(raw, EVENT_KEYS))
    if text(raw["type"], 64) not in KINDS:
        problems.append(
            Reject(Reason.UNKNOWN_EVENT, f"no event has the type {text(raw['type'], 64)!r}", _sample(raw))
        )
    return at_ms, problems


def _bad_keys(values: Mapping[str, Any], keys: Mapping[str, Key]) -> Iterator[Reject]:
    for name, value in values.items():
        key = keys.get(name)
        if key and value is not None and value != "" and key.shape.read(value) is None:
            yield Reject(Reason.BAD_FIELD, f"{name} must be {key.shape.wanted}", _sample({name: value}))


def _event(view: str, raw: dict[str, Any], at_ms: int, received_ms: int, context: Context) -> Event:
    return Event(
        native_view_id=view,
        key=event_key(text(raw.get("id"), 256) or "", content=raw),
        seq=EVENT_KEYS["seq"].shape.read(raw.get("seq")),
        at_ms=at_ms,
        received_at_ms=received_ms,
        name=text(raw["type"], 64) or "",
        payload=raw,
        context=context,
    )


def _whole_view(
    found: Mapping[str, Any], view: str, at_ms: int, received_ms: int, context: Context
) -> Iterator[Event | Reject]:
    """What the object says of the view as a whole, as an event of its own."""
    said = found.get("context")
    if said is not None and not isinstance(said, dict):
        yield Reject(Reason.BAD_FIELD, "context must be an object", _sample(said))
    said = said if isinstance(said, dict) else {}
    yield from _bad_keys(said, CONTEXT_KEYS)
    payload = {name: found[name] for name in NAMES if found.get(name) is not None}
    if said:
        payload["context"] = said
    if payload:
        yield Event(
            native_view_id=view,
            key=event_key(CONTEXT, at_ms, content=payload),
            at_ms=at_ms,
            received_at_ms=received_ms,
            name=CONTEXT,
            payload=payload,
            context=context,
        )


def _sample(value: Any) -> str:
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return raw[:SAMPLE].decode("utf-8", "replace")
