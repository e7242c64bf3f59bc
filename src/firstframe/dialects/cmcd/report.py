"""What a request holds: event mode's lines in its body, or request mode's data in its headers or its query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from firstframe.beacon import Beacon, Context, Event, context_of, event_key
from firstframe.dialects.base import Envelope, Reading, Reason, Reject, Request, text, whole
from firstframe.dialects.cmcd.dimension import TARGET, described
from firstframe.dialects.cmcd.key import NEWEST, read_id, typed
from firstframe.dialects.cmcd.syntax import Unread, read_dictionary
from firstframe.errors import BadRequest

HEADERS = ("cmcd-request", "cmcd-object", "cmcd-status", "cmcd-session")
"""Where request mode's data may stand; the standard wants the query ignored where one of them is."""
QUERY = "CMCD"
KEYS_OF_TARGET = ("k", "key")
"""Parameters of a target's address that hold the write key; `sid` there stands in for one that a record lacks."""
REQUEST = "$request"
"""The name of a record of request mode, which is no event; no token begins so."""

LATEST_MS = 4_102_444_800_000  # the year 2100: no clock can have meant more
LONGEST_MS = 600_000
"""Times of requests beyond it are none: dash.js 5.2 tells epochs [wire]."""
KNOWN_TARGETS = 4_096
"""Addresses of targets that are kept ready, some four megabytes: a page's player calls the same one all the time."""
_KNOWN_CHARS = 1_024
"""A longer query is read each time: what is kept ready has a bound in bytes, too."""
_NAMES_KEY_OR_SESSION = re.compile(r"&(?:k|key|sid|[^=&%]*+%[^=&]*+)=")
"""In a query behind ``&``; a name with ``%`` could be any."""
_USUAL_SID = re.compile(r'sid="([!#-~]{1,256})"(?=,|$)')
_MOST_CHARS = 16_384
_SAMPLE = 300


class Target(msgspec.Struct, frozen=True):
    """What the parameters of a target's address say."""

    session: str | None
    said: dict[str, str]
    """Of the view."""


class Record(msgspec.Struct, frozen=True):
    """One record as it was read."""

    found: dict[str, Any]
    rejects: Sequence[Reject]
    is_event: bool
    """It came in a body; else it is request mode's."""
    said: str
    """For samples."""


def envelope(request: Request) -> Envelope:
    """The sessions a request speaks of. Raises `BadRequest` where there is nothing to read."""
    texts = _texts(request.body, request.query, request.headers)
    if not texts:
        raise BadRequest(
            "no CMCD came: neither lines in the body, nor CMCD headers, nor a CMCD parameter",
            code="unreadable",
            expected='a body of lines like e=ps,sta=p,ts=1767225600000,sid="…",v=2',
        )
    query = request.query
    target = _parameters(query) if query and _NAMES_KEY_OR_SESSION.search(f"&{query}") else {}
    named = [glance(said, target) or _session_with_care(said, target) for said, _ in texts]
    views = dict.fromkeys(filter(None, named))
    return Envelope(list(views), len(texts), _key_of(target) if target else None)


def glance(said: str, target: Mapping[str, str]) -> str | None:
    """The session of a record that names it as players do; None where it must be read with care, which costs ten times as much.

    What is found here is found with care too, or nothing is: there is one `sid=`, and it is in no text.
    """
    place = said.find("sid=")
    if place < 0 or "\\" in said or "sid" in target or said.find("sid=", place + 1) > 0:
        return None
    if place > 0 and (said[place - 1] != "," or said.count('"', 0, place) % 2):
        return None
    found = _USUAL_SID.match(said, place)
    return found[1] if found else None


def parse(beacon: Beacon) -> Reading:
    """All records of an accepted beacon as events."""
    context, target = context_of(beacon), _target(beacon.query)
    events: list[Event] = []
    rejects: list[Reject] = []
    for said, is_event in _texts(beacon.body, beacon.query, beacon.headers):
        record = _read(said, is_event=is_event)
        rejects += record.rejects
        made = _event(record, target, beacon.received_at_ms, context)
        if isinstance(made, Event):
            events.append(made)
        else:
            rejects.append(made)
    return Reading(events, rejects)


