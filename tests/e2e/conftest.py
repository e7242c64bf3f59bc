"""What the end-to-end tests stand on: media, bundles, a static server, recorders, the running product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.support_bench import Bench
from e2e.support_bundle import make_bundles
from e2e.support_front import make_certificate
from e2e.support_media import make_media
from e2e.support_product import Product
from e2e.support_recorder import Recorder
from e2e.support_server import StaticServer
from firstframe.dialects.base import Dialect

CACHE = Path(__file__).parent / ".cache"
TRIES = 3
"""A browser that shares two cores with everything else is starved now and then; what is wrong fails every time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that drive a browser another try."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=TRIES - 1))


@pytest.fixture(scope="session")
def static_server() -> Iterator[StaticServer]:
    """Pages, SDK bundles and media on loopback, with faults that a scenario turns on."""
    server = StaticServer(make_media(CACHE), make_bundles())
    yield server
    server.close()


@pytest.fixture(scope="session")
def bench(static_server: StaticServer) -> Bench:
    """Runs scenarios in real Chromium."""
    return Bench(static_server)


@pytest.fixture(autouse=True)
def another_try(request: pytest.FixtureRequest) -> None:
    """A test that failed sees its scenarios happen anew; what was recorded once stays wrong."""
    if "bench" in request.fixturenames:
        again = getattr(request.node, "execution_count", 1) > 1
        request.getfixturevalue("bench").begin(again=again)


@pytest.fixture(scope="session")
def certificate() -> tuple[Path, Path]:
    """A self-signed certificate, for collectors that must speak https."""
    return make_certificate(CACHE)


@pytest.fixture(scope="session")
def recorder_for() -> Iterator[Callable[[Dialect | None], Recorder]]:
    """Makes collectors that remember what they were sent."""
    made: list[Recorder] = []

    def make(dialect: Dialect | None = None) -> Recorder:
        made.append(Recorder(dialect))
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product as a person starts it, once for all tests."""
    running = Product(tmp_path_factory.mktemp("product") / "data")
    running.start()
    yield running
    running.stop()
