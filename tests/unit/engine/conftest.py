"""Fixtures of the engine's tests: plain HTTP to it, as its users see it."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

import support_engine
from firstframe.engine.client import Engine


def _client(engine: Engine, user: str, password: str, database: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{engine.target.port}",
        auth=(user, password),
        params={"database": database},
        headers={"accept-encoding": "identity"},
        timeout=60,
    )


@pytest.fixture(scope="module")
def shared(engine_url: str) -> Iterator[Engine]:
    """A database with all tables that the tests of a file share; they must not change it."""
    with support_engine.fresh(engine_url) as engine:
        yield engine


@pytest.fixture
def http(shared: Engine) -> Iterator[httpx.Client]:
    """As the user who may do everything, on the shared database."""
    with _client(shared, "default", support_engine.WRITE_PASSWORD, shared.target.database) as client:
        yield client


@pytest.fixture
def reader(shared: Engine) -> Iterator[httpx.Client]:
    """As the user who may read, on the shared database."""
    with _client(shared, "reader", support_engine.READ_PASSWORD, shared.target.database) as client:
        yield client


@pytest.fixture
def table(http: httpx.Client, shared: Engine) -> Iterator[httpx.Client]:
    """As the user who may do everything, on a database of its own with one table of two columns, ``t``."""
    name = f"test_{uuid4().hex}"
    http.post("/", content=f"CREATE DATABASE {name}").raise_for_status()
    with _client(shared, "default", support_engine.WRITE_PASSWORD, name) as client:
        made = client.post("/", content="CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
        made.raise_for_status()
        yield client
    http.post("/", content=f"DROP DATABASE {name}").raise_for_status()
