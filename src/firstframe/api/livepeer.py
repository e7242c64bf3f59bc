"""Livepeer's viewership API: their paths, keys and shapes, our numbers.

One ASGI application, `LivepeerApi`. The private listener mounts all of it (`routes`); what pages may call, totals and
creators' queries, is also for the public one (`make_public_app`). No statement is written here: each request becomes
a `Question`, as in the native API.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from litestar import asgi
from litestar.handlers import ASGIRouteHandler

from firstframe.accounts.account import DEFAULT_PROJECT
from firstframe.accounts.lookup import Lookups
from firstframe.accounts.origin import is_allowed
from firstframe.api.access import PUBLIC
from firstframe.api.livepeer_asset import AssetIndex
from firstframe.api.livepeer_http import cors_headers
from firstframe.api.livepeer_query import (
    BREAKDOWNS,
    COUNTS,
    DAY_MS,
    MOST_BUCKETS,
    MOST_LIVE_ROWS,
    QUALITY,
    Breakdown,
    Field,
    Params,
    Range,
    equals,
    filters_of,
    groups_of,
    question_of,
    range_of,
    read_params,
    video_breakdown,
    video_filter,
)
from firstframe.api.livepeer_row import live_rows_of, rows_of
from firstframe.api.turn import Turns
from firstframe.api.vendor import (
    LOOKUP_THREADS,
    MOST_LOOKUPS,
    Keys,
    Receive,
    Scope,
    Send,
    failure_of,
    headers_of,
    key_of,
    path_from,
    query_of,
    send_json,
)
from firstframe.clock import epoch_ms
from firstframe.engine.client import AsyncEngine
from firstframe.enrich.url import dstorage_id, dstorage_url
from firstframe.errors import BadRequest, Forbidden, MethodNotAllowed, NotFound, Unauthenticated
from firstframe.metrics.answer import answer
from firstframe.metrics.filter import read_filters
from firstframe.metrics.live import LiveQuery, live
from firstframe.metrics.query import Plan, plan_of

HOUR_MS = 3_600_000
AT_ONCE = 2
MOST_WAITING = 64
"""Of one project, or of all who name no key: here anybody may ask, and the engine has beacons to store."""
PUBLIC_PREFIXES = ("/data/views/query/", "/api/data/views/query/")
"""What the public listener hands on to `make_public_app`."""

_PATHS = ("/data", "/api/data")


class Call(msgspec.Struct, frozen=True):
    """One request, as far as its answer depends on it."""

    project: str
    params: Params
    now_ms: int
    name: str = ""
    """The id in the path."""


class Endpoint(msgspec.Struct, frozen=True):
    """One path of the API, and who may use it."""

    path: re.Pattern[str]
    answer: Callable[[LivepeerApi, Call], Awaitable[Any]]
    for_pages: bool = False
    """A ``cors`` key will do."""
    keyless: bool = False
    public: bool = False
    """Also served to everybody's network."""