def _texts(body: bytes, query: str, headers: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Each record as it stands in the request, and whether it is one of event mode."""
    lines = body.decode("utf-8", "replace").split("\n")
    told = [(stripped, True) for line in lines if (stripped := line.strip())]
    if told:
        return told
    said = ",".join(found for name in HEADERS if (found := headers.get(name, "").strip()))
    said = said or _query_data(query).strip()
    return [(said, False)] if said else []


def _query_data(query: str) -> str:
    """The parameter is found by hand: `;` and `+` mean themselves in it, whoever encoded it."""
    for each in query.split("&"):
        name, _, value = each.partition("=")
        if name == QUERY:
            return unquote(value)
    return ""


def _parameters(query: str) -> dict[str, str]:
    """The parameters of the target's address, of each the last."""
    return {name: value for name, value in parse_qsl(query) if name != QUERY}


def _target(query: str) -> Target:
    is_usual = len(query) <= _KNOWN_CHARS and QUERY not in query  # request mode's data is never the same
    return _known_target(query) if is_usual else _read_target(query)


def _read_target(query: str) -> Target:
    found = _parameters(query)
    return Target(read_id(found.get("sid")), described(found))


_known_target = lru_cache(KNOWN_TARGETS)(_read_target)


def _read(said: str, *, is_event: bool) -> Record:
    if len(said) > _MOST_CHARS:
        problem = Reject(
            Reason.TOO_LARGE, f"a record of {len(said)} characters, {_MOST_CHARS} are read", said[:_SAMPLE]
        )
        return Record({}, (problem,), is_event, said)
    found, unread = read_dictionary(said)
    kept, wrong = typed(found)
    rejects = [*_of_wrong_type(found, wrong), *_unreadable(unread)] if wrong or unread else ()
    return Record(kept, rejects, is_event, said)


def _of_wrong_type(found: Mapping[str, Any], wrong: Mapping[str, str]) -> Iterator[Reject]:
    for key, wanted in wrong.items():
        yield Reject(Reason.BAD_FIELD, f"{key} must be {wanted}", _shown({key: found[key]}))


def _unreadable(unread: Unread) -> Iterator[Reject]:
    for key, there in unread.items():
        yield Reject(Reason.BAD_FIELD, f"the value of {key or 'a key'} cannot be read", there[:_SAMPLE])


def _event(record: Record, target: Target, received_ms: int, context: Context) -> Event | Reject:
    found, sample = record.found, record.said[:_SAMPLE]
    version = found.get("v", 1)
    if version > NEWEST:
        return Reject(Reason.BAD_EVENT, f"version {version:g} is newer than {NEWEST}", sample)
    name = text(found.get("e"), 64) if record.is_event else REQUEST
    if record.is_event and (name is None or "ts" not in found):
        return Reject(Reason.BAD_EVENT, "a record of a body needs e and ts", sample)
    session = read_id(found.get("sid")) or target.session
    if session is None:
        return Reject(Reason.NO_VIEW_ID, "a record needs a sid, or its target's address one", sample)
    told_ms = whole(found["ts"], high=LATEST_MS) if "ts" in found else received_ms
    if told_ms is None:
        return Reject(Reason.BAD_CLOCK, "ts is not epoch milliseconds before the year 2100", sample)
    payload = found | {TARGET: target.said} if target.said else found
    when = (
        () if "ts" in found else (received_ms,)
    )  # alike requests are two, unless the time says they are one
    return Event(
        native_view_id=session,
        key=event_key(name, *when, content=payload),
        seq=whole(found.get("sn")),
        at_ms=told_ms + _lasted_ms(found),
        received_at_ms=received_ms,
        name=name or "",
        payload=payload,
        context=context,
    )


def _key_of(target: Mapping[str, str]) -> str | None:
    return text(next((target[name] for name in KEYS_OF_TARGET if target.get(name)), None), 256)


def _session_with_care(said: str, target: Mapping[str, str]) -> str | None:
    return read_id(read_dictionary(said)[0].get("sid")) or read_id(target.get("sid"))


def _lasted_ms(found: Mapping[str, Any]) -> int:
    """A response is told when it is over, but its ts is when it was asked for."""
    return whole(found.get("ttlb"), high=LONGEST_MS) or 0 if found.get("e") == "rr" else 0


def _shown(value: Any) -> str:
    return msgspec.json.encode(value)[:_SAMPLE].decode("utf-8", "replace")
