"""The API as one ASGI application: routes, callers, failures and services, joined in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap
from prometheus_client import CollectorRegistry, Histogram

from firstframe import __version__
from firstframe.accounts.account import Token
from firstframe.api import asset, fault, health, live, metric, query, view
from firstframe.api.access import PUBLIC, Access, Session, TokenSource, check_kind
from firstframe.api.document import document
from firstframe.api.header import add_headers
from firstframe.api.parameter import ParameterCheck
from firstframe.api.service import Services
from firstframe.api.turn import Turns
from firstframe.clock import epoch_ms
from firstframe.engine.client import AsyncEngine
from firstframe.errors import EngineError, Refusal

ROUTES: tuple[ControllerRouterHandler, ...] = (
    *(metric.list_metrics, metric.list_dimensions, metric.list_values),
    *(query.ask, query.ask_with_body),
    *(view.get_views, view.get_view),
    *(live.get_live, live.get_now),
    *(asset.get_assets, asset.get_asset, asset.put_asset, asset.put_all_assets),
    *(health.get_health, health.get_prometheus, health.get_refusals),
)

NOBODY = ""
"""Whose questions those of public routes are."""

_HANDLERS: ExceptionHandlersMap = {
    Refusal: fault.refuse,
    EngineError: fault.engine_failed,
    HTTPException: fault.framework_failed,
    Exception: fault.failed,
}


def make_app(
    engine: AsyncEngine,
    accounts: TokenSource,
    *,
    fresh: Callable[[], int | None] = lambda: None,
    registry: CollectorRegistry | None = None,
    meter: CollectorRegistry | None = None,
    refusals: Callable[[], Sequence[Any]] = tuple,
    session: Session | None = None,
    routes: Sequence[ControllerRouterHandler] = (),
    stopping: Callable[[], bool] = lambda: False,
    turns: Turns | None = None,
    missing: Callable[[Request[Any, Any, Any]], Response[bytes] | None] = lambda _: None,
    now_ms: Callable[[], int] = epoch_ms,
) -> Litestar:
    """The application.

    ``registry`` is what ``/metrics`` shows, ``meter`` where this process counts (they differ when several processes
    count into files). ``refusals`` gives the collector's latest refusals. ``session`` knows callers in another way
    than by a bearer token. ``routes`` are further handlers, such as the dashboard's files and vendors' read APIs;
    they may ask for ``services`` and ``caller`` as ours do, and say ``opt={"public": True}`` to need no token.
    ``turns`` is how much of the engine each project may have. ``missing`` may show a page to people who ask for one that
    is not there.
    """
    shown = registry if registry is not None else CollectorRegistry()
    services = Services(
        engine=engine,
        fresh=fresh,
        now_ms=now_ms,
        registry=shown,
        seconds=_engine_seconds(meter if meter is not None else shown),
        refusals=refusals,
        stopping=stopping,
        turns=turns or Turns(),
    )

    def services_of(request: Request[Any, Any, Any]) -> Services:
        caller = request.scope.get("user")
        return services.of(caller.project if isinstance(caller, Token) else NOBODY)

    return Litestar(
        [*ROUTES, get_document, *routes],
        dependencies={
            "services": Provide(services_of, sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
        },
        middleware=[DefineMiddleware(Access, accounts=accounts, session=session)],
        guards=[check_kind, ParameterCheck()],
        exception_handlers={**_HANDLERS, NotFoundException: fault.nothing_there(missing)},
        cors_config=_cors(),
        openapi_config=_openapi(),
        before_send=[add_headers],
        request_max_body_size=query.MOST_BODY_BYTES,
        signature_types=[Services, Token],
        logging_config=None,
    )


@get(["/schema", "/schema/openapi.json"], opt={PUBLIC: True}, include_in_schema=False)
async def get_document(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The OpenAPI document."""
    return Response(document(request.app), media_type=MediaType.JSON)


def _caller(request: Request[Token, None, Any]) -> Token:
    return request.user


def _engine_seconds(registry: CollectorRegistry) -> Histogram:
    return Histogram(
        "firstframe_api_engine_seconds",
        "Time for the engine to answer a question",
        ["what"],
        registry=registry,
    )


def _cors() -> CORSConfig:
    """Any page may try; whether its token allows it is the token's business. Cookies are never taken cross-site."""
    return CORSConfig(
        allow_origins=["*"],
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["x-firstframe-truncated", "x-firstframe-fresh-as-of"],
        max_age=600,
    )


def _openapi() -> OpenAPIConfig:
    scheme = SecurityScheme(type="http", scheme="bearer", description="an API token")
    return OpenAPIConfig(
        title="firstframe",
        version=__version__,
        description="Video quality-of-experience numbers, the same for every player SDK.",
        path="/schema/framework",
        # As JSON only: the framework's pages run scripts from elsewhere, and would do so with a session of ours.
        render_plugins=[JsonRenderPlugin()],
        components=Components(security_schemes={"token": scheme}),
        security=[{"token": []}],
        use_handler_docstrings=True,
    )
