"""From a request to events: HTTP reports of every published shape, and the WebSocket's totals."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs

import msgspec

from firstframe.beacon import Beacon, Context, Event, context_of, event_key
from firstframe.dialects import foreign
from firstframe.dialects.base import Envelope, Reading, Reason, Reject, Request, number, text
from firstframe.dialects.livepeer import wire
from firstframe.errors import BadRequest

SESSION = "session"
"""The name of the event that holds what a report says beside its events; equal ones are stored once."""

TOTALS = "totals"
"""The name of a WebSocket message: totals of the session so far, changed ones only."""

CUMULATIVE = "cumulative"
"""Marks the heartbeats of the draft that reported totals."""

SECONDS_BELOW = 1e11
YEAR_2100_MS = 4_102_444_800_000
_ID_LIMIT = 256
_SAMPLE = 300


class _Usual(msgspec.Struct):
    """A report as the SDKs write it."""

    session_id: str
    events: list[msgspec.Raw]


_USUAL = msgspec.json.Decoder(_Usual)


def envelope(request: Request) -> Envelope:
    """The session of an HTTP report. Raises `BadRequest` for what cannot be one."""
    usual = foreign.glance(_USUAL, request.body)
    if usual is not None and (session := text(usual.session_id, _ID_LIMIT)):
        return Envelope((session,), len(usual.events))
    return _envelope(request)


def _envelope(request: Request) -> Envelope:
    """The same for a body of any shape."""
    body = _object(request.body)
    session = text(body.get("session_id"), _ID_LIMIT)
    if session is None:
        raise BadRequest(
            "a Livepeer report names its session_id, this one does not", keys=foreign.names_of(body)
        )
    events = body.get("events")
    return Envelope((session,), len(events) if isinstance(events, list) else 0)


def socket_envelope(request: Request) -> Envelope:
    """The session of one WebSocket message. Raises `BadRequest` for what cannot be one."""
    _object(request.body)
    return Envelope((socket_session(request.query, request.headers),), 1)


def socket_session(query: str, headers: Mapping[str, str]) -> str:
    """The token that names a session; without one (it is ``default`` then) the connection's nonce."""
    token = text((parse_qs(query).get("tkn") or [""])[0], _ID_LIMIT)
    if token and token != "default":  # noqa: S105 - what the SDK sends when it has no token
        return token
    nonce = headers.get("sec-websocket-key") or headers.get("user-agent") or ""
    return f"socket-{blake2b(nonce.encode(), digest_size=12).hexdigest()}"


def parse(beacon: Beacon) -> Reading:
    """The events of an HTTP report."""
    try:
        body = _object(beacon.body)
    except BadRequest as error:
        return Reading((), (Reject(Reason.UNREADABLE, error.message, _sample(beacon.body)),))
    session = text(body.get("session_id"), _ID_LIMIT)
    if session is None:
        return Reading((), (Reject(Reason.NO_VIEW_ID, "no session_id", _sample(beacon.body)),))
    return _Report(beacon, session, body).read()


def parse_socket(beacon: Beacon) -> Reading:
    """One message of totals. The SDK gives it no time: the receipt is its time."""
    try:
        body = _object(beacon.body)
    except BadRequest as error:
        return Reading((), (Reject(Reason.UNREADABLE, error.message, _sample(beacon.body)),))
    session = socket_session(beacon.query, beacon.headers)
    payload, rejects = _socket_payload(body)
    name = beacon.path.rpartition("json_video+")[2].removesuffix(".js")
    event = Event(
        native_view_id=session,
        key=event_key(session, TOTALS, beacon.received_at_ms, content=body),
        at_ms=beacon.received_at_ms,
        received_at_ms=beacon.received_at_ms,
        name=TOTALS,
        payload={**payload, "playbackId": name} if name else payload,
        context=context_of(beacon),
    )
    return Reading((event,), rejects)


