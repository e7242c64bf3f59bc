"""Fixtures for all tests: the real embedded engine, started when the first test asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

import support_engine
from firstframe.engine.client import Engine

ALONE = ("tests/e2e/", "tests/faults/")
"""Tests that need the machine to themselves."""
BESIDE = tuple(
    f"tests/{folder}/test_{name}.py"
    for folder, names in (
        ("e2e", "apart dashboard livepeer_clients mux_clients pages schemathesis"),
        ("faults", "alert_kills bombs clocks delivery division journal_damage journal_kill"),
        ("faults", "kafka_kills kills mutated_beacons questions"),
    )
    for name in names.split()
)
"""Of these such as only ask, or send, and wait for what comes of it as long as it takes."""
LAWS = "tests/properties/"
"""Tests on thousands of cases."""
WHOLE = (
    "tests/unit/demo/",
    *(f"tests/unit/engine/test_{name}.py" for name in ("clickhouse_connect", "node_client", "server")),
    "tests/unit/journal/test_kafka.py",
    *(f"tests/unit/roles/test_{name}.py" for name in ("api_role", "serve")),
)
"""Tests that start servers and clients as processes, or play whole days."""
SLOW = (LAWS, *WHOLE)
"""For `make test`, not for `make check`."""


def pytest_configure() -> None:
    """No random case has a time that it must be done in: the machine may have other work."""
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")


def is_alone(nodeid: str) -> bool:
    """Whether a test must have the machine to itself."""
    return nodeid.startswith(ALONE) and not nodeid.startswith(BESIDE)


class SideBySide(LoadScopeScheduling):
    """Each module goes to whoever is free; those that need the machine to one process, one after another."""

    def _split_scope(self, nodeid: str) -> str:
        return "alone" if is_alone(nodeid) else super()._split_scope(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that need the machine last, and say which are slow."""
    items.sort(key=lambda item: is_alone(item.nodeid))
    for item in items:
        if item.nodeid.startswith(SLOW):
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
