"""The private API and dashboard."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

import uvicorn
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from firstframe.accounts.first_token import add_given
from firstframe.accounts.store import Accounts
from firstframe.alerts.courier import courier_of
from firstframe.alerts.store import AlertStore
from firstframe.api import livepeer, mux
from firstframe.api.alert import alert_routes
from firstframe.api.app import make_app
from firstframe.api.dashboard import dashboard
from firstframe.api.engine_url import limited_engine_url
from firstframe.api.pages import Site
from firstframe.api.session import Sessions, session_key
from firstframe.api.setup import Collector
from firstframe.api.turn import Turns
from firstframe.console import collector_url, dashboard_url
from firstframe.dialects import DIALECTS
from firstframe.edge.protocol import GuardedProtocol
from firstframe.edge.refusal import read_refusals
from firstframe.engine.client import AsyncEngine
from firstframe.errors import ConfigError
from firstframe.folder import Folder
from firstframe.roles.progress import freshness
from firstframe.roles.store import EngineWait
from firstframe.settings import Settings, address
from firstframe.stop import Stop

DRAIN_SECONDS = 10
MOST_RESULT_BYTES = 128 * 2**20
"""Most that one answer of the engine may hold: it is in this process's memory, several times over, before it goes out."""
WAIT_SECONDS = 0.2


def api(settings: Settings) -> None:
    """Serve the API until SIGTERM or SIGINT; requests that are being answered are finished first."""
    folder = Folder(settings.data).make()
    where = partial(limited_engine_url, settings, folder, MOST_RESULT_BYTES)
    engine = AsyncEngine.connect(wait_for_url(where), where=where)
    stop = Stop()
    accounts = Accounts(settings.accounts or folder.accounts_url)
    alerts = AlertStore(settings.accounts or folder.accounts_url)
    if settings.api_token:
        add_given(accounts, settings.api_token)
    sessions = Sessions(accounts, session_key(folder.path / "session.key"))

    def stopping() -> bool:
        return server.should_exit

    site, turns = Site(), Turns()
    app = make_app(
        engine,
        accounts,
        fresh=freshness(settings, folder, where),
        registry=counted(),
        meter=REGISTRY,
        refusals=lambda: read_refusals(folder.run),
        stopping=stopping,
        session=sessions.find,
        routes=[
            *livepeer.routes(engine, accounts),
            alert_routes(alerts, courier_of(settings), dashboard_url(settings)),
            *mux.routes(engine, accounts, alerts, turns=turns),
            dashboard(accounts, sessions, Collector(lambda: collector_url(settings), DIALECTS), site),
        ],
        turns=turns,
        missing=site.missing,
    )
    host, port = address(settings.api, "api")
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            http=GuardedProtocol,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    stop.end(server)
    server.run()
    alerts.close()
    accounts.close()


def counted() -> CollectorRegistry:
    """What ``/metrics`` shows: the counters of every role under the same supervisor, or of this process alone."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def wait_for_url(where: Callable[[], str]) -> str:
    """The engine's URL once it is known: an embedded engine may only be starting."""
    waiting = EngineWait()
    while True:
        try:
            return where()
        except ConfigError as error:
            waiting.tell(error)
            time.sleep(WAIT_SECONDS)