def _socket_payload(body: dict[str, Any]) -> tuple[dict[str, Any], tuple[Reject, ...]]:
    wrong = [
        key
        for key, value in body.items()
        if (key in wire.SOCKET_NUMBERS and number(value) is None)
        or (key in wire.SOCKET_TEXTS and not isinstance(value, str))
    ]
    rejects = tuple(Reject(Reason.BAD_FIELD, f"{key} is {body[key]!r:.80}") for key in wrong)
    return {key: value for key, value in body.items() if key not in wrong}, rejects


class _Report:
    """One HTTP report while it is read."""

    def __init__(self, beacon: Beacon, session: str, body: dict[str, Any]) -> None:
        self._beacon = beacon
        self._session = session
        self._body = body
        self._context: Context = context_of(beacon)
        self._rejects: list[Reject] = []

    def read(self) -> Reading:
        sent = self._body.get("events")
        if not isinstance(sent, list):
            self._refuse(Reason.BAD_EVENT, "events is not a list", sent)
            sent = []
        events = [event for one in sent if (event := self._event(one)) is not None]
        return Reading((self._session_event(events), *events), tuple(self._rejects))

    def _session_event(self, events: list[Event]) -> Event:
        payload = {key: value for key, value in self._body.items() if key != "events"}
        at_ms = max((event.at_ms for event in events), default=self._beacon.received_at_ms)
        return self._made(SESSION, at_ms, payload, event_key(self._session, SESSION, content=payload))

    def _event(self, sent: Any) -> Event | None:
        kind = text(sent.get("type"), 64) if isinstance(sent, dict) else None
        if kind is None:
            self._refuse(Reason.BAD_EVENT, "an event without type", sent)
            return None
        stamp = number(sent.get("timestamp"))
        if stamp is None:
            self._refuse(Reason.BAD_EVENT, f"a {kind} without timestamp", sent)
            return None
        at = stamp * 1000 if stamp < SECONDS_BELOW else stamp
        if not 0 <= at <= YEAR_2100_MS:
            self._refuse(Reason.BAD_CLOCK, f"a {kind} at {stamp:g}", sent)
            return None
        at_ms = round(at)
        if kind not in wire.EVENT_TYPES:
            self._refuse(Reason.UNKNOWN_EVENT, f"the type {kind!r}", sent)
        payload = self._payload(kind, sent)
        if kind == "heartbeat" and stamp < SECONDS_BELOW:
            payload[CUMULATIVE] = True
        key = event_key(self._session, text(sent.get("id"), 128) or kind, content=sent)
        return self._made(kind, at_ms, payload, key)

    def _payload(self, kind: str, sent: dict[str, Any]) -> dict[str, Any]:
        """The event, without numbers that are none (null is the SDK's way to say nothing)."""
        if kind != "heartbeat":
            return dict(sent)
        wrong = [key for key in wire.BEAT_NUMBERS if key in sent and number(sent[key]) is None]
        for key in wrong:
            if sent[key] is not None:
                self._refuse(Reason.BAD_FIELD, f"{key} of a heartbeat", sent[key])
        return {key: value for key, value in sent.items() if key not in wrong}

    def _made(self, name: str, at_ms: int, payload: dict[str, Any], key: str) -> Event:
        return Event(
            native_view_id=self._session,
            key=key,
            at_ms=at_ms,
            received_at_ms=self._beacon.received_at_ms,
            name=name,
            payload=payload,
            context=self._context,
        )

    def _refuse(self, reason: Reason, message: str, what: Any) -> None:
        self._rejects.append(Reject(reason, message, _sample(msgspec.json.encode(what))))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = foreign.decode(body)
    except ValueError as error:
        raise BadRequest(f"a Livepeer report is a JSON object: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest(f"a Livepeer report is a JSON object, this is {foreign.named(found)}")
    return found


def _sample(body: bytes) -> str:
    return body[:_SAMPLE].decode("utf-8", "replace")
