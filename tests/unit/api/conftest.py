"""An API on the real engine with real accounts, called in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

import support_engine
from firstframe.accounts.store import Accounts
from firstframe.api.app import make_app
from firstframe.engine.client import AsyncEngine, Engine
from support_question import NOW_MS


class Caller(msgspec.Struct):
    """Somebody who calls the API."""

    client: Any
    token: str | None
    origin: str | None = None

    def ask(self, path: str, method: str = "GET", **given: Any) -> Any:
        """The answer of a route."""
        headers = {**given.pop("headers", {})}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.origin is not None:
            headers["Origin"] = self.origin
        return self.client.request(method, path, headers=headers, **given)

    def data(self, path: str, **given: Any) -> Any:
        """What an answer that must be good holds."""
        answer = self.ask(path, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


class Api(msgspec.Struct):
    """A running API, its engine, and callers of each kind."""

    engine: Any
    operator: Caller
    page: Caller
    stranger: Caller
    other: Caller
    nobody: Caller
    refusals: list[Any]
    stopping: list[bool]


@pytest.fixture(scope="module")
def module_engine(engine_url: str) -> Iterator[Engine]:
    """One database for the tests of a file."""
    with support_engine.fresh(engine_url) as connected:
        yield connected


@pytest.fixture(scope="module")
def api(module_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application, with a secret token, one for pages, and one of another project."""
    accounts = Accounts(f"sqlite:///{tmp_path_factory.mktemp('api') / 'accounts.db'}")
    accounts.create_project("other")
    secret = accounts.create_token()[1]
    page = accounts.create_token("cors", allowed_origins=["https://site.example"])[1]
    other = accounts.create_token(project="other")[1]
    refusals: list[Any] = []
    stopping: list[bool] = []
    app = make_app(
        AsyncEngine(module_engine, threads=2),
        accounts,
        fresh=lambda: NOW_MS - 1_000,
        refusals=lambda: refusals,
        stopping=lambda: bool(stopping),
        now_ms=lambda: NOW_MS,
    )
    with TestClient(app) as client:
        yield Api(
            engine=module_engine,
            operator=Caller(client, secret),
            page=Caller(client, page, "https://site.example"),
            stranger=Caller(client, page, "https://evil.example"),
            other=Caller(client, other),
            nobody=Caller(client, None),
            refusals=refusals,
            stopping=stopping,
        )
    accounts.close()
