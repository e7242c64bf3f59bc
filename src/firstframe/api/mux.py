"""Mux Data's read API: their paths, parameters and shapes, our numbers.

One ASGI application, `MuxApi`, for the private listener (`routes`). Its callers are programs with a secret token, which is
the password of their Basic authorization; tokens that stand in pages have no business here. No statement is written here:
each request becomes questions of the catalogue, as in the native API.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from firstframe.accounts.lookup import Lookups
from firstframe.alerts.store import AlertStore
from firstframe.api import mux_monitoring
from firstframe.api.access import PUBLIC
from firstframe.api.mux_comparison import comparison
from firstframe.api.mux_engagement import KINDS, heatmap
from firstframe.api.mux_error import error_list
from firstframe.api.mux_histogram import histogram
from firstframe.api.mux_incident import incident_list, one_incident, related_incidents
from firstframe.api.mux_insight import insights
from firstframe.api.mux_number import breakdown, overall, timeseries
from firstframe.api.mux_query import Call, Frame, read_params
from firstframe.api.mux_value import dimension_list, dimension_values
from firstframe.api.mux_view import single_view, view_list
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
from firstframe.errors import Forbidden, MethodNotAllowed, NotFound, Unauthenticated

BEGINNING = "/data/v1"
PATHS = (BEGINNING, f"{BEGINNING}/{{path:path}}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""All of them: that only one is answered is told in Mux's shape too."""
LONGEST_NAME = 512

TYPES = {
    400: "invalid_parameters",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    429: "too_many_requests",
    503: "service_unavailable",
}
"""What Mux calls a failure, by its status."""

RANGE = ("timeframe", "filters", "metric_filters")
PAGE = ("limit", "page")
ORDER = ("order_by", "order_direction")


class Endpoint(msgspec.Struct, frozen=True):
    """One path below `BEGINNING`, and what its query string may hold."""

    path: re.Pattern[str]
    answer: Callable[[Call], Awaitable[Frame]]
    takes: Sequence[str] = ()


def _endpoint(path: str, answer: Callable[[Call], Awaitable[Frame]], *takes: str) -> Endpoint:
    return Endpoint(re.compile(BEGINNING + path), answer, takes)


ENDPOINTS: tuple[Endpoint, ...] = (
    _endpoint(r"/metrics/comparison", comparison, *RANGE, "dimension", "value"),
    _endpoint(r"/metrics/(?P<id>[^/]+)/overall", overall, *RANGE, "measurement"),
    _endpoint(
        r"/metrics/(?P<id>[^/]+)/breakdown",
        breakdown,
        *(*RANGE, *PAGE, "measurement", "group_by", *ORDER),
    ),
    _endpoint(
        r"/metrics/(?P<id>[^/]+)/timeseries",
        timeseries,
        *(*RANGE, "measurement", "group_by", "order_direction"),
    ),
    _endpoint(r"/metrics/(?P<id>[^/]+)/insights", insights, *(*RANGE, "measurement", "order_direction")),
    _endpoint(r"/video-views", view_list, *RANGE, *PAGE, "viewer_id", "error_id", "order_direction"),
    _endpoint(r"/video-views/(?P<id>[^/]+)", single_view),
    _endpoint(r"/errors", error_list, *RANGE),
    _endpoint(r"/(?:monitoring|realtime)/metrics", mux_monitoring.metric_list),
    _endpoint(r"/(?:monitoring|realtime)/dimensions", mux_monitoring.dimension_list),
    _endpoint(
        r"/(?:monitoring|realtime)/metrics/(?P<id>[^/]+)/timeseries",
        mux_monitoring.timeseries,
        *("filters", "timestamp"),
    ),
    _endpoint(
        r"/(?:monitoring|realtime)/metrics/(?P<id>[^/]+)/breakdown",
        mux_monitoring.breakdown,
        *("filters", "timestamp", "dimension", *ORDER),
    ),
    _endpoint(
        r"/(?:monitoring|realtime)/metrics/(?P<id>[^/]+)/breakdown-timeseries",
        mux_monitoring.breakdown_timeseries,
        *("filters", "timeframe", "dimension", "limit", *ORDER),
    ),
    _endpoint(
        r"/(?:monitoring|realtime)/metrics/(?P<id>[^/]+)/histogram-timeseries",
        histogram,
        "filters",
    ),
    _endpoint(r"/incidents", incident_list, *PAGE, *ORDER, "status", "severity"),
    _endpoint(r"/incidents/(?P<id>[^/]+)", one_incident),
    _endpoint(r"/incidents/(?P<id>[^/]+)/related", related_incidents, *PAGE, *ORDER),
    _endpoint(rf"/engagement/(?P<kind>{'|'.join(KINDS)})/(?P<id>[^/]+)/heatmap", heatmap, "timeframe"),
    _endpoint(r"/(?:dimensions|filters)", dimension_list),
    _endpoint(r"/(?:dimensions|filters)/(?P<id>[^/]+)", dimension_values, *RANGE, *PAGE),
)
"""The first path that fits answers."""

