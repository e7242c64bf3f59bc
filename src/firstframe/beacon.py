"""The two words everything stands on: a beacon as it came in, and an event as a dialect reads it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any

import msgspec

KNOWN_VIEWS = 16_384
"""Ids of views that are kept ready, some six megabytes: a view sends many beacons, each of which asks for it."""
KNOWN_CONTEXTS = 4_096
"""Contexts that are shared by the beacons that have them, some eight megabytes: a viewer's requests are alike."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a request came from, as far as it is kept: the address itself is not (ADR 0007)."""

    continent: str | None = None
    country: str | None = None
    subdivision: str | None = None
    city: str | None = None
    time_zone: str | None = None
    asn: int | None = None
    network: str | None = None
    address: str | None = None
    """The truncated address, only when the operator asked to keep it."""


class Beacon(msgspec.Struct, frozen=True):
    """One accepted request, as the journal keeps it."""

    received_at_ms: int
    """Server clock, epoch milliseconds."""
    dialect: str
    route: str
    """The dialect's own name of the route it came by, such as ``/api/events``."""
    project: str
    path: str
    query: str
    headers: dict[str, str]
    """Lower-case names; only those of `KEPT_HEADERS`."""
    place: Place
    body: bytes
    """Expanded (never gzip), as the client meant it."""


KEPT_HEADERS = (
    "content-type",
    "origin",
    "referer",
    "user-agent",
    "sec-ch-ua",
    "sec-ch-ua-arch",
    "sec-ch-ua-full-version-list",
    "sec-ch-ua-mobile",
    "sec-ch-ua-model",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "accept-language",
    "dnt",
    "sec-gpc",
    "sec-websocket-key",
    "cmcd-request",
    "cmcd-object",
    "cmcd-status",
    "cmcd-session",
)
"""The request headers that say something about a view; all others are dropped at the edge.

The nonce of a WebSocket tells its connections apart where an SDK has no id of its own.
"""


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the request adds to each of its events. Stored with the event, because a refold has no request."""

    place: Place = Place()
    user_agent: str | None = None
    client_hints: dict[str, str] = {}
    """`sec-ch-ua*` headers, names without the prefix (``platform``, ``model`` …)."""
    origin: str | None = None
    referer: str | None = None
    language: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one view, as a dialect decoded it. The unit of storage, identity and folding."""

    native_view_id: str
    """The SDK's own id of the view (session, impression …); at most 256 characters."""
    key: str
    """Identity of a delivery: 32 hex digits of the SDK's event identity and a hash of its content."""
    seq: int | None = None
    """The SDK's sequence number, where it has one."""
    at_ms: int
    """Client clock, epoch milliseconds."""
    received_at_ms: int
    name: str
    """The event's name in the dialect's words."""
    payload: dict[str, Any]
    """The decoded event, every key kept."""
    context: Context = Context()


def context_of(beacon: Beacon) -> Context:
    """What a beacon's request says about all of its events; requests that are alike share it."""
    return _context(beacon.place, tuple(map(beacon.headers.get, _HEARD)))


_HEARD = tuple(
    name
    for name in KEPT_HEADERS
    if name.startswith("sec-ch-ua") or name in ("user-agent", "origin", "referer", "accept-language")
)
"""The headers that a context is made of."""


@lru_cache(KNOWN_CONTEXTS)
def _context(place: Place, heard: tuple[str | None, ...]) -> Context:
    headers = {name: value for name, value in zip(_HEARD, heard, strict=True) if value is not None}
    hints = {
        name.removeprefix("sec-ch-ua-") if name != "sec-ch-ua" else "brands": value
        for name, value in headers.items()
        if name.startswith("sec-ch-ua")
    }
    return Context(
        place=place,
        user_agent=headers.get("user-agent"),
        client_hints=hints,
        origin=headers.get("origin"),
        referer=headers.get("referer"),
        language=headers.get("accept-language"),
    )


_encode = msgspec.json.Encoder(order="deterministic").encode


def event_key(*identity: object, content: Any = None) -> str:
    """32 hex digits that name one delivery: equal for byte-equal deliveries, different when the content grew."""
    named = "\x00".join([*map(str, identity), ""]).encode("utf-8", "surrogatepass")
    said = b"" if content is None else _encode(content)
    return blake2b(named + said, digest_size=16).hexdigest()


@lru_cache(KNOWN_VIEWS)
def view_id_of(project: str, dialect: str, native_view_id: str, ordinal: int = 0) -> str:
    """The id of a view: 32 hex digits of (project, dialect, native id, ordinal).

    The engine computes the same from its columns (`views.view_id`): hence a hash that it knows, and a lone surrogate,
    which no column can hold, counts as the question mark that is stored of it.
    """
    named = f"{project}\x00{dialect}\x00{native_view_id}\x00{ordinal}\x00"
    return sha256(named.encode("utf-8", "replace")).hexdigest()[:32]
