"""From a request whose body is here to a beacon that is durable: the gate that everything accepted goes through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog

from firstframe.accounts.keybook import KeyBook, KeyGrant
from firstframe.beacon import KEPT_HEADERS, Beacon, Place, view_id_of
from firstframe.dialects.base import Envelope, Request
from firstframe.edge.body import check_depth, check_values, expand
from firstframe.edge.large import annex, expand_quick, is_quick, most_values
from firstframe.edge.meter import Meter
from firstframe.edge.rate import Rate
from firstframe.edge.route import Match, Target
from firstframe.enrich.address import client_address, truncate, trusted_networks
from firstframe.enrich.place import PlaceFinder
from firstframe.errors import BadRequest, Forbidden, Refusal, TooLarge, Unauthenticated, Unavailable
from firstframe.journal.base import Appender
from firstframe.journal.kept import Kept
from firstframe.settings import Settings

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Result = TypeVar("Result")

QUERY_BYTES = 8_192
HEADER_CHARS = 1_024

_KEPT = {name.encode(): name for name in KEPT_HEADERS}
_NOWHERE = Place()


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A request whose body is here, and the route that it came to."""

    target: Target
    match: Match
    scope: Scope
    headers: Mapping[bytes, bytes]
    body: bytes
    """As sent."""
    encoding: bytes | None = None
    """What it is packed in."""