INSTEAD: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(f"{BEGINNING}/{path}"), instead)
    for path, instead in (
        (r"exports.*", "GET /v1/views, or GET /v1/query with format=csv, arrow or parquet"),
        (r"annotations.*", "notes are not kept here"),
        (r"subview-metrics.*", "GET /v1/views/{view_id}, whose events tell of each rendition"),
        (r"engagement.*", "the heatmap, or GET /v1/audience with filters=video_id:eq:…"),
        (r"dimensions/[^/]+/elements", "the CDNs of one view are not kept in their order; group by cdn"),
    )
)
"""What is not answered, with what answers it."""


class MuxApi:
    """The application."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: Keys,
        alerts: AlertStore,
        *,
        turns: Turns | None = None,
        now_ms: Callable[[], int] = epoch_ms,
    ) -> None:
        """``turns`` are those of the native API: a project's questions stand in one line, however they come."""
        self._engine = engine
        self._keys = keys
        self._alerts = alerts
        self._lookups = Lookups("mux-keys", threads=LOOKUP_THREADS, most=MOST_LOOKUPS)
        self._turns = turns or Turns()
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] != "http":
            return
        try:
            status, body = 200, await self._answer(scope)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told in the vendor's shape
            failure = failure_of(error, "mux", str(scope["path"]))
            status = failure.status
            body = {"error": {"type": TYPES.get(status, "internal_error"), "messages": [failure.message]}}
        wants = [(b"www-authenticate", b'Basic realm="firstframe"')] if status == 401 else []
        await send_json(send, status, body, wants)

    async def _answer(self, scope: Scope) -> Any:
        path = path_from(scope, BEGINNING)
        project = await self._project(headers_of(scope).get("authorization", ""))
        for endpoint in ENDPOINTS:
            if found := endpoint.path.fullmatch(path):
                if scope["method"] not in ("GET", "HEAD"):
                    raise MethodNotAllowed("only GET is answered here")
                return await endpoint.answer(
                    Call(
                        engine=self._engine.in_turn(partial(self._turns.take, project)),
                        alerts=self._alerts,
                        lookups=self._lookups,
                        project=project,
                        params=read_params(query_of(scope), endpoint.takes),
                        now_ms=self._now_ms(),
                        name=found.groupdict().get("id", "")[:LONGEST_NAME],
                        kind=found.groupdict().get("kind", ""),
                    )
                )
        for not_here, instead in INSTEAD:
            if not_here.fullmatch(path):
                raise NotFound(f"{path[:200]} is not answered by firstframe; instead: {instead}")
        raise NotFound(f"there is nothing at {path[:200]}")

    async def _project(self, authorization: str) -> str:
        """Whose numbers the caller may see. Raises `Unauthenticated`, `Forbidden`."""
        text = key_of(authorization)
        if text is None:
            raise Unauthenticated(
                "Basic authorization is wanted, with an API token of firstframe as password"
            )
        token = await self._lookups.ask(self._keys.check_token, text)
        if token is None:
            raise Unauthenticated("this API token is not known")
        if token.kind != "secret":
            raise Forbidden("a secret API token is wanted here, not one for pages")
        return token.project


def routes(engine: AsyncEngine, keys: Keys, alerts: AlertStore, **options: Any) -> list[HTTPRouteHandler]:
    """Handlers for the private listener.

    Not a mount: the framework would give its paths to Livepeer's, whose own begin in the same way.
    """
    app = MuxApi(engine, keys, alerts, **options)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    methods = [HttpMethod(name) for name in METHODS]

    @route(list(PATHS), http_method=methods, opt={PUBLIC: True}, include_in_schema=False)
    async def mux() -> ASGIApp:
        return answer

    return [mux]
