"""The API with the dashboard's routes, called in this process as a browser would call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from litestar.testing import TestClient

from firstframe.accounts.store import Accounts
from firstframe.alerts.courier import Courier
from firstframe.alerts.store import AlertStore
from firstframe.api.alert import alert_routes
from firstframe.api.app import make_app
from firstframe.api.dashboard import dashboard
from firstframe.api.pages import Site
from firstframe.api.session import Sessions
from firstframe.api.setup import Collector
from firstframe.dialects import DIALECTS
from firstframe.engine.client import AsyncEngine, Engine
from support_question import NOW_MS

URL = "https://collect.example"
HOST = "dash.example"
OWN = {"Origin": f"http://{HOST}", "Host": HOST}


class Board(msgspec.Struct):
    """A running API with the dashboard, its accounts, and a clock that tests may turn."""

    client: Any
    accounts: Accounts
    alerts: AlertStore
    secret: str
    page_token: str
    refusals: list[Any]
    clock: list[float]

    def ask(self, path: str, token: str | None = None, **given: Any) -> Any:
        """One call as the operator's program, unless another token is given."""
        return self.client.request(
            given.pop("method", "GET"),
            path,
            headers={"Authorization": f"Bearer {token or self.secret}", **given.pop("headers", {})},
            **given,
        )

    def data(self, path: str, **given: Any) -> Any:
        """What an answer that must be good holds."""
        answer = self.ask(path, **given)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]


@contextmanager
def running(engine: Engine, folder: Path, site: Path, courier: Courier | None = None) -> Iterator[Board]:
    """The application on this engine, with the pages that are in a folder."""
    clock = [NOW_MS / 1000]
    accounts = Accounts(f"sqlite:///{folder / 'accounts.db'}", now_ms=lambda: round(clock[0] * 1000))
    alerts = AlertStore(f"sqlite:///{folder / 'accounts.db'}", now_ms=lambda: round(clock[0] * 1000))
    refusals: list[Any] = []
    sessions = Sessions(accounts, b"k" * 32, clock=lambda: clock[0])
    pages = Site(site)
    app = make_app(
        AsyncEngine(engine, threads=2),
        accounts,
        session=sessions.find,
        refusals=lambda: refusals,
        routes=[
            dashboard(accounts, sessions, Collector(lambda: URL, DIALECTS), pages),
            alert_routes(alerts, courier or Courier(None, private_targets=True), URL),
        ],
        missing=pages.missing,
        now_ms=lambda: round(clock[0] * 1000),
    )
    secret = accounts.create_token()[1]
    page = accounts.create_token("cors", allowed_origins=["https://site.example"])[1]
    with TestClient(app, base_url=f"http://{HOST}") as client:
        yield Board(client, accounts, alerts, secret, page, refusals, clock)
    alerts.close()
    accounts.close()