class Intake:
    """What stands between a request and the journal. Every refusal is raised as a `Refusal`."""

    def __init__(
        self,
        journal: Appender,
        keys: KeyBook,
        places: PlaceFinder,
        settings: Settings,
        meter: Meter,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._keys = keys
        self._places = places
        self._settings = settings
        self._meter = meter
        self._clock = clock
        self._trusted = trusted_networks(settings.trusted_proxies)
        self._wants_address = settings.keep_address or not places.is_empty
        self._most_values = most_values(settings.max_expanded_bytes)
        self._annex = annex()
        self._reading: set[asyncio.Task[None]] = set()
        """Of large bodies."""
        self._rate = Rate(settings.key_rate / max(1, settings.edges), time.monotonic)

    def keep(self, arrival: Arrival) -> Kept:
        """Begin to make one beacon durable: settled when it is, or with a `Refusal`. Raises one that is clear at once.

        A key in the path is looked up first: who has none makes no work with a body.
        """
        key = arrival.match.write_key
        grant = self.grant(key, _origin(arrival.headers)) if key is not None else None
        meant = expand_quick(arrival.body, arrival.encoding, self._settings.max_expanded_bytes)
        if meant is None:
            kept = Kept()
            self._reading.add(reading := asyncio.ensure_future(self._keep_large(arrival, grant, kept)))
            reading.add_done_callback(self._reading.discard)
            return kept
        request = self._request(arrival, meant)
        return self._append(arrival, request, self._read(arrival.target, request), grant)

    async def _keep_large(self, arrival: Arrival, grant: KeyGrant | None, kept: Kept) -> None:
        def read() -> tuple[Request, Envelope]:
            request = self._open(arrival)
            return request, self._read(arrival.target, request)

        try:
            self._append(arrival, *await self._annex.do(read), grant).then(kept.settle)
        except asyncio.CancelledError:
            kept.settle(Unavailable("the collector is being stopped", code="stopping", retry_after_seconds=1))
            raise
        except Refusal as refusal:
            # Its traceback leads to the body, and to what is settled here, which would lead to it again.
            kept.settle(refusal.with_traceback(None))
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            kept.settle(error)

    async def request(self, arrival: Arrival) -> Request:
        """What the dialect sees of a request whose body is not kept. Raises a `Refusal` for one that cannot be read."""
        meant = expand_quick(arrival.body, arrival.encoding, self._settings.max_expanded_bytes)
        if meant is None:
            return await self._annex.do(partial(self._open, arrival))
        return self._request(arrival, meant)

    async def ask(self, request: Request, work: Callable[[], Result]) -> Result:
        """What a dialect says to a request, without holding up the loop."""
        return work() if is_quick(request.body) else await self._annex.do(work)

    def _open(self, arrival: Arrival) -> Request:
        """A request whose body may be large. Touches nothing that belongs to the loop."""
        body = expand(arrival.body, arrival.encoding, self._settings.max_expanded_bytes)
        check_values(body, self._most_values)
        return self._request(arrival, body)

    def _request(self, arrival: Arrival, body: bytes) -> Request:
        """What the dialect sees: the body as meant, and the headers that say something about a view.

        Raises `TooLarge`.
        """
        check_depth(body, self._settings.max_depth)
        query = arrival.scope["query_string"]
        if len(query) > QUERY_BYTES:
            raise TooLarge(
                f"the query is {len(query)} bytes, {QUERY_BYTES} are allowed", limit_bytes=QUERY_BYTES
            )
        kept = {
            name: value.decode("latin-1")[:HEADER_CHARS]
            for raw, value in arrival.headers.items()
            if (name := _KEPT.get(raw))
        }
        if "referer" in kept and not self._settings.keep_page_query:
            kept["referer"] = kept["referer"].partition("?")[0]
        method = arrival.scope.get("method", "GET")
        return Request(
            method, arrival.target.route.path, arrival.match.params, query.decode("latin-1"), kept, body
        )

    def _append(self, arrival: Arrival, request: Request, envelope: Envelope, grant: KeyGrant | None) -> Kept:
        """What was read goes to the journal. ``grant`` is that of the path's key, where it has one."""
        if grant is None:
            key = envelope.write_key or _bearer(arrival.headers)
            grant = self.grant(key, request.headers.get("origin"))
        self._rate.take(grant)
        dialect, scope = arrival.target.dialect.name, arrival.scope
        beacon = Beacon(
            self._clock(),
            dialect,
            request.route,
            grant.project,
            scope["path"][:QUERY_BYTES],
            request.query,
            request.headers,
            self._place(scope) if self._wants_address else _NOWHERE,
            request.body,
        )
        views = [view_id_of(grant.project, dialect, native) for native in envelope.native_view_ids]
        kept = self._journal.append(beacon, views)
        kept.then(partial(self._count, dialect, time.perf_counter()))
        return kept

    def _count(self, dialect: str, began: float, error: Exception | None) -> None:
        if error is None:
            self._meter.accepted(dialect, began, time.perf_counter())

    def _read(self, target: Target, request: Request) -> Envelope:
        try:
            envelope = target.dialect.envelope(request)
        except Refusal:
            raise
        except RecursionError as error:
            raise TooLarge(
                "the body is nested too deep", code="too_deep", limit_depth=self._settings.max_depth
            ) from error
        except Exception as error:
            raise not_understood(target, error) from error
        limit = self._settings.max_events
        if envelope.event_count > limit or len(envelope.native_view_ids) > limit:
            whose = self._keys.find(envelope.write_key)
            raise TooLarge(
                f"the body holds {envelope.event_count} events, {limit} are allowed",
                code="too_many_events",
                limit_events=limit,
                got_events=envelope.event_count,
            ).of(whose.project if whose else None)
        return envelope

    def grant(self, write_key: str | None, origin: str | None) -> KeyGrant:
        """What a key may do here. Raises `Unauthenticated`, `Forbidden`, `Unavailable`."""
        grant = self._keys.find(write_key)
        if grant is None:
            raise self._no_grant(write_key)
        if grant.allowed_origins and not grant.allows(origin):
            raise Forbidden(
                f"pages of {origin} may not send to the project {grant.project!r}",
                code="forbidden_origin",
                expected=list(grant.allowed_origins),
                got=origin,
            ).of(grant.project)
        return grant

    def _no_grant(self, write_key: str | None) -> Refusal:
        if not self._keys.is_ready:
            return Unavailable(
                "the write keys cannot be read now", code="keys_unavailable", retry_after_seconds=2
            )
        if write_key is None:
            return Unauthenticated(
                "no write key came; put it in the path (/<dialect>/<write key>/…), where the SDK has a field for it, "
                "or behind Authorization: Bearer",
                code="no_key",
                expected="a write key",
                got=None,
            )
        return Unauthenticated(
            f"the write key {write_key[:128]!r} is not known here",
            code="unknown_key",
            expected="a write key made by `firstframe keys create`",
            got=write_key[:128],
        )

    def _place(self, scope: Scope) -> Place:
        """Where the client is. Its address goes no further than this."""
        client = scope.get("client")
        address = client[0] if client else None
        if self._trusted:
            headers = scope["headers"]
            through = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
            standard = [value.decode("latin-1") for name, value in headers if name == b"forwarded"]
            address = client_address(address, through, standard, self._trusted)
        place = self._places.find(address)
        if self._settings.keep_address and address:
            return msgspec.structs.replace(place, address=truncate(address))
        return place


def _bearer(headers: Mapping[bytes, bytes]) -> str | None:
    """The key of a client that names it in a header, as CMCD's targets may; the header itself goes no further."""
    kind, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return key.strip()[:256] or None if kind.lower() == "bearer" else None


def _origin(headers: Mapping[bytes, bytes]) -> str | None:
    origin = headers.get(b"origin")
    return origin.decode("latin-1")[:HEADER_CHARS] if origin is not None else None


def not_understood(target: Target, error: Exception) -> BadRequest:
    """A dialect should have said so itself; that it did not is told to the operator."""
    log.error("a dialect failed on a body", dialect=target.dialect.name, error=repr(error), exc_info=error)
    return BadRequest(f"the body cannot be read as {target.dialect.title}", code="unreadable")
