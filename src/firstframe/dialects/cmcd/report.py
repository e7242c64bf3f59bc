"""What a request holds: event mode's lines in its body, or request mode's data in its headers or its query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from firstframe.beacon import Beacon, Context, Event, context_of, event_key
from firstframe.dialects.base import Envelope, Reading, Reason, Reject, Request, text, whole
from firstframe.dialects.cmcd.dimension import TARGET, described
from firstframe.dialects.cmcd.key import NEWEST, read_id, typed
from firstframe.dialects.cmcd.syntax import read_dictionary
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
_USUAL_SID = re.compile(r'(?:^|,)sid="([!#-~]{1,256})"(?=,|$)')
_MOST_CHARS = 16_384
_SAMPLE = 300


class Record(msgspec.Struct, frozen=True):
    """One record as it was read."""

    found: dict[str, Any]
    rejects: tuple[Reject, ...]
    is_event: bool
    """It came in a body; else it is request mode's."""
    said: str
    """For samples."""


def envelope(request: Request) -> Envelope:
    """The sessions a request speaks of. Raises `BadRequest` where there is nothing to read."""
    target = _parameters(request.query)
    texts = list(_texts(request.body, request.query, request.headers))
    if not texts:
        raise BadRequest(
            "no CMCD came: neither lines in the body, nor CMCD headers, nor a CMCD parameter",
            code="unreadable",
            expected='a body of lines like e=ps,sta=p,ts=1767225600000,sid="…",v=2',
        )
    named = (glance(said, target) or _session(read_dictionary(said)[0], target) for said, _ in texts)
    views = dict.fromkeys(view for view in named if view)
    key = next((target[name] for name in KEYS_OF_TARGET if target.get(name)), None)
    return Envelope(list(views), len(texts), text(key, 256))


def glance(said: str, target: Mapping[str, str]) -> str | None:
    """The session of a record that names it as players do; None where it must be read with care, which costs ten times as much.

    What is found here is found with care too, or nothing is: there is one `sid=`, and it is in no text.
    """
    if "\\" in said or "sid" in target or said.count("sid=") != 1:
        return None
    found = _USUAL_SID.search(said)
    return found[1] if found and said.count('"', 0, found.start()) % 2 == 0 else None


def parse(beacon: Beacon) -> Reading:
    """All records of an accepted beacon as events."""
    context, target = context_of(beacon), _parameters(beacon.query)
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


def _texts(body: bytes, query: str, headers: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Each record as it stands in the request, and whether it is one of event mode."""
    lines = [stripped for line in body.decode("utf-8", "replace").split("\n") if (stripped := line.strip())]
    if lines:
        yield from ((line, True) for line in lines)
        return
    said = ",".join(found for name in HEADERS if (found := headers.get(name, "").strip()))
    said = said or _query_data(query).strip()
    if said:
        yield said, False


def _query_data(query: str) -> str:
    """The parameter is found by hand: `;` and `+` mean themselves in it, whoever encoded it."""
    for each in query.split("&"):
        name, _, value = each.partition("=")
        if name == QUERY:
            return unquote(value)
    return ""


def _parameters(query: str) -> dict[str, str]:
    """The parameters of the target's address, of each the last."""
    found = parse_qs(query, max_num_fields=None) if query else {}
    return {name: values[-1] for name, values in found.items() if name != QUERY}


def _read(said: str, *, is_event: bool) -> Record:
    if len(said) > _MOST_CHARS:
        problem = Reject(
            Reason.TOO_LARGE, f"a record of {len(said)} characters, {_MOST_CHARS} are read", said[:_SAMPLE]
        )
        return Record({}, (problem,), is_event, said)
    found, unread = read_dictionary(said)
    kept, wrong = typed(found)
    rejects = [
        *(
            Reject(Reason.BAD_FIELD, f"{key} must be {wanted}", _shown({key: found[key]}))
            for key, wanted in wrong.items()
        ),
        *(
            Reject(Reason.BAD_FIELD, f"the value of {key or 'a key'} cannot be read", there[:_SAMPLE])
            for key, there in unread.items()
        ),
    ]
    return Record(kept, tuple(rejects), is_event, said)


def _event(record: Record, target: Mapping[str, str], received_ms: int, context: Context) -> Event | Reject:
    found, sample = record.found, record.said[:_SAMPLE]
    version = found.get("v", 1)
    if version > NEWEST:
        return Reject(Reason.BAD_EVENT, f"version {version:g} is newer than {NEWEST}", sample)
    name = text(found.get("e"), 64) if record.is_event else REQUEST
    if record.is_event and (name is None or "ts" not in found):
        return Reject(Reason.BAD_EVENT, "a record of a body needs e and ts", sample)
    session = _session(found, target)
    if session is None:
        return Reject(Reason.NO_VIEW_ID, "a record needs a sid, or its target's address one", sample)
    told_ms = whole(found["ts"], high=LATEST_MS) if "ts" in found else received_ms
    if told_ms is None:
        return Reject(Reason.BAD_CLOCK, "ts is not epoch milliseconds before the year 2100", sample)
    payload = found | ({TARGET: said} if (said := described(target)) else {})
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


def _session(found: Mapping[str, Any], target: Mapping[str, str]) -> str | None:
    return read_id(found.get("sid")) or read_id(target.get("sid"))


def _lasted_ms(found: Mapping[str, Any]) -> int:
    """A response is told when it is over, but its ts is when it was asked for."""
    return whole(found.get("ttlb"), high=LONGEST_MS) or 0 if found.get("e") == "rr" else 0


def _shown(value: Any) -> str:
    return msgspec.json.encode(value)[:_SAMPLE].decode("utf-8", "replace")
