"""Fixtures for all tests: the real embedded engine, started when the first test asks for it."""

from collections.abc import Iterator

import pytest

import support_engine
from firstframe.engine.client import Engine


@pytest.fixture(scope="session")
def engine_url() -> Iterator[str]:
    """The URL of one embedded engine for the whole run, without a database."""
    with support_engine.running() as url:
        yield url


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    """A client on a fresh database with all tables."""
    with support_engine.fresh(engine_url) as connected:
        yield connected
