"""Fixtures for all tests: the real embedded engine, started when the first test asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

import support_engine
from firstframe.engine.client import Engine

ALONE = ("tests/e2e/", "tests/faults/")
"""Tests that need the machine to themselves."""
LAWS = "tests/properties/"
"""Tests on thousands of cases: for `make test` and `make laws`, not for `make check`."""


class SideBySide(LoadScopeScheduling):
    """Each module goes to whoever is free; those that need the machine to one process, one after another."""

    def _split_scope(self, nodeid: str) -> str:
        return "alone" if nodeid.startswith(ALONE) else super()._split_scope(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that need the machine last, and call the laws slow."""
    items.sort(key=lambda item: item.nodeid.startswith(ALONE))
    for item in items:
        if item.nodeid.startswith(LAWS):
            item.add_marker(pytest.mark.slow)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """How ``--dist loadscope`` gives tests to processes."""
    return SideBySide(config, log) if config.getoption("dist") == "loadscope" else None


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