class LivepeerApi:
    """The application."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: Keys,
        *,
        public_only: bool = False,
        turns: Turns | None = None,
        now_ms: Callable[[], int] = epoch_ms,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._lookups = Lookups("livepeer-keys", threads=LOOKUP_THREADS, most=MOST_LOOKUPS)
        self._public_only = public_only
        self._turns = turns or Turns(at_once=AT_ONCE, waiting=MOST_WAITING)
        self._now_ms = now_ms
        self._assets = AssetIndex(engine)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] != "http":
            return
        headers = headers_of(scope)
        if scope["method"] == "OPTIONS":
            await self._send(send, 204, None, headers)
            return
        try:
            status, body = 200, await self._answer(scope, headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told in the vendor's shape
            failure = failure_of(error, "livepeer", str(scope["path"]))
            status, body = failure.status, {"errors": [failure.message]}
        await self._send(send, status, body, headers)

    async def _answer(self, scope: Scope, headers: dict[str, str]) -> Any:
        path = path_from(scope, "/data/")
        for endpoint in ENDPOINTS:
            found = endpoint.path.fullmatch(path)
            if found and (endpoint.public or not self._public_only):
                if scope["method"] not in ("GET", "HEAD"):
                    raise MethodNotAllowed("only GET is answered here")
                project = await self._project(endpoint, headers)
                try:
                    params = read_params(query_of(scope))
                except ValueError as error:
                    raise BadRequest("too many query parameters") from error
                call = Call(project, params, self._now_ms(), (found.groupdict().get("id") or "")[:512])
                # Whoever names no key stands in one line with all the world.
                async with self._turns.take(project if headers.get("authorization") else ""):
                    return await endpoint.answer(self, call)
        raise NotFound(f"there is nothing at {path[:200]}")

    async def _project(self, endpoint: Endpoint, headers: dict[str, str]) -> str:
        """Whose numbers the caller may see. Raises `Unauthenticated`, `Forbidden`."""
        text = key_of(headers.get("authorization", ""))
        if text is None:
            if endpoint.keyless and not headers.get("authorization"):
                return DEFAULT_PROJECT
            raise Unauthenticated("request is not authenticated")
        token = await self._lookups.ask(self._keys.check_token, text)
        if token is None:
            raise Unauthenticated("no such API key found")
        if token.kind == "cors":
            if not endpoint.for_pages:
                raise Forbidden("access forbidden for CORS-enabled API key with restricted access")
            origin = headers.get("origin")
            if not is_allowed(origin, token.allowed_origins):
                raise Forbidden(f"credential disallows CORS access from origin {origin}"[:200])
        return token.project

    async def _send(self, send: Send, status: int, body: Any, headers: dict[str, str]) -> None:
        found = list(cors_headers(headers, is_preflight=body is None)) if self._public_only else []
        if status == Unauthenticated.status:
            found.append((b"www-authenticate", b'Bearer realm="firstframe"'))
        await send_json(send, status, body, found)

    # the endpoints

    async def views(self, call: Call) -> list[dict[str, Any]]:
        """Everything of a project, with every filter and breakdown."""
        breakdowns = call.params.breakdown()
        await self._check_video(call)
        video = video_breakdown(call.params)
        if video is not None and video not in breakdowns:
            breakdowns.insert(0, video)
        return await self._rows(call, (*COUNTS, *QUALITY), breakdowns, filters_of(call.params))

    async def creator(self, call: Call) -> list[dict[str, Any]]:
        """What a page may ask: views and time of one asset or stream, whose id only its creator knows."""
        if (call.params.text("assetId") is None) == (call.params.text("streamId") is None):
            raise BadRequest("must provide exactly 1 of assetId or streamId for creator query")
        breakdowns = call.params.breakdown(creators=True)
        await self._check_video(call)
        filters = filters_of(call.params, playback=False)
        return await self._rows(call, COUNTS, [BREAKDOWNS["playbackId"], *breakdowns], filters)

    async def total(self, call: Call) -> dict[str, Any]:
        """Views and time of one video; of a dStorage id over all projects."""
        stored = dstorage_id(call.name)
        if stored is None:
            asked = [(call.project, equals("playback_id", call.name))]
        else:
            asked = await self._stored_everywhere(call, stored)
        found = [await self._total(project, condition, call.now_ms) for project, condition in asked]
        about = {"playbackId": call.name} if stored is None else {"dStorageUrl": dstorage_url(stored)}
        counts = {field.name: sum(row[field.name] for row in found) for field in COUNTS}
        return {**about, **counts, "legacyViewCount": 0}

    async def asset_total(self, call: Call) -> list[dict[str, Any]]:
        """The older total of an asset, of all its playback ids, under the first of them."""
        playback_id = await self._assets.playback_id(call.project, "asset_id", call.name)
        row = await self._total(call.project, equals("asset_id", call.name), call.now_ms)
        return [{"id": playback_id, "startViews": row["viewCount"]}]

    async def now(self, call: Call) -> list[dict[str, Any]]:
        """Who watches at this moment."""
        params = call.params
        for name in ("from", "to", "timeStep"):
            if params.text(name):
                raise BadRequest(f"{name} is not for realtime viewership")
        breakdowns = params.breakdown(live=True)
        video = params.text("playbackId")
        filters = [video_filter(video)] if video else []
        if video and dstorage_id(video) is None and BREAKDOWNS["playbackId"] not in breakdowns:
            breakdowns.insert(0, BREAKDOWNS["playbackId"])
        if creator := params.text("creatorId"):
            filters.append(equals("creator_id", creator))
        query = LiveQuery(
            project=call.project,
            filter=read_filters(filters),
            groups=groups_of(breakdowns),
            limit=MOST_LIVE_ROWS,
        )
        found = await live(self._engine, query, call.now_ms, None)
        if found.meta.truncated:
            raise BadRequest(f"query must return less than {query.limit} rows, consider fewer breakdowns")
        return live_rows_of(found, breakdowns)

    async def usage(self, call: Call) -> dict[str, Any] | list[dict[str, Any]]:
        """Minutes delivered are minutes played; of transcoding and storage we know nothing."""
        breakdowns = call.params.breakdown()
        if any(one.name != "creatorId" for one in breakdowns):
            raise BadRequest("invalid breakdown field; wanted is creatorId")
        if call.params.time_step() not in (None, "hour", "day"):
            raise BadRequest("invalid time step; wanted is hour or day")
        rows = await self._rows(call, COUNTS, breakdowns, filters_of(call.params, playback=False))
        found = [_usage(call.project, row) for row in rows]
        return found if breakdowns or call.params.time_step() else found[0]

    # how they are answered

    async def _rows(
        self, call: Call, fields: Sequence[Field], breakdowns: Sequence[Breakdown], filters: Sequence[Any]
    ) -> list[dict[str, Any]]:
        when = await self._bounded(call, range_of(call.params, call.now_ms), fields, filters)
        plan = _plan(call.project, when, fields, breakdowns, filters, call.now_ms)
        found = await answer(self._engine, plan, None)
        if found.meta.truncated:
            raise BadRequest(
                f"query must return less than {plan.limit} datapoints, consider a shorter timeframe, a longer time"
                " step or fewer breakdowns"
            )
        return rows_of(found.data, fields, breakdowns)

    async def _bounded(
        self, call: Call, when: Range, fields: Sequence[Field], filters: Sequence[Any]
    ) -> Range:
        """Hours only where there is something: all of time has too many of them."""
        if when.step != "hour" or when.end_ms - when.start_ms <= MOST_BUCKETS * HOUR_MS:
            return when
        days = msgspec.structs.replace(
            when, step="day", start_ms=max(when.start_ms, when.end_ms - MOST_BUCKETS * DAY_MS)
        )
        plan = _plan(call.project, days, fields, (), filters, call.now_ms)
        found = rows_of((await answer(self._engine, plan, None)).data, fields, ())
        if not found:
            return msgspec.structs.replace(when, start_ms=when.end_ms - HOUR_MS)
        first = max(when.start_ms, found[0]["timestamp"])
        last = min(when.end_ms, found[-1]["timestamp"] + DAY_MS)
        if last - first > MOST_BUCKETS * HOUR_MS:
            raise BadRequest("the timeframe has too many hours, consider a shorter one or a longer time step")
        return msgspec.structs.replace(when, start_ms=first, end_ms=last)

    async def _total(self, project: str, condition: dict[str, Any], now_ms: int) -> dict[str, Any]:
        when = range_of(Params({}, ()), now_ms)
        plan = _plan(project, when, COUNTS, (), [condition], now_ms)
        rows = rows_of((await answer(self._engine, plan, None)).data, COUNTS, ())
        return rows[0] if rows else {field.name: 0 for field in COUNTS}

    async def _stored_everywhere(self, call: Call, stored: str) -> list[tuple[str, dict[str, Any]]]:
        """For each project the views of a dStorage id: seen in a source URL, or told of with an asset."""
        asked = []
        for project in await self._lookups.ask(self._keys.projects):
            told = await self._assets.stored_as(project.name, stored, call.now_ms)
            conditions: list[dict[str, Any]] = [equals("dstorage_id", stored)]
            if project.name == call.project:
                conditions.append(equals("playback_id", call.name))
            if told:
                conditions.append({"dimension": "playback_id", "op": "in", "value": told})
            asked.append((project.name, {"or": conditions}))
        return asked

    async def _check_video(self, call: Call) -> None:
        """Raises `NotFound` for an asset or stream that nobody told us of."""
        if asset := call.params.text("assetId"):
            await self._assets.playback_id(call.project, "asset_id", asset)
        elif stream := call.params.text("streamId"):
            await self._assets.playback_id(call.project, "stream_id", stream)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        re.compile(r"/data/views/query/total/(?P<id>.+)"),
        LivepeerApi.total,
        for_pages=True,
        keyless=True,
        public=True,
    ),
    Endpoint(re.compile(r"/data/views/query/creator"), LivepeerApi.creator, for_pages=True, public=True),
    Endpoint(re.compile(r"/data/views/query"), LivepeerApi.views),
    Endpoint(re.compile(r"/data/views/now"), LivepeerApi.now),
    Endpoint(re.compile(r"/data/usage/query"), LivepeerApi.usage),
    Endpoint(re.compile(r"/data/views/(?P<id>[^/]+)/total"), LivepeerApi.asset_total, for_pages=True),
)
"""The first path that fits answers."""


def routes(engine: AsyncEngine, keys: Keys, **options: Any) -> list[ASGIRouteHandler]:
    """Handlers for the private listener: all endpoints below ``/data`` and ``/api/data``."""
    app = LivepeerApi(engine, keys, **options)
    # A path in the mount's scope has lost its prefix; the route names say it again. Its keys are checked inside.
    return [asgi(path, is_mount=True, opt={PUBLIC: True}, copy_scope=True)(_mounted(app)) for path in _PATHS]


def make_public_app(engine: AsyncEngine, keys: Keys, **options: Any) -> LivepeerApi:
    """What the public listener serves below `PUBLIC_PREFIXES`: totals and creators' queries, with CORS headers."""
    return LivepeerApi(engine, keys, public_only=True, **options)


def _plan(
    project: str,
    when: Range,
    fields: Sequence[Field],
    breakdowns: Sequence[Breakdown],
    filters: Sequence[Any],
    now_ms: int,
) -> Plan:
    """The checked question. Here all breakdowns may be combined, which are more than the native API groups by."""
    plan = plan_of(question_of(when, fields, filters), project, now_ms)
    return msgspec.structs.replace(plan, groups=groups_of(breakdowns))


def _mounted(app: LivepeerApi) -> Callable[..., Awaitable[None]]:
    async def livepeer(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return livepeer


def _usage(project: str, row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"UserID": project, "DeliveryUsageMins": row["playtimeMins"]}
    if "creatorId" in row:
        found["CreatorID"] = row["creatorId"]
    if "timestamp" in row:
        found["TimeInterval"] = row["timestamp"]
    return found
