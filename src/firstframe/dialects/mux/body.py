"""Bodies as they come: the SDK's with abbreviated keys, a server's own with the names written out.

Both are ``{"metadata": {"transmission_timestamp": …}, "events": [{…}, …]}``. A body on the raw route may also
have ``"data": {…}``, the fields that all of its events share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from firstframe.beacon import Beacon, Context, Event, context_of, event_key
from firstframe.dialects import foreign
from firstframe.dialects.base import Envelope, Reading, Reason, Reject, number, text, whole
from firstframe.dialects.mux.key import decode_fields
from firstframe.dialects.mux.vocabulary import EVENTS
from firstframe.errors import BadRequest

RAW_ROUTE = "/events"
SENT_AT = "transmission_timestamp"
"""The client's clock when the body left: kept with each event, though it is no part of its identity."""

_LATEST_MS = 4_102_444_800_000  # the year 2100: no clock can have meant more
_LONGEST_ID = 256
_SAMPLE = 500
_SHAPE = '{"metadata": {…}, "events": [{…}, …]}'

Fields = dict[str, Any]
Rename = Callable[[Fields], Fields]


class Body(msgspec.Struct, frozen=True):
    """A body that could be read: each of its events as it came, and what stands around them."""

    events: list[Any]
    metadata: Fields
    data: Fields
    rename: Rename

    def fields(self) -> Iterator[Fields | None]:
        """Each event with its names written out, in an object of its own; None where it is no object."""
        for event in self.events:
            fields = self.rename(event) if isinstance(event, dict) else None
            yield self.data | fields if fields is not None and self.data else fields


def read_body(content: bytes, route: str) -> Body:
    """A body, read just enough to know its events.

    Raises `BadRequest` when it is not JSON or has no list of events.
    """
    body = _decoded(content)
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list):
        came = foreign.named(body)
        if isinstance(body, dict):
            came += f" with the keys {foreign.names_of(body)}"
        raise BadRequest(f"expected {_SHAPE}, got {came}", code="unreadable", expected=_SHAPE)
    raw = route == RAW_ROUTE
    return Body(
        events,
        _object(body, "metadata"),
        _object(body, "data") if raw else {},
        dict if raw else decode_fields,
    )


class _UsualEvent(msgspec.Struct):
    """An event as the SDK writes it: `view_id` and `env_key` in short, and in no other spelling, not even with null."""

    xid: str | None = None
    ake: str | None = None
    view_id: msgspec.UnsetType = msgspec.UNSET
    x_id_: msgspec.UnsetType = msgspec.UNSET
    env_key: msgspec.UnsetType = msgspec.UNSET
    a_key_: msgspec.UnsetType = msgspec.UNSET


class _UsualBody(msgspec.Struct):
    events: list[_UsualEvent]


_USUAL = msgspec.json.Decoder(_UsualBody)


def envelope(content: bytes, route: str) -> Envelope:
    """Which views a body speaks of, and the key it names."""
    usual = foreign.glance(_USUAL, content) if route != RAW_ROUTE else None
    if usual is not None:
        views = dict.fromkeys(view for event in usual.events if (view := _id(event.xid)))
        key = next((key for event in usual.events if (key := text(event.ake))), None)
        return Envelope(list(views), len(usual.events), key)
    return _envelope(content, route)


def _envelope(content: bytes, route: str) -> Envelope:
    """The same for a body of any shape."""
    body = read_body(content, route)
    views: dict[str, None] = {}
    write_key = None
    for fields in body.fields():
        if fields is not None:
            view = _view_id(fields)
            if view is not None:
                views[view] = None
            write_key = write_key or text(fields.get("env_key"))
    return Envelope(list(views), len(body.events), write_key)


def parse(beacon: Beacon) -> Reading:
    """All usable events of a beacon, and why the others are not."""
    try:
        body = read_body(beacon.body, beacon.route)
    except BadRequest as error:
        return Reading([], [Reject(Reason.UNREADABLE, error.message, _sample(beacon.body))])
    sent_at = whole(body.metadata.get(SENT_AT), low=1, high=_LATEST_MS)
    context = context_of(beacon)
    events: list[Event] = []
    rejects: list[Reject] = []
    for fields in body.fields():
        fault = _fault(fields)
        if fault is not None:
            rejects.append(Reject(*fault, sample=_sample(fields)))
        if fields is not None and (fault is None or fault[0] is Reason.UNKNOWN_EVENT):
            events.append(_event(fields, sent_at, beacon.received_at_ms, context))
    return Reading(events, rejects)


def _decoded(content: bytes) -> Any:
    """JSON, also with half a character in it: the SDK cuts long texts, and sends again what is refused."""
    try:
        return foreign.decode(content)
    except ValueError as error:
        raise BadRequest(f"expected JSON of the shape {_SHAPE}: {error}", code="unreadable") from error


def _event(fields: Fields, sent_at: int | None, received_at_ms: int, context: Context) -> Event:
    view, name = str(_view_id(fields)), str(text(fields["event"]))
    seq = whole(fields.get("view_sequence_number"))
    key = event_key(view, seq, name, content=fields)
    if sent_at is not None:
        fields[SENT_AT] = sent_at
    return Event(
        native_view_id=view,
        key=key,
        seq=seq,
        at_ms=whole(fields["viewer_time"]) or 0,
        received_at_ms=received_at_ms,
        name=name,
        payload=fields,
        context=context,
    )


def _fault(fields: Fields | None) -> tuple[Reason, str] | None:
    """What makes an event unusable, or unknown."""
    if fields is None:
        return Reason.BAD_EVENT, "expected an object for each event"
    if _view_id(fields) is None:
        return Reason.NO_VIEW_ID, f"expected view_id, text of 1 to {_LONGEST_ID} characters"
    name, at = text(fields.get("event")), fields.get("viewer_time")
    if name is None:
        return Reason.BAD_EVENT, "expected event, the name of what happened"
    if number(at) is None:
        return Reason.BAD_EVENT, f"expected viewer_time, epoch milliseconds, got {at!r:.40}"
    if whole(at, high=_LATEST_MS) is None:
        return Reason.BAD_CLOCK, f"expected viewer_time between 1970 and 2100, got {at!r:.40}"
    if name not in EVENTS:
        return Reason.UNKNOWN_EVENT, f"the event {name:.60} changes no number"
    return None


def _view_id(fields: Mapping[str, Any]) -> str | None:
    return _id(fields.get("view_id"))


def _id(value: Any) -> str | None:
    view = text(value, _LONGEST_ID + 1)
    return view if view is not None and len(view) <= _LONGEST_ID else None


def _object(body: Fields, name: str) -> Fields:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _sample(content: bytes | Fields | None) -> str:
    raw = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return raw[:_SAMPLE].decode("utf-8", "replace")
